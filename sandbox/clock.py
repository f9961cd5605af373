"""The time at which calls are made and logged: the machine's, or a simulated one.

Only the thread that simulates a time sees it; simulated work takes up simulated time alone.
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
    """Let it be `start` (seconds since 1970), with `guid`s that follow from the seed."""
    before = _moment.set(_Moment(start, random.Random(seed)))  # noqa: S311 repeatable
    try:
        yield
    finally:
        _moment.reset(before)


def now() -> float:
    """Seconds since 1970."""
    moment = _moment.get()
    return moment.seconds if moment else time.time()


def utc() -> datetime:
    """The same as a time in UTC."""
    return datetime.fromtimestamp(now(), UTC)


def spend(seconds: float) -> None:
    """What takes so long in Azure took so long; nothing happens to the machine's own time."""
    if moment := _moment.get():
        moment.seconds += seconds


def wait(seconds: float) -> None:
    """Let real time pass; where time is simulated, `spend` says what takes how long."""
    if not _moment.get():
        time.sleep(seconds)


def guid() -> str:
    """A new id of a call."""
    moment = _moment.get()
    value = moment.chance.getrandbits(128) if moment else uuid.uuid4().int
    return str(uuid.UUID(int=value, version=4))
