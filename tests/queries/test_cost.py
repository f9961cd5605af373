"""Costs are those of the calls that made the rows; what has no price is never free."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from queries.library import default, has, load, names, price_list, render
from tests.queries.calls import every_call
from tests.queries.database import NOW, Database, gateway, spend, workspace
from tests.queries.truth import COMPLETIONS, EMBEDDINGS, Call, source, tells_kinds

PRICES = {
    "gpt": {"input": 1.25, "output": 10.0, "cachedInput": 0.125, "cacheWrite": 1.5},
    "emb": {"input": 0.02, "output": 0.0},
}
LIST = price_list()
PROGRAM = Path(__file__).resolve().parents[2]


@pytest.fixture
def database() -> Database:
    return Database()


def model(call: Call) -> str:
    return {EMBEDDINGS: "emb", COMPLETIONS: "old"}.get(call.operation, "gpt")


def priced(call: Call) -> str:
    known = {"none": "no tokens", "unknown": "unknown tokens"}
    price = PRICES.get(model(call), {})
    exact = tells_kinds(call) or "cachedInput" not in price or call.tokens[0] < 1024
    return known.get(source(call), "no price" if not price else "yes" if exact else "at most")


def cost(call: Call) -> float:
    """What the call costs, or at most: then nothing was read from the cache, and all written."""
    price, (prompt, completion) = PRICES[model(call)], call.tokens
    cached, written = call.kept if priced(call) == "yes" else (0, prompt)
    if "cachedInput" not in price:
        cached = written = 0
    assert written is not None
    sums = [(completion, price["output"]), (prompt - cached - written, price["input"])]
    sums += [(cached, price.get("cachedInput", 0)), (written, price.get("cacheWrite", 0))]
    return sum(tokens * rate for tokens, rate in sums) / 1_000_000


def test_costs_add_up_to_the_truth() -> None:
    calls = every_call()
    truth: dict[Any, Any] = defaultdict(lambda: [0, 0, 0, 0.0])
    for one in calls:
        row = truth[one.consumer, priced(one)]
        row[0] += 1
        if priced(one) != "unknown tokens":
            row[1] += one.tokens[0]
            row[2] += one.tokens[1]
        row[3] += cost(one) if priced(one) in ("yes", "at most") else 0

    rows = workspace(calls, seed=3).ask(render("cost-by-consumer", prices=PRICES))

    found: dict[Any, Any] = defaultdict(lambda: [0, 0, 0, 0.0])
    for each in rows:
        row = found[each["Consumer"], each["Priced"]]
        sums = (each["PromptTokens"] or 0, each["CompletionTokens"] or 0, each["Cost"] or 0)
        for place, value in enumerate((each["Calls"], *sums)):
            row[place] += value
    assert {key: row[:3] for key, row in found.items()} == {k: r[:3] for k, r in truth.items()}
    assert {k: r[3] for k, r in found.items()} == pytest.approx({k: r[3] for k, r in truth.items()})
    assert sum(each["Calls"] for each in rows) == len(calls)
    assert {"yes", "at most", "no price", "no tokens", "unknown tokens"} == {k for _, k in found}


def test_what_has_no_price_has_no_cost(database: Database) -> None:
    spend(database, 1, model="unheard-of")
    spend(database, 2, tokens=(0, 0))
    gateway(database, "3", ApimSubscriptionId="team-a", ResponseCode=429)

    rows = {row["Priced"]: row for row in database.ask(load("cost-by-consumer"))}

    assert {name: row["Cost"] for name, row in rows.items()} == {
        "no price": None,
        "unknown tokens": None,
        "no tokens": 0,
    }
    assert rows["no price"]["PromptTokens"] == 1_000
    assert rows["unknown tokens"]["PromptTokens"] is None


def test_a_price_is_found_with_or_without_the_version(database: Database) -> None:
    """A version's own price comes before its model's; another model's is never taken."""
    prices = {
        "gpt-5.1": {"input": 1, "output": 10},
        "gpt-5.1-2024-05-13": {"input": 8, "output": 10},
        "half": {"input": 1},
    }
    expected = {
        "gpt-5.1": 2,
        "GPT-5.1": 2,
        "gpt-5.1-2025-11-13": 2,
        "gpt-5.1-0613": 2,
        "gpt-5.1-2024-05-13": 9,
        "gpt-5.1-mini": None,
        "gpt-5": None,
        "half": None,
    }
    for number, name in enumerate(expected):
        spend(database, number, model=name, tokens=(1_000_000, 100_000))

    rows = database.ask(render("cost-by-consumer", prices=prices))

    assert {row["Model"]: row["Cost"] for row in rows} == expected


@pytest.mark.parametrize("name", ["gpt-5.1", "GPT-5.1", "gpt-5.1-2025-11-13"])
def test_a_price_given_in_two_spellings_counts_a_call_once(database: Database, name: str) -> None:
    """The settings refuse a second spelling; a query pasted with one must not multiply calls."""
    twice = {"gpt-5.1": {"input": 1, "output": 10}, "GPT-5.1": {"input": 1, "output": 10}}
    spend(database, 0, model=name, tokens=(1_000_000, 100_000))
    budget = {"budgets": {"team": {"cost": 50}}}

    (row,) = database.ask(render("cost-by-consumer", prices=twice))
    (used,) = database.ask(render("budgets", prices=twice, **budget))

    assert (row["Calls"], row["Cost"]) == (1, 2)
    assert used["Used"] in (0, 2)


def test_embeddings_cost_their_input_alone(database: Database) -> None:
    body = (
        '{"model":"text-embedding-3-small","usage":{"prompt_tokens":500000,"total_tokens":500000}}'
    )
    gateway(database, "1", ResponseBody=body)

    for prices in (LIST["models"], {"text-embedding-3-small": {"input": 0.02}}):
        (row,) = database.ask(render("cost-by-consumer", prices=prices))
        assert (row["Priced"], row["Cost"]) == ("yes", pytest.approx(0.01))


def test_prices_have_a_day_and_a_source_and_reach_every_query_of_costs() -> None:
    taking = [name for name in names() if has(name, "prices")]
    assert len(taking) > 1
    for name in taking:
        assert json.loads(default(name, "prices")[len("dynamic(") : -1]) == LIST["models"], name
    assert date.fromisoformat(LIST["as_of"]) <= NOW.date()
    assert LIST["source"].startswith("https://")
    assert (LIST["currency"], LIST["unit"]) == ("USD", "1,000,000 tokens")
    config = yaml.safe_load((PROGRAM / "Pulumi.dev.yaml").read_text())["config"]
    (deployments,) = (value for key, value in config.items() if key.endswith(":deployments"))
    assert {deployment["model"] for deployment in deployments} <= LIST["models"].keys()
