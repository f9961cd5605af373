"""Numbers and names as a person reads them; every time is UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

NOTHING = "\N{EN DASH}"
"""Stands for what is not known; never for zero."""
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
"""Controls, invisible characters and those that turn the direction of text.

https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
"""
LONGEST_NAME = 80


def name(value: object, missing: str = "(not logged)") -> str:
    """Return a name from the logs, safe to show: printable and of bounded length."""
    text = UNPRINTABLE.sub("\ufffd", str(value or "")).strip()
    if len(text) > LONGEST_NAME:
        text = f"{text[: LONGEST_NAME - 1]}…"
    return text or missing


def utc(value: Any) -> datetime:
    """Return a time from the logs, which may come without its zone."""
    time: datetime = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def number(value: float | None) -> float:
    """Return a count from the logs; what is not known adds nothing."""
    return value or 0


def count(value: float | None) -> str:
    """Write 1234567 as 1,234,567."""
    return NOTHING if value is None else f"{round(value):,}"


def many(amount: float, noun: str) -> str:
    """Write a count of things that are named: 1 call, 2 calls."""
    return f"{count(amount)} {noun}{'' if amount == 1 else 's'}"


def compact(value: float) -> str:
    """Write 1234567 as 1.23 M, with three digits."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if value >= 0.9995 * size:
            return f"{value / size:{'.3g' if value < 1000 * size else ',.0f'}} {unit}"
    return f"{value:,.0f}"


def percent(value: float | None) -> str:
    """Write two digits after the point below one percent: a small share is not called none."""
    if value is None:
        return NOTHING
    if 0 < value < 0.01:  # noqa: PLR2004 smaller than is shown
        return "< 0.01 %"
    near_all = 99 < value < 100  # noqa: PLR2004 100 % is said only of all
    if near_all:
        return f"{min(value, 99.99):.2f} %"
    if value in (0, 100):
        return f"{value:.0f} %"
    return f"{value:.2f} %" if value < 1 else f"{value:.1f} %"


def share(part: float, whole: float) -> float | None:
    """Return the percent that a part is of the whole; None of nothing."""
    return 100 * part / whole if whole else None


def usd(value: float | None) -> str:
    """Write US dollars; cents matter less the larger the sum is."""
    if value is None:
        return NOTHING
    if 0 < value < 0.01:  # noqa: PLR2004 less than a cent
        return "< $0.01"
    return f"${value:,.2f}"


def milliseconds(value: float | None) -> str:
    """Write a time as 850 ms, 1.24 s, 95.1 s."""
    if value is None:
        return NOTHING
    if value < 1000:  # noqa: PLR2004 a second
        return f"{value:,.0f} ms"
    seconds = value / 1000
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.1f} s"  # noqa: PLR2004


def moment(value: datetime) -> str:
    """Write a moment as 2026-11-21 10:32 UTC."""
    return f"{value:%Y-%m-%d %H:%M} UTC"
