"""A cloud with the reference stack in it, and short ways to ask for changes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import arm
from sandbox.cloud import SUBSCRIPTION_ID, Cloud, Resource
from sandbox.errors import ArmError
from sandbox.options import Options
from tests.sandbox.seen import held

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-test"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-test"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai-test"
DEPLOYMENT = f"{ACCOUNT}/deployments/chat"
SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim-test"
LOGGER = f"{SERVICE}/loggers/azuremonitor"
API = f"{SERVICE}/apis/openai"
POLICY = f"{API}/policies/policy"
DIAGNOSTIC = f"{API}/diagnostics/azuremonitor"
PRODUCT = f"{SERVICE}/products/OpenAi"
LINK = f"{PRODUCT}/apiLinks/openai"
SUBSCRIPTION = f"{SERVICE}/subscriptions/aoai-test"
SETTING = f"{SERVICE}/providers/Microsoft.Insights/diagnosticSettings/all logs"
ROLE_NAME = "5a4a3a2a-0000-4000-8000-000000000001"
ROLE = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/{ROLE_NAME}"
ROLE_DEFINITION = (
    f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/"
    "a97b65f3-24c7-4388-baec-2e87135dc908"
)
PREVIEW = "2024-06-01-preview"

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Azure OpenAI Service API", "version": "1"},
    "servers": [{"url": "https://oai-test.openai.azure.com/openai"}],
    "paths": {
        "/deployments/{deployment-id}/chat/completions": {
            "parameters": [{"$ref": "#/components/parameters/version"}],
            "post": {"operationId": "ChatCompletions_Create", "responses": {}},
        },
        "/v1/models": {
            "get": {"parameters": [{"name": "limit", "in": "query"}], "responses": {}},
        },
    },
    "components": {
        "parameters": {"version": {"name": "api-version", "in": "query", "required": True}}
    },
}
RAW_POLICY = """<policies>
  <inbound>
    <base />
    <set-header name="api-key" exists-action="delete" />
  </inbound>
  <backend><base /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>"""

STACK: dict[str, dict[str, Any]] = {
    GROUP: {"location": "East US", "tags": {"environment": "dev"}},
    WORKSPACE: {"location": "eastus", "properties": {"sku": {"name": "PerGB2018"}}},
    ACCOUNT: {
        "location": "eastus",
        "kind": "OpenAI",
        "sku": {"name": "S0"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": "oai-test", "disableLocalAuth": True},
    },
    DEPLOYMENT: {
        "sku": {"name": "GlobalStandard", "capacity": 10},
        "properties": {
            "model": {"format": "OpenAI", "name": "gpt-5.6-luna", "version": "2026-07-09"}
        },
    },
    SERVICE: {
        "location": "eastus",
        "sku": {"name": "Standard", "capacity": 1},
        "identity": {"type": "SystemAssigned"},
        "properties": {"publisherEmail": "team@example.com", "publisherName": "Windows"},
    },
    LOGGER: {"properties": {"loggerType": "azureMonitor"}},
    API: {
        "properties": {
            "path": "openai",
            "displayName": "ignored",
            "format": "openapi+json",
            "value": json.dumps(DOCUMENT),
        }
    },
    POLICY: {"properties": {"format": "rawxml", "value": RAW_POLICY}},
    DIAGNOSTIC: {
        "properties": {
            "loggerId": LOGGER,
            "sampling": {"samplingType": "fixed", "percentage": 100},
            "frontend": {"request": {"body": {"bytes": 8192}}},
            "largeLanguageModel": {"logs": "enabled"},
        }
    },
    PRODUCT: {"properties": {"displayName": "OpenAi", "state": "published"}},
    LINK: {"properties": {"apiId": API}},
    SUBSCRIPTION: {"properties": {"displayName": "AOAI Test", "scope": PRODUCT, "state": "active"}},
    SETTING: {
        "properties": {
            "workspaceId": WORKSPACE,
            "logAnalyticsDestinationType": "Dedicated",
            "logs": [
                {"categoryGroup": "audit", "enabled": True},
                {"categoryGroup": "allLogs", "enabled": True},
            ],
            "metrics": [{"category": "AllMetrics", "enabled": True}],
        }
    },
}
"""Bodies of the reference stack, in the order in which it can be made."""


class Azure:
    """A cloud, and requests to it at a time of one's choosing."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.cloud = Cloud(folder)
        self.options = Options(seed=seed, role_delay=60.0)
        self.now = 1_000_000.0

    def put(self, resource_id: str, body: dict[str, Any], version: str = PREVIEW) -> Resource:
        return arm.put(self.cloud, self.options, resource_id, version, body, now=self.now)

    def edit(self, resource_id: str, change: Callable[[dict[str, Any]], object]) -> Resource:
        """PUT the stack's body of that resource with one change."""
        body = copy.deepcopy(STACK[resource_id])
        change(body)
        return self.put(resource_id, body)

    def role(self, name: str = ROLE, **properties: object) -> Resource:
        principal = held(self.cloud, SERVICE).body["identity"]["principalId"]
        given = {"principalId": principal, "roleDefinitionId": ROLE_DEFINITION} | properties
        return self.put(name, {"properties": given})


def refusal(call: Callable[[], object]) -> ArmError:
    """What a call is refused with."""
    with pytest.raises(ArmError) as caught:
        call()
    return caught.value


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    """An empty cloud."""
    return Azure(tmp_path)


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a cloud that holds the reference stack."""
    made = Azure(tmp_path_factory.mktemp("stack"))
    for resource_id, body in STACK.items():
        made.put(resource_id, body)
    return (made.cloud.folder / "cloud.json").read_text()


@pytest.fixture
def stack(state: str, tmp_path: Path) -> Azure:
    """A cloud that holds the reference stack."""
    (tmp_path / "cloud.json").write_text(state)
    return Azure(tmp_path)
