"""What a stack leaves in Azure is found, all of it, and goes, and nothing else does."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.machine import Done, Machine
from sandbox.arm import put
from sandbox.arm.base import SERVICE
from sandbox.cloud import Cloud, Resource
from sandbox.logs import Workspaces
from sandbox.options import Options
from tests.engine.test_existing import PLATFORM
from tests.engine.test_existing_account import ACCOUNTS, MINE, THERE

DESTROY = ("destroy", "-s", "dev", "--yes", "--skip-preview", "--run-program")
NAMES = {"accountName": "oai-fixed", "gatewayName": "apim-fixed", "workspaceName": "log-fixed"}
PURGE = ("--purge", "--yes", "dev")
ROUNDS = 2


def leftovers(machine: Machine, *arguments: str) -> Done:
    return machine.run("python", "-m", "tools.leftovers", "--stack", "dev", *arguments)


def listed(done: Done, word: str = "left") -> set[str]:
    return {one.lower() for one in re.findall(rf"^{word}: (/.+)$", done.text, re.MULTILINE)}


def live(machine: Machine) -> dict[str, Resource]:
    """Every resource in Azure by id, but for what Azure makes by itself with a product or API."""
    return {
        one.id.lower(): one
        for one in Cloud(machine.cloud).all()
        if one.type != f"{SERVICE}/apis/operations"
        and not (one.type == f"{SERVICE}/subscriptions" and not one.properties["displayName"])
    }


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A stack on a gateway, a workspace and an account that a team has already."""
    folder = tmp_path_factory.mktemp("shared")
    platform = Machine(folder / "platform", cloud=folder / "cloud", program=PLATFORM + ACCOUNTS)
    platform.up()
    ids = platform.outputs()
    machine = Machine(folder / "stack", cloud=folder / "cloud")
    shutil.copy(machine.cloud / "cloud.json", machine.project / "before.json")
    machine.configure(
        accountId=ids["first"],
        workspaceId=ids["workspaceId"],
        gatewayId=ids["gatewayId"],
        administratorEmail=None,
        gatewayDiagnosticSettingName="",
        deployments=[THERE, MINE],
    )
    machine.up()
    return machine


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The example stack, with everything of its own."""
    machine = Machine(tmp_path_factory.mktemp("own"))
    machine.up()
    return machine


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Machine], Machine]:
    def copy(machine: Machine) -> Machine:
        shutil.copytree(machine.cloud, tmp_path / "cloud", symlinks=True)
        shutil.copytree(machine.project, tmp_path / "copy" / "project", symlinks=True)
        found = Machine(tmp_path / "new", cloud=tmp_path / "cloud")
        found.project = tmp_path / "copy" / "project"
        return found

    return copy


def before(machine: Machine) -> set[str]:
    """Ids of what was there before the stack."""
    file = machine.project / "before.json"
    return set(json.loads(file.read_text())["live"]) if file.exists() else set()


@pytest.mark.parametrize("which", ["own", "shared"])
def test_everything_that_a_stack_creates_is_found_without_a_state(
    which: str, request: pytest.FixtureRequest, copied: Callable[[Machine], Machine]
) -> None:
    machine = copied(request.getfixturevalue(which))
    made = live(machine).keys() - before(machine)
    assert len(made) > 10
    text = machine.pulumi("stack", "export", "-s", "dev")
    (machine.project / "state.json").write_text(text)
    machine.pulumi("stack", "rm", "dev", "--force", "--yes")

    found = leftovers(machine)
    kept = listed(found) | listed(found, "left, or another's")
    assert kept == made, "by what the backend keeps"
    found = leftovers(machine, "--state", "state.json")
    assert (found.status, listed(found)) == (1, made), found.text
    yes = [f"--yes={one.name}" for one in live(machine).values() if "/workspaces" in one.type]
    done = leftovers(machine, "--state", "state.json", *PURGE, *yes)
    assert (done.status, done.text.splitlines()[-1]) == (0, "nothing is left"), done.text
    assert live(machine).keys() == before(machine)
    assert not Cloud(machine.cloud).deleted()


def test_the_same_names_are_free_again_round_after_round(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.configure(insights=False, **NAMES)
    for number in range(ROUNDS):
        machine.up()
        options = Options(folder=machine.cloud)
        customer = machine.outputs()["workspaceCustomerId"]
        row = {"TimeGenerated": f"2026-11-0{number + 1}T10:00:00", "MetricName": "ProcessedTokens"}
        Workspaces(machine.cloud, options).ingest(customer, "AzureMetrics", row)
        machine.pulumi(*DESTROY)
        found = leftovers(machine)
        assert found.status == 1
        assert [name for name in NAMES.values() if name in found.text] == [*NAMES.values()]
        assert len(re.findall(r"^kept until 20\d\d-", found.text, re.MULTILINE)) == 2
        refused = leftovers(machine, "--purge", "--yes", "another")
        assert (refused.status, "give --yes dev" in refused.text) == (2, True)
        rows = machine.project / f"rows-{number}"
        done = leftovers(machine, *PURGE, "--yes", NAMES["workspaceName"], "--export", str(rows))
        assert done.status == 0, done.text
        assert not [*Cloud(machine.cloud).all(), *Cloud(machine.cloud).deleted()]
        written = (rows / NAMES["workspaceName"] / "AzureMetrics.jsonl").read_text()
        assert json.loads(written)["MetricName"] == "ProcessedTokens"


def test_what_a_failed_destroy_forgot_is_found_and_taken_back(
    own: Machine, copied: Callable[[Machine], Machine]
) -> None:
    """The engine forgets what lies in the gateway before that fails to go."""
    machine = copied(own)
    kind = "azure-native:apimanagement:ApiManagementService"
    faults = machine.project / "faults.json"
    broken = {"op": "delete", "type": kind, "status": 403, "code": "AuthorizationFailed"}
    faults.write_text(json.dumps([broken]))
    machine.pulumi(*DESTROY, options=("--faults", str(faults)), fails=True)
    state = json.loads(machine.pulumi("stack", "export", "-s", "dev"))["deployment"]["resources"]
    held = {str(one.get("id")).lower() for one in state}
    forgotten = live(machine).keys() - held
    assert len(forgotten) > 5
    assert listed(leftovers(machine)) == forgotten
    again = ("up", "-s", "dev", "--yes", "--skip-preview")
    assert "FlagMustBeSetForRestore" in machine.pulumi(*again, fails=True)
    adopted = machine.run("python", "-m", "tools.adopt", "--stack", "dev", "--yes")
    assert adopted.status == 0, adopted.text
    found = leftovers(machine)
    assert not listed(found)
    assert "/accounts/" in found.text
    leftovers(machine, *PURGE)
    machine.pulumi(*again)
    machine.pulumi("preview", "-s", "dev", "--expect-no-changes")


def test_product_on_an_existing_gateway_goes_and_what_is_anothers_stays(
    shared: Machine, copied: Callable[[Machine], Machine]
) -> None:
    machine = copied(shared)
    [api] = [
        one for one in live(machine).values() if one.name == "miyagi-api" and "/apis" in one.id
    ]
    machine.pulumi(*DESTROY)
    cloud = Cloud(machine.cloud)
    with cloud.change():
        cloud.put(api)  # another team has taken the name
    expected = live(machine).keys() - before(machine)
    [product] = expected - {api.id.lower()}
    assert "/products/" in product
    found = leftovers(machine)
    assert listed(found) == {product}
    assert listed(found, "left, or another's") == {api.id.lower()}
    done = leftovers(machine, *PURGE)
    assert done.status == 1, done.text
    assert live(machine).keys() - before(machine) == {api.id.lower()}
    assert leftovers(machine, *PURGE, "--also", api.id).status == 0
    assert live(machine).keys() == before(machine)


def test_role_of_a_gateway_that_is_gone_is_found_though_no_state_has_it(
    own: Machine, copied: Callable[[Machine], Machine], tmp_path: Path
) -> None:
    machine = copied(own)
    cloud = Cloud(machine.cloud)
    [role] = cloud.of_type("Microsoft.Authorization/roleAssignments")
    account, provider, _ = role.id.rpartition("/roleAssignments/")
    lost = f"{account}{provider}11111111-aaaa-bbbb-cccc-000000000001"
    other = (
        "/providers/Microsoft.Authorization/roleDefinitions/a97b65f3-24c7-4388-baec-2e87135dc908"
    )
    given = {**role.properties, "roleDefinitionId": other}
    put(cloud, Options(folder=tmp_path / "cloud"), lost, "2022-04-01", {"properties": given})
    text = machine.pulumi("stack", "export", "-s", "dev")
    (machine.project / "state.json").write_text(text)
    machine.pulumi("stack", "rm", "dev", "--force", "--yes")
    found = leftovers(machine, "--state", "state.json")
    assert lost.lower() in listed(found)
    assert "a role of an identity that the stack created" in found.text


def test_what_no_state_ever_had_is_found_by_what_the_program_declares(
    shared: Machine, copied: Callable[[Machine], Machine]
) -> None:
    machine = copied(shared)
    machine.configure(apiName="second-api", apiPath="second")
    kind = "azure-native:apimanagement:Api"
    lost = {"op": "create", "type": kind, "when": "lost", "status": 0, "code": "EOF"}
    faults = machine.project / "faults.json"
    faults.write_text(json.dumps([{**lost, "occurrence": number} for number in range(1, 20)]))
    up = ("up", "-s", "dev", "--yes", "--skip-preview")
    machine.pulumi(*up, options=("--faults", str(faults)), fails=True)
    machine.pulumi(*DESTROY)
    [second] = [one for one in live(machine) if one.endswith("/apis/second-api")]
    assert second not in leftovers(machine).text.lower()
    found = leftovers(machine, "--program")
    assert second in listed(found, "left, or another's")
    assert leftovers(machine, "--program", *PURGE, "--also", second).status in {0, 4}
    assert live(machine).keys() == before(machine)
