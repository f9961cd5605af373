"""When two values mean the same: by the provider's rules, and by what Azure makes of a value."""

from __future__ import annotations

import re
from typing import Any

from queries.check.drift.documents import same_document

EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Nothing in whatever form: the provider drops null, and Azure gives empty lists for none."""
_ARM_ID = re.compile(r"/(subscriptions|providers)/[^\s\"'<>]+", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def empty(value: Any) -> bool:
    """Tell whether a value is nothing, however that is written."""
    return not isinstance(value, bool | int | float) and (not value or value in EMPTY)


def same(name: str, one: Any, other: Any) -> bool:
    """Compare two plain values as the provider does, and documents by what they say.

    Regions count without blanks and case, groups and ARM ids without case:
    https://github.com/pulumi/pulumi-azure-native/pull/2910
    https://github.com/pulumi/pulumi-azure-native/pull/2993
    """
    if empty(one) and empty(other):
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if one == other or not isinstance(one, str) or not isinstance(other, str):
        return bool(one == other)
    if name == "location":
        return _region(one) == _region(other)
    as_name = name == "resourceGroupName" or _is_id(one, other)
    return (as_name and one.lower().rstrip("/") == other.lower().rstrip("/")) or same_document(
        one, other
    )


def alike(one: Any, other: Any) -> bool:
    """Tell whether Azure may write the first value as the second, and mean the same.

    Case of names, numbers and truth as text, durations, an id without its beginning, blanks.
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    if not isinstance(one, str | int | float) or not isinstance(other, str | int | float):
        return False
    first, second = str(one).strip(), str(other).strip()
    if _number(first) is not None and _number(first) == _number(second):
        return True
    if _seconds(first) is not None and _seconds(first) == _seconds(second):
        return True
    first, second = (re.sub(r"\s+", " ", text).lower().rstrip("/") for text in (first, second))
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    relative = shorter.startswith("/") and longer.startswith("/subscriptions/")
    return first == second or (relative and longer.endswith(shorter))


def _region(text: str) -> str:
    return text.replace(" ", "").lower()


def _is_id(one: str, other: str) -> bool:
    return all(_ARM_ID.fullmatch(text) or _GUID.fullmatch(text) for text in (one, other))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _seconds(text: str) -> int | None:
    """Read an ISO 8601 duration of days to seconds, as alert rules have it."""
    found = _DURATION.fullmatch(text)
    if not found or len(text) < 3:  # noqa: PLR2004 - `P1D` is the shortest
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
