"""Errors, retries, latency, filters and the account's own log are reported as they were."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from queries.library import PLANS, Expression, load, render
from tests.queries.database import ACCOUNT, HOUR, MINUTE, NOW, Database, gateway, llm, request

CHAT = "https://gateway/openai/deployments/chat/chat/completions"


@pytest.fixture
def database() -> Database:
    return Database()


def test_errors_say_who_refused_and_why(database: Database) -> None:
    gateway(database, "a", ResponseCode=401, LastErrorReason="SubscriptionKeyInvalid", Url=CHAT)
    for _ in range(2):
        gateway(database, "b", ResponseCode=429, BackendResponseCode=429, Url=CHAT)
    gateway(database, "c", Url=CHAT, BackendResponseCode=200)
    gateway(database, "d", ResponseCode=403, LastErrorReason="TokenQuotaExceeded", Url=CHAT)
    gateway(database, "e", ResponseCode=0, RequestBody='{"model": "v1-model"}')

    rows = database.ask(load("gateway-errors"))

    found = {(r["ResponseCode"], r["RefusedBy"], r["Kind"], r["Deployment"]): r for r in rows}
    assert {key: row["Calls"] for key, row in found.items()} == {
        (401, "gateway", "not allowed", "chat"): 1,
        (429, "model endpoint", "throttled", "chat"): 1,
        (403, "gateway", "quota", "chat"): 1,
        (0, "gateway", "caller gone", "v1-model"): 1,
    }
    assert {row["CallsOfConsumer"] for row in rows if row["Deployment"] == "chat"} == {4}


def test_what_a_plan_refuses_is_told_from_what_the_model_does(database: Database) -> None:
    told = {"x-gateway-accounting": "{code:PlanModelNotAllowed}"}
    gateway(database, "a", ResponseCode=403, ResponseHeaders=told, Url=CHAT)
    gateway(database, "b", ResponseCode=429, LastErrorReason="OpenAITokenLimitExceeded", Url=CHAT)
    gateway(database, "c", ResponseCode=429, LastErrorReason="RateLimitExceeded", Url=CHAT)
    gateway(database, "d", ResponseCode=403, LastErrorReason="OpenAITokenQuotaExceeded", Url=CHAT)
    gateway(database, "e", ResponseCode=429, BackendResponseCode=429, Url=CHAT)
    gateway(database, "f", ResponseCode=403, Url=CHAT)

    rows = database.ask(load("gateway-errors", PLANS))

    assert {(r["ResponseCode"], r["RefusedBy"], r["Kind"], r["Reason"]) for r in rows} == {
        (403, "plan", "not allowed", "PlanModelNotAllowed"),
        (429, "plan", "throttled", "OpenAITokenLimitExceeded"),
        (429, "plan", "throttled", "RateLimitExceeded"),
        (403, "plan", "quota", "OpenAITokenQuotaExceeded"),
        (429, "model endpoint", "throttled", ""),
        (403, "gateway", "not allowed", ""),
    }


def test_retries_are_told_from_later_calls_of_others(database: Database) -> None:
    def call(correlation: str, seconds: int, code: int, **row: Any) -> None:
        time = HOUR + timedelta(seconds=seconds)
        base = {"TimeGenerated": time, "ResponseCode": code, "RequestSize": 10, "Url": CHAT}
        gateway(database, correlation, **{**base, "CallerIpAddress": "10.0.0.1", **row})

    call("first", 0, 429)
    call("second", 2, 429)
    call("second", 2, 429)
    call("third", 6, 200)
    call("alone", 600, 429)
    call("too late", 901, 200)
    call("lost", 1_900, 503)
    call("of another", 1_901, 200, ApimSubscriptionId="someone")
    call("as told", 3_000, 408, TotalTime=90_000)
    call("meanwhile", 3_089, 200)
    call("after 5 minutes", 3_390, 500)
    call("gone", 3_391, 0)

    def counts(**given: Any) -> dict[int, tuple[int, ...]]:
        rows = database.ask(render("retries", **given))
        names = ("FailedCalls", "TriedAgain", "Recovered")
        return {row["ResponseCode"]: tuple(row[name] for name in names) for row in rows}

    assert counts() == {429: (3, 2, 2), 503: (1, 0, 0), 408: (1, 1, 0), 500: (1, 1, 0)}
    assert counts(within=Expression("299s"))[408] == (1, 0, 0)
    assert counts(within=Expression("301s"))[429] == (3, 3, 3)
    assert counts(within=Expression("3s"))[429] == (3, 1, 0)


def test_no_call_of_another_prompt_is_a_retry(database: Database) -> None:
    """A busy consumer's calls are of one size, and each asks for something else."""
    for number in range(40):
        gateway(
            database,
            f"{number}",
            TimeGenerated=HOUR + timedelta(seconds=number),
            ResponseCode=429 if number % 4 == 0 else 200,
            RequestSize=10,
            RequestBody=json.dumps({"number": 10 + number}),
            Url=CHAT,
        )

    (row,) = database.ask(load("retries"))

    assert (row["SameBy"], row["FailedCalls"], row["TriedAgain"], row["Recovered"]) == (
        *("prompt", 10, 0, 0),
    )


def test_one_call_is_the_retry_of_one_failure(database: Database) -> None:
    asked = {"RequestSize": 10, "RequestBody": '{"same": 1}', "Url": CHAT}
    for number in range(10):
        gateway(database, f"{number}", TimeGenerated=HOUR, ResponseCode=503, **asked)
    gateway(database, "later", TimeGenerated=HOUR + timedelta(seconds=9), **asked)

    (row,) = database.ask(load("retries"))

    assert (row["FailedCalls"], row["TriedAgain"], row["Recovered"]) == (10, 1, 1)


def test_latency_is_by_call_and_streams_apart(database: Database) -> None:
    for number in range(1, 101):
        times = {"TotalTime": number * 10, "BackendTime": number * 9, "ClientTime": 0}
        gateway(database, f"plain-{number}", Url=CHAT, **times)
        llm(database, f"plain-{number}", 0, IsStreamCompletion=False)
    for _ in range(3):
        gateway(database, "stream", Url=CHAT, TotalTime=9_000, BackendTime=8_000, ClientTime=900)
        llm(database, "stream", 0, IsStreamCompletion=True)
    gateway(database, "failed", Url=CHAT, ResponseCode=429, TotalTime=1)
    gateway(database, "gone", Url=CHAT, ResponseCode=0, TotalTime=1)

    rows = {row["Streamed"]: row for row in database.ask(load("latency"))}

    assert rows.keys() == {"no", "yes"}
    assert (rows["no"]["Calls"], rows["yes"]["Calls"]) == (100, 1)
    assert (rows["no"]["P50"], rows["no"]["P95"], rows["no"]["P99"]) == (500, 950, 990)
    assert rows["no"]["BackendP50"] == 450
    assert rows["yes"]["GatewayP95"] == 100
    (enough,) = database.ask(render("latency", minimumCalls=2))
    assert enough["Streamed"] == "no"


def test_time_to_first_token_is_weighted_by_requests(database: Database) -> None:
    common = {"MetricName": "AzureOpenAITimeToResponse", "_ResourceId": ACCOUNT}
    for minute, count, total in ((0, 1.0, 100.0), (1, 3.0, 900.0), (1, 3.0, 900.0)):
        time = HOUR + minute * MINUTE
        longest = total / count
        database.add(
            "AzureMetrics", TimeGenerated=time, Total=total, Count=count, Maximum=longest, **common
        )

    (row,) = database.ask(load("time-to-first-token"))

    assert (row["Requests"], row["Average"], row["Longest"]) == (4, 250, 300)
    assert (row["Hour"], row["Measure"]) == (HOUR, "to first response")


def test_filters_of_prompt_and_completion_are_told_apart(database: Database) -> None:
    hit = {"hate": {"filtered": True, "severity": "high"}, "violence": {"filtered": False}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": hit}
    error = {"error": {"code": "content_filter", "innererror": inner}}
    gateway(database, "prompt", ResponseCode=400, ResponseBody=json.dumps(error))
    choice = {"finish_reason": "content_filter", "content_filter_results": hit}
    gateway(database, "answer", BackendResponseBody=json.dumps({"choices": [choice]}))
    gateway(database, "answer", BackendResponseBody=json.dumps({"choices": [choice]}))
    gateway(database, "gateway", ResponseCode=403, LastErrorSource="llm-content-safety")
    said = json.dumps({"choices": [{"message": {"content": json.dumps(choice)}}]})
    gateway(database, "only said", ResponseBody=said)

    rows = database.ask(load("content-filter"))

    assert {(r["CorrelationId"], r["Stopped"], r["By"], r["Categories"]) for r in rows} == {
        ("prompt", "prompt", "model endpoint", "hate"),
        ("answer", "completion", "model endpoint", "hate"),
        ("gateway", "prompt", "gateway", ""),
    }
    assert len(rows) == 3


def test_an_answer_that_is_not_logged_to_its_end_may_have_been_stopped(database: Database) -> None:
    """Only on request: of long answers there are many, of stopped ones few."""
    plain = {"choices": [{"finish_reason": "stop", "message": {"content": "hi"}}]}
    response = {"id": "resp_1", "status": "completed", "output": [], "usage": {}}
    chunk = 'data: {"choices":[{"delta":{"content":"all work"},"finish_reason":null}]}\n\n'
    stop = 'data: {"choices":[{"delta":{},"finish_reason":"content_filter"}]}\n\n'
    bodies = {
        "whole": json.dumps(plain),
        "response": json.dumps(response),
        "response stream": 'event: x\ndata: {"type":"response.completed","response":{}}\n\n',
        "stopped": chunk * 3 + stop,
        "cut": (chunk * 200)[:8192],
        "cut in one piece": json.dumps({"choices": [{"message": {"content": "x" * 9_000}}]})[:8192],
        "without body": "",
    }
    for name, body in bodies.items():
        gateway(database, name, Url=CHAT, ResponseBody=body)
    gateway(database, "embedding", Url="https://gateway/openai/deployments/emb/embeddings")
    gateway(database, "refused", Url=CHAT, ResponseCode=429)

    known, all_ = (database.ask(render("content-filter", unread=n)) for n in (0, 1))

    assert database.ask(load("content-filter")) == known
    assert [(row["CorrelationId"], row["Stopped"]) for row in known] == [("stopped", "completion")]
    assert all_[0] == known[0]
    unknown = {row["CorrelationId"] for row in all_[1:]}
    assert unknown == {"cut", "cut in one piece", "without body"}
    assert {(row["Stopped"], row["By"], row["Categories"]) for row in all_[1:]} == {
        ("unknown", "", "")
    }


def test_entries_of_the_audit_without_an_id_are_told_apart(database: Database) -> None:
    for number in (1, 2, 3):
        row: dict[str, Any] = {"Category": "Audit", "OperationName": "ListKey"}
        row |= {"TimeGenerated": NOW - number * MINUTE}
        for _ in range(2):
            request(database, "", **row)

    assert len(database.ask(load("recent-account-requests"))) == 3


def test_recent_requests_are_newest_first_and_of_the_account_alone(database: Database) -> None:
    for number in range(120):
        request(database, f"r-{number}", TimeGenerated=HOUR - number * MINUTE)
    request(database, "r-0", TimeGenerated=HOUR)
    request(database, "keys", Category="Audit", OperationName="ListKey", TimeGenerated=NOW - MINUTE)
    request(database, "other", ResourceProvider="MICROSOFT.KEYVAULT")

    rows = database.ask(load("recent-account-requests"))

    assert len(rows) == 100
    assert [row["CorrelationId"] for row in rows[:3]] == ["keys", "r-0", "r-1"]
    assert (rows[0]["Category"], rows[1]["Deployment"]) == ("Audit", "chat")
