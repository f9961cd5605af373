"""What the metric alerts declare, and what the static ones do with a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from components.alerts.metric_rules import METRIC_RULES
from tests.components.harness import run_program
from tests.insights.clock import duration

Declared = dict[str, dict[str, Any]]
PROVISIONED = {
    "name": "reserved",
    "model": "gpt-5.1",
    "version": "2025-11-13",
    "sku": "GlobalProvisionedManaged",
    "capacity": 50,
}
# https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update
FREQUENCIES = {"PT1M", "PT5M", "PT15M", "PT30M", "PT1H"}
WINDOWS = FREQUENCIES | {"PT6H", "PT12H", "P1D"}


@pytest.fixture(scope="module")
def provisioned() -> Declared:
    run = run_program({"deployments": [PROVISIONED]})
    return {rule.name: run.inputs(f"alert-{rule.name}") for rule in METRIC_RULES}


def condition(declared: dict[str, Any]) -> dict[str, Any]:
    (only,) = declared["criteria"]["allOf"]
    return dict(only)


def fires(declared: dict[str, Any], minutes: Sequence[float]) -> bool:
    """Whether the metric's last window of minutes is over the threshold.

    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types#metric-alerts
    """
    one = condition(declared)
    assert one["operator"] == "GreaterThan"
    window = minutes[-int(duration(declared["windowSize"]).total_seconds() // 60) :]
    value = sum(window) / (len(window) if one["timeAggregation"] == "Average" else 1)
    return bool(value > one["threshold"])


def test_harmful_calls_over_an_hour(provisioned: Declared) -> None:
    rule = provisioned["harmful-calls"]
    assert condition(rule)["metricName"] == "RAIHarmfulRequests"
    assert fires(rule, [0] * 50 + [3, 0, 0, 3] + [0] * 6)
    assert not fires(rule, [0] * 50 + [3, 0, 0, 2] + [0] * 6), "at the threshold"
    assert not fires(rule, [100] + [0] * 60), "an hour ago"
    assert not fires(rule, [0] * 60)


def test_provisioned_throughput_of_provisioned_deployments_only(provisioned: Declared) -> None:
    rule = provisioned["ptu-utilization"]
    assert condition(rule)["metricName"] == "AzureOpenAIProvisionedManagedUtilizationV2"
    assert condition(rule)["dimensions"] == [
        {"name": "ModelDeploymentName", "operator": "Include", "values": ["reserved"]}
    ]
    assert fires(rule, [91] * 15)
    assert not fires(rule, [90] * 15), "at the threshold"
    assert not fires(rule, [0] * 14 + [100]), "a peak of one minute"


def test_token_usage_is_held_against_its_own_past(provisioned: Declared) -> None:
    """Azure's model of the past is its own; that no number of ours is in it can be tested."""
    one = condition(provisioned["token-usage"])
    assert one["criterionType"] == "DynamicThresholdCriterion"
    assert (one["metricName"], one["timeAggregation"]) == ("TokenTransaction", "Total")
    assert (one["operator"], one["alertSensitivity"]) == ("GreaterThan", "Medium")
    assert one["failingPeriods"] == {"numberOfEvaluationPeriods": 4, "minFailingPeriodsToAlert": 3}
    assert "threshold" not in one


@pytest.mark.parametrize("name", [rule.name for rule in METRIC_RULES])
def test_azure_takes_these_durations(provisioned: Declared, name: str) -> None:
    rule = provisioned[name]
    assert rule["evaluationFrequency"] in FREQUENCIES
    assert rule["windowSize"] in WINDOWS
    assert duration(rule["evaluationFrequency"]) <= duration(rule["windowSize"])
    assert rule["scopes"] == ["/id/openai-account"]
    assert (rule["location"], rule["autoMitigate"]) == ("global", True)
