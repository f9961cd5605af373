"""Budgets compare what was used with the even share of the month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queries.library import render
from tests.queries.database import NOW, Database, spend

PRICES = {"gpt": {"input": 1.25, "output": 10.0}}
DAY = timedelta(days=1)


@pytest.fixture
def database() -> Database:
    return Database()


def budgets(database: Database, since: datetime, until: datetime, **given: Any) -> Any:
    """The rows by consumer and unit; times without a zone are UTC."""
    times = {"since": since.replace(tzinfo=UTC), "until": until.replace(tzinfo=UTC)}
    rows = database.ask(render("budgets", prices=PRICES, **times, **given))
    return {(row["Consumer"], row["Unit"]): row for row in rows}


@pytest.mark.parametrize(
    ("day", "days"),
    [
        ("2026-01-01", 31),
        ("2026-01-31", 31),
        ("2026-02-01", 28),
        ("2026-02-28", 28),
        ("2028-02-29", 29),
        ("2026-04-30", 30),
        ("2026-12-31", 31),
    ],
)
def test_a_day_may_use_its_even_share_of_its_month(day: str, days: int, database: Database) -> None:
    first = datetime.fromisoformat(day)
    spend(database, 1, time=first + DAY / 2, tokens=(900, 100))
    spend(database, 2, time=first - timedelta(seconds=2))
    spend(database, 3, time=first + DAY)

    limits = {"team-a": {"tokens": 1_000 * days, "cost": 0.001 * days}}
    found = budgets(database, first, first + DAY, budgets=limits)

    tokens, money = found["team-a", "tokens"], found["team-a", "USD"]
    assert (tokens["Used"], tokens["Percent"]) == (1_000, 100)
    assert tokens["Allowed"] == pytest.approx(1_000)
    assert money["Allowed"] == pytest.approx(0.001)
    assert money["Used"] == pytest.approx((900 * 1.25 + 100 * 10) / 1_000_000)
    assert money["Percent"] == pytest.approx(212.5)


def test_a_whole_month_may_use_its_whole_budget(database: Database) -> None:
    first, limits = datetime.fromisoformat("2026-02-01"), {"team-a": {"tokens": 7_000}}

    (row,) = budgets(database, first, first + 28 * DAY, budgets=limits).values()

    assert (row["Used"], row["Percent"]) == (0, 0)
    assert row["Allowed"] == pytest.approx(7_000)


def test_only_given_budgets_are_shown_and_names_match_in_any_case(database: Database) -> None:
    spend(database, 1, consumer="Team-A")
    spend(database, 2, consumer="without")
    limits = {
        "team-a": {"tokens": 1, "cost": 0},
        "zero": {"tokens": 0},
        "quiet": {"cost": 5},
    }

    found = budgets(database, NOW - DAY, NOW, budgets=limits)

    assert {key: row["Used"] for key, row in found.items()} == {
        ("team-a", "tokens"): 1_100,
        ("quiet", "USD"): 0,
    }
    assert budgets(database, NOW - DAY, NOW) == {}


def test_a_budget_tells_of_calls_that_it_could_not_count(database: Database) -> None:
    for number, (consumer, name, tokens) in enumerate(
        [
            ("mixed", "gpt", (1_000, 100)),
            ("mixed", "unheard-of", (1_000, 100)),
            ("mixed", "gpt", (0, 0)),
            ("blind", "gpt", (0, 0)),
            ("unpriced", "unheard-of", (1_000, 100)),
        ]
    ):
        spend(database, number, consumer, name, tokens=tokens)
    limits = {name: {"tokens": 1e6, "cost": 1} for name in ("mixed", "blind", "unpriced")}

    found = budgets(database, NOW - DAY, NOW, budgets=limits)

    told = {k: (r["Used"], r["UnknownCalls"], r["UnpricedCalls"]) for k, r in found.items()}
    assert told == {
        ("mixed", "tokens"): (2_200, 1, 0),
        ("mixed", "USD"): (pytest.approx(0.00225), 1, 1),
        ("blind", "tokens"): (None, 1, 0),
        ("blind", "USD"): (None, 1, 0),
        ("unpriced", "tokens"): (1_100, 0, 0),
        ("unpriced", "USD"): (None, 0, 1),
    }
