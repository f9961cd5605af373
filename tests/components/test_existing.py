"""What a team has already is used and never changed."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.azure import own_state
from tests.components.harness import SECRET, SUBSCRIPTION, Json, Refused, Run, run_without_insights

OTHER = "99999999-8888-4777-8666-555555555555"
WORKSPACE = (
    f"/subscriptions/{OTHER}/resourceGroups/rg-logs/providers/"
    "Microsoft.OperationalInsights/workspaces/log-central"
)
GATEWAY = (
    f"/subscriptions/{OTHER}/resourceGroups/rg-apim/providers/"
    "Microsoft.ApiManagement/service/apim-shared"
)
SERVICE: Json = {
    "gatewayUrl": "https://apim-shared.azure-api.net",
    "identity": {"principalId": "shared-principal", "type": "SystemAssigned"},
    "sku": {"name": "Premium", "capacity": 2},
}
WORKSPACE_ANSWER = {
    "azure-native:operationalinsights:getWorkspace": {
        "customerId": "central",
        "location": "eastus",
    }
}
GET_SERVICE = "azure-native:apimanagement:getApiManagementService"


def with_gateway(config: Json | None = None, service: Json | None = None) -> Run:
    return run_without_insights(
        {"gatewayId": GATEWAY, **(config or {})}, answers={GET_SERVICE: service or SERVICE}
    )


def test_existing_workspace_is_read_in_its_own_subscription() -> None:
    run = run_without_insights({"workspaceId": WORKSPACE}, answers=WORKSPACE_ANSWER)
    types = [request.type for request in run.requests.values()]
    assert "azure-native:operationalinsights:Workspace" not in types
    assert run.inputs("workspace-subscription")["subscriptionId"] == OTHER
    assert run.inputs("gateway-diagnostics")["workspaceId"] == WORKSPACE
    assert run.inputs("openai-account-diagnostics")["workspaceId"] == WORKSPACE
    assert run.stack["workspaceCustomerId"] == "central"


def test_the_engine_tells_the_state_once_a_run_whatever_exists() -> None:
    answers = {**WORKSPACE_ANSWER, GET_SERVICE: SERVICE}
    for _ in range(2):
        config = {"workspaceId": WORKSPACE, "gatewayId": GATEWAY}
        run = run_without_insights(config, answers=answers)
        assert [token for token, _ in run.azure.calls].count(own_state.STATE) == 1


def test_existing_gateway_is_used_with_its_identity_and_logger() -> None:
    run = with_gateway()
    names = {request.name for request in run.requests.values() if request.custom}
    assert not {"gateway", "gateway-logger"} & names
    assert run.inputs("openai-api-role")["principalId"] == "shared-principal"
    assert run.inputs("openai-api")["resourceGroupName"] == "rg-apim"
    assert run.inputs("openai-api")["serviceName"] == "apim-shared"
    assert run.inputs("openai-api-diagnostic")["loggerId"] == f"{GATEWAY}/loggers/azuremonitor"
    assert run.stack["gatewayUrl"] == "https://apim-shared.azure-api.net"


def test_existing_gateway_without_a_logger_gets_one_on_request() -> None:
    run = with_gateway({"gatewayLogger": "create"})
    assert run.inputs("gateway-logger")["serviceName"] == "apim-shared"


def test_existing_gateway_that_logs_already_gets_no_second_setting() -> None:
    run = with_gateway({"gatewayDiagnosticSettingName": ""})
    assert "gateway-diagnostics" not in {request.name for request in run.requests.values()}


def test_all_that_lies_in_an_existing_gateway_is_declared_in_its_subscription() -> None:
    run = with_gateway()
    assert "::openai-api-preview-version::" in run.request("openai-api-diagnostic").provider
    seen = set()
    for request in run.requests.values():
        if request.custom and request.type.startswith("azure-native"):
            given = run.inputs(request.name)
            inside = "apim-shared" in {given.get("serviceName"), given.get("resourceUri", "")[-11:]}
            assert (declared_in(run, request) == OTHER) == inside, request.name
            seen.add(inside)
    assert seen == {True, False}


def declared_in(run: Run, request: Any) -> str:
    """The subscription of the resource's provider; that of the stack's own is not stated."""
    provider = run.requests.get(request.provider.rpartition("::")[0])
    return str(run.inputs(provider.name).get("subscriptionId")) if provider else ""


@pytest.mark.parametrize("name", ["workspace-subscription", "openai-api-preview-version"])
def test_a_further_provider_is_configured_as_the_stacks_own(name: str) -> None:
    """The engine gives neither the `azure-native:` keys by itself."""
    given = {
        "azure-native:environment": "china",
        "azure-native:subscriptionId": SUBSCRIPTION,
        "azure-native:clientId": "the-client",
        "azure-native:clientSecret": "the-secret",
        "azure-native:useOidc": "true",
    }
    config = {"workspaceId": WORKSPACE}
    run = run_without_insights(config, answers=WORKSPACE_ANSWER, provider_config=given)
    inputs = run.inputs(name)
    own = name == "openai-api-preview-version"
    assert inputs["subscriptionId"] == (SUBSCRIPTION if own else OTHER)
    assert inputs["environment"] == "china"
    assert inputs["clientId"]["value"] == "the-client"
    assert inputs["clientSecret"] == {**SECRET, "value": "the-secret"}
    assert inputs["useOidc"] == "true"


def test_on_an_existing_gateway_the_product_stays_under_names_of_its_own() -> None:
    run = with_gateway()
    assert run.inputs("openai-api-product")["productId"] == "OpenAi-abc123"
    assert run.inputs("openai-api-product")["displayName"] == "OpenAi abc123"
    assert run.request("openai-api-product").retainOnDelete
    assert not run.request("openai-api").retainOnDelete
    assert not run.request("openai-api").deletedWith


def test_gateway_of_a_tier_that_cannot_log_is_one_clear_error() -> None:
    service = {**SERVICE, "sku": {"name": "Consumption", "capacity": 0}}
    with pytest.raises(pulumi.RunError, match="tier Consumption, which cannot log"):
        with_gateway(service=service)


def test_gateway_without_an_identity_is_one_clear_error() -> None:
    service = {**SERVICE, "identity": {"type": "UserAssigned"}}
    with pytest.raises(pulumi.RunError, match="no system-assigned identity; switch it on"):
        with_gateway(service=service)


def test_existing_group_is_not_created() -> None:
    answer = {"name": "rg-activategenai", "location": "eastus"}
    run = run_without_insights(
        {"useExistingResourceGroup": "true"},
        answers={"azure-native:resources:getResourceGroup": answer},
    )
    assert "resource-group" not in {request.name for request in run.requests.values()}
    assert not run.reads
    assert run.inputs("openai-account")["resourceGroupName"] == "rg-activategenai"


GIVEN: list[tuple[str, Json]] = [
    ("operationalinsights:getWorkspace", {"workspaceId": WORKSPACE}),
    ("apimanagement:getApiManagementService", {"gatewayId": GATEWAY}),
    ("resources:getResourceGroup", {"useExistingResourceGroup": "true"}),
]


@pytest.mark.parametrize(("function", "config"), GIVEN)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('Status=404 Code="ResourceNotFound"', "does not exist; name one that does"),
        ('Status=404 Code="SubscriptionNotFound"', "does not exist; name one that does"),
        ('Status=403 Code="AuthorizationFailed"', 'cannot be read: .*Status=403 Code="Authoriz'),
        ('Status=401 Code="InvalidAuthenticationTokenTenant"', "cannot be read: .*Status=401"),
        ('Status=400 Code="InvalidSubscriptionId"', "cannot be read: .*Status=400"),
    ],
)
def test_what_is_named_and_cannot_be_read_stops_the_program_before_it_declares_more(
    function: str, config: Json, answer: str, said: str
) -> None:
    key = "resourceGroupName" if "Group" in function else next(iter(config))
    declared: list[str] = []
    with pytest.raises(pulumi.RunError, match=said) as caught:
        run_without_insights(
            config,
            answers={f"azure-native:{function}": Refused(answer)},
            declared=declared,
        )
    assert str(caught.value).startswith(f"{key}: ")
    assert "\n" not in str(caught.value)
    assert "openai-api" not in declared
