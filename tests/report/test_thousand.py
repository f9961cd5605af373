"""The page of a thousand consumers tells of each, and can still be opened."""

from __future__ import annotations

from datetime import timedelta

from tests.report.fortnight import UNTIL, target
from tests.report.test_facts import FORTNIGHT, cost, shown, traffic

LARGEST = 1_000_000
"""Bytes of a page that a browser opens at once, and a mail takes."""


def test_a_page_of_a_thousand_names_each_and_grows_with_them_alone() -> None:
    sizes = {}
    for number in (100, 1_000):
        names = [f"consumer-{at:04}" for at in range(number)]
        days = [UNTIL - timedelta(days=day) for day in range(1, 15)]
        page = shown(
            target(consumers=names),
            FORTNIGHT,
            traffic=[traffic(name, Time=day) for name in names for day in days],
            cost=[cost(Consumer=name, Day=day) for name in names for day in days],
        )
        assert [name for name in names if f">{name}<" not in page] == []
        sizes[number] = len(page)
    assert sizes[1_000] < min(10 * sizes[100], LARGEST)
