"""What Azure's log alerts do with a declared rule, over rows in DuckDB.

The query runs every `evaluationFrequency` and sees the rows of `overrideQueryTimeRange`. What it
returns is grouped by the dimensions, the measured column of each group becomes one value, and that
is held against the threshold. A group fires once, and resolves when its condition was not met for
a while.
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.insights.clock import MINUTE, duration
from tests.insights.rows import Logs

Group = tuple[Any, ...]
OPERATORS = {"GreaterThan": operator.gt, "LessThanOrEqual": operator.le}
ONE_PERIOD = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}
AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "Maximum": max,
    "Minimum": min,
    "Total": sum,
    "Count": len,
}


@dataclass
class Alerts:
    """Which groups fired and resolved, and when."""

    events: dict[Group, list[tuple[datetime, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    calm: dict[Group, int] = field(default_factory=dict)
    """Groups that are firing: evaluations in a row in which the condition was not met."""

    def kinds(self) -> dict[Group, list[str]]:
        return {group: [kind for _, kind in events] for group, events in self.events.items()}


@dataclass(frozen=True)
class Engine:
    """One rule, as the program registers it, over the logs."""

    declared: dict[str, Any]
    logs: Logs

    def run(self, start: datetime, end: datetime) -> Alerts:
        """Evaluate at every `evaluationFrequency`."""
        alerts, time = Alerts(), start
        while time <= end:
            self._evaluate(alerts, time)
            time += self._duration("evaluationFrequency")
        return alerts

    def met(self, time: datetime) -> set[Group]:
        """Groups of which the condition is met at that time."""
        over = OPERATORS[self._condition["operator"]]
        threshold = self._condition["threshold"]
        return {group for group, value in self.values(time).items() if over(value, threshold)}

    def values(self, time: datetime) -> dict[Group, float]:
        """The measured value of each group at that time."""
        start = time - self._duration("overrideQueryTimeRange")
        column = self._condition.get("metricMeasureColumn")
        groups: dict[Group, list[float]] = defaultdict(list)
        for row in self.logs.ask(self._condition["query"], start, time):
            if self._included(row):
                group = tuple(row[one["name"]] for one in self._condition["dimensions"])
                groups[group] += [1.0 if column is None else row[column]]
        aggregate = AGGREGATIONS[self._condition["timeAggregation"]]
        known = {group: [v for v in all_ if v is not None] for group, all_ in groups.items()}
        return {group: aggregate(all_) for group, all_ in known.items() if all_}

    def _evaluate(self, alerts: Alerts, time: datetime) -> None:
        met = self.met(time)
        for group in met:
            if group not in alerts.calm:
                alerts.events[group].append((time, "fired"))
            alerts.calm[group] = 0
        for group in set(alerts.calm) - met:
            alerts.calm[group] += 1
            if alerts.calm[group] == calm_evaluations(self._duration("evaluationFrequency")):
                del alerts.calm[group]
                alerts.events[group].append((time, "resolved"))

    def _included(self, row: dict[str, Any]) -> bool:
        return all(
            ("*" in one["values"] or row[one["name"]] in one["values"])
            is (one["operator"] == "Include")
            for one in self._condition["dimensions"]
        )

    @property
    def _condition(self) -> dict[str, Any]:
        (condition,) = self.declared["criteria"]["allOf"]
        assert condition["failingPeriods"] == ONE_PERIOD
        assert {one["operator"] for one in condition["dimensions"]} <= {"Include", "Exclude"}
        return dict(condition)

    def _duration(self, key: str) -> timedelta:
        return duration(self.declared[key])


def calm_evaluations(frequency: timedelta) -> int:
    """Evaluations without trouble after which an alert of that frequency resolves."""
    assert 5 * MINUTE <= frequency <= 11 * 60 * MINUTE, "what Azure does is not documented"
    return 3 if frequency <= 15 * MINUTE else 2
