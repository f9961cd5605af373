"""The end of everything that a diagnostic setting sends: no log row, and no metric either."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.insights.clock import HOUR, MINUTE, NOON
from tests.insights.engine import Engine
from tests.insights.rows import GATEWAY, Logs, Rows

START = NOON - 12 * HOUR
END = NOON - 3 * HOUR
"""When the setting is deleted."""


def busyness() -> Rows:
    """What an idle gateway reports minute by minute."""
    minutes = [START + number * MINUTE for number in range(int((END - START) / MINUTE))]
    return [
        (
            "AzureMetrics",
            3 * MINUTE,
            {"TimeGenerated": time, "MetricName": "Capacity", "Total": 1.0, "_ResourceId": GATEWAY},
        )
        for time in minutes
    ]


@pytest.mark.parametrize(
    ("after", "fires"),
    [
        (-HOUR, False),
        (timedelta(), False),
        (HOUR, False),
        (2 * HOUR, True),
        (5 * HOUR, True),
        (12 * HOUR, True),
        (23 * HOUR, True),
        (25 * HOUR, False),
    ],
)
def test_an_idle_gateway_is_missed_when_its_metrics_stop(
    declared: dict[str, dict[str, Any]], after: timedelta, fires: bool
) -> None:
    logs = Logs()
    logs.store(busyness())

    met = Engine(declared["silence"], logs).met(END + after)

    assert met == ({(GATEWAY, "nothing arrives")} if fires else set())
