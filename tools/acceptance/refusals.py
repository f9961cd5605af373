"""Requests that Azure must refuse, each within the run's own group.

None makes anything: should Azure take one all the same, what it made goes with the group.
"""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from tools.acceptance.arm import ENDPOINT, VERSIONS, Arm, said
from tools.acceptance.events import Facts
from tools.acceptance.plan import Plan

NOBODY = "00000000-0000-4000-8000-000000000000"
API = "/apis/miyagi-api"


def requests(plan: Plan) -> dict[str, tuple[str, str, str, Any]]:
    """Method, path, API version and body, by what is wrong with them."""
    account, gateway = plan.id("account"), plan.id("gateway")
    insights = f"{plan.group_id}/providers/Microsoft.Insights"
    bad_model = {"format": "OpenAI", "name": "gpt-0", "version": "1"}
    role = f"/subscriptions/{plan.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    metric = {"name": "a", "metricName": "NoSuchMetric", "timeAggregation": "Total"}
    metric |= {"criterionType": "StaticThresholdCriterion", "operator": "GreaterThan"}
    form = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    return {
        "no api-version": ("GET", plan.group_id, "", None),
        "missing account": ("GET", f"{account}-2", VERSIONS["account"], None),
        "missing group": ("GET", f"{plan.group_id}-2", VERSIONS["group"], None),
        "missing parent": (
            "PUT",
            f"{account}-2/deployments/a1",
            VERSIONS["account"],
            {"sku": {"name": "GlobalStandard", "capacity": 1}, "properties": {"model": bad_model}},
        ),
        "generic existence check": (
            "GET",
            f"{gateway}{API}/diagnostics/azuremonitor",
            VERSIONS["group"],
            None,
        ),
        "unknown model": (
            "PUT",
            f"{account}/deployments/a1",
            VERSIONS["account"],
            {"sku": {"name": "GlobalStandard", "capacity": 1}, "properties": {"model": bad_model}},
        ),
        "unknown role": (
            "PUT",
            f"{account}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}",
            VERSIONS["roleAssignments"],
            {"properties": {"roleDefinitionId": f"{role}/{NOBODY}", "principalId": NOBODY}},
        ),
        "unknown log category": (
            "PUT",
            f"{gateway}/providers/Microsoft.Insights/diagnosticSettings/bad",
            VERSIONS["diagnosticSettings"],
            {
                "properties": {
                    "workspaceId": plan.id("workspace"),
                    "logs": [{"category": "NoSuchLog", "enabled": True}],
                }
            },
        ),
        "unknown policy statement": (
            "PUT",
            f"{gateway}{API}/policies/policy",
            VERSIONS["gateway"],
            {
                "properties": {
                    "format": "rawxml",
                    "value": "<policies><inbound><no-such/></inbound></policies>",
                }
            },
        ),
        "unknown logger": (
            "PUT",
            f"{gateway}/diagnostics/azuremonitor",
            VERSIONS["gateway"],
            {"properties": {"loggerId": "/loggers/no-such"}},
        ),
        "long short name": (
            "PUT",
            f"{insights}/actionGroups/bad",
            VERSIONS["actionGroups"],
            {"location": "global", "properties": {"groupShortName": "thirteen-long"}},
        ),
        "unknown metric": (
            "PUT",
            f"{insights}/metricAlerts/bad",
            VERSIONS["metricAlerts"],
            {
                "location": "global",
                "properties": {
                    "severity": 3,
                    "enabled": True,
                    "scopes": [account],
                    "evaluationFrequency": "PT5M",
                    "windowSize": "PT5M",
                    "criteria": {"odata.type": form, "allOf": [metric | {"threshold": 1}]},
                },
            },
        ),
    }


def provoke(arm: Arm) -> Facts:
    """Status and code of each refusal, and of a request without a token."""
    found = {
        f"refusal {name}": said(arm.send(method, path, version, body))
        for name, (method, path, version, body) in requests(arm.plan).items()
    }
    path, query = arm.plan.group_id, {"api-version": VERSIONS["group"]}
    found["refusal no token"] = said(httpx.get(f"{ENDPOINT}{path}", params=query, timeout=60))
    return found
