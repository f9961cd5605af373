"""The time that a report covers, and the steps in which it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from queries.library import Expression

HOURS_UP_TO, DAYS_UP_TO = 3, 120
"""Days up to which a chart is drawn by the hour, and by the day; longer ones by the week."""
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
EPOCH = datetime(1, 1, 1, tzinfo=UTC)
"""Kusto's `bin` counts from here. https://learn.microsoft.com/kusto/query/bin-function"""
CENTURY = Expression("36500d")
"""A step that no period crosses before the year 2099: all of it in one row."""


@dataclass(frozen=True)
class Period:
    """From `since` up to `until`, both UTC; `since` is the start of a step."""

    since: datetime
    until: datetime
    step: timedelta

    @property
    def last(self) -> datetime:
        """Return the last moment that is covered, in the month whose budgets are shown."""
        return self.until - timedelta(milliseconds=1)

    @property
    def bin(self) -> Expression:
        """Return the step as a KQL time span."""
        return Expression(f"{int(self.step.total_seconds())}s")

    @property
    def unit(self) -> str:
        """Return what one step is called."""
        return {HOUR: "hour", DAY: "day"}.get(self.step, "week")

    @property
    def steps(self) -> list[datetime]:
        """Return the start of each step."""
        number = -(-(self.until - self.since) // self.step)
        return [self.since + index * self.step for index in range(number)]

    def label(self, start: datetime) -> str:
        """Return a step in a table."""
        return f"{start:%Y-%m-%d %H:%M}" if self.step == HOUR else f"{start:%Y-%m-%d}"


def of(days: int, until: datetime) -> Period:
    """Return the last `days` days, and what the first step has before them."""
    step = HOUR if days <= HOURS_UP_TO else DAY if days <= DAYS_UP_TO else WEEK
    since = until - timedelta(days=days)
    return Period(since - (since - EPOCH) % step, until, step)
