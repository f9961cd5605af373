"""A gateway or workspace that the stack created is handed over, with all that is in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.example import example_config
from harness.machine import CHECK, Machine
from sandbox.cloud import Cloud
from tests.engine.test_existing import PLATFORM
from tests.engine.test_existing_account import found_at, owner

DEPLOYMENT: dict[str, Any] = example_config()["deployments"][0]


def everything(machine: Machine) -> dict[str, tuple[str, Any]]:
    """What the cloud holds, each with its time of creation."""
    return {one.id: (one.incarnation, one.body) for one in Cloud(machine.cloud).all()}


def kinds(resources: dict[str, str], root: str) -> set[str]:
    """The kinds of what is directly in a resource."""
    return {one.removeprefix(root).strip("/").split("/")[0] for one in resources}


def hand_over(machine: Machine, **config: Any) -> None:
    """Deploy with ids of the stack's own, which must change nothing at all in Azure."""
    before, done = everything(machine), len(machine.changes())
    machine.configure(**config)
    text = " ".join(machine.pulumi("preview", fails=True).split())
    assert re.search(r"set useExistingResourceGroup true beside (\S+), and the stack lets", text)
    machine.configure(useExistingResourceGroup=True)
    preview = machine.pulumi("preview")
    assert not re.search(r"azure-native:\S+ \S+ (delete|replace|create|update)\b", preview), preview
    machine.up()
    assert not machine.changes()[done:]
    assert everything(machine) == before
    machine.pulumi("preview", "--expect-no-changes")


@pytest.mark.parametrize(
    ("keys", "written", "protect"),
    [
        (("gatewayId",), str.lower, False),
        (("workspaceId",), str.lower, False),
        (("gatewayId", "workspaceId", "accountId"), str, True),
        (("gatewayId", "workspaceId", "accountId"), str.lower, False),
    ],
)
def test_what_the_stack_created_is_handed_over(
    keys: tuple[str, ...], written: Any, protect: bool, tmp_path: Path
) -> None:
    """The stack lets it go as it is, and replaces nothing inside: consumers keep their keys."""
    machine = Machine(tmp_path)
    machine.configure(protect=protect, resourceGroupName="Rg-Mixed", workspaceName="Log-Mixed")
    machine.configure(gatewayName="Apim-Mixed", location="East US")
    machine.up()
    first = machine.outputs()
    names = {"gatewayId": "gatewayName", "workspaceId": "workspaceName"}
    unset = {names[key]: None for key in keys if key in names}
    hand_over(machine, **{key: written(first[key]) for key in keys}, **unset)
    now = machine.outputs()
    assert {**now, "proof": 0} == {**first, "proof": 0}, "ids and the consumers' keys"
    machine.pulumi("refresh", "--yes", "--expect-no-changes")
    check = machine.run(*CHECK, "--timeout", "10")
    assert check.status == 0, check.text

    before = everything(machine)
    machine.configure(protect=False)
    machine.up()
    assert everything(machine) == before
    machine.pulumi("destroy", "--yes")
    for key in keys:
        left = found_at(machine, first[key])
        assert first[key] in left
        assert not kinds(left, first[key]) & {"apis", "backends", "savedSearches", "deployments"}


def test_one_of_several_accounts_is_handed_over(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    several = [
        {"name": name, "location": region, "deployments": [DEPLOYMENT]}
        for name, region in (("east", "eastus"), ("west", "westus"))
    ]
    machine.configure(deployments=None, accounts=several, resourceGroupName="Rg-Mixed")
    machine.up()
    own = machine.outputs()["proof"]["accounts"][1]["id"]
    without = {key: value for key, value in several[1].items() if key != "location"}
    hand_over(machine, accounts=[several[0], {**without, "id": own.lower()}])
    machine.pulumi("destroy", "--yes")
    assert own in found_at(machine, own)


def test_gateway_gives_way_to_another_only_unprotected(tmp_path: Path) -> None:
    """Consumers get other keys with it: `protect` refuses before any of them is gone."""
    platform = owner(tmp_path, PLATFORM)
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    machine.configure(insights=False, protect=True)
    machine.up()
    own = machine.outputs()["gatewayId"]
    machine.configure(gatewayId=platform.outputs()["gatewayId"])
    refused = " ".join(machine.pulumi("preview", fails=True).split())
    assert "cannot be deleted because it is protected" in refused
    before = found_at(machine, own)
    assert any(one.endswith("/subscriptions/aoai-test") for one in before)
    machine.up(fails=True)
    assert found_at(machine, own) == before, "an update that nobody previewed"
