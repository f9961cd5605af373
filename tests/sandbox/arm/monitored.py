"""What watches the reference stack: bodies of every type of Insights, and ways to change them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from sandbox.cloud import SUBSCRIPTION_ID

from .conftest import ACCOUNT, GROUP, WORKSPACE, Azure

Change = Callable[[dict[str, Any]], object]
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
ACTIONS = f"{INSIGHTS}/actionGroups/ops"
LOG = f"{INSIGHTS}/scheduledQueryRules/errors"
STATIC = f"{INSIGHTS}/metricAlerts/harmful"
DYNAMIC = f"{INSIGHTS}/metricAlerts/tokens"
HEALTH = f"{INSIGHTS}/activityLogAlerts/retirements"
WORKBOOK = f"{INSIGHTS}/workbooks/5a4a3a2a-0000-4000-8000-000000000002"
SEARCH = f"{WORKSPACE}/savedSearches/errors"
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
MONITOR = "Microsoft.Azure.Monitor"
QUERY = "ApiManagementGatewayLogs | summarize Calls = count() by ApiId, bin(TimeGenerated, 5m)"

BODIES: dict[str, dict[str, Any]] = {
    ACTIONS: {
        "location": "Global",
        "properties": {
            "groupShortName": "aoai",
            "emailReceivers": [
                {"name": "ops", "emailAddress": "ops@example.com", "useCommonAlertSchema": True}
            ],
            "webhookReceivers": [
                {
                    "name": "pager",
                    "serviceUri": "https://example.com/s3cret",
                    "useCommonAlertSchema": True,
                }
            ],
        },
    },
    LOG: {
        "location": "eastus",
        "properties": {
            "severity": 2,
            "scopes": [WORKSPACE.upper().replace("/SUBSCRIPTIONS", "/subscriptions")],
            "evaluationFrequency": "PT15M",
            "windowSize": "PT1H",
            "overrideQueryTimeRange": "P2D",
            "skipQueryValidation": True,
            "criteria": {
                "allOf": [
                    {
                        "query": QUERY,
                        "timeAggregation": "Total",
                        "metricMeasureColumn": "Calls",
                        "dimensions": [{"name": "ApiId", "operator": "Include", "values": ["*"]}],
                        "operator": "GreaterThan",
                        "threshold": 0,
                    }
                ]
            },
            "actions": {"actionGroups": [ACTIONS]},
        },
    },
    STATIC: {
        "location": "global",
        "properties": {
            "severity": 0,
            "enabled": True,
            "scopes": [ACCOUNT],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT24H",
            "criteria": {
                "odata.type": f"{MONITOR}.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "name": "harmful",
                        "metricName": "RAIHarmfulRequests",
                        "metricNamespace": "microsoft.cognitiveservices/accounts",
                        "operator": "GreaterThan",
                        "threshold": 0,
                        "timeAggregation": "Total",
                    }
                ],
            },
            "actions": [{"actionGroupId": ACTIONS}],
        },
    },
    DYNAMIC: {
        "location": "global",
        "properties": {
            "severity": 3,
            "enabled": True,
            "scopes": [ACCOUNT],
            "evaluationFrequency": "PT15M",
            "windowSize": "PT1H",
            "criteria": {
                "odata.type": f"{MONITOR}.MultipleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "DynamicThresholdCriterion",
                        "name": "tokens",
                        "metricName": "TokenTransaction",
                        "dimensions": [
                            {"name": "ModelDeploymentName", "operator": "Include", "values": ["*"]}
                        ],
                        "operator": "GreaterThan",
                        "alertSensitivity": "Low",
                        "failingPeriods": {
                            "numberOfEvaluationPeriods": 4,
                            "minFailingPeriodsToAlert": 4,
                        },
                        "timeAggregation": "Total",
                    }
                ],
            },
        },
    },
    HEALTH: {
        "location": "global",
        "properties": {
            "scopes": [SUBSCRIPTION],
            "condition": {
                "allOf": [
                    {"field": "category", "equals": "ServiceHealth"},
                    {"anyOf": [{"field": "properties.incidentType", "equals": "Informational"}]},
                ]
            },
            "actions": {"actionGroups": [{"actionGroupId": ACTIONS}]},
        },
    },
    WORKBOOK: {
        "location": "eastus",
        "kind": "shared",
        "properties": {
            "displayName": "Azure OpenAI",
            "category": "workbook",
            "sourceId": WORKSPACE,
            "serializedData": json.dumps({"version": "Notebook/1.0", "items": []}, indent=2),
        },
    },
    SEARCH: {"properties": {"category": "Azure OpenAI", "displayName": "Errors", "query": QUERY}},
}
"""In the order in which they can be made."""


def deploy(azure: Azure) -> Azure:
    """Put everything into a cloud that holds the reference stack."""
    for resource_id, body in BODIES.items():
        azure.put(resource_id, copy.deepcopy(body))
    return azure


def edit(azure: Azure, resource_id: str, change: Change) -> Any:
    body = copy.deepcopy(BODIES[resource_id])
    change(body)
    return azure.put(resource_id, body)


def condition(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["properties"]["criteria"]["allOf"][0]
    return found


def properties(**values: Any) -> Change:
    return lambda body: body["properties"].update(values)


def criterion(**values: Any) -> Change:
    return lambda body: condition(body).update(values)


def failing(number: int, least: int) -> Change:
    periods = {"numberOfEvaluationPeriods": number, "minFailingPeriodsToAlert": least}
    return criterion(failingPeriods=periods)


def both(first: Change, second: Change) -> Change:
    return lambda body: (first(body), second(body))


def dimension(*names: str) -> Change:
    return criterion(
        dimensions=[{"name": name, "operator": "Include", "values": ["*"]} for name in names]
    )


def more(kind: str, *receivers: dict[str, str]) -> Change:
    return lambda body: body["properties"].update({kind: list(receivers)})


def of_type(name: str) -> Change:
    return lambda body: body["properties"]["criteria"].update({"odata.type": f"{MONITOR}.{name}"})


def twice(body: dict[str, Any]) -> None:
    body["properties"]["criteria"]["allOf"].append(copy.deepcopy(condition(body)))


def conditions(*leaves: dict[str, Any]) -> Change:
    return properties(condition={"allOf": list(leaves)})
