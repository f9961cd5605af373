"""The example stack declares the reference architecture, value for value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.example import example_config
from queries import library
from tests.components.harness import SECRET, SUBSCRIPTION, Run, run_without_insights

SNAPSHOT = Path(__file__).parent / "snapshots" / "urns.txt"
SAVED = (
    "urn:pulumi:dev::azure-openai-accounted::aoai:index:Insights"
    "$azure-native:operationalinsights:SavedSearch::query-"
)


def test_urns_stay_so_that_no_upgrade_replaces_a_resource(example: Run) -> None:
    """Those of saved queries follow from the names of the files."""
    of_one = [name for name in library.names() if not library.of_several(name)]
    queries = {f"{SAVED}{name}" for name in of_one}
    assert set(example.requests) == {*SNAPSHOT.read_text().splitlines(), *queries}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resource-group", {"resourceGroupName": "rg-activategenai", "location": "eastus"}),
        ("workspace", {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}),
        ("workspace", {"workspaceCapping": {"dailyQuotaGb": -1}}),
        ("openai-account", {"kind": "OpenAI", "sku": {"name": "S0"}}),
        ("openai-account", {"identity": {"type": "SystemAssigned"}}),
        ("openai-account-diagnostics", {"name": "OpenAI Diagnostic Setting"}),
        ("openai-account-diagnostics", {"resourceUri": "/id/openai-account"}),
        ("openai-account-diagnostics", {"workspaceId": "/id/workspace"}),
        ("gateway", {"serviceName": "apim-abc123", "publisherName": "Windows"}),
        ("gateway", {"publisherEmail": "platform-team@example.com"}),
        ("gateway", {"sku": {"name": "Standard", "capacity": 1}}),
        ("gateway", {"identity": {"type": "SystemAssigned"}}),
        ("gateway-logger", {"loggerId": "azuremonitor", "loggerType": "azureMonitor"}),
        ("gateway-diagnostics", {"logAnalyticsDestinationType": "Dedicated"}),
        ("openai-api-role", {"scope": "/id/openai-account", "principalId": "the-principal"}),
        ("openai-api-role", {"principalType": "ServicePrincipal"}),
        ("openai-api", {"apiId": "miyagi-api", "path": "openai", "protocols": ["https"]}),
        ("openai-api", {"displayName": "Azure OpenAI Service API"}),
        ("openai-api", {"format": "openapi", "subscriptionRequired": True}),
        ("openai-api-product", {"productId": "OpenAi", "description": "OpenAI"}),
        ("openai-api-product", {"state": "published", "subscriptionRequired": True}),
        ("openai-api-product-link", {"productId": "OpenAi", "apiId": "/id/openai-api"}),
        ("subscription-aoai-test", {"sid": "aoai-test", "displayName": "AOAI Test"}),
        ("subscription-aoai-test", {"state": "active", "scope": "/id/openai-api-product"}),
    ],
)
def test_values_of_the_reference_architecture(
    example: Run, name: str, expected: dict[str, object]
) -> None:
    given = example.inputs(name)
    assert {key: given.get(key) for key in expected} == expected


def test_account_takes_tokens_only(example: Run) -> None:
    properties = example.inputs("openai-account")["properties"]
    assert properties["disableLocalAuth"] is True
    assert properties["customSubDomainName"] == "oai-abc123"


def test_deployment_states_model_and_capacity(example: Run) -> None:
    given = example.inputs("deployment-text-turbo")
    assert given["sku"] == {"name": "GlobalStandard", "capacity": 10}
    assert given["properties"]["model"] == {
        "format": "OpenAI",
        "name": "gpt-5.6-luna",
        "version": "2026-07-09",
    }
    assert given["properties"]["versionUpgradeOption"] == "NoAutoUpgrade"


def test_old_protocols_are_off_on_both_sides_of_the_gateway(example: Run) -> None:
    properties = example.inputs("gateway")["customProperties"]
    assert len(properties) == 6
    assert set(properties.values()) == {"False"}


def test_role_is_cognitive_services_openai_user(example: Run) -> None:
    assert example.inputs("openai-api-role")["roleDefinitionId"] == (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
        "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
    )


@pytest.mark.parametrize(
    ("name", "groups"),
    [("openai-account-diagnostics", ["allLogs"]), ("gateway-diagnostics", ["audit", "allLogs"])],
)
def test_settings_send_all_logs_and_all_metrics(example: Run, name: str, groups: list[str]) -> None:
    given = example.inputs(name)
    assert [log["categoryGroup"] for log in given["logs"]] == groups
    assert all(log["enabled"] for log in given["logs"])
    assert given["metrics"] == [{"category": "AllMetrics", "enabled": True}]


def test_account_logs_name_no_destination_type_because_azure_has_no_table_for_them(
    example: Run,
) -> None:
    assert "logAnalyticsDestinationType" not in example.inputs("openai-account-diagnostics")


def test_api_logs_8192_bytes_of_each_request_and_whole_messages(example: Run) -> None:
    given = example.inputs("openai-api-diagnostic")
    assert given["diagnosticId"] == "azuremonitor"
    assert (given["serviceName"], given["apiId"]) == ("apim-abc123", "miyagi-api")
    for side in ("frontend", "backend"):
        assert given[side]["request"]["body"] == {"bytes": 8192}
        assert given[side]["response"]["body"] == {"bytes": 0}
    assert given["frontend"]["response"]["headers"] == ["x-gateway-accounting"]
    assert given["sampling"] == {"samplingType": "fixed", "percentage": 100}
    assert given["logClientIp"] is True
    assert given["alwaysLog"] == "allErrors"
    assert given["loggerId"] == "/id/gateway/loggers/azuremonitor"
    messages = {"messages": "all", "maxSizeInBytes": 262144}
    assert given["largeLanguageModel"] == {
        "logs": "enabled",
        "requests": messages,
        "responses": messages,
    }


def test_credentials_are_masked_in_every_logged_message(example: Run) -> None:
    given = example.inputs("openai-api-diagnostic")
    for side in ("frontend", "backend"):
        for direction in ("request", "response"):
            masking = given[side][direction]["dataMasking"]
            assert {item["value"] for item in masking["headers"]} == {"Authorization", "api-key"}
            assert masking["queryParams"] == [{"mode": "Mask", "value": "subscription-key"}]


def test_bodies_of_responses_are_logged_on_request() -> None:
    run = run_without_insights({"logResponseBodies": "true"})
    given = run.inputs("openai-api-diagnostic")
    for side in ("frontend", "backend"):
        assert given[side]["response"]["body"] == {"bytes": 8192}


def test_metadata_capture_logs_tokens_and_no_content() -> None:
    run = run_without_insights({"capture": "metadata"})
    given = run.inputs("openai-api-diagnostic")
    assert given["frontend"]["request"]["body"] == {"bytes": 0}
    assert given["backend"]["response"]["body"] == {"bytes": 0}
    assert given["largeLanguageModel"] == {"logs": "enabled"}


def test_everything_that_takes_tags_has_them(example: Run) -> None:
    tags = {"environment": "dev", "workload": "activategenai"}
    for name in ("resource-group", "workspace", "openai-account", "gateway"):
        assert example.inputs(name)["tags"] == tags, name


def test_one_key_protects_what_holds_state() -> None:
    run = run_without_insights({"protect": "true"})
    protected = {request.name for request in run.requests.values() if request.protect}
    assert protected == {
        "resource-group",
        "workspace",
        "openai-account",
        "deployment-text-turbo",
        "gateway",
    }


def test_children_have_their_component_as_parent(example: Run) -> None:
    for urn, request in example.requests.items():
        if request.custom and request.name not in {"resource-group", "name-suffix"}:
            assert "::aoai:index:" in request.parent, urn


def test_every_component_registers_its_outputs(example: Run) -> None:
    components = {urn for urn, r in example.requests.items() if r.type.startswith("aoai:")}
    assert any("::aoai:index:Gateway::" in urn for urn in components)
    assert components <= set(example.outputs)


def test_changes_to_one_api_follow_one_another(example: Run) -> None:
    chain = ["openai-api-policy", "openai-api-diagnostic", "openai-api-product-link"]
    names = ["openai-api", *chain]
    for earlier, later in zip(names, chain, strict=False):
        assert any(urn.endswith(f"::{earlier}") for urn in example.request(later).dependencies)


def test_deployments_and_consumers_follow_one_another() -> None:
    model = {"model": "gpt-4.1", "version": "2025-04-14", "capacity": 1}
    run = run_without_insights(
        {
            "deployments": [{"name": "first", **model}, {"name": "second", **model}],
            "consumers": [
                {"name": "one", "displayName": "One"},
                {"name": "two", "displayName": "Two", "state": "suspended"},
            ],
        }
    )
    for earlier, later in (
        ("deployment-first", "deployment-second"),
        ("subscription-one", "subscription-two"),
    ):
        assert any(urn.endswith(f"::{earlier}") for urn in run.request(later).dependencies)
    assert run.inputs("subscription-two")["state"] == "suspended"
    assert run.stack["proof"]["consumers"] == ["one"]


def test_what_lies_in_the_gateway_is_deleted_with_it(example: Run) -> None:
    for request in example.requests.values():
        inside = ":apimanagement:" in request.type
        if inside and request.name != "gateway":
            assert request.deletedWith.endswith("::gateway"), request.name


def test_what_azure_will_not_delete_before_the_gateway_is_left_to_it(example: Run) -> None:
    kept = {request.name for request in example.requests.values() if request.retainOnDelete}
    assert kept == {"openai-api-product", "gateway-logger"}


def test_stack_that_moves_takes_new_names(example: Run) -> None:
    place = {"location": "eastus", "resourceGroup": "rg-activategenai"}
    assert example.inputs("name-suffix")["keepers"] == place
    moved = run_without_insights({"location": "East US 2"})
    assert moved.inputs("name-suffix")["keepers"] == {**place, "location": "eastus2"}
    assert moved.inputs("gateway")["location"] == "eastus2"


def test_what_azure_cannot_change_in_place_is_replaced(example: Run) -> None:
    assert list(example.request("gateway").replaceOnChanges) == ["location"]
    assert list(example.request("openai-account").replaceOnChanges) == [
        "location",
        "properties.customSubDomainName",
    ]
    deployment = example.request("deployment-text-turbo")
    assert deployment.replacement_trigger.string_value == "gpt-5.6-luna GlobalStandard"
    assert list(example.request("openai-api-role").replaceOnChanges) == [
        "principalId",
        "roleDefinitionId",
    ]


def test_classic_tiers_state_what_azure_insists_on(example: Run) -> None:
    assert example.inputs("gateway")["enableClientCertificate"] is True
    assert example.inputs("gateway")["developerPortalStatus"] == "Disabled"


def test_v2_tiers_get_no_setting_that_they_lack() -> None:
    given = run_without_insights({"gatewayTier": "BasicV2"}).inputs("gateway")
    assert given["enableClientCertificate"] is False
    assert "customProperties" not in given
    assert given["natGatewayState"] == "Enabled"
    assert given["developerPortalStatus"] == given["legacyPortalStatus"] == "Disabled"


@pytest.mark.parametrize(
    ("cloud", "backend", "audience", "manager"),
    [
        (
            "usgovernment",
            ".openai.azure.us/openai",
            "https://cognitiveservices.azure.us",
            "https://management.usgovcloudapi.net",
        ),
        (
            "china",
            ".openai.azure.cn/openai",
            "https://cognitiveservices.azure.cn",
            "https://management.chinacloudapi.cn",
        ),
    ],
)
def test_sovereign_clouds_have_their_own_hosts(
    cloud: str, backend: str, audience: str, manager: str
) -> None:
    regional = [{**example_config()["deployments"][0], "sku": "Standard"}]
    provider = {"azure-native:environment": cloud}
    run = run_without_insights({"deployments": regional}, provider_config=provider)
    assert run.stack["proof"]["managementEndpoint"] == manager
    policy = run.inputs("openai-api-policy")["value"]
    assert f'base-url="https://oai-abc123{backend}"' in policy
    assert f'resource="{audience}"' in policy


def test_keys_are_secret_outputs_and_in_nothing_else(example: Run) -> None:
    assert example.stack["subscriptionKeys"] == {**SECRET, "value": {"aoai-test": "the-key"}}
    others = {name: value for name, value in example.stack.items() if name != "subscriptionKeys"}
    assert "the-key" not in json.dumps(others)


def test_keys_stay_out_of_pulumi_on_request() -> None:
    run = run_without_insights({"exportKeys": "false"})
    assert "subscriptionKeys" not in run.stack
    assert not [token for token, _ in run.azure.calls if token.endswith("Secrets")]


def test_what_azure_moves_by_itself_replaces_nothing(example: Run) -> None:
    account, deployment = (
        example.request(name) for name in ("openai-account", "deployment-text-turbo")
    )
    assert list(account.ignoreChanges) == ["kind", "properties.allowProjectManagement"]
    assert list(deployment.replaceOnChanges) == []


def test_the_guides_role_is_one_key() -> None:
    run = run_without_insights({"gatewayRole": "Cognitive Services User"})
    assert run.inputs("openai-api-role")["roleDefinitionId"].endswith(
        "/a97b65f3-24c7-4388-baec-2e87135dc908"
    )


def test_every_azure_resource_waits_for_what_time_resolves(example: Run) -> None:
    azure = [r for r in example.requests.values() if r.type.startswith("azure-native")]
    assert len(azure) > 50
    assert {tuple(r.hooks.on_error) for r in azure} == {("wait-and-retry",)}
    others = [r for r in example.requests.values() if r not in azure]
    assert not any(r.hooks.on_error for r in others)


def test_a_deployment_has_a_content_filter_on_request(example: Run) -> None:
    """Today's stacks declare none; a filter as it stands stops what Azure's own stops."""
    given = example_config()["deployments"][0]
    assert not [urn for urn in example.requests if "RaiPolicy" in urn]
    assert "raiPolicyName" not in example.inputs("deployment-text-turbo")["properties"]
    run = run_without_insights(
        {
            "contentFilters": json.dumps([{"name": "strict", "hate": "Low", "jailbreak": "off"}]),
            "deployments": json.dumps([{**given, "contentFilter": "strict"}]),
        }
    )
    assert run.inputs("deployment-text-turbo")["properties"]["raiPolicyName"] == "strict"
    made = run.inputs("content-filter-strict")
    assert (made["raiPolicyName"], made["accountName"]) == ("strict", "oai-abc123")
    assert made["properties"]["basePolicyName"] == "Microsoft.DefaultV2"
    rules = {(one["name"], one["source"]): one for one in made["properties"]["contentFilters"]}
    assert len(rules) == 12
    assert rules["Hate", "Prompt"]["severityThreshold"] == "Low"
    assert rules["Violence", "Completion"]["severityThreshold"] == "Medium"
    assert [key for key, one in rules.items() if not one["enabled"]] == [
        ("Jailbreak", "Prompt"),
        ("Indirect Attack", "Prompt"),
    ]
    assert all(one["blocking"] is one["enabled"] for one in rules.values())


def test_a_deployment_may_name_a_filter_of_azure() -> None:
    given = {**example_config()["deployments"][0], "contentFilter": "Microsoft.DefaultV2"}
    run = run_without_insights({"deployments": json.dumps([given])})
    named = run.inputs("deployment-text-turbo")["properties"]["raiPolicyName"]
    assert named == "Microsoft.DefaultV2"
