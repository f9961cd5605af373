"""The recipe for a guardrail, followed with a policy that is advisory."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

POLICY = '''"""Names that say nothing."""

from collections.abc import Iterator

from pack.finding import Finding
from pack.parameters import Config
from pack.resource import Resource


def telling(group: Resource, _config: Config) -> Iterator[Finding]:
    """https://learn.microsoft.com/azure/cloud-adoption-framework"""
    found = group.get("name")
    if found == "x":
        yield Finding(resource=group, path="name", found=found, wanted="a name", fix="name it")
'''
ENTRY = """
    _each("telling", "Names tell.", telling.telling, Kind.GROUP, level=ADVISORY),"""
TEST = """from pack import telling
from tests.policies.harness import passes, resource, wrong


def test_telling() -> None:
    assert passes(telling.telling, resource("resources:ResourceGroup", {"name": "y"}))
    assert "name it" in wrong(telling.telling, resource("resources:ResourceGroup", {"name": "x"}))
"""
PACK = "policies/guardrails/pack"


def test_it_leaves_every_test_of_the_pack_green(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A guardrail")
    copy.write(f"{PACK}/telling.py", POLICY)
    copy.insert(f"{PACK}/catalogue.py", "\n)\nfrom pack.engine", "\n    telling,")
    copy.insert(f"{PACK}/catalogue.py", '\n    _each(\n        "known-resources"', ENTRY)
    copy.write("tests/policies/test_telling.py", TEST)
    copy.docs()
    copy.test("tests/policies", "tests/test_docs.py", "--ignore", "tests/policies/test_engine.py")
    page = (copy.folder / "docs" / "guardrails.md").read_text()
    assert "| `telling` | advisory | Names tell. | |" in page
