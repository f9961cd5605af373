"""How large a log alert rule may be, and what room its query leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queries.library import render

RULE_BYTES = 64 * 1024
"""Most bytes of all properties of one log alert rule together.

https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#alerts
"""
KNOWN_LATER = 6 * 1024
"""Bytes kept for ids of Azure, names and texts of a rule, and lines that only some stacks have."""


def room(prices: Mapping[str, Any]) -> int:
    """Return the bytes that one alert rule has for budgets, beside its query and all prices."""
    return RULE_BYTES - KNOWN_LATER - len(render("budgets", prices=dict(prices)).encode())
