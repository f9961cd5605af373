"""A destroy that stopped, or that finds things gone already, ends on the next call."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from harness.example import example_config
from harness.machine import Machine
from sandbox.cloud import Cloud
from tests.engine.test_check import remove
from tests.engine.test_existing import PLATFORM

NATIVE = "azure-native:"
DESTROY = ("destroy", "-s", "dev", "--yes", "--skip-preview", "--run-program")


@pytest.fixture(scope="module")
def deployed_once(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("destroyed"))
    made.up()
    return made


@pytest.fixture
def stack(deployed_once: Machine, tmp_path: Path) -> Machine:
    """The deployed stack, a copy of its own to destroy."""
    shutil.copytree(deployed_once.cloud, tmp_path / "cloud", symlinks=True)
    return Machine(tmp_path)


@pytest.mark.parametrize(
    "failing",
    [
        "resources:ResourceGroup",
        "operationalinsights:Workspace",
        "apimanagement:ApiManagementService",
    ],
)
def test_destroy_that_stopped_at_any_stage_ends_on_the_next_call(
    stack: Machine, failing: str
) -> None:
    broken = {
        "op": "delete",
        "type": NATIVE + failing,
        "status": 403,
        "code": "AuthorizationFailed",
    }
    faults = stack.project / "faults.json"
    faults.write_text(json.dumps([broken]))
    text = stack.pulumi(*DESTROY, options=("--faults", str(faults)), fails=True)
    assert "AuthorizationFailed" in text
    stack.pulumi(*DESTROY)
    assert stack.leftovers().status == 0


@pytest.mark.parametrize(
    "gone",
    [
        r"/service/apim-[^/]+(/.*)?$",
        r".*",
    ],
)
def test_what_somebody_deleted_beforehand_stops_no_destroy(stack: Machine, gone: str) -> None:
    remove(stack, gone)
    text = stack.pulumi(*DESTROY)
    assert "Traceback" not in text
    assert stack.leftovers().status == 0


def test_key_of_a_deleted_subscription_is_told_and_comes_back(stack: Machine) -> None:
    new = {"name": "team-b", "displayName": "Team B"}
    stack.configure(consumers=[*example_config()["consumers"], new])
    assert "is gone from" not in stack.pulumi("preview", "-s", "dev")
    remove(stack, r"/subscriptions/aoai-test$")
    text = stack.pulumi("up", "-s", "dev", "--yes", "--skip-preview")
    assert "the subscription of consumer aoai-test is gone from the gateway" in text
    stack.pulumi("up", "-s", "dev", "--yes", "--skip-preview", "--refresh")
    stack.pulumi("preview", "-s", "dev", "--expect-no-changes")
    text = stack.pulumi("stack", "output", "-s", "dev", "--json", "--show-secrets")
    assert json.loads(text)["subscriptionKeys"]["aoai-test"]


GIVEN = {
    "gatewayId": r"/service/apim-shared(/.*)?$",
    "workspaceId": r"/workspaces/log-central(/.*)?$",
    "resourceGroupName": r"/resourceGroups/rg-platform(/.*)?$",
}
"""What a stack may be given, by its key, and which ids it has."""


def test_what_existed_beforehand_and_is_gone_is_named_with_the_command_that_ends(
    tmp_path: Path,
) -> None:
    platform = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=PLATFORM)
    platform.up()
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    own = {"resourceGroupName": "rg-platform", "useExistingResourceGroup": True}
    machine.configure(**platform.outputs(), administratorEmail=None, **own)
    machine.configure(gatewayDiagnosticSettingName="")
    machine.up()
    file, kept = machine.cloud / "cloud.json", machine.cloud / "cloud.kept"
    shutil.copy(file, kept)
    for key, ids in GIVEN.items():
        shutil.copy(kept, file)
        remove(machine, ids)
        text = machine.pulumi("preview", fails=True)
        assert re.search(rf"{key}: the .+ does not exist; name one that does", text)
        assert "Traceback" not in text
    text = machine.pulumi("destroy", "--yes", "--run-program", fails=True)
    assert "run `pulumi destroy` without --run-program" in text
    machine.pulumi("destroy", "--yes")
    assert not Cloud(machine.cloud).all()
