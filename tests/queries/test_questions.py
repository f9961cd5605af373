"""Errors, retries, latency, filters, bypass and silence are reported as they were."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from queries.library import load, render
from tests.queries.database import NOW, Database, gateway, llm

MINUTE = timedelta(minutes=1)
HOUR = (NOW - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
CHAT = "https://gateway/openai/deployments/chat/chat/completions"
ACCOUNT = "/sub/account"


@pytest.fixture
def database() -> Database:
    return Database()


def request(database: Database, correlation: str, identity: str = "gateway-id", **row: Any) -> None:
    """A row of the account's request log."""
    details = {"modelDeploymentName": row.pop("deployment", "chat"), "objectId": identity}
    base = {
        "CorrelationId": correlation,
        "ResourceProvider": "MICROSOFT.COGNITIVESERVICES",
        "Category": "RequestResponse",
        "OperationName": "ChatCompletions_Create",
        "ResultSignature": "200",
        "properties_s": json.dumps(details),
        "_ResourceId": ACCOUNT,
    }
    database.add("AzureDiagnostics", **{**base, **row})


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
    call("too late", 700, 200)
    call("lost", 900, 503)
    call("of another", 901, 200, ApimSubscriptionId="someone")

    rows = database.ask(load("retries"))

    counts = {
        row["ResponseCode"]: (row["FailedCalls"], row["TriedAgain"], row["Recovered"])
        for row in rows
    }
    assert counts == {429: (3, 2, 2), 503: (1, 0, 0)}


def test_latency_is_by_call_and_streams_apart(database: Database) -> None:
    for number in range(1, 101):
        times = {"TotalTime": number * 10, "BackendTime": number * 9, "ClientTime": 0}
        gateway(database, f"plain-{number}", Url=CHAT, **times)
        llm(database, f"plain-{number}", 0, IsStreamCompletion=False)
    for _ in range(3):
        gateway(database, "stream", Url=CHAT, TotalTime=9_000, BackendTime=8_000, ClientTime=900)
        llm(database, "stream", 0, IsStreamCompletion=True)
    gateway(database, "failed", Url=CHAT, ResponseCode=429, TotalTime=1)

    rows = {row["Streamed"]: row for row in database.ask(load("latency"))}

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


def test_bypass_by_time_or_by_identity(database: Database) -> None:
    url = "https://account.openai.azure.com/openai/deployments/Chat/chat/completions"
    gateway(database, "g", TimeGenerated=HOUR, TotalTime=2_000, BackendUrl=url)
    gateway(database, "refused", TimeGenerated=HOUR + 10 * MINUTE, TotalTime=1, ResponseCode=401)
    request(database, "through", TimeGenerated=HOUR + timedelta(seconds=1))
    request(database, "other model", TimeGenerated=HOUR, deployment="emb")
    for _ in range(2):
        request(database, "by key", "", TimeGenerated=HOUR + 10 * MINUTE)
    request(database, "meanwhile", "someone", TimeGenerated=HOUR)

    by_time = database.ask(load("bypass"))
    by_identity = database.ask(render("bypass", identity="GATEWAY-id"))

    assert [row["CorrelationId"] for row in by_time] == ["by key", "other model"]
    assert {row["CorrelationId"]: row["Why"] for row in by_identity} == {
        "by key": "an API key, not an identity",
        "meanwhile": "another identity than the gateway's",
    }


def test_silence_is_traffic_that_no_row_tells_of(database: Database) -> None:
    for hour, requests in enumerate((3.0, 3.0, 3.0)):
        time = HOUR - timedelta(hours=hour)
        metric = {"MetricName": "Requests", "Total": requests, "_ResourceId": "/GATEWAY"}
        for _ in range(2):
            database.add("AzureMetrics", TimeGenerated=time, **metric)
        for number in range((3, 1, 0)[hour]):
            for _ in range(2):
                gateway(database, f"{hour}-{number}", TimeGenerated=time + MINUTE)
    account = {"MetricName": "AzureOpenAIRequests", "Total": 1.0, "_ResourceId": ACCOUNT}
    database.add("AzureMetrics", TimeGenerated=HOUR, **account)
    database.add("AzureMetrics", TimeGenerated=NOW, **account)

    rows = database.ask(load("silence"))

    assert [(r["Resource"], r["Log"], r["Missing"], r["State"]) for r in rows] == [
        (ACCOUNT, "AzureDiagnostics", 1, "silent"),
        ("/gateway", "ApiManagementGatewayLogs", 2, "gaps"),
        ("/gateway", "ApiManagementGatewayLogs", 3, "silent"),
    ]


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
