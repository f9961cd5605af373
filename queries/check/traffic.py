"""What was called: by this run, or by others (`--no-traffic`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from queries.check.fields import SLACK
from queries.check.records import (
    Aside,
    Attempt,
    Background,
    Call,
    CallOfOthers,
    Failed,
    Failover,
    HungUp,
    OwnCall,
    Tried,
)

MARGIN = timedelta(minutes=2)
"""How far around the calls their rows are asked for; markers and ids tell whose they are."""
WINDOW = timedelta(hours=24)
"""How far back the calls of others are looked for."""


@dataclass(frozen=True, kw_only=True)
class OwnTraffic:
    """The calls that this run made, so far."""

    marker: str
    """What the markers of all its calls begin with."""
    begun: datetime
    calls: tuple[OwnCall, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    """Calls that had to fail."""
    hung_up: tuple[HungUp, ...] = ()
    """Streams that the caller left half way."""
    background: tuple[Background, ...] = ()
    """Responses in the background, where the stack offers them."""
    failed: tuple[Failed, ...] = ()
    """Calls of the first round that were not answered."""
    limits: tuple[Tried, ...] | None = None
    """How each plan's limits met calls; None where nobody asked for such calls."""
    limits_ended: datetime | None = None
    """When the last of them had ended."""
    wanted: int = 0
    """Brief calls whose rows must be seen, by the run's depth."""
    failover: Failover | None = None
    """What calls to accounts by name have shown; None where none were asked for."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Kinds of call that were not made, by label, and why."""

    @cached_property
    def aside(self) -> tuple[Aside, ...]:
        """Return the calls beside those that are compared word for word."""
        return (*self.hung_up, *self.background)

    @cached_property
    def first(self) -> tuple[OwnCall, ...]:
        """Return the calls of the first round."""
        return tuple(call for call in self.calls if call.round == self.calls[0].round)

    @cached_property
    def since(self) -> datetime:
        """Return the time from which rows are asked for."""
        return min([self.begun, *(call.started - MARGIN for call in self.calls)])

    @cached_property
    def until(self) -> datetime:
        """Return the time up to which rows are asked for."""
        ends = [one.ended for one in (*self.calls, *self.aside)]
        ends += [one.ended for one in self.attempts]
        ends += [self.limits_ended] if self.limits_ended else []
        return max([self.begun, *(end + MARGIN for end in ends)])

    @cached_property
    def metrics_since(self) -> datetime:
        """Return the minute in which the first calls began: metrics count whole minutes."""
        return _minute(min((call.started - SLACK for call in self.first), default=self.since))


@dataclass(frozen=True, kw_only=True)
class OthersTraffic:
    """The newest calls that others made, as far as rows show them."""

    until: datetime
    calls: tuple[CallOfOthers, ...] = ()

    @property
    def since(self) -> datetime:
        """Return the time from which rows are asked for."""
        return self.until - WINDOW

    @property
    def metrics_since(self) -> datetime:
        """Return the same, in whole minutes."""
        return _minute(self.since)


Traffic = OwnTraffic | OthersTraffic


def by_round(calls: Iterable[Call]) -> list[list[Call]]:
    """Group calls by their round, in the order of the rounds' first calls."""
    rounds: dict[int, list[Call]] = {}
    for call in calls:
        rounds.setdefault(call.round, []).append(call)
    return list(rounds.values())


def _minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)
