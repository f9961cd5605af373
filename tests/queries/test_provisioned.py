"""Calls of provisioned deployments are paid by the hour: they cost nothing by the token."""

from __future__ import annotations

from typing import Any

import pytest

from queries.library import load, render
from tests.queries.database import Database, gateway, spend

PRICES = {"gpt": {"input": 1.25, "output": 10.0}}
PROVISIONED = ["Reserved"]
COST = (1_000 * 1.25 + 100 * 10) / 1_000_000
LIMITS = {name: {"tokens": 1e6, "cost": 1} for name in ("mixed", "by-hour", "blind")}


@pytest.fixture
def database() -> Database:
    """Calls of a provisioned deployment and of one paid by the token, some of unknown tokens."""
    database = Database()
    for number, (consumer, deployment, tokens) in enumerate(
        [
            ("mixed", "chat", (1_000, 100)),
            ("mixed", "reserved", (5_000, 500)),
            ("mixed", "reserved", (0, 0)),
            ("by-hour", "RESERVED", (5_000, 500)),
            ("blind", "chat", (0, 0)),
            ("blind", "reserved", (0, 0)),
        ]
    ):
        spend(database, number, consumer, tokens=tokens, deployment=deployment)
    url = "https://gateway/openai/deployments/reserved/chat/completions"
    gateway(database, "refused", ApimSubscriptionId="by-hour", Url=url, ResponseCode=429)
    return database


def budgets(database: Database, **given: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
    text = render("budgets", prices=PRICES, budgets=LIMITS, **given)
    names = ("Used", "UnknownCalls", "UnpricedCalls")
    return {
        (row["Consumer"], row["Unit"]): tuple(row[n] for n in names) for row in database.ask(text)
    }


def test_no_call_of_theirs_has_a_cost(database: Database) -> None:
    text = render("cost-by-consumer", prices=PRICES, provisioned=PROVISIONED)
    rows = database.ask(text)

    hourly = [row for row in rows if row["Deployment"].lower() == "reserved"]
    assert {(row["Priced"], row["Cost"]) for row in hourly} == {("by the hour", None)}
    assert sum(row["Calls"] for row in hourly) == 5
    assert sum(row["PromptTokens"] or 0 for row in hourly) == 10_000
    unknown = [row for row in hourly if row["PromptTokens"] is None]
    assert [(row["Consumer"], row["Calls"]) for row in unknown] == [("blind", 1), ("mixed", 1)]
    others = {(row["Consumer"], row["Priced"]): row["Cost"] for row in rows if row not in hourly}
    assert others == {("mixed", "yes"): pytest.approx(COST), ("blind", "unknown tokens"): None}


def test_they_count_to_budgets_of_tokens_and_to_none_of_money(database: Database) -> None:
    assert budgets(database, provisioned=PROVISIONED) == {
        ("mixed", "tokens"): (6_600, 1, 0),
        ("mixed", "USD"): (pytest.approx(COST), 0, 0),
        ("by-hour", "tokens"): (5_500, 0, 0),
        ("by-hour", "USD"): (0, 0, 0),
        ("blind", "tokens"): (None, 2, 0),
        ("blind", "USD"): (None, 1, 0),
    }


def test_without_a_list_every_deployment_is_paid_by_the_token(database: Database) -> None:
    rows = database.ask(load("cost-by-consumer"))

    assert "by the hour" not in {row["Priced"] for row in rows}
    assert budgets(database)["by-hour", "USD"] == (pytest.approx(5 * COST), 0, 0)
    assert budgets(database)["mixed", "USD"] == (pytest.approx(6 * COST), 1, 0)
