"""How much of what may be many fits into Azure: refused here, before anything is created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.alerts.size import RULE_BYTES, room
from components.settings import figures
from components.settings.insights import Price

SUBSCRIPTIONS_BY_TIER = {
    "Developer": 10_000,
    "Basic": 15_000,
    "BasicV2": 15_000,
    "Standard": 25_000,
    "StandardV2": 25_000,
    "Premium": 75_000,
}
"""Most subscriptions of a gateway of each tier.

https://learn.microsoft.com/azure/api-management/service-limits
"""
BUILT_IN = 2
"""Subscriptions that no consumer has: the gateway's own to all APIs, and its product's."""
LEAST_ROOM = 10_000
"""Bytes of budgets that one alert rule must hold: those of 200 consumers."""


def check_number(consumers: Sequence[Any], data: Mapping[str, Any]) -> None:
    """Refuse more consumers than a gateway of the tier has subscriptions.

    An existing gateway has a tier that only Azure knows, and callers by token have no subscription.

    Raises:
        ValueError: the words for what passes.
    """
    tier = data.get("gateway_tier")
    if not tier or data.get("gateway_id") or data.get("consumer_keys") == "refuse":
        return
    most = SUBSCRIPTIONS_BY_TIER[tier] - BUILT_IN
    if len(consumers) > most:
        raise ValueError(
            f"at most {most:,} consumers, as a gateway of tier {tier} has "
            f"{SUBSCRIPTIONS_BY_TIER[tier]:,} subscriptions; these are {len(consumers):,}: choose "
            "a larger gatewayTier, or divide them among several stacks"
        )


def check_prices(prices: Mapping[str, Price], _: Mapping[str, Any]) -> None:
    """Refuse prices that leave an alert rule no room, as each rule on costs holds all of them.

    Raises:
        ValueError: the words for what passes.
    """
    left = room(figures.prices(prices))
    if left < LEAST_ROOM:
        raise ValueError(
            f"prices of fewer models: with these {len(prices):,} the alert rules on costs need "
            f"{LEAST_ROOM - left:,} bytes more than the {RULE_BYTES:,} that Azure takes"
        )
