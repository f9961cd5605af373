"""Plan when something goes wrong: one window for each kind of trouble."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

OFFICE, NIGHT, MONDAY_TO_FRIDAY = range(9, 16), range(1, 3), range(5)
MINUTES = {
    "outage": (10, 40),
    "spike": (0, 20),
    "silence": (0, 60),
    "bypass": (0, 60),
    "throttling": (20, 25),
}
"""Minutes of its hour in which each incident lasts.

`outage`: the model endpoint fails. `spike`: one consumer calls as never before. `silence`: log rows
are lost, metrics are not. `bypass`: somebody with a role of their own calls the account itself.
`throttling`: the batch asks for more than the capacity.
"""


@dataclass(frozen=True)
class Window:
    """A time from `start` up to, but without, `end`, in seconds since 1970."""

    start: float
    end: float

    def __contains__(self, moment: float) -> bool:
        return self.start <= moment < self.end


def windows(chance: random.Random, start: datetime, until: datetime) -> dict[str, Window]:
    """Choose a window for each incident: in office hours, if possible on different days."""
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    count = int((until - first) / timedelta(hours=1)) - 1
    hours = [first + timedelta(hours=n) for n in range(count)]
    work = [hour for hour in hours if hour.weekday() in MONDAY_TO_FRIDAY and hour.hour in OFFICE]
    found, free = dict[str, Window](), work if len(work) >= len(MINUTES) else hours
    night = [hour for hour in hours if hour.hour in NIGHT]
    for name, (begin, end) in MINUTES.items():
        pool = night if name == "throttling" and night else free
        taken = {datetime.fromtimestamp(window.start, UTC).date() for window in found.values()}
        hour = chance.choice([hour for hour in pool if hour.date() not in taken] or pool)
        free = [other for other in free if other != hour]
        found[name] = Window(hour.timestamp() + begin * 60, hour.timestamp() + end * 60)
    return found
