"""Which items of two lists belong together: the order of a list says nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from queries.check.drift.equal import alike, same
from queries.check.drift.shape import MISSING, child

Pair = tuple[int | None, int | None]


def pairs(one: Sequence[Any], other: Sequence[Any]) -> list[Pair]:
    """Pair the items that differ least, each once; the rest stands alone.

    Items of two lists that have nothing in common still pair, in their order, so that a change of
    an item shows as that.
    """
    far = sorted(
        (_distance(first, second), abs(i - j), i, j)
        for i, first in enumerate(one)
        for j, second in enumerate(other)
    )
    found: dict[int, int] = {}
    for _, _, i, j in far:
        if i not in found and j not in found.values():
            found[i] = j
    alone: list[Pair] = [(i, None) for i in range(len(one)) if i not in found]
    more: list[Pair] = [(None, j) for j in range(len(other)) if j not in found.values()]
    return sorted([*found.items(), *alone], key=lambda pair: pair[0] or 0) + more


def matching(items: Sequence[Any], others: Sequence[Any]) -> Callable[[int | None], Any]:
    """Return what gives, for the number of an item, the item of another list that goes with it."""
    with_it = dict(pairs(items, others))
    return lambda number: (
        MISSING if number is None or (found := with_it.get(number)) is None else others[found]
    )


def _distance(one: Any, other: Any) -> float:
    """Count the values in which two items differ; of those that only one has, a little each."""
    if isinstance(one, dict) and isinstance(other, dict):
        total = 0.0
        for name in one:
            there = child(other, name)
            total += 0.5 if there is MISSING else _distance(one[name], there)
        return total
    if isinstance(one, list) and isinstance(other, list):
        return sum(min((_distance(a, b) for b in other), default=1.0) for a in one) + abs(
            len(one) - len(other)
        )
    if same("", one, other):
        return 0.0
    return 0.25 if alike(one, other) else 1.0
