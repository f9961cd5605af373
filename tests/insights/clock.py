"""Durations, and a time at which every test of an alert plays."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

NOON = datetime(2027, 3, 16, 12)  # noqa: DTZ001 - the tables' times are UTC without saying so
"""In a month of 31 days, 60 days before the example's model retires."""
MARK = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001
"""Stands for the time at which a query runs, so that it is translated once."""
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def duration(iso: str) -> timedelta:
    """An ISO 8601 duration of days, hours or minutes."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", iso)
    assert found, iso
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def at(query: str, time: datetime) -> str:
    """The query as it reads at that time."""
    moment = f"datetime({time.isoformat()})"
    query = re.sub(r"\bnow\(\)", moment, query)
    return re.sub(r"\bago\(([^()]+)\)", rf"({moment} - \1)", query)
