"""The truth beside the traffic is what the workspace's rows tell by the library's queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from queries.library import price_list
from tests.sandbox.traffic.conftest import NAMES, Traffic

PRICES = price_list()["models"]


def window(traffic: Traffic, name: str) -> tuple[str, str]:
    found = traffic.truth["incidents"][name]
    return found["from"], found["until"]


def within(traffic: Traffic, name: str, calls: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    start, end = window(traffic, name)
    return [one for one in calls if start <= one["time"] < end]


def ended(call: dict[str, Any]) -> str:
    begun = datetime.fromisoformat(call["time"])
    return (begun + timedelta(milliseconds=call["milliseconds"])).isoformat()


def readable(call: dict[str, Any]) -> bool:
    """Whether the logs can hold the usage that the caller was told."""
    return bool(call["usage_told"])


def test_tokens_by_consumer(traffic: Traffic) -> None:
    known: Counter[tuple[str, ...]] = Counter()
    for row in traffic.ask("tokens-by-consumer"):
        if row["TokenSource"] not in ("unknown", "none"):
            where = (row["Day"][:10], row["Consumer"], row["Deployment"])
            known[*where, "calls"] += row["Calls"]
            known[*where, "prompt"] += row["PromptTokens"]
            known[*where, "completion"] += row["CompletionTokens"]
    told: Counter[tuple[str, ...]] = Counter()
    for call in filter(readable, traffic.through):
        where = (call["time"][:10], call["consumer"], call["deployment"])
        told[*where, "calls"] += 1
        told[*where, "prompt"] += call["prompt"]
        told[*where, "completion"] += call["completion"]
    assert known == told
    assert {consumer for _, consumer, *_ in known} == set(NAMES)


def test_cost_is_what_the_answers_told_to_the_cent(traffic: Traffic) -> None:
    """What only a stream told has a cost that is at most so much, and never below the truth."""
    told = [one for one in traffic.through if one["usage_told"]]
    streamed = [one for one in told if one["streamed"] and one["prompt"] >= 1024]
    known = [one for one in told if one not in streamed]
    assert sum(one["cached"] or 0 for one in known) > 10_000
    assert any(one["cached"] == 0 and one["prompt"] >= 1024 for one in known)

    found: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for row in traffic.ask("cost-by-consumer"):
        found[row["Priced"]] += row["Cost"] or 0
        calls[row["Priced"]] += row["Calls"]

    assert (calls["yes"], calls["at most"]) == (len(known), len(streamed))
    assert found["yes"] == pytest.approx(sum(map(cost, known)))
    written = [{**one, "cached": 0, "written": one["prompt"]} for one in streamed]
    assert found["at most"] == pytest.approx(sum(map(cost, written)))
    assert sum(map(cost, streamed)) < found["at most"] + 1e-9
    (tokens,) = {sum(one["cached"] or 0 for one in known)}
    rows = traffic.ask("tokens-by-consumer")
    assert sum(row["CachedTokens"] or 0 for row in rows) == tokens


def cost(call: dict[str, Any]) -> float:
    """US dollars of a call at the list's price of January, when nothing had changed yet."""
    rates = next(
        price for name, price in PRICES.items() if call["model"] in (name, f"{name}-2026-07-09")
    )
    cached, written = call["cached"] or 0, call["written"] or 0
    plain = call["prompt"] - cached - written
    amount = plain * rates["input"] + call["completion"] * rates["output"]
    amount += cached * rates.get("cachedInput", 0) + written * rates.get("cacheWrite", 0)
    return float(amount) / 1_000_000


def test_tokens_unknown(traffic: Traffic) -> None:
    rows = traffic.ask("tokens-unknown")
    answered = [one for one in traffic.through if one["status"] < 400]
    untold = {one["correlation"] for one in answered if not readable(one)}
    untold |= {one["correlation"] for one in traffic.through if one["filtered"] == "prompt"}
    assert {row["CorrelationId"] for row in rows} == untold
    assert untold
    assert any(one["streamed"] and one["usage_told"] for one in answered)


def test_totals_are_the_sums_of_the_calls(traffic: Traffic) -> None:
    calls = [one for one in traffic.truth["calls"] if one["through"] == "gateway"]
    sums = traffic.truth["totals"]
    for name, expected in (
        ("calls", len(calls)),
        ("failed", sum(one["status"] >= 400 for one in calls)),
        ("throttled", sum(one["status"] == 429 for one in calls)),
        ("prompt", sum(one["prompt"] or 0 for one in calls)),
        ("completion", sum(one["completion"] or 0 for one in calls)),
    ):
        assert sum(row[name] for row in sums) == expected > 0


def test_errors_of_outage_throttling_and_bad_keys(traffic: Traffic) -> None:
    rows = traffic.ask("gateway-errors")
    shown: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        shown[row["Consumer"], row["Deployment"], row["ResponseCode"]] += row["Calls"]
    failed = [one for one in traffic.through if one["status"] >= 400]
    where = ("consumer", "deployment", "status")
    assert shown == Counter(tuple(one[name] for name in where) for one in failed)
    assert {401, 429, 500} <= {code for *_, code in shown}
    down = within(traffic, "outage", traffic.through)
    model = [one for one in down if one["consumer"]]
    assert {one["status"] for one in model} == {500}
    assert all(one["status"] != 500 for one in traffic.through if one not in down)
    reasons = {row["Reason"] for row in rows if row["ResponseCode"] == 401}
    assert reasons == {"SubscriptionKeyInvalid", "SubscriptionKeyNotFound"}


def test_throttled_calls_are_tried_again_and_some_get_through(traffic: Traffic) -> None:
    (row,) = (row for row in traffic.ask("retries") if row["ResponseCode"] == 429)
    calls = {one["correlation"]: one for one in traffic.through}
    again = [one for one in calls.values() if one["retry_of"]]
    assert all(calls[one["retry_of"]]["status"] in (429, 500) for one in again)
    throttled = [one for one in calls.values() if one["status"] == 429]
    assert row["FailedCalls"] == len(throttled)
    assert len(within(traffic, "throttling", throttled)) > 10
    assert row["Recovered"] > 0
    assert any(one["status"] == 200 for one in again)


def test_content_filter_hits(traffic: Traffic) -> None:
    rows = traffic.ask("content-filter")
    hits = [one for one in traffic.through if one["filtered"]]
    shown = {(row["CorrelationId"], row["Stopped"]) for row in rows}
    told = {(one["correlation"], one["filtered"]) for one in hits}
    streamed = {(one["correlation"], "completion") for one in hits if one["streamed"]}
    assert shown == told - streamed
    assert {kind for _, kind in shown} == {"prompt", "completion"}
    assert all(row["Categories"] for row in rows)


def test_bypass(traffic: Traffic) -> None:
    (service,) = traffic.cloud.of_type("Microsoft.ApiManagement/service")
    rows = traffic.ask("bypass", identity=service.body["identity"]["principalId"])
    direct = [one for one in traffic.truth["calls"] if one["through"] == "account"]
    assert {row["CorrelationId"] for row in rows} == {one["correlation"] for one in direct}
    assert {row["ObjectId"] for row in rows} == {traffic.truth["bypass_identity"]}
    assert within(traffic, "bypass", direct) == direct


def test_silence(traffic: Traffic) -> None:
    start, _ = window(traffic, "silence")
    rows = [row for row in traffic.ask("silence") if row["State"] == "silent"]
    silent = {(row["Log"], row["Hour"][:13]) for row in rows}
    expected = {(log, start[:13]) for log in ("ApiManagementGatewayLogs", "AzureDiagnostics")}
    assert expected <= silent
    # A call is logged at its start and counted at its end, which may be in the next hour.
    counted_later = {end for one in traffic.through if (end := ended(one)[:13]) != one["time"][:13]}
    assert {hour for _, hour in silent - expected} <= counted_later
    lost = [one for one in traffic.truth["calls"] if not one["logged"]]
    assert lost == within(traffic, "silence", traffic.truth["calls"])


def test_metrics_count_every_call(traffic: Traffic) -> None:
    totals: Counter[str] = Counter()
    for row in traffic.ask("metrics"):
        totals[row["MetricName"]] += row["Total"]
    calls = traffic.truth["calls"]
    gateway = [one for one in calls if one["through"] == "gateway"]
    assert totals["Requests"] == len(gateway)
    assert totals["AzureOpenAIRequests"] == sum(one["status"] != 401 for one in calls)
    assert totals["RAIHarmfulRequests"] == sum(bool(one["filtered"]) for one in calls)
    both = totals["ProcessedPromptTokens"] + totals["GeneratedTokens"]
    told = sum((one["prompt"] or 0) + (one["completion"] or 0) for one in calls)
    assert totals["TokenTransaction"] == both > told
    streams = [one for one in calls if one["streamed"] and one["status"] == 200]
    first = sum(one["first_milliseconds"] for one in streams)
    assert 0.95 * first < totals["AzureOpenAITimeToResponse"] <= first + len(streams)


def test_time_taken(traffic: Traffic) -> None:
    rows = traffic.query("ApiManagementGatewayLogs | project CorrelationId, TotalTime, BackendTime")
    calls = {one["correlation"]: one for one in traffic.through}
    assert len(rows) == len(calls)
    for row in rows:
        assert abs(row["TotalTime"] - calls[row["CorrelationId"]]["milliseconds"]) <= 1
        if calls[row["CorrelationId"]]["status"] == 200:  # of a stream too, down to its last part
            assert 0 < row["TotalTime"] - row["BackendTime"] < 10
    answers = [one for one in calls.values() if one["completion"]]
    long = [one["milliseconds"] for one in answers if one["completion"] > 400]
    short = [one["milliseconds"] for one in answers if one["completion"] < 50]
    assert sum(long) / len(long) > 4 * sum(short) / len(short)


@pytest.mark.parametrize("size", [8 * 1024, 32 * 1024])
def test_long_prompts(traffic: Traffic, size: int) -> None:
    assert any(one["request_bytes"] > size and one["status"] == 200 for one in traffic.through)


def test_kinds_of_calls_and_callers(traffic: Traffic) -> None:
    answered = [one for one in traffic.through if one["status"] == 200]
    kinds = {one["operation"] for one in answered}
    assert kinds == {"ChatCompletions_Create", "Embeddings_Create", "V1_Responses_Create"}
    behind: dict[str, set[str]] = {}
    for one in answered:
        behind.setdefault(one["ip"], set()).add(one["consumer"])
    assert max(map(len, behind.values())) > 1
    assert traffic.truth["habits"]["lab"] == ["nightly batch"]
    nights = [one for one in answered if one["consumer"] == "lab" and one["retry"] == 0]
    assert sum(one["time"][11:13] in ("01", "02", "03") for one in nights) > 0.8 * len(nights)
