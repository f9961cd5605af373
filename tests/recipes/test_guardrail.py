"""The recipe for a guardrail, followed with a rule that is advisory."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

RULE = '''"""Names that say nothing."""

from collections.abc import Iterator

from rules.finding import Finding, expect
from rules.parameters import Config
from rules.resource import Resource


def telling(group: Resource, _config: Config) -> Iterator[Finding]:
    """https://learn.microsoft.com/azure/cloud-adoption-framework"""
    yield from expect(group, "name", lambda found: found != "x", wanted="a name", fix="name it")
'''
ENTRY = """
    _each("telling", "Names tell.", telling.telling, places.GROUPS, level=ADVISORY),"""
TEST = """from rules import telling
from tests.policies.harness import passes, resource, wrong


def test_telling() -> None:
    assert passes(telling.telling, resource("resources:ResourceGroup", {"name": "y"}))
    assert "name it" in wrong(telling.telling, resource("resources:ResourceGroup", {"name": "x"}))
"""
RULES = "policies/guardrails/rules"


def test_it_leaves_every_test_of_the_pack_green(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A guardrail")
    copy.write(f"{RULES}/telling.py", RULE)
    copy.insert(f"{RULES}/catalogue.py", "\n)\nfrom rules.engine", "\n    telling,")
    copy.insert(f"{RULES}/catalogue.py", '\n    _each(\n        "account-without-keys"', ENTRY)
    copy.write("tests/policies/test_telling.py", TEST)
    copy.docs()
    copy.test("tests/policies", "tests/test_docs.py", "--ignore", "tests/policies/test_engine.py")
    page = (copy.folder / "docs" / "guardrails.md").read_text()
    assert "| `telling` | advisory | Names tell. | |" in page
