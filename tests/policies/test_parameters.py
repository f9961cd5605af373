"""What the pack's configuration relaxes, for stacks whose settings need it, and what it adds."""

from __future__ import annotations

from typing import Any

import pytest
from pack import ownership
from pack.resource import UNKNOWN

from tests.policies.harness import (
    Json,
    Shown,
    changed,
    example,
    passes,
    resource,
    said,
    unknown,
    wrong,
)

DIAGNOSTIC = "openai-api-diagnostic"
WORKSPACE = "operationalinsights:Workspace"
DATA_READER = "b59867f0-fa02-499b-be73-45a86b5b3e1c"


def logging(*, request: int = 8192, response: int = 0, llm: Any = None) -> Shown:
    """Make what the program declares for these bytes of bodies, and this LLM log."""
    stack = example()
    for side in ("frontend", "backend"):
        changed(DIAGNOSTIC, f"{side}/request/body/bytes", request, stack)
        changed(DIAGNOSTIC, f"{side}/response/body/bytes", response, stack)
    return changed(DIAGNOSTIC, "largeLanguageModel", llm, stack) if llm else stack


def small() -> Shown:
    """Make an LLM log that holds a byte of each message."""
    stack = changed(DIAGNOSTIC, "largeLanguageModel/requests/maxSizeInBytes", 1)
    return changed(DIAGNOSTIC, "largeLanguageModel/responses/maxSizeInBytes", 1, stack)


def capped(gigabytes: float) -> Shown:
    return changed("workspace", "workspaceCapping/dailyQuotaGb", gigabytes)


OFF, TOKENS = {"logs": "disabled"}, {"logs": "enabled"}
ROLE, SINK = ("openai-api-role", "roleDefinitionId"), "storageAccountId"
DEFINITIONS = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions"
READER, USER = f"{DEFINITIONS}/{DATA_READER}", f"{DEFINITIONS}/a97b65f3-24c7-4388-baec-2e87135dc908"
ZONES, UNITS = "ApiManagementService.zones", "ApiManagementService.sku.capacity"
SUNK = changed("gateway-diagnostics", SINK, "x")
RELAXED = [
    ("api-logging", {"capture": "metadata"}, logging(request=0, llm=TOKENS)),
    ("api-logging", {"bodyBytes": 1024}, logging(request=1024)),
    ("api-logging", {"responseBodies": "all"}, logging(response=8192)),
    ("api-logging", {"llmLogging": "disabled"}, logging(response=8192, llm=OFF)),
    ("api-logging", {"capture": "metadata", "llmLogging": "disabled"}, logging(request=0, llm=OFF)),
    ("api-logging", {"messageBytes": 1}, small()),
    ("account", {"maximum": 2000}, changed("deployment-text-turbo", "sku/capacity", 1001)),
    ("workspace", {"minimumDays": 7}, changed("workspace", "retentionInDays", 7)),
    ("workspace", {"maximumDays": 4383}, changed("workspace", "retentionInDays", 731)),
    ("workspace", {"dailyCapGb": 5}, capped(5)),
    ("roles", {"roles": [DATA_READER]}, changed(*ROLE, READER)),
    ("gateway", {"also": [ZONES]}, changed("gateway", "zones", ["1", "2"])),
    ("gateway", {"also": [UNITS]}, changed("gateway", "sku/capacity", 31)),
    ("diagnostic-settings", {"also": [f"DiagnosticSetting.{SINK}"]}, SUNK),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "parameters", "stack"), RELAXED)
def test_what_a_parameter_allows_is_refused_without_it(
    policy: str, parameters: Json, stack: Shown
) -> None:
    assert said(stack).refused.keys() == {policy}
    assert said(stack, {policy: parameters}).refused == {}


@pytest.mark.parametrize(
    ("policy", "parameters", "stack"),
    [
        ("api-logging", {"responseBodies": "all"}, example()),
        ("api-logging", {"llmLogging": "disabled"}, logging(llm=OFF)),
        ("api-logging", {"messageBytes": 262_145}, example()),
        ("workspace", {"minimumDays": 90}, example()),
        ("workspace", {"dailyCapGb": 5}, capped(4)),
        ("workspace", {"dailyCapGb": 5}, capped(0)),
        ("account", {"maximum": 5}, example()),
        ("roles", {"roles": [DATA_READER]}, example()),
        ("tags", {"names": ["owner"]}, example()),
        ("locations", {"locations": ["westeurope"]}, example()),
        ("protected", {"stacks": ["d*"]}, example()),
    ],
)
def test_what_a_parameter_demands_is_refused_with_it(
    policy: str, parameters: Json, stack: Shown
) -> None:
    assert said(stack, {policy: parameters}).refused.keys() == {policy}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sampling/percentage", 99),
        ("sampling/percentage", "100"),
        ("frontend/request/body/bytes", 8191),
        ("backend/response/body/bytes", 1),
        ("largeLanguageModel/responses/maxSizeInBytes", 32_767),
    ],
)
def test_a_little_less_is_less(path: str, value: Any) -> None:
    assert said(changed(DIAGNOSTIC, path, value)).refused.keys() == {"api-logging"}


def test_what_is_named_frees_nothing_else() -> None:
    zones = changed("gateway", "zones", ["1"])
    other = changed("gateway", "disableGateway", True, zones)
    assert "property: disableGateway" in said(other, {"gateway": {"also": [ZONES]}}).text
    assert f'of the pack: ["{ZONES}"]' in said(zones).text


def test_a_path_frees_nothing_of_another_kind() -> None:
    keys = changed("openai-account", "properties/disableLocalAuth", False)
    for also, refused in (("Deployment.properties", {"account"}), ("Account.properties", set())):
        assert said(keys, {"account": {"also": [also]}}).refused.keys() == refused


def test_settings_of_a_stack_need_no_parameter() -> None:
    v2 = changed("gateway", "sku/name", "BasicV2", changed("gateway", "customProperties", None))
    assert said(changed("gateway", "natGatewayState", "Enabled", v2)).refused == {}
    assert said(changed(*ROLE, USER)).refused == {}
    for path, value in (
        ("format", "openapi+json-link"),
        ("path", "models"),
        ("displayName", "Models"),
    ):
        assert said(changed("openai-api", path, value)).refused == {}
    suspended = changed("subscription-aoai-test", "state", "suspended")
    assert said(suspended).refused == {}
    foundry = changed("openai-account", "kind", "AIServices")
    foundry = changed("openai-account", "properties/allowProjectManagement", True, foundry)
    assert said(foundry).refused == {}
    closed = changed("openai-account", "properties/publicNetworkAccess", "Disabled")
    assert said(closed).advised == {}
    later = said(changed("openai-account", "properties/publicNetworkAccess", UNKNOWN))
    assert "account-public-network" in later.unclear
    denied = changed("openai-account", "properties/networkAcls", {"defaultAction": "Deny"})
    assert (said(denied).advised, said(denied).refused) == ({}, {})


def test_tags() -> None:
    judge, wanted = ownership.tags_present, ["Owner", "environment"]
    assert passes(judge, resource(WORKSPACE, {"tags": {"team": "a"}}))
    assert "at least one tag" in wrong(judge, resource(WORKSPACE, {"tags": {}}))
    both = {"tags": {"owner": "a", "environment": "dev"}}
    assert passes(judge, resource(WORKSPACE, both), names=wanted)
    both["tags"]["owner"] = ""
    assert "fix:      add the tags Owner" in wrong(judge, resource(WORKSPACE, both), names=wanted)
    assert unknown(judge, resource(WORKSPACE, {"tags": UNKNOWN}), names=wanted)


def test_locations() -> None:
    judge = ownership.location_allowed
    assert passes(judge, resource(WORKSPACE, {"location": "brazilsouth"}))
    assert passes(judge, resource(WORKSPACE, {"location": "East US"}), locations=["eastus"])
    west = resource(WORKSPACE, {"location": "westus"})
    report = wrong(judge, west, locations=["eastus", "West Europe"])
    assert 'found:    "westus"\nwanted:   one of eastus, westeurope' in report
    assert unknown(judge, resource(WORKSPACE, {"location": UNKNOWN}), locations=["eastus"])


def test_production_is_protected() -> None:
    judge, kind = ownership.protected, "cognitiveservices:Account"
    assert passes(judge, resource(kind))
    assert passes(judge, resource(kind, stack="prod-eu", protect=True))
    assert "true in stack Production" in wrong(judge, resource(kind, stack="Production"))
    assert passes(judge, resource(kind, stack="prod"), stacks=["live"])
