"""The recipe for a proof, followed with one by the size of each request."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

JUDGE = '''def _size(evidence: Evidence, call: Call) -> Verdict:
    """Judge by the bytes that the gateway counted of the request."""
    rows = evidence.linked("gateway", call)
    if not rows:
        return _unknown(evidence, call)
    sizes = {int(row.get("RequestSize") or 0) for row in rows}
    return seen(f"{max(sizes)} bytes") if min(sizes) > 0 else failed("RequestSize is 0", SIZE_FIX)


SIZE_FIX = "the gateway counted no byte of the request: ask Azure's support"
'''
PROOF = """SIZE = Proof(
    id="size",
    about="each call's row has the size of the request",
    needs=("gateway", "llm"),
    judge=each_call(_size),
    fix=GATEWAY_LOG_FIX,
)
"""


def test_it_leaves_the_tests_of_the_check_green(tmp_path: Path) -> None:
    """What a proof could break: the tests of the check, and the page."""
    copy = Copy(tmp_path, "A proof")
    copy.insert("queries/check/proofs/rows.py", "OPERATION_FIX = ", JUDGE)
    copy.insert("queries/check/proofs/rows.py", "SAMPLING = Proof(\n", PROOF)
    copy.insert("queries/check/proofs/__init__.py", "    llm.TOKENS,\n", "    rows.SIZE,\n")
    reading = "tests/check/reading.py"
    copy.insert(reading, '"tokens", "messages"]', '"size", ')
    copy.insert(reading, '"tokens", "careless", "whole", "streams"]', '"size", ')
    copy.insert(reading, '"error", "no-secrets"}', '"size", ')
    copy.docs()
    of_azure = ("--ignore-glob=*/test_routes*", "--ignore=tests/check/test_unreadable.py")
    copy.test("tests/check", "tests/test_docs.py", *of_azure)
