"""Comparisons of what the stack declared with what is deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from queries.check.difference import REFRESH, Difference
from queries.outputs import Target

Json = dict[str, Any]
Deployed = Mapping[str, Any]
"""What was read, by a name of `read.READS`; None for what does not exist."""


@dataclass(frozen=True)
class Comparison:
    """One comparison, and what must have been read for it."""

    needs: tuple[str, ...]
    compare: Callable[[Target, Deployed], Iterator[Difference]]


def differs(
    path: str, declared: object, deployed: object, fix: str = REFRESH
) -> Iterator[Difference]:
    """Yield a difference unless the two are the same; names compare without case."""
    if _said(declared).lower() != _said(deployed).lower():
        yield Difference(path=path, declared=_said(declared), deployed=_said(deployed), fix=fix)


def missing(path: str, declared: str, fix: str = REFRESH) -> Difference:
    """Make the difference of something that is declared and does not exist."""
    return Difference(path=path, declared=declared, deployed="missing", fix=fix)


def properties(resource: Any) -> Json:
    """Return the properties of a resource; {} if it has none."""
    found = resource.get("properties") if isinstance(resource, dict) else None
    return found if isinstance(found, dict) else {}


def inside(value: Any, *keys: str) -> Any:
    """Return a value below nested objects; None where a key is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def last(resource_id: object) -> str:
    """Return the last segment of an ARM id."""
    return str(resource_id or "").rstrip("/").rsplit("/", 1)[-1]


def same_id(one: object, other: object) -> bool:
    """Compare two ARM ids, without case."""
    return str(one or "").rstrip("/").lower() == str(other or "").rstrip("/").lower()


def _said(value: object) -> str:
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
