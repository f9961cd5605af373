"""The recipe for a configuration key, followed with one of the account."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

FIELD = '''    account_restore: bool = False
    """Take the account of that name back that was deleted in the last 48 hours."""
'''
TEST = """

def test_a_deleted_account_is_taken_back_on_request(example: Run) -> None:
    assert example.inputs("openai-account")["properties"].get("restore") is False
    run = run_without_insights({"accountRestore": "true"})
    assert run.inputs("openai-account")["properties"]["restore"] is True
"""


def test_it_leaves_the_tests_of_the_configuration_green(tmp_path: Path) -> None:
    """What a key could break: the program on the example, the report, Pulumi.yaml, the page."""
    copy = Copy(tmp_path, "A configuration key")
    account = "components/openai_account.py"
    copy.insert("components/settings/stack.py", "    deployments: Annotated[", FIELD)
    copy.insert(account, "    diagnostic_setting_name: str\n", "    restore: bool\n")
    copy.insert(
        account, "                disable_local_auth=", "                restore=args.restore,\n"
    )
    copy.insert(
        "__main__.py",
        "        deployments=settings.deployments,\n",
        "        restore=settings.account_restore,\n",
    )
    copy.append("tests/components/test_example_stack.py", TEST)
    copy.docs()
    copy.test("tests/components/test_example_stack.py", "tests/components/test_bad_input.py")
    copy.test("tests/test_docs.py")
    assert (
        "  accountRestore:\n    type: boolean\n    default: false\n"
        in (copy.folder / "Pulumi.yaml").read_text()
    )
