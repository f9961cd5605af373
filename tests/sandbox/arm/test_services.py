"""Accounts, deployments, role assignments and diagnostic settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox import arm
from sandbox.cloud import DEPLOYER_OBJECT_ID
from sandbox.errors import NotModelledError

from .conftest import (
    ACCOUNT,
    DEPLOYMENT,
    GROUP,
    ROLE,
    SERVICE,
    SETTING,
    STACK,
    WORKSPACE,
    Azure,
    refusal,
)

Change = Callable[[dict[str, Any]], object]


def test_an_account_answers_at_its_subdomain(stack: Azure) -> None:
    account = arm.get(stack.cloud, ACCOUNT)
    assert account.properties["endpoint"] == "https://oai-test.openai.azure.com/"
    assert account.body["identity"]["principalId"]
    with pytest.raises(NotModelledError, match="listKeys"):
        arm.post(stack.cloud, ACCOUNT, "listKeys", {})
    some = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": "/subscriptions/x"}]}
    closed = {"customSubDomainName": "oai-test", "networkAcls": some}
    with pytest.raises(NotModelledError, match="networks that"):
        stack.put(ACCOUNT, STACK[ACCOUNT] | {"properties": closed})
    body = STACK[ACCOUNT] | {"properties": {}}
    plain = stack.put(f"{ACCOUNT}-plain", body)
    assert plain.properties["endpoint"] == "https://eastus.api.cognitive.microsoft.com/"


def test_a_subdomain_is_unique_and_stays(stack: Azure) -> None:
    taken = refusal(lambda: stack.put(f"{ACCOUNT}-2", STACK[ACCOUNT]))
    assert taken.code == "CustomDomainInUse"
    moved = lambda b: b["properties"].update(customSubDomainName="other")  # noqa: E731
    assert refusal(lambda: stack.edit(ACCOUNT, moved)).status == 400


@pytest.mark.parametrize(
    ("model", "version", "sku", "capacity", "code"),
    [
        ("gpt-99", "1", "GlobalStandard", 1, "DeploymentModelNotSupported"),
        ("gpt-5.6-luna", "2020-01-01", "GlobalStandard", 1, "DeploymentModelNotSupported"),
        ("gpt-35-turbo", "0613", "Standard", 1, "ServiceModelDeprecated"),
        ("o4-mini", "2025-04-16", "GlobalStandard", 1, "ServiceModelDeprecated"),
        ("gpt-5", "2025-08-07", "GlobalStandard", 1, "ServiceModelDeprecating"),
        ("gpt-5.6-luna", "2026-07-09", "Standard", 1, "InvalidResourceProperties"),
        ("gpt-5.6-luna", "2026-07-09", "GlobalStandard", 0, "InvalidResourceProperties"),
        ("gpt-5.6-luna", "2026-07-09", "GlobalStandard", 991, "InsufficientQuota"),
    ],
)
def test_deployments_that_azure_refuses(
    stack: Azure, model: str, version: str, sku: str, capacity: int, code: str
) -> None:
    body = {
        "sku": {"name": sku, "capacity": capacity},
        "properties": {"model": {"format": "OpenAI", "name": model, "version": version}},
    }
    error = refusal(lambda: stack.put(f"{DEPLOYMENT}-2", body))
    assert (error.status, error.code) == (400, code)


def test_a_deployment_may_grow_to_the_whole_quota(stack: Azure) -> None:
    grown = stack.edit(DEPLOYMENT, lambda b: b["sku"].update(capacity=1000))
    assert grown.body["sku"]["capacity"] == 1000


@pytest.mark.parametrize(
    ("age", "given", "code"),
    [
        (1, {}, "PrincipalNotFound"),
        (61, {}, "UnmatchedPrincipalType"),
        (1, {"principalType": "ServicePrincipal"}, None),
        (1, {"principalId": DEPLOYER_OBJECT_ID}, None),
        (1, {"principalId": ROLE[-36:], "principalType": "ServicePrincipal"}, "PrincipalNotFound"),
        (1, {"roleDefinitionId": "/x/roleDefinitions/none"}, "RoleDefinitionDoesNotExist"),
    ],
)
def test_whom_a_role_can_be_given(
    stack: Azure, age: int, given: dict[str, str], code: str | None
) -> None:
    stack.now += age
    if code is None:
        assert stack.role(**given).properties["scope"] == ACCOUNT
    else:
        assert refusal(lambda: stack.role(**given)).code == code


def test_a_role_is_given_once_and_never_changed(stack: Azure) -> None:
    stack.role(principalType="ServicePrincipal")
    assert stack.role(principalType="ServicePrincipal")
    twin = f"{ROLE[:-1]}2"
    error = refusal(lambda: stack.role(twin, principalType="ServicePrincipal"))
    assert (error.status, error.code) == (409, "RoleAssignmentExists")
    narrower = "/x/roleDefinitions/5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
    error = refusal(lambda: stack.role(principalType="ServicePrincipal", roleDefinitionId=narrower))
    assert error.code == "RoleAssignmentUpdateNotPermitted"


def _log(**log: object) -> Change:
    return lambda b: b["properties"].update(logs=[{"enabled": True} | log])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_log(category="RequestResponse"), "Category 'RequestResponse' is not supported."),
        (_log(categoryGroup="security"), "Category group 'security' is not supported."),
        (_log(category="GatewayLogs", categoryGroup="audit"), "does not support mix"),
        (
            lambda b: b["properties"].update(metrics=[{"category": "Requests", "enabled": True}]),
            "Metric category 'Requests' is not supported.",
        ),
        (lambda b: b["properties"].update(logs=[], metrics=[]), "At least one log or metric"),
        (lambda b: b["properties"].pop("workspaceId"), "At least one data sink"),
    ],
)
def test_settings_that_azure_refuses(stack: Azure, change: Change, words: str) -> None:
    error = refusal(lambda: stack.edit(SETTING, change))
    assert (error.status, error.code) == (400, "BadRequest")
    assert words in error.message


@pytest.mark.parametrize(
    ("resource_id", "change"),
    [
        (SETTING, {"logAnalyticsDestinationType": "Own"}),
        (WORKSPACE, {"sku": {"name": "PerGB2081"}}),
        (WORKSPACE, {"retentionInDays": 731}),
        (WORKSPACE, {"workspaceCapping": {"dailyQuotaGb": -2}}),
        (WORKSPACE, {"workspaceCapping": {"dailyQuotaGb": 0}}),
        (WORKSPACE, {"workspaceCapping": {"dailyQuotaGb": 0.02}}),
    ],
)
def test_values_outside_their_list_or_range_are_refused(
    stack: Azure, resource_id: str, change: dict[str, Any]
) -> None:
    error = refusal(lambda: stack.edit(resource_id, lambda b: b["properties"].update(change)))
    assert (error.status, error.code) == (400, "InvalidParameters")


def test_a_category_goes_to_a_workspace_once(stack: Azure) -> None:
    one = {"logs": [{"category": "GatewayLogs", "enabled": True}]}
    properties = STACK[SETTING]["properties"] | one | {"metrics": []}
    error = refusal(lambda: stack.put(f"{SETTING} 2", {"properties": properties}))
    assert (error.status, error.code) == (409, "Conflict")
    assert (
        "is already used in diagnostic setting 'all logs' for category 'GatewayLogs'"
        in error.message
    )


def test_five_settings_are_the_most(stack: Azure) -> None:
    nothing = {"metrics": [{"category": "AllMetrics", "enabled": False}]}
    sink = {"workspaceId": STACK[SETTING]["properties"]["workspaceId"]}
    empty = {"properties": nothing | sink}
    for number in range(4):
        stack.put(f"{SETTING} {number}", empty)
    assert "limit of 5" in refusal(lambda: stack.put(f"{SETTING} 5", empty)).message


def test_only_types_with_tables_keep_the_wish_for_them(stack: Azure) -> None:
    assert arm.get(stack.cloud, SETTING).properties["logAnalyticsDestinationType"] == "Dedicated"
    of_account = SETTING.replace(SERVICE, ACCOUNT)
    made = stack.put(of_account, STACK[SETTING])
    assert made.properties["logAnalyticsDestinationType"] is None
    with pytest.raises(NotModelledError, match="resourceGroups"):
        stack.put(SETTING.replace(SERVICE, GROUP), STACK[SETTING])


def test_the_consumption_tier_has_no_logs(stack: Azure) -> None:
    body = STACK[SERVICE] | {"sku": {"name": "Consumption", "capacity": 0}}
    other = stack.put(f"{SERVICE}-2", body)
    error = refusal(lambda: stack.put(SETTING.replace(SERVICE, other.id), STACK[SETTING]))
    assert "not supported" in error.message
