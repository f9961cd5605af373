"""Typical changes of a live stack: what a person edits, by the name of its golden file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.example import example_config
from harness.machine import Machine

Change = Callable[[Machine], None]
POLICY = "policies/gateway/fragments/caller-secrets.xml"
DOCUMENT = "policies/gateway/azure-openai.openapi.json"

DEPLOYMENT: dict[str, Any] = example_config()["deployments"][0]
SECOND = {"name": "text-fast", "model": "gpt-5.2", "version": "2025-12-11", "capacity": 5}
CONSUMER: dict[str, Any] = example_config()["consumers"][0]
TEAM_B = {"name": "team-b", "displayName": "Team B"}

FILTER = {"name": "strict", "hate": "Low", "sexual": "Low"}
FILTERED = {**DEPLOYMENT, "contentFilter": "strict"}

BASE: dict[str, Any] = {
    "accountName": "oai-golden",
    "gatewayName": "apim-golden",
    "workspaceName": "log-golden",
    "deployments": [DEPLOYMENT, SECOND],
    "consumers": [CONSUMER, TEAM_B],
}
"""The live stack: the example with names that do not vary, and two of what there may be many of."""


def config(**values: Any) -> Change:
    return lambda machine: machine.configure(**values)


def text(file: str, old: str, new: str) -> Change:
    def change(machine: Machine) -> None:
        path = machine.project / file
        before = path.read_text()
        assert old in before, f"{file} has no {old}"
        path.write_text(before.replace(old, new))

    return change


def without_operation(machine: Machine) -> None:
    path = machine.project / DOCUMENT
    document = json.loads(path.read_text())
    del document["paths"]["/v1/embeddings"]
    path.write_text(json.dumps(document, indent=2))


CHANGES: dict[str, Change] = {
    "consumer-added": config(consumers=[CONSUMER, TEAM_B, {"name": "c", "displayName": "C"}]),
    "consumer-removed": config(consumers=[CONSUMER]),
    "consumer-renamed": config(consumers=[CONSUMER, {**TEAM_B, "name": "team-x"}]),
    "consumer-suspended": config(consumers=[CONSUMER, {**TEAM_B, "state": "suspended"}]),
    "consumers-reordered": config(consumers=[TEAM_B, CONSUMER]),
    "deployments-reordered": config(deployments=[SECOND, DEPLOYMENT]),
    "deployment-removed": config(deployments=[DEPLOYMENT]),
    "deployment-renamed": config(deployments=[DEPLOYMENT, {**SECOND, "name": "text-quick"}]),
    "deployment-capacity": config(deployments=[{**DEPLOYMENT, "capacity": 20}, SECOND]),
    "deployment-model": config(
        deployments=[{**DEPLOYMENT, **SECOND, "name": "text-turbo"}, SECOND]
    ),
    "content-filter-added": config(contentFilters=[FILTER], deployments=[FILTERED, SECOND]),
    "content-filter-of-azure": config(
        deployments=[{**DEPLOYMENT, "contentFilter": "Microsoft.DefaultV2"}, SECOND]
    ),
    "body-bytes": config(bodyBytes=4096),
    "response-bodies": config(logResponseBodies=True),
    "backend-timeout": config(backendTimeoutSeconds=900),
    "sampling": config(samplingPercentage=50),
    "capture-metadata": config(capture="metadata"),
    "llm-logging-off": config(llmLogging=False, logResponseBodies=True),
    "policy-statement": text(
        POLICY,
        '<set-header name="Authorization" exists-action="delete" />',
        '<set-header name="Authorization" exists-action="delete" />\n'
        '  <set-header name="x-team" exists-action="delete" />',
    ),
    "operation-renamed": text(DOCUMENT, "V1_Models_Get", "V1_Models_Retrieve"),
    "operation-removed": without_operation,
    "operation-field": text(DOCUMENT, '"dimensions": {', '"user": {}, "dimensions": {'),
    "tier": config(gatewayTier="Premium"),
    "units": config(gatewayUnits=2),
    "retention": config(workspaceRetentionDays=90),
    "tags": config(tags={"environment": "dev", "workload": "activategenai", "owner": "ai"}),
    "product-renamed": config(productName="Models"),
    "api-path": config(apiPath="models"),
    "deployment-version": config(deployments=[DEPLOYMENT, {**SECOND, "version": "2026-01-20"}]),
    "alert-threshold": config(alerts={"errors": {"threshold": 10}}),
    "alert-off": config(alerts={"latency": {"enabled": False}}),
    "alert-receiver": config(alertEmails=["on-call@example.com"]),
    "budget": config(consumers=[CONSUMER, {**TEAM_B, "monthlyTokens": 5_000_000}]),
    "price": config(prices={"gpt-5.1": {"input": 1.0, "output": 8.0}}),
}

BARE: dict[str, Any] = BASE | {"insights": False}
"""The same without insights, whose workbook would be shown whole where it is made anew."""

MOVES: dict[str, Change] = {
    "account-name": config(accountName="oai-other"),
    "gateway-name": config(gatewayName="apim-other"),
    "workspace-name": config(workspaceName="log-other"),
    "location": config(location="swedencentral"),
}
"""What replaces the account, the gateway, the workspace or all of it, by golden file."""
