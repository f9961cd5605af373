"""What Azure would refuse stops `pulumi up` before anything is created, and the command says it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.example import example_config
from harness.machine import Machine
from sandbox.cloud import PLATFORM_SUBSCRIPTION_ID
from tests.engine import test_existing_account as existing

ONE = example_config()["deployments"][0]
GATEWAY = "azure-native:apimanagement:ApiManagementService"
COMMAND = ("python", "-m", "components.preflight", "--stack", "dev")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "gpt-5.1", "version": "2025-11-13"}, "closed to subscriptions that never"),
        ({"capacity": 1001}, "has 1000 left; text-turbo: 1001 wanted"),
    ],
)
def test_up_creates_nothing_with_a_model_that_cannot_be_had(
    machine: Machine, change: dict[str, object], said: str
) -> None:
    machine.configure(deployments=[ONE | change])
    machine.pulumi("preview")
    text = " ".join(machine.up(fails=True).split())
    assert 'before hook "preflight" failed: Azure would refuse this stack' in text
    assert said in text
    assert "Traceback" not in text
    assert text.count("Nothing was changed. Ask again") == 1
    assert machine.changes() == []

    file = machine.project / "preflight.json"
    done = machine.run(*COMMAND, "--json", str(file))
    assert done.status == 1, done.text
    assert said in done.text
    assert json.loads(file.read_text())["verdict"] == "wrong"
    machine.configure(preflight=False)
    assert "preflight" not in machine.up(fails=True)
    made = {entry["type"] for entry in machine.changes()}
    assert "azure-native:cognitiveservices:Account" in made
    assert GATEWAY not in made


def test_the_command_says_of_a_good_stack_that_it_is_fine(machine: Machine) -> None:
    done = machine.run(*COMMAND)
    assert done.status == 0, done.text
    assert "model:text-turbo" in done.text
    machine.up()
    machine.pulumi("preview", "--expect-no-changes")
    again = machine.run(*COMMAND)
    assert again.status == 0, again.text
    assert "there is nothing to ask" in again.text


def test_a_gateway_that_waited_for_the_deployments_outlives_them(machine: Machine) -> None:
    machine.configure(preflight=False)
    machine.up()
    machine.configure(preflight=None)
    machine.pulumi("preview", "--expect-no-changes")
    before = machine.outputs()["gatewayId"]
    machine.configure(deployments=[ONE | {"model": "gpt-5.4", "version": "2026-03-05"}])
    machine.up()
    gone = {one["type"] for one in machine.changes() if one["op"] == "delete"}
    assert "azure-native:cognitiveservices:Deployment" in gone
    assert not {"azure-native:cognitiveservices:Account", GATEWAY} & gone
    assert machine.outputs()["gatewayId"] == before


def test_a_destroy_that_stopped_half_way_goes_on(machine: Machine, tmp_path: Path) -> None:
    """Its program would be refused: Azure keeps the name of the account that is gone already."""
    machine.configure(accountName="oai-half", preflight=True)
    machine.up()
    faults = tmp_path / "faults.json"
    wanted = {
        "op": "delete",
        "type": GATEWAY,
        "when": "before",
        "status": 400,
        "code": "BadRequest",
    }
    faults.write_text(json.dumps([wanted]))
    command = ("destroy", "--yes", "--run-program", "--skip-preview")
    machine.pulumi(*command, options=("--faults", str(faults)), fails=True)
    gone = {entry["type"] for entry in machine.changes() if entry["op"] == "delete"}
    assert "azure-native:cognitiveservices:Account" in gone
    assert GATEWAY not in gone
    machine.pulumi(*command)
    assert "oai-half" in machine.leftovers().text
    text = machine.up(fails=True)
    assert "a deleted account keeps the name oai-half" in text


NOWHERE = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-none/providers/"
    "Microsoft.ApiManagement/service/apim-none"
)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"location": "eastus9"}, "location eastus9 is no region of this subscription"),
        ({"gatewayId": NOWHERE}, "apim-none does not exist"),
    ],
)
def test_up_creates_nothing_where_or_in_what_there_is_not(
    machine: Machine, config: dict[str, object], said: str
) -> None:
    machine.configure(**config)
    text = " ".join(machine.up(fails=True).split())
    assert said in text
    assert "Traceback" not in text
    assert machine.changes() == []


def test_an_existing_account_of_another_subscription_is_judged_there(tmp_path: Path) -> None:
    """Its deployment is created, and the next `up` finds all of it in the stack's state."""
    platform = existing.owner(
        tmp_path, existing.GROUP + existing.ACCOUNTS, PLATFORM_SUBSCRIPTION_ID
    )
    machine = existing.stack(
        platform,
        tmp_path,
        accountId=platform.outputs()["first"],
        deployments=[existing.THERE, existing.MINE],
    )
    first = machine.run(*COMMAND)
    assert first.status == 0, first.text
    for line in ("accountId", f"quota:{existing.MINE['name']}", "rights:"):
        assert line in first.text
    machine.up()
    again = machine.run(*COMMAND)
    assert again.status == 0, again.text
    assert [line.split()[1] for line in again.text.splitlines()[:-1]] == ["accountId"]
