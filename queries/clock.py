"""Time, in one place, so that waiting can be tested without waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The clock of the machine that this runs on."""

    def now(self) -> datetime:
        """Return the time, UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Return a count of seconds that only ever grows."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
