"""How lines for a person list and count things."""

from __future__ import annotations

from collections.abc import Iterable


def listed(said: Iterable[str], most: int, between: str = "; ") -> str:
    """Join the first `most` texts, and tell how many more there are."""
    every = list(said)
    more = [f"and {len(every) - most} more"] if len(every) > most else []
    return between.join([*every[:most], *more])


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number of things; `many` is the plural where an s does not make it."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
