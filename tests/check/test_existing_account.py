"""An account and deployments that the stack did not create are judged by what they are now."""

from __future__ import annotations

from typing import Any

import pytest

from queries.check.configuration import access, diagnostic_settings, models, remarks
from queries.outputs import Target, target
from tests.check.stack import deployment, outputs

THERE = {**deployment(), "existing": True}


def stack(**proof: Any) -> Target:
    return target(outputs(accountExisting=True, deployments=[THERE], **proof))


def account(**properties: Any) -> dict[str, Any]:
    return {"kind": "AIServices", "properties": {"disableLocalAuth": True, **properties}}


def found(model: str = "gpt-5.1", **more: Any) -> dict[str, Any]:
    model_now = {"name": model, "version": more.pop("version", "1")}
    sku = {"name": "GlobalStandard", "capacity": 1, **more}
    return {"name": "text-turbo", "sku": sku, "properties": {"model": model_now}}


def test_keys_that_are_on_fail_with_what_the_owner_can_do() -> None:
    read = {"account": account(disableLocalAuth=False)}
    (difference,) = access.local_auth(stack(), read)
    assert "disableLocalAuth" in difference.fix
    assert "pulumi up --refresh" not in difference.fix
    assert not list(access.local_auth(stack(accountKeys="allow"), read))


def test_account_that_is_gone_is_not_said_to_be_made_again() -> None:
    (difference,) = access.local_auth(stack(), {"account": None})
    assert "makes it again" not in difference.fix


@pytest.mark.parametrize(
    "closed", [{"publicNetworkAccess": "Disabled"}, {"networkAcls": {"defaultAction": "Deny"}}]
)
def test_how_the_account_is_reached_is_its_owners_matter(closed: dict[str, Any]) -> None:
    read = {"account": account(**closed)}
    assert not list(access.network(stack(), read))
    assert list(access.network(target(outputs()), read))


@pytest.mark.parametrize("now", [found("gpt-9"), found(name="Standard")])
def test_deployment_that_is_another_fails_and_nothing_is_put_back(now: dict[str, Any]) -> None:
    (difference,) = models.deployments(stack(), {"deployments": [now]})
    assert "pulumi up --re" not in difference.fix


def test_deployment_that_is_gone_fails() -> None:
    (difference,) = models.deployments(stack(), {"deployments": []})
    assert "pulumi up --re" not in difference.fix
    assert "missing" in difference.deployed


def test_what_the_owner_or_azure_moved_is_said() -> None:
    read = {"account": account(), "deployments": [found(version="2", capacity=7)]}
    said = list(remarks.remarks(stack(), read))
    assert said == [
        "version of the existing deployment text-turbo is 2, declared 1",
        "capacity of the existing deployment text-turbo is 7, declared 1",
        "the account is of kind AIServices",
    ]


def test_of_what_the_stack_declares_no_move_is_said() -> None:
    read = {"account": account(), "deployments": [found(version="2", capacity=7)]}
    (said,) = remarks.remarks(target(outputs()), read)
    assert "which Azure upgraded" in said


@pytest.mark.parametrize(("name", "own"), [("", False), ("to-workspace", True)])
def test_setting_of_somebody_else_is_not_said_to_be_put_back(name: str, own: bool) -> None:
    named = {"gateway": "to-workspace", "account": name}
    settings = [{"properties": {"workspaceId": "another"}}]
    (difference,) = diagnostic_settings.present(
        diagnostic_settings.ACCOUNT,
        stack(diagnosticSettings=named),
        {"account settings": settings},
    )
    assert ("pulumi up --refresh" in difference.fix) is own
