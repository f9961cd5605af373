"""A call costs what its kinds of tokens, its length and its day make it cost."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from queries.library import render
from tests.queries.database import Database, gateway, llm

RATES = {
    "input": 2.0,
    "output": 10.0,
    "cachedInput": 0.5,
    "cacheWrite": 3.0,
    "longContext": {"above": 272_000, "input": 4.0, "output": 15.0, "cachedInput": 1.0},
}
SPAN = {
    "since": datetime(2026, 9, 1, tzinfo=UTC),
    "until": datetime(2026, 11, 1, tzinfo=UTC),
}
DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
_NUMBERS = count()


def call(
    database: Database,
    tokens: tuple[int, int],
    details: dict[str, Any] | None = None,
    time: datetime = DAY,
    model: str = "gpt",
) -> None:
    """A call in the LLM log; with details, the gateway log has the header that tells them."""
    key, when, told = f"call-{next(_NUMBERS)}", time.replace(tzinfo=None), ""
    if details is not None:
        inside = ",".join(f"{name}:{value}" for name, value in details.items())
        usage = f"completion_tokens:{tokens[1]},prompt_tokens:{tokens[0]}"
        usage += f",prompt_tokens_details:{{{inside}}},total_tokens:{sum(tokens)}"
        told = f"{{model:{model},usage:{{{usage}}},finish_reason:[stop]}}"
    headers = {"x-gateway-accounting": told} if told else {}
    gateway(database, key, TimeGenerated=when, ResponseHeaders=headers)
    names = ("PromptTokens", "CompletionTokens", "TotalTokens")
    counts = dict(zip(names, (*tokens, sum(tokens)), strict=True))
    llm(database, key, 0, TimeGenerated=when, DeploymentName="chat", ModelName=model, **counts)


def costs(database: Database, **prices: Any) -> list[tuple[str, float | None]]:
    """The price's state and the cost of each row, smallest first."""
    rows = database.ask(render("cost-by-consumer", prices=prices, **SPAN))
    return sorted((row["Priced"], row["Cost"]) for row in rows)


@pytest.mark.parametrize(
    ("tokens", "details", "priced", "cost"),
    [
        ((2_000, 100), {"cached_tokens": 1_500, "cache_write_tokens": 400}, "yes", 3.15),
        ((2_000, 100), {"cached_tokens": 0, "cache_write_tokens": 0}, "yes", 5.0),
        ((2_000, 100), {"cached_tokens": "null", "audio_tokens": "null"}, "at most", 7.0),
        # What was read is told, what was written is not.
        ((2_000, 100), {"cached_tokens": 1_500, "audio_tokens": 0}, "at most", 3.25),
        ((2_000, 100), None, "at most", 7.0),
        # A shorter prompt is never cached, so nothing has to be told of it.
        ((1_023, 100), None, "yes", 3.046),
        ((1_024, 100), None, "at most", 4.072),
        # At the threshold a prompt is not yet long; above it the whole call has the other rates.
        ((272_000, 0), {"cached_tokens": 0, "cache_write_tokens": 0}, "yes", 544.0),
        ((272_001, 10), {"cached_tokens": 72_001, "cache_write_tokens": 50}, "yes", 872.151),
        ((300_000, 0), None, "at most", 1_200.0),
        # Audio has rates of its own.
        ((2_000, 100), {"cached_tokens": 0, "audio_tokens": 7}, "no price", None),
    ],
)
def test_kinds_and_length_of_a_call_make_its_cost(
    tokens: tuple[int, int], details: dict[str, Any] | None, priced: str, cost: float | None
) -> None:
    database = Database()
    call(database, tokens, details)

    ((state, found),) = costs(database, gpt=RATES)

    assert state == priced
    assert found == (None if cost is None else pytest.approx(cost / 1_000))


def test_rates_that_a_price_lacks_are_those_of_input() -> None:
    database = Database()
    call(database, (2_000, 100), {"cached_tokens": 1_500, "cache_write_tokens": 400})
    call(database, (2_000, 100))
    call(database, (300_000, 0))

    ((state, found),) = costs(database, gpt={"input": 2.0, "output": 10.0})

    assert state == "yes"
    assert found == pytest.approx(0.61)


def test_long_prompts_of_one_model_leave_others_alone() -> None:
    database = Database()
    for model in ("gpt", "plain"):
        call(database, (300_000, 0), {"cached_tokens": 0, "cache_write_tokens": 0}, model=model)
        call(database, (1_000, 0), model=model)

    rows = costs(database, gpt=RATES, plain={"input": 1.0, "output": 1.0})

    assert sum(found or 0 for _, found in rows) == pytest.approx(1.2 + 0.002 + 0.3 + 0.001)


@pytest.mark.parametrize("model", ["gpt", "GPT", "gpt-2026-07-09"])
def test_a_price_holds_from_its_day_until_the_next(model: str) -> None:
    changes = [
        {"since": "2026-10-01", "input": 5.0, "output": 1.0},
        {"since": "2026-10-03", "input": 7.0, "output": 1.0, "cachedInput": 0.5},
    ]
    database = Database()
    for day in (1, 2, 3, 4):
        call(database, (1_000, 0), time=DAY.replace(day=day), model=model)
    call(database, (1_000, 0), time=datetime(2026, 9, 30, 23, 59, tzinfo=UTC), model=model)
    call(database, (1_000, 0), time=datetime(2026, 10, 3, 0, 0, tzinfo=UTC), model=model)

    rows = costs(database, gpt={"input": 2.0, "output": 1.0, "changes": changes})

    assert [found for _, found in rows] == pytest.approx([0.002, 0.005, 0.005, 0.007, 0.014])


def test_a_budget_tells_how_much_of_its_money_is_at_most() -> None:
    database = Database()
    call(database, (2_000, 100), {"cached_tokens": 1_500, "cache_write_tokens": 400})
    call(database, (2_000, 100))
    limits = {"aoai-test": {"tokens": 1_000, "cost": 5}}

    rows = database.ask(render("budgets", prices={"gpt": RATES}, budgets=limits, **SPAN))

    told = {row["Unit"]: (row["Used"], row["AtMost"]) for row in rows}
    assert told["USD"] == (pytest.approx(0.01015), pytest.approx(0.007))
    assert told["tokens"] == (4_200, 0)
