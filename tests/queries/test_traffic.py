"""Errors, calls and tokens over time are those of the calls that made the rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queries.library import Expression, Value, load, render
from tests.queries.calls import every_call
from tests.queries.database import NOW, Database, gateway, workspace
from tests.queries.truth import Call, outcome, source

MINUTE = timedelta(minutes=1)
CHAT = "https://gateway/openai/deployments/chat/chat/completions?api-version=1"
CALLS = every_call()
ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"ResponseCode": 0}, "ClientErrors"),
    ({"ResponseCode": 499}, "ClientErrors"),
    ({"ResponseCode": 0, "LastErrorReason": "ClientConnectionFailure"}, "ClientErrors"),
    ({"ResponseCode": 500, "LastErrorReason": "ClientConnectionFailure"}, "ClientErrors"),
    ({"ResponseCode": 499, "BackendResponseCode": 200}, "ClientErrors"),
    ({"ResponseCode": 499, "BackendResponseCode": 503}, "Failed"),
    ({"ResponseCode": 0, "LastErrorReason": "BackendConnectionFailure"}, "Failed"),
    ({"ResponseCode": 504, "LastErrorReason": "Timeout"}, "Failed"),
    ({"ResponseCode": 408, "BackendResponseCode": 408}, "Failed"),
    ({"ResponseCode": 503, "BackendResponseCode": 503}, "Failed"),
    ({"ResponseCode": 500, "LastErrorReason": "BackendConnectionFailure"}, "Failed"),
    ({"ResponseCode": 401, "BackendResponseCode": 401}, "Failed"),
    ({"ResponseCode": 403, "BackendResponseCode": 403}, "Failed"),
    ({"ResponseCode": 500, "BackendResponseCode": 429}, "Failed"),
    ({"ResponseCode": 429, "BackendResponseCode": 429}, "Throttled"),
    ({"ResponseCode": 429, "LastErrorReason": "RateLimitExceeded"}, "Throttled"),
    ({"ResponseCode": 403, "LastErrorReason": "OpenAITokenQuotaExceeded"}, "Throttled"),
    ({"ResponseCode": 401, "LastErrorReason": "SubscriptionKeyInvalid"}, "ClientErrors"),
    ({"ResponseCode": 403, "LastErrorSource": "llm-content-safety"}, "ClientErrors"),
    ({"ResponseCode": 400, "BackendResponseCode": 400}, "ClientErrors"),
    ({"ResponseCode": 404, "BackendResponseCode": 404}, "ClientErrors"),
]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture(scope="module")
def truth() -> Database:
    return workspace(CALLS, seed=4)


def utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)


def counts(calls: list[Call]) -> dict[str, int]:
    kinds = ("Failed", "Throttled", "ClientErrors")
    counted = {kind: sum(outcome(call) == kind for call in calls) for kind in kinds}
    return {"Calls": len(calls), **counted}


def test_errors_are_those_of_the_calls(truth: Database) -> None:
    logged = [call for call in CALLS if call.in_gateway_log]
    for consumer in ("aoai-a", "aoai-b"):
        mine = [call for call in logged if call.consumer == consumer]
        rows = truth.ask(render("error-rate", minimumCalls=1))
        own = [row for row in rows if row["Consumer"] == consumer]
        for kind, number in counts(mine).items():
            assert sum(row[kind] for row in own) == number, (consumer, kind)


def test_an_error_is_the_operators_or_the_callers(database: Database) -> None:
    """Each error in turn, twice in the log, of a consumer with three good calls beside it."""
    for place, (row, _) in enumerate(ERRORS):
        common = {"Url": CHAT, "ApimSubscriptionId": f"consumer-{place}"}
        gateway(database, f"bad-{place}", **common, **row)
        gateway(database, f"bad-{place}", **common, **row)
        for number in range(3):
            gateway(database, f"good-{place}-{number}", **common, BackendResponseCode=200)

    rates = database.ask(render("error-rate", minimumCalls=4))
    traffic = database.ask(load("traffic"))

    for rows in (rates, traffic):
        told = {row["Consumer"]: row for row in rows}
        for place, (error, kind) in enumerate(ERRORS):
            row = told[f"consumer-{place}"]
            one = {"Failed": 0, "Throttled": 0, "ClientErrors": 0} | {kind: 1, "Calls": 4}
            assert {name: row[name] for name in one} == one, error
    for row in rates:
        assert row["FailedPercent"] == 25 * row["Failed"]
        assert row["ThrottledPercent"] == 25 * row["Throttled"]


def test_few_calls_make_no_rate_unless_most_of_them_failed(database: Database) -> None:
    mixes = {
        "enough": (1, 0, 20),
        "quiet": (4, 1, 4),
        "mostly-well": (9, 0, 19),
        "half": (5, 1, 10),
        "dead": (19, 0, 19),
    }
    for consumer, (failed, throttled, calls) in mixes.items():
        for number in range(calls):
            code = 503 if number < failed else 429 if number < failed + throttled else 200
            common = {"ApimSubscriptionId": consumer, "ResponseCode": code, "Url": CHAT}
            gateway(database, f"{consumer}-{number}", **common)

    rows = {row["Consumer"]: row for row in database.ask(load("error-rate"))}

    assert {name: row["FailedPercent"] for name, row in rows.items()} == {
        "enough": 5,
        "half": 50,
        "dead": 100,
    }
    shares = {name: row["ThrottledPercent"] for name, row in rows.items()}
    assert shares == {"enough": 0, "half": None, "dead": None}, "a share of few calls is none"


def test_what_a_caller_writes_for_a_model_stays_a_name(database: Database) -> None:
    body = {"RequestBody": '{"model": "' + 5_000 * "x" + '"}', "ResponseCode": 404}
    gateway(database, "a", Url="https://gateway/openai/v1/responses", **body)

    for name in ("traffic", "tokens-by-consumer", "error-rate", "gateway-errors"):
        given = {"minimumCalls": 1} if name == "error-rate" else {}
        (row,) = database.ask(render(name, **given))
        assert row["Deployment"] == 64 * "x", name


def test_traffic_is_that_of_the_calls(truth: Database) -> None:
    rows = truth.ask(load("traffic"))

    for consumer in {call.consumer for call in CALLS}:
        calls = [call for call in CALLS if call.consumer == consumer]
        known = [call.tokens for call in calls if source(call) not in ("unknown", "none")]
        expected = {
            **counts(calls),
            "PromptTokens": sum(prompt for prompt, _ in known),
            "CompletionTokens": sum(completion for _, completion in known),
            "TotalTokens": sum(map(sum, known)),
            "UnknownCalls": sum(source(call) == "unknown" for call in calls),
        }
        mine = [row for row in rows if row["Consumer"] == consumer]
        assert {name: sum(row[name] for row in mine) for name in expected} == expected


@pytest.mark.parametrize(("step", "expected"), [("1h", [2, 1]), ("30m", [1, 1, 1]), ("1d", [3])])
def test_time_goes_by_in_steps(step: str, expected: list[int], database: Database) -> None:
    noon = (NOW - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    for number, minutes in enumerate((0, 59, 60)):
        time = noon + minutes * MINUTE
        for _ in range(2):
            row = {"TotalTime": 100 * (number + 1), "Url": CHAT, "TimeGenerated": time}
            gateway(database, str(number), **row)
    refused = {"Url": CHAT, "TimeGenerated": noon, "TotalTime": 9_999}
    gateway(database, "refused", ResponseCode=429, **refused)
    gateway(database, "gone", ResponseCode=0, **refused)
    until = utc(noon + timedelta(hours=2))
    given: dict[str, Value] = {"since": utc(noon), "until": until, "step": Expression(step)}

    traffic = database.ask(render("traffic", **given))
    latency = database.ask(render("latency-over-time", **given))

    assert [row["Calls"] for row in latency] == expected
    errors = ("Failed", "Throttled", "ClientErrors")
    answered = [row["Calls"] - sum(row[kind] for kind in errors) for row in traffic]
    assert answered == expected
    assert [row["Time"] for row in traffic] == [row["Time"] for row in latency]
    assert traffic[0]["Time"] == (noon if step != "1d" else noon.replace(hour=0))
    assert (latency[0]["P95"], latency[-1]["P50"]) == {
        "1h": (200, 300),
        "30m": (100, 300),
        "1d": (300, 200),
    }[step]
