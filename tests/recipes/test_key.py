"""The recipes for a key and for a value that the check compares, followed with one key."""

from __future__ import annotations

from pathlib import Path

from tests.recipes.copy import Copy

FIELD = '''    account_public_network_access: Annotated[
        str, one_of("Enabled", "Disabled")
    ] = "Enabled"
    """Whether the account is reached over its public endpoint ({bounds})."""
'''
TEST = """

def test_the_account_is_closed_on_request(example: Run) -> None:
    assert example.inputs("openai-account")["properties"]["publicNetworkAccess"] == "Enabled"
    run = run_without_insights({"accountPublicNetworkAccess": "Disabled"})
    assert run.inputs("openai-account")["properties"]["publicNetworkAccess"] == "Disabled"
"""
COMPARED = """

def test_an_account_that_is_closed_as_declared_is_no_difference(run: Run) -> None:
    run.azure.arm.set(ACCOUNT, "publicNetworkAccess", "Disabled")
    run.azure.change = {LOGS: lost}
    path = "publicNetworkAccess of the account"
    assert path not in {one.path for one in run(accountPublicNetworkAccess="Disabled").differences}
    assert path in {one.path for one in run(accountPublicNetworkAccess="Enabled").differences}
"""


NETWORK = '''def network(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the account is reached over its public endpoint, or is not, as declared."""
    found = properties(deployed["account"]).get("publicNetworkAccess")
    declared = target.account_public_network_access
    yield from differs("publicNetworkAccess of the account", declared, found)


'''


def keyed(folder: Path, *recipes: str) -> Copy:
    """Follow the recipe for a key on a copy, on which other recipes may be followed too."""
    copy = Copy(folder, "A configuration key", *recipes)
    account = "components/openai_account.py"
    copy.insert("components/settings/stack.py", "    deployments: Annotated[", FIELD)
    copy.insert(account, "    diagnostic_setting_name: str\n", "    public_network_access: str\n")
    given = "**args.network.properties,"
    named = '"public_network_access": args.public_network_access'
    copy.replace(account, given, f"**{{**args.network.properties, {named}}},")
    copy.insert(
        "components/accounts.py",
        "                deployments=account.deployments,\n",
        "                public_network_access=settings.account_public_network_access,\n",
    )
    copy.append("tests/components/test_example_stack.py", TEST)
    copy.docs()
    return copy


def test_it_leaves_the_tests_of_the_configuration_green(tmp_path: Path) -> None:
    """What a key could break: the program on the example, the report, Pulumi.yaml, the page."""
    copy = keyed(tmp_path)
    copy.test("tests/components/test_example_stack.py", "tests/test_docs.py")
    copy.test("tests/components/test_bad_input.py", "-k", "defaults or together or command")
    assert (
        "  accountPublicNetworkAccess:\n    type: string\n    default: Enabled\n"
        in (copy.folder / "Pulumi.yaml").read_text()
    )


def test_a_key_that_the_check_knows_leaves_its_tests_green(tmp_path: Path) -> None:
    """What a value of the check could break: what the program tells, and every comparison."""
    copy = keyed(tmp_path, "A value that the check compares")
    copy.insert(
        "queries/contract.py",
        "    body_bytes: int\n",
        "    account_public_network_access: str\n",
    )
    copy.insert(
        "components/outputs.py",
        "        body_bytes=settings.body_bytes,\n",
        "        account_public_network_access=settings.account_public_network_access,\n",
    )
    access = "queries/check/configuration/access.py"
    copy.insert(access, "def _principal(", NETWORK)
    role = '    Comparison(("gateway", "roles"), role),\n'
    copy.replace(access, role, f'{role}    Comparison(("account",), network),\n')
    copy.append("tests/check/test_configuration.py", COMPARED)
    outputs = ("tests/components/test_example_stack.py", "tests/components/test_proof_output.py")
    copy.test(*outputs, "-k", "proof or closed")
    copy.test("tests/check/test_configuration.py", "tests/check/test_contract.py")
