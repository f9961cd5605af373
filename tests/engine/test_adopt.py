"""docs/recovery.md takes in what a killed or cut-off `pulumi up` leaves in Azure."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from harness import kills
from harness.machine import Machine
from tests.engine.test_existing import PLATFORM
from tests.engine.test_existing_account import ACCOUNTS, MINE, THERE, found_at, owner, stack
from tests.engine.test_existing_account import GROUP as AI_GROUP
from tools.adopt.arm import in_azure

GROUP = """
from pulumi_azure_native import resources

shared = resources.ResourceGroup("shared", resource_group_name="rg-shared", location="eastus")
"""
STRANGER = """
from pulumi_azure_native import operationalinsights

operationalinsights.Workspace(
    "logs", workspace_name="log-theirs", resource_group_name=shared.name, location="eastus",
    sku={"name": "PerGB2018"},
)
"""
ADOPT = (sys.executable, "-m", "tools.adopt", "--yes")


def also(said: str) -> list[str]:
    """The options by which a person names all that an adoption was not sure of."""
    return [word for name in re.findall(r"--also (\S+);", said) for word in ("--also", name)]


def test_up_killed_while_the_gateway_is_made(machine: Machine) -> None:
    kills.kill_up(machine, kills.after(machine, 4))
    assert kills.state(machine)["pending_operations"]

    locked = machine.run(*ADOPT)
    assert locked.status == 2
    assert "currently locked" in locked.text
    assert "no `pulumi up` of this stack runs, then run `pulumi cancel`" in locked.text
    machine.pulumi("cancel", "--yes")
    assert "cannot create already existing resource" in machine.up(fails=True)

    assert " interrupted " in kills.recover(machine)
    kills.assert_whole(machine)
    kills.assert_proven(machine)


def test_up_killed_near_its_end(machine: Machine) -> None:
    kills.kill_up(machine, kills.after(machine, 50))
    kills.recover(machine)
    kills.assert_whole(machine)
    kills.assert_proven(machine)


def test_killed_replacement_goes_on(machine: Machine) -> None:
    machine.up()
    urns = {one["urn"] for one in kills.state(machine)["resources"]}
    machine.configure(gatewayName="apim-renamed")
    kills.kill_up(machine, kills.exists(machine, "apim-renamed"))

    kills.recover(machine)
    machine.pulumi("preview", "--expect-no-changes")
    found = kills.state(machine)
    assert {one["urn"] for one in found["resources"]} == urns
    assert not found.get("pending_operations")
    kills.assert_proven(machine)


def test_every_resource_as_an_orphan_at_once(machine: Machine) -> None:
    """The state comes out as it was: parents, providers, inputs, dependencies, options."""
    machine.configure(alertEmails=["on-call@example.com"])
    machine.up()
    before = kills.state(machine)
    orphans = [one["urn"] for one in before["resources"] if in_azure(one["type"])]
    kills.forget(machine, *orphans)
    done = len(machine.changes())

    unsure = machine.run(*ADOPT)
    assert unsure.status == 1, unsure.text
    found = re.findall(r"--also (\S+);", unsure.text)
    assert len(found) == 1, unsure.text
    group = found[0]
    text = machine.run(*ADOPT, "--also", group)
    assert text.status == 0, text.text
    assert f"adopted {len(orphans)} resources" in text.text
    assert "nothing to adopt" in machine.run(*ADOPT).text
    assert len(machine.changes()) == done, "adoption only reads"

    machine.up()
    kills.assert_whole(machine)
    assert not kills.differences(before, kills.state(machine))


def test_orphans_on_an_existing_gateway_keep_its_provider(tmp_path: Path) -> None:
    platform = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=PLATFORM)
    platform.up()
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    ids = platform.outputs()
    machine.configure(**ids, administratorEmail=None, gatewayDiagnosticSettingName="")
    machine.up()
    before = kills.state(machine)
    orphans = [
        one["urn"]
        for one in before["resources"]
        if "OpenAIApi$" in one["urn"] and in_azure(one["type"])
    ]
    kills.forget(machine, *orphans)

    assert "already existing" in machine.up(fails=True)
    unsure = machine.run(*ADOPT)
    assert unsure.status == 1, "nothing tells that what is on another's gateway is the stack's"
    adopted = machine.run(*ADOPT, *also(unsure.text))
    assert adopted.status == 0, adopted.text
    machine.up()
    machine.pulumi("preview", "--expect-no-changes")
    assert not kills.differences(before, kills.state(machine))
    platform.pulumi("refresh", "--yes", "--expect-no-changes")


def test_a_group_of_others_that_has_the_same_name_is_left_to_them(tmp_path: Path) -> None:
    """`resourceGroupName` without `useExistingResourceGroup`."""
    shared = GROUP + STRANGER
    platform = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=shared)
    platform.up()
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    machine.configure(resourceGroupName="rg-shared")
    assert "already existing" in machine.up(fails=True)
    before = kills.state(machine)["resources"]
    for more in ((), ("--also", "resource-group")):
        adopted = machine.run(*ADOPT, *more)
        assert adopted.status == 1, adopted.text
        assert "holds what is not this stack's" in adopted.text
        assert "log-theirs" in adopted.text
    assert kills.state(machine)["resources"] == before


def test_given_up_in_a_group_that_is_not_the_stacks_own(tmp_path: Path) -> None:
    platform = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=GROUP)
    platform.up()
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    machine.configure(resourceGroupName="rg-shared", useExistingResourceGroup=True)
    kills.kill_up(machine, kills.after(machine, 3))
    machine.pulumi("cancel", "--yes")
    assert machine.run(*ADOPT).status == 0
    machine.pulumi("destroy", "--yes", "--run-program")
    live = machine.leftovers().text.partition("only soft-deleted")[0]
    assert live.splitlines() == ["live: 1", "  Microsoft.Resources/resourceGroups  rg-shared"]


def test_an_empty_attribute_file_is_named(deployed: Machine) -> None:
    """What a kill leaves now and then of a state in a folder, as Pulumi keeps it by default."""
    place = deployed.cloud / "state"
    (file,) = place.rglob("dev.json")
    empty = file.with_name("dev.json.attrs")
    empty.touch()
    in_folder = ("env", f"PULUMI_BACKEND_URL=file://{place}", *ADOPT, "--stack", "dev")
    try:
        done = deployed.run(*in_folder)
    finally:
        empty.unlink()
    assert done.status == 2
    assert "failed to load checkpoint: EOF" in done.text
    assert f"rm '{empty}'" in done.text
    assert "nothing to adopt" in deployed.run(*in_folder).text


def test_orphans_on_an_existing_account_are_taken_in_and_the_account_is_not(tmp_path: Path) -> None:
    platform = owner(tmp_path, AI_GROUP + ACCOUNTS)
    account = str(platform.outputs()["first"])
    found = found_at(platform, account)
    machine = stack(platform, tmp_path, accountId=account, deployments=[THERE, MINE])
    machine.up()
    before = kills.state(machine)
    orphans = [
        one["urn"]
        for one in before["resources"]
        if in_azure(one["type"]) and account.lower() in json.dumps(one.get("id", "")).lower()
    ]
    assert len(orphans) >= 3, "deployment, role and diagnostic setting"
    kills.forget(machine, *orphans)

    unsure = machine.run(*ADOPT)
    adopted = machine.run(*ADOPT, *also(unsure.text))
    assert adopted.status == 0, adopted.text
    machine.up()
    machine.pulumi("preview", "--expect-no-changes")
    assert not kills.differences(before, kills.state(machine))
    machine.pulumi("destroy", "--yes", "--run-program")
    assert found_at(platform, account) == found
