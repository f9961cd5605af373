"""A clock that only moves when somebody sleeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from queries.clock import Clock


@dataclass
class FakeClock(Clock):
    """Time that passes only when somebody sleeps."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC) + timedelta(seconds=self.time)

    def elapsed(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
