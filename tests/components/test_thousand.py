"""A thousand consumers cost a thousand times what one costs, and no more."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pulumi
import pytest

from components.alerts.size import RULE_BYTES
from components.settings.sizes import SUBSCRIPTIONS_BY_TIER
from queries.library import literal
from tests.components.harness import Run, run_program, run_without_insights

MANY = 1_000
STACK = "azure-openai-accounted-dev"
pytestmark = pytest.mark.slow


def thousand() -> list[dict[str, Any]]:
    return [
        {
            "name": f"a-team-with-a-long-name-{number:04}",
            "displayName": f"Team {number}",
            "monthlyTokens": 1_000_000 + number,
            "monthlyCost": 12.5,
        }
        for number in range(MANY)
    ]


@cache
def stack() -> Run:
    """Declare the example stack with a thousand consumers, each with two budgets."""
    return run_program({"consumers": thousand()})


def test_each_subscription_depends_on_the_one_before_and_on_its_product() -> None:
    """So Azure never sees two at once, neither when they are made nor when they go."""
    requests = [stack().request(f"subscription-{one['name']}") for one in thousand()]
    urns = {request.name: urn for urn, request in stack().requests.items()}
    for before, after in pairwise(requests):
        assert set(after.dependencies) >= {urns[before.name], urns["openai-api-product"]}
        assert len(after.dependencies) == len(requests[1].dependencies)


def test_every_key_of_a_thousand_is_an_output() -> None:
    keys = stack().stack["subscriptionKeys"]
    assert len(str(keys).split("the-key")) == MANY + 1


def test_no_alert_rule_is_larger_than_azure_takes_and_every_budget_stands_in_one() -> None:
    rules = {
        request.name: stack().inputs(request.name)
        for request in stack().requests.values()
        if request.type == "azure-native:monitor:ScheduledQueryRule"
    }
    for name, rule in rules.items():
        assert sum(len(str(value).encode()) for value in _leaves(rule)) <= RULE_BYTES, name
    parts = {name: rule for name, rule in rules.items() if name.startswith("alert-budget")}
    assert [*sorted(parts)] == ["alert-budget", "alert-budget-2"]
    assert len({rule["displayName"] for rule in parts.values()}) == 2
    asked = "".join(rule["criteria"]["allOf"][0]["query"] for rule in parts.values())
    for one in thousand():
        held = {"tokens": one["monthlyTokens"], "cost": one["monthlyCost"]}
        assert asked.count(literal({one["name"]: held})[len("dynamic({") : -len("})")]) == 1


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    return (
        [leaf for inner in value for leaf in _leaves(inner)] if isinstance(value, list) else [value]
    )


def test_more_consumers_than_the_tier_has_subscriptions_are_refused_before_any_resource() -> None:
    most = SUBSCRIPTIONS_BY_TIER["Developer"]
    many = [{"name": f"c-{number}", "displayName": "C"} for number in range(most - 1)]
    declared: list[str] = []
    with pytest.raises(pulumi.RunError) as refused:
        run_without_insights({"gatewayTier": "Developer", "consumers": many}, declared=declared)
    assert f"at most {most - 2:,} consumers" in str(refused.value)
    assert "gatewayTier" in str(refused.value)
    assert declared == [STACK]


def test_prices_that_leave_an_alert_rule_no_room_are_refused() -> None:
    prices = {f"model-{number}": {"input": 1, "output": 2} for number in range(2_000)}
    with pytest.raises(pulumi.RunError) as refused:
        run_without_insights({"prices": prices})
    assert "prices of fewer models" in str(refused.value)
    assert f"{RULE_BYTES:,}" in str(refused.value)
