"""Which names have a colour of their own, and which: the same in every chart of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from queries.report import shape
from queries.report.facts import Facts
from queries.report.theme import COLOURS, SERIES

MEASURES = (("traffic", "TotalTokens"), ("cost", "Cost"), ("traffic", "Calls"))
"""What names are large by: the first of each in turn."""


def of(facts: Facts, by: str) -> dict[str, str]:
    """Return colours by name in a column: of all names, or else of the largest."""
    orders = [
        list(shape.totals([row for row in facts.rows(question) if row[measure]], by, measure))
        for question, measure in MEASURES
    ]
    names = list(_in_turn(orders))
    kept = names if len(names) <= SERIES else names[: SERIES - 1]
    return dict(zip(kept, COLOURS, strict=False))


def _in_turn(orders: Iterable[Sequence[str]]) -> Mapping[str, None]:
    return dict.fromkeys(name for row in zip_longest(*orders) for name in row if name is not None)
