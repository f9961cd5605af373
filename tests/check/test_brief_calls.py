"""How many brief calls are made, as whom, and what they find."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from queries import outputs as reader
from queries.check import brief_calls, keys, kinds
from queries.check.kinds import Planned
from queries.check.proofs import consumers
from queries.outputs import Consumer, Target
from tests.check.answers import refused
from tests.check.arm import GATEWAY, SUBSCRIPTION
from tests.check.conftest import Run
from tests.check.reading import LLM, LOGS, ends, of
from tests.check.stack import deployment, key_of, outputs

pytestmark = pytest.mark.slow
DAY = date(2026, 3, 1)
THREE: dict[str, Any] = {"consumers": ["aoai-test", "team-b", "team-c"]}


def target(*names: str, **proof: Any) -> Target:
    made = reader.target(outputs(**proof))
    callers = tuple(Consumer(name=name, key=SecretStr(key_of(name))) for name in names)
    return replace(made, callers=callers)


@pytest.fixture
def many(run: Run) -> Run:
    """Three consumers, and a gateway that answers one call after the other."""
    lock, handle = threading.Lock(), run.azure.handle

    def one_by_one(request: httpx.Request) -> httpx.Response:
        with lock:
            answer = handle(request)
            answer.read()
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )

    run.azure.handle = one_by_one  # type: ignore[method-assign] # threads share it
    for name in ("team-b", "team-c"):
        run.azure.arm.resources[f"{GATEWAY}/subscriptions/{name}"] = run.azure.arm.resources[
            SUBSCRIPTION
        ]
    return run


def test_the_calls_are_as_many_as_the_share_needs() -> None:
    assert brief_calls.needed(0.05) == 90
    assert brief_calls.needed(0.01) == 459
    assert 0.95**90 < 0.01 < 0.95**89
    assert brief_calls.share_found(90) == pytest.approx(0.05, abs=0.001)


def pairs_of(made: list[Planned]) -> set[tuple[str, str]]:
    return {(one.consumer.name, one.deployment.name) for one in made}


@pytest.mark.parametrize("depth", ["quick", "usual", "thorough"])
@pytest.mark.parametrize(("consumers", "deployments"), [(2, 3), (50, 10), (50, 47)])
def test_every_consumer_calls_each_day_what_its_plan_alone_allows(
    consumers: int, deployments: int, depth: brief_calls.Depth
) -> None:
    models = [deployment(f"d{number}") for number in range(deployments)]
    names = [f"c{number}" for number in range(consumers)]
    plans = [
        {"consumers": [name], "models": [f"d{(7 * number + 3) % deployments}"]}
        for number, name in enumerate(names)
    ]
    stack = target(*names, deployments=models, consumers=names, plans=plans)
    for day in range(7):
        made = brief_calls.plan(stack, depth, DAY + timedelta(days=day))
        called = pairs_of([*kinds.plan(stack), *made])
        assert {consumer for consumer, _ in called} == set(names)
        assert all(stack.plan_of(consumer).allows(name) for consumer, name in called)


@pytest.mark.parametrize("depth", ["quick", "usual"])
@pytest.mark.parametrize("logs", [{}, {"capture": "metadata", "llmLogging": False}])
def test_whom_a_plan_allows_vectors_alone_is_called_as_whatever_is_logged(
    depth: brief_calls.Depth, logs: dict[str, Any]
) -> None:
    models = [deployment(), deployment("vectors", "text-embedding-3-small", kind="embeddings")]
    names = [f"c{number}" for number in range(7)]
    plans = [{"consumers": names[4:], "models": ["vectors"]}]
    stack = target(*names, deployments=models, consumers=names, plans=plans, **logs)
    made = [*kinds.plan(stack), *brief_calls.plan(stack, depth, DAY)]
    assert {one.consumer.name for one in made} == set(names)


@pytest.mark.parametrize("deployments", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("consumers", [1, 2, 3, 20, 30, 50])
def test_every_consumer_calls_every_deployment_in_turn(consumers: int, deployments: int) -> None:
    """Within a day if as many calls again are enough for it, else from day to day."""
    models = [deployment(f"d{number}") for number in range(deployments)]
    stack = target(*map(str, range(consumers)), deployments=models)
    pairs, called = consumers * deployments, set[tuple[str, str]]()
    for day in range(7):
        made = brief_calls.plan(stack, "usual", DAY + timedelta(days=day))
        called |= pairs_of(made)
        assert len(called) >= min(pairs, 90 * (day + 1))
        assert day or pairs > 180 or len(called) == pairs
        assert 90 <= len(made) <= 180
    assert len(called) == pairs
    if pairs <= 90:
        kinds = {(*pair, one.kind) for one in made for pair in pairs_of([one])}
        assert len(kinds) >= min(2 * pairs, 90) * 0.9


def test_quick_calls_as_each_consumer_once() -> None:
    made = brief_calls.plan(target("a", "b", "c", "d"), "quick", DAY)
    assert [one.consumer.name for one in made] == ["c", "d"]


def test_pairs_that_no_call_covers_are_told(many: Run) -> None:
    stack = {**THREE, "deployments": [deployment(), deployment("b"), deployment("c")]}

    report = many("--depth", "usual", **stack)
    quick = many(**stack)

    assert report.verdict == quick.verdict == "proven"
    assert "not judged" not in of(report, "consumers")[1]
    assert "not judged: 3 of 9 pairs with a deployment" in of(quick, "consumers")[1]


def test_a_burst_over_whole_rows_is_proven(many: Run) -> None:
    report = many("--depth", "usual", **THREE)
    assert report.verdict == "proven", many.screen.getvalue()
    assert "called as aoai-test, team-b, team-c" in of(report, "consumers")[1]


@pytest.mark.parametrize("table", [LOGS, LLM])
def test_a_loss_of_some_rows_is_told_by_number(many: Run, table: str) -> None:
    def losing(row: dict[str, Any]) -> dict[str, Any] | None:
        number = int(row["CorrelationId"].rpartition("-")[2])
        return None if number % 20 == 19 and row["CorrelationId"][:4] == "corr" else row

    many.azure.change = {table: losing}
    report = many("--depth", "usual", "--timeout", "60", **THREE)
    status, detail, _ = of(report, "whole")
    assert status == "failed", "no row comes any more, and most have come"
    assert " of 9" in detail
    assert f"lack rows in {table}" in detail


def test_a_key_of_another_consumer_fails(many: Run) -> None:
    many.outputs = {"subscriptionKeys": {"aoai-test": key_of("team-b"), "team-b": key_of("team-b")}}
    report = many("--timeout", "1", **{**THREE, "consumers": ["aoai-test", "team-b"]})
    assert "rows of its calls name team-b" in of(report, "consumers")[1]


def test_a_consumer_without_a_key_is_unjudged(many: Run) -> None:
    many.azure.arm.denied = ("team-b/listSecrets",)
    many.outputs = {"subscriptionKeys": {"aoai-test": key_of("aoai-test")}}
    report = many(consumers=["aoai-test", "team-b"])
    assert (report.verdict, ends(report)["consumers"]) == ("unjudged", "unjudged")
    assert "team-b: Azure returns no key: HTTP 403" in of(report, "consumers")[1]


def test_a_throttled_burst_says_what_it_would_find(many: Run) -> None:
    handle = many.azure.handle

    def full(request: httpx.Request) -> httpx.Response:
        if b"one word" in request.content and len(many.azure.requests) > 30:
            return refused(429, "429", "too many", **{"retry-after": "60"})
        return handle(request)

    many.azure.handle = full  # type: ignore[method-assign] # the deployment is full
    report = many("--depth", "usual", **THREE)
    assert ends(report)["whole"] == "unjudged"
    assert "of 90 brief calls were answered, which find a loss of" in of(report, "whole")[1]


def test_beyond_fifty_new_ones_and_a_part_of_the_others_are_called() -> None:
    names = [f"c{number}" for number in range(120)]
    days = [set(keys.in_turn(names, 40, DAY + timedelta(days=day))) for day in range(3)]
    assert set().union(*days) == set(names)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert keys._is_new({"createdDate": "2026-02-27T10:00:00Z"}, now)
    assert not keys._is_new({"createdDate": "2026-01-27T10:00:00Z"}, now)


class Listing:
    """Azure's list of the subscriptions of a gateway, each with the day it was made."""

    def __init__(self, made: dict[str, str]) -> None:
        self.made = made

    def list(self, resource_id: str, version: str) -> list[dict[str, Any]]:
        assert resource_id.endswith("/subscriptions")
        assert version
        return [
            {"name": name, "properties": {"createdDate": day}} for name, day in self.made.items()
        ]


@pytest.mark.parametrize("fresh", [0, 3, 1_000])
def test_of_a_thousand_each_is_called_within_its_days_and_none_asks_for_too_many(
    fresh: int,
) -> None:
    """Even where all are new, as after the first deployment; none of the few new ones waits."""
    names = [f"c{number}" for number in range(1_000)]
    old, new = "2025-01-01T00:00:00Z", "2026-02-27T00:00:00Z"
    made = {name: new if at < fresh else old for at, name in enumerate(names)}
    first = datetime(2026, 3, 1, tzinfo=UTC)
    called = list[set[str]]()
    for day in range(100 if fresh < len(names) else 5):
        listing: Any = Listing(made | dict.fromkeys(names[:fresh], _days(new, day)))
        now = first + timedelta(days=day)
        called.append(set(keys._today(names, listing, target(*names[:1]), now)))
    assert max(map(len, called)) <= max(keys.MOST, keys.MOST_NEW + keys.MOST // 5)
    assert set().union(*called) == set(names)
    if fresh < keys.MOST:
        assert all(set(names[:fresh]) <= one for one in called)


def _days(day: str, more: int) -> str:
    return (datetime.fromisoformat(day) + timedelta(days=more)).isoformat()


def test_a_verdict_names_no_thousand_that_rest() -> None:
    rested = replace(target("c1"), resting=tuple(f"c{number}" for number in range(950)))
    evidence: Any = SimpleNamespace(target=rested)
    said = consumers._resting(evidence)
    assert "950 that other days' runs call as: c0, c1," in said
    assert said.endswith("and 850 more")


def test_a_check_of_a_thousand_consumers_asks_no_more_than_one_of_fifty(run: Run) -> None:
    """It reads their subscriptions by one list, and calls as some of them."""
    names = [f"team-{number}" for number in range(1_000)]
    for name in names:
        run.azure.arm.resources[f"{GATEWAY}/subscriptions/{name}"] = run.azure.arm.resources[
            SUBSCRIPTION
        ]
    report = run("--depth", "quick", consumers=names)
    status, said = of(report, "consumers")[:2]
    assert set(ends(report).values()) <= {"seen", "skipped", "unjudged"}, ends(report)
    assert status == "seen"
    assert f"not judged: {1_000 - keys.MOST} that other days' runs call as" in said
    called = {request.headers.get("api-key") for request in run.azure.requests}
    assert len(called - {None}) < keys.MOST + 10
    assert len(run.azure.requests) < 600
