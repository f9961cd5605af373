"""An account that a team has already is used, added to, and left as it was found."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.example import example_config
from harness.machine import CHECK, Machine
from sandbox.cloud import PLATFORM_SUBSCRIPTION_ID, SUBSCRIPTION_ID, Cloud
from tests.engine.test_existing import PLATFORM

DECLARED: dict[str, Any] = example_config()["deployments"][0]
THERE = {**DECLARED, "existing": True}
MINE = {**DECLARED, "name": "mine"}
ACCOUNTS = """
import pulumi
from pulumi_azure_native import cognitiveservices, monitor, resources


def account(name, kind):
    made = cognitiveservices.Account(
        name,
        account_name=name,
        resource_group_name=group.name,
        location=group.location,
        kind=kind,
        sku={"name": "S0"},
        tags={"owner": "platform"},
        properties={"custom_sub_domain_name": f"{name}-sub", "disable_local_auth": True},
    )
    deployment = cognitiveservices.Deployment(
        f"{name}-text-turbo",
        deployment_name="text-turbo",
        account_name=made.name,
        resource_group_name=group.name,
        sku={"name": "GlobalStandard", "capacity": 10},
        properties={
            "model": {"format": "OpenAI", "name": "gpt-5.6-luna", "version": "2026-07-09"},
            "version_upgrade_option": "OnceCurrentVersionExpired",
        },
    )
    return made, deployment


first, of_first = account("oai-first", "OpenAI")
second, _ = account("oai-second", "AIServices")
pulumi.export("first", first.id)
pulumi.export("second", second.id)
"""
GROUP = """
from pulumi_azure_native import resources

group = resources.ResourceGroup("ai", resource_group_name="rg-ai", location="eastus")
"""
LOGS = """
monitor.DiagnosticSetting(
    "first-setting",
    name="platform",
    resource_uri=first.id,
    workspace_id=workspace.id,
    logs=[{"categoryGroup": "allLogs", "enabled": True}],
    metrics=[{"category": "AllMetrics", "enabled": True}],
)
"""


def owner(tmp_path: Path, program: str, subscription_id: str = SUBSCRIPTION_ID) -> Machine:
    """A program of another team that made what the stack finds."""
    made = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=program)
    config = f"config:\n  azure-native:subscriptionId: {subscription_id}\n"
    (made.project / "Pulumi.dev.yaml").write_text(config)
    made.up()
    return made


@pytest.fixture
def accounts(tmp_path: Path) -> Machine:
    """Two accounts in another subscription than the stack's."""
    return owner(tmp_path, GROUP + ACCOUNTS, PLATFORM_SUBSCRIPTION_ID)


def stack(platform: Machine, tmp_path: Path, **config: Any) -> Machine:
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    machine.configure(insights=False, **config)
    return machine


def found_at(machine: Machine, resource_id: str) -> dict[str, str]:
    """Everything at or below a resource, or that extends it, byte for byte."""
    return {
        one.id: json.dumps([one.incarnation, one.body])
        for one in Cloud(machine.cloud).all()
        if one.id.lower().startswith(resource_id.lower())
    }


def logical(machine: Machine, operation: str, since: int) -> set[str]:
    """The logical names of what an operation was done to, after so many changes."""
    done = machine.changes()[since:]
    return {one["urn"].rsplit("::", 1)[-1] for one in done if one["op"] == operation}


@pytest.mark.parametrize("subscription_id", [SUBSCRIPTION_ID, PLATFORM_SUBSCRIPTION_ID])
def test_everything_was_there_is_proven_and_left_as_found(
    subscription_id: str, tmp_path: Path
) -> None:
    """The guide's own situation: account, workspace and gateway exist, and log already."""
    platform = owner(tmp_path, PLATFORM + ACCOUNTS + LOGS, subscription_id)
    ids = platform.outputs()
    assert {ids[one].split("/")[2] for one in ("first", "workspaceId", "gatewayId")} == {
        subscription_id
    }
    machine = Machine(tmp_path / "stack", cloud=platform.cloud)
    machine.configure(
        accountId=ids["first"],
        workspaceId=ids["workspaceId"],
        gatewayId=ids["gatewayId"],
        administratorEmail=None,
        accountDiagnosticSettingName="",
        gatewayDiagnosticSettingName="",
        deployments=[THERE],
    )
    before = found_at(machine, ids["first"])
    assert len(before) == 3, "account, deployment, diagnostic setting"
    guarded = machine.pulumi("preview", "--policy-pack", "policies/guardrails")
    assert "[mandatory]" not in guarded
    assert "judge the existing account, its keys too" in guarded
    machine.up()
    made = {one["type"].rsplit(":", 1)[1] for one in machine.changes()}
    assert not {"Account", "Deployment", "Workspace", "DiagnosticSetting"} & made
    during = found_at(machine, ids["first"])
    assert {one: during[one] for one in before} == before
    (added,) = during.keys() - before.keys()
    assert "/roleAssignments/" in added
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("refresh", "--yes", "--expect-no-changes")

    check = machine.run(*CHECK, "--timeout", "10")
    assert check.status == 0, check.text

    machine.pulumi("destroy", "--yes")
    assert found_at(machine, ids["first"]) == before
    platform.pulumi("refresh", "--yes", "--expect-no-changes")


def test_what_is_added_goes_again_and_nothing_else(accounts: Machine, tmp_path: Path) -> None:
    ids = accounts.outputs()
    before = found_at(accounts, ids["first"])
    machine = stack(accounts, tmp_path, accountId=ids["first"], deployments=[THERE, MINE])
    machine.up()
    added = found_at(machine, ids["first"]).keys() - before.keys()
    assert {one.split("/")[-2] for one in added} == {
        *("deployments", "diagnosticSettings", "roleAssignments")
    }
    done = len(machine.changes())
    machine.configure(deployments=[THERE])
    machine.up()
    assert logical(machine, "delete", done) == {"deployment-mine"}
    done = len(machine.changes())
    machine.configure(deployments=[MINE])
    machine.up()
    assert not logical(machine, "delete", done), "an existing deployment that is not declared"
    machine.pulumi("destroy", "--yes")
    assert found_at(machine, ids["first"]) == before


def test_another_account_takes_the_place_of_one(accounts: Machine, tmp_path: Path) -> None:
    """Of the other kind, too."""
    ids = accounts.outputs()
    before = found_at(accounts, ids["first"]), found_at(accounts, ids["second"])
    machine = stack(accounts, tmp_path, accountId=ids["first"], deployments=[THERE, MINE])
    machine.up()
    machine.configure(accountId=ids["second"])
    machine.up()
    assert found_at(machine, ids["first"]) == before[0]
    check = machine.run(*CHECK, "--timeout", "10")
    assert check.status == 0, check.text
    assert "the account is of kind AIServices" in " ".join(check.text.split())
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("destroy", "--yes")
    assert (found_at(machine, ids["first"]), found_at(machine, ids["second"])) == before


@pytest.mark.parametrize(("written", "protect"), [(str, True), (str.lower, False)])
def test_account_that_the_stack_created_is_handed_over(
    tmp_path: Path, written: Any, protect: bool
) -> None:
    """`accountId` of the stack's own account: the stack lets it go, and deletes nothing of it."""
    machine = Machine(tmp_path)
    machine.configure(insights=False, protect=protect, deployments=[DECLARED, MINE])
    machine.configure(resourceGroupName="Rg-Mixed")
    machine.up()
    own = machine.outputs()["accountId"]
    before, done = found_at(machine, own), len(machine.changes())
    machine.configure(accountId=written(own), deployments=[THERE, MINE])
    text = " ".join(machine.pulumi("preview", fails=True).split())
    assert "set useExistingResourceGroup true beside accountId" in text
    machine.configure(useExistingResourceGroup=True)
    preview = machine.pulumi("preview")
    assert not re.search(r"\d+ to (delete|replace|create)", preview)
    machine.up()
    assert not logical(machine, "delete", done)
    assert not logical(machine, "create", done)
    assert found_at(machine, own) == before
    machine.pulumi("preview", "--expect-no-changes")
    machine.configure(protect=False)
    machine.up()
    assert found_at(machine, own) == before
    machine.pulumi("destroy", "--yes")
    left = found_at(machine, own)
    assert set(left) == {own, f"{own}/deployments/text-turbo"}
    assert all(left[one] == before[one] for one in left)


def test_created_account_gives_way_to_another_unless_protected(
    accounts: Machine, tmp_path: Path
) -> None:
    machine = stack(accounts, tmp_path, protect=True, deployments=[DECLARED])
    machine.up()
    own, ids = machine.outputs()["accountId"], accounts.outputs()
    machine.configure(accountId=ids["first"], deployments=[THERE])
    refused = " ".join(machine.pulumi("preview", fails=True).split())
    assert "cannot be deleted because it is protected" in refused
    machine.up(fails=True)
    assert {own, f"{own}/deployments/text-turbo"} <= found_at(machine, own).keys()

    machine.configure(accountId=None, deployments=[DECLARED], protect=False)
    machine.up()
    machine.configure(accountId=ids["first"], deployments=[THERE])
    planned = machine.pulumi("preview")
    assert re.search(r"- +azure-native:cognitiveservices:Account +openai-account +delete", planned)
    machine.up()
    assert not found_at(machine, own)
    machine.pulumi("preview", "--expect-no-changes")


def test_deployment_of_others_is_neither_overwritten_nor_met_half_way(
    accounts: Machine, tmp_path: Path
) -> None:
    ids = accounts.outputs()
    before = found_at(accounts, ids["first"])
    machine = stack(accounts, tmp_path, accountId=ids["first"], deployments=[DECLARED])
    text = " ".join(machine.pulumi("preview", fails=True).split())
    assert "the account has a deployment text-turbo already, which this stack did not" in text
    assert "give existing: true to use it as it is" in " ".join(machine.up(fails=True).split())
    assert {one: found_at(machine, ids["first"])[one] for one in before} == before


def test_own_deployment_is_replaced_as_on_any_account(accounts: Machine, tmp_path: Path) -> None:
    machine = stack(accounts, tmp_path, accountId=accounts.outputs()["first"], deployments=[MINE])
    machine.up()
    machine.configure(deployments=[{**MINE, "model": "gpt-5.2", "version": "2025-12-11"}])
    assert "replace" in machine.pulumi("preview")
    machine.up()


def test_account_that_does_not_exist_stops_the_preview(accounts: Machine, tmp_path: Path) -> None:
    gone = accounts.outputs()["first"] + "-typo"
    machine = stack(accounts, tmp_path, accountId=gone)
    text = " ".join(machine.pulumi("preview", fails=True).split())
    assert f"accountId: the account {gone} does not exist; name one that does" in text
    assert "Traceback" not in text
