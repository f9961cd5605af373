"""The recipe for a rule of the sandbox, followed with a limit of a product's title."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

RULE = '''def _check_title(title: str) -> None:
    """Refuse a product's title of more than 300 characters.

    https://learn.microsoft.com/rest/api/apimanagement/product/create-or-update
    """
    if len(title) > 300:  # noqa: PLR2004 - the page's own number
        raise refuse("ValidationError", text="displayName: more than 300 characters")


'''
PLACE = "    others = [one for one in put.siblings() if one.id.lower().startswith(_root(put)"
TEST = """from tests.sandbox.arm.conftest import PRODUCT, Azure, refusal


def titled(length: int) -> dict[str, object]:
    return {"properties": {"displayName": "x" * length, "subscriptionRequired": True}}


def test_a_title_has_at_most_300_characters(stack: Azure) -> None:
    stack.put(PRODUCT, titled(300))
    assert refusal(lambda: stack.put(PRODUCT, titled(301))).code == "ValidationError"
"""


def test_it_leaves_the_tests_of_the_sandbox_green(tmp_path: Path) -> None:
    """What a rule could break: the rules beside it, the page of beliefs, and a whole deployment."""
    copy = Copy(tmp_path, "A rule of the sandbox")
    copy.insert("sandbox/arm/gateway.py", "def product(put: Put) -> None:\n", RULE)
    copy.insert("sandbox/arm/gateway.py", PLACE, "    _check_title(title)\n")
    copy.write("tests/sandbox/arm/test_titles.py", TEST)
    copy.docs()
    copy.test("tests/sandbox/arm", "tests/sandbox/test_beliefs.py", "tests/test_docs.py")
    page = (copy.folder / "docs" / "beliefs.md").read_text()
    assert (
        "| `gateway._check_title` | Refuse a product's title of more than 300 characters |" in page
    )
