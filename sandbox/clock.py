"""Tell the time at which calls are made and logged: the machine's, or a simulated one.

Only the thread that simulates a time sees that time; simulated work takes no real time.
"""

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass
class _Moment:
    seconds: float
    chance: random.Random


_moment: ContextVar[_Moment | None] = ContextVar("moment", default=None)


@contextmanager
def simulated(start: float, seed: str) -> Iterator[None]:
    """Simulate, from `start` (seconds since 1970), with `guid`s that follow from the seed."""
    before = _moment.set(_Moment(start, random.Random(seed)))  # noqa: S311 repeatable
    try:
        yield
    finally:
        _moment.reset(before)


def now() -> float:
    """Return the seconds since 1970."""
    moment = _moment.get()
    return moment.seconds if moment else time.time()


def utc() -> datetime:
    """Return the time in UTC."""
    return datetime.fromtimestamp(now(), UTC)


def spend(seconds: float) -> None:
    """Move the simulated time on by what work takes in Azure; real time is left alone."""
    if moment := _moment.get():
        moment.seconds += seconds


def wait(seconds: float) -> None:
    """Let real time pass; do nothing where time is simulated, which `spend` moves."""
    if not _moment.get():
        time.sleep(seconds)


def guid() -> str:
    """Make a new id for a call."""
    moment = _moment.get()
    value = moment.chance.getrandbits(128) if moment else uuid.uuid4().int
    return str(uuid.UUID(int=value, version=4))
