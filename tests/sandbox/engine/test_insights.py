"""Alerts, workbook and saved queries through the provider, above the real rules of Azure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox import arm
from sandbox.cloud import SUBSCRIPTION_ID, Cloud
from sandbox.engine import serve
from sandbox.engine.values import from_struct, reveal, secret, to_struct
from sandbox.options import Options

from .test_providers import urn

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai"
ACTIONS = f"{GROUP}/providers/Microsoft.Insights/actionGroups/ops"
DOCUMENT = json.dumps({"version": "Notebook/1.0", "items": []}, indent=2)
IN_GROUP: dict[str, Any] = {"resourceGroupName": "rg"}
HOOK = {"name": "pager", "serviceUri": secret("https://example.com/s3cret")}
INPUTS: dict[str, dict[str, Any]] = {
    "monitor:ActionGroup": IN_GROUP
    | {
        "actionGroupName": "ops",
        "location": "Global",
        "groupShortName": "aoai",
        "webhookReceivers": [HOOK],
    },
    "monitor:ScheduledQueryRule": IN_GROUP
    | {
        "ruleName": "errors",
        "severity": 2,
        "scopes": [WORKSPACE],
        "evaluationFrequency": "PT15M",
        "windowSize": "PT1H",
        "skipQueryValidation": True,
        "criteria": {
            "allOf": [
                {
                    "query": "ApiManagementGatewayLogs | where ResponseCode >= 400",
                    "timeAggregation": "Count",
                    "operator": "GreaterThan",
                    "threshold": 0,
                }
            ]
        },
        "actions": {"actionGroups": [ACTIONS]},
    },
    "monitor:MetricAlert": IN_GROUP
    | {
        "ruleName": "harmful",
        "location": "global",
        "severity": 1,
        "enabled": True,
        "scopes": [ACCOUNT],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT5M",
        "criteria": {
            "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            "allOf": [
                {
                    "criterionType": "StaticThresholdCriterion",
                    "name": "harmful",
                    "metricName": "RAIHarmfulRequests",
                    "operator": "GreaterThan",
                    "threshold": 0,
                    "timeAggregation": "Total",
                }
            ],
        },
        "actions": [{"actionGroupId": ACTIONS}],
    },
    "monitor:ActivityLogAlert": IN_GROUP
    | {
        "activityLogAlertName": "retirements",
        "location": "global",
        "scopes": [f"/subscriptions/{SUBSCRIPTION_ID}"],
        "condition": {"allOf": [{"field": "category", "equals": "ServiceHealth"}]},
        "actions": {"actionGroups": [{"actionGroupId": ACTIONS}]},
    },
    "applicationinsights:Workbook": IN_GROUP
    | {
        "resourceName": "5a4a3a2a-0000-4000-8000-000000000002",
        "kind": "shared",
        "displayName": "Azure OpenAI",
        "category": "workbook",
        "sourceId": WORKSPACE,
        "serializedData": DOCUMENT,
    },
    "operationalinsights:SavedSearch": IN_GROUP
    | {
        "workspaceName": "logs",
        "savedSearchId": "errors",
        "category": "Azure OpenAI",
        "displayName": "Errors",
        "query": "ApiManagementGatewayLogs",
    },
}
"""In the order in which they can be made."""


class Provider:
    """A provider above a cloud with a workspace and an account."""

    def __init__(self, folder: Path, port: int) -> None:
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.folder = folder
        self.stub = provider_pb2_grpc.ResourceProviderStub(channel)

    def create(self, token: str) -> tuple[dict[str, Any], Any]:
        """The inputs as checked, and what was made of them."""
        named = urn(f"azure-native:{token}")
        asked = rpc.CheckRequest(urn=named, news=to_struct(INPUTS[token]))
        inputs = self.stub.Check(asked).inputs
        made = self.stub.Create(rpc.CreateRequest(urn=named, properties=inputs))
        return from_struct(inputs), made


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    cloud, options = Cloud(tmp_path / "cloud"), Options(journal=tmp_path / "journal.jsonl")
    account = {"kind": "OpenAI", "sku": {"name": "S0"}}
    for resource_id, more in {GROUP: {}, WORKSPACE: {}, ACCOUNT: account}.items():
        body: dict[str, Any] = {"location": "eastus", **more}
        arm.put(cloud, options, resource_id, "2025-06-01", body)
    with serve(cloud, options) as ports:
        yield Provider(tmp_path, ports["azure-native"])


def test_each_is_made_read_without_a_change_and_deleted(provider: Provider) -> None:
    made = {token: provider.create(token) for token in INPUTS}
    for token, (inputs, created) in made.items():
        named = urn(f"azure-native:{token}")
        state = {"id": created.id, "properties": created.properties, "inputs": to_struct(inputs)}
        read = provider.stub.Read(rpc.ReadRequest(urn=named, **state))
        assert reveal(from_struct(read.inputs)) == reveal(inputs), token
        assert from_struct(read.properties) == from_struct(created.properties), token
    for token, (inputs, created) in reversed(made.items()):
        named = urn(f"azure-native:{token}")
        gone = {"id": created.id, "old_inputs": to_struct(inputs)}
        provider.stub.Delete(rpc.DeleteRequest(urn=named, **gone))
        read = provider.stub.Read(rpc.ReadRequest(urn=named, id=created.id))
        assert read.id == "", token


def test_a_log_alert_and_a_workbook_lie_where_their_group_does(provider: Provider) -> None:
    provider.create("monitor:ActionGroup")
    for token in ("monitor:ScheduledQueryRule", "applicationinsights:Workbook"):
        inputs, _ = provider.create(token)
        assert inputs["location"] == "eastus"


def test_a_webhooks_address_stays_secret(provider: Provider) -> None:
    inputs, created = provider.create("monitor:ActionGroup")
    state = from_struct(created.properties)
    assert state["webhookReceivers"] == secret(
        [{**HOOK, "serviceUri": "https://example.com/s3cret"}]
    )
    assert inputs["webhookReceivers"] == [HOOK]
    assert "s3cret" not in (provider.folder / "journal.jsonl").read_text()


def test_a_workbooks_content_is_not_read_back(provider: Provider) -> None:
    _, created = provider.create("applicationinsights:Workbook")
    assert "serializedData" not in from_struct(created.properties)


def test_a_changed_saved_search_must_be_replaced(provider: Provider) -> None:
    token = "operationalinsights:SavedSearch"
    inputs, created = provider.create(token)
    news = to_struct(inputs | {"query": "AzureDiagnostics"})
    sides = {"old_inputs": to_struct(inputs), "olds": created.properties, "news": news}
    change = {"urn": urn(f"azure-native:{token}"), "id": created.id, **sides}
    diff = provider.stub.Diff(rpc.DiffRequest(**change))
    assert (list(diff.detailedDiff), list(diff.replaces)) == (["query"], [])
    with pytest.raises(grpc.RpcError) as failed:
        provider.stub.Update(rpc.UpdateRequest(**change))
    assert 'Code="Conflict" Message="Newer data exists."' in str(failed.value.details())
