"""Requests that went around the gateway, and traffic that no row tells of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queries.library import load, render
from tests.queries.database import ACCOUNT, HOUR, MINUTE, NOW, Database, gateway, request

SECOND = timedelta(seconds=1)


@pytest.fixture
def database() -> Database:
    return Database()


def count(database: Database, time: datetime, requests: int, name: str = "Requests") -> None:
    resource = "/gateway" if name == "Requests" else ACCOUNT
    row = {"MetricName": name, "Total": float(requests), "_ResourceId": resource}
    database.add("AzureMetrics", TimeGenerated=time.replace(second=0, microsecond=0), **row)


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


def test_bypass_during_a_long_call_and_without_a_deployment(database: Database) -> None:
    url = "https://account.openai.azure.com/openai/deployments/chat/chat/completions"
    gateway(database, "long", TimeGenerated=HOUR, TotalTime=600_000, BackendUrl=url)
    for minute in (0, 5, 10):
        request(database, f"through {minute}", TimeGenerated=HOUR + minute * MINUTE)
    request(database, "files", "someone", deployment="", TimeGenerated=HOUR + 11 * MINUTE)
    request(database, "files", "someone", deployment="", TimeGenerated=HOUR + 11 * MINUTE)
    request(database, "models", deployment="", TimeGenerated=HOUR + 9 * MINUTE)
    scan = {"deployment": "", "ResultSignature": "401"}
    request(database, "scan", "", TimeGenerated=HOUR + 12 * MINUTE, **scan)
    for code in ("400", "401", "403", "404", "429", "500"):
        request(
            database, f"refused {code}", "", TimeGenerated=HOUR + 12 * MINUTE, ResultSignature=code
        )
    for minute in (13, 14):
        request(database, "", "someone", TimeGenerated=HOUR + minute * MINUTE)

    by_time = database.ask(load("bypass"))
    by_identity = database.ask(render("bypass", identity="gateway-id"))

    assert [row["CorrelationId"] for row in by_time] == ["", "", "files"]
    assert by_time[2]["Why"] == "no gateway call was open"
    assert [row["CorrelationId"] for row in by_identity] == ["", "", "files"]


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


def test_a_gateway_of_which_nothing_arrives_is_told_from_an_idle_one(database: Database) -> None:
    """Of two gateways without a request, one sends no metric of any name since three hours."""
    for minutes in range(16, 600):
        time = NOW - minutes * MINUTE
        for name, load_metric, gone in (
            ("idle", "Capacity", 0),
            ("lost", "CpuPercent_Gateway", 180),
        ):
            metric = {"MetricName": load_metric, "_ResourceId": f"/{name}", "Total": 3.0}
            if minutes >= gone:
                database.add("AzureMetrics", TimeGenerated=time, **metric)
    account = {"MetricName": "AzureOpenAIRequests", "Total": 0.0, "_ResourceId": ACCOUNT}
    database.add("AzureMetrics", TimeGenerated=NOW - 9 * 60 * MINUTE, **account)

    (row,) = database.ask(load("silence"))

    assert (row["Resource"], row["State"], row["Log"]) == (
        "/lost",
        "nothing arrives",
        "AzureMetrics",
    )
    assert 163 <= row["Missing"] <= 180, "minutes without a metric, the newest fifteen left out"
    early = NOW.replace(tzinfo=UTC) - timedelta(hours=3)
    assert database.ask(render("silence", until=early)) == []


@pytest.mark.parametrize("others", [0, 5])
def test_a_call_over_the_hour_is_no_silence(others: int, database: Database) -> None:
    """Its row has the time of its start, metrics that of its end, or the minute beside it."""
    for hour, (start, counted) in enumerate(
        (
            (HOUR - 3 * SECOND, HOUR),
            (HOUR - 3 * SECOND, HOUR - MINUTE),
            (HOUR - 50 * SECOND, HOUR),
            (HOUR + SECOND, HOUR - MINUTE),
        )
    ):
        shift = timedelta(hours=3 * hour)
        gateway(database, f"g{hour}", TimeGenerated=start - shift, TotalTime=10_000)
        request(database, f"a{hour}", TimeGenerated=start - shift, DurationMs=9_000)
        count(database, counted - shift, 1)
        count(database, counted - shift, 1, "AzureOpenAIRequests")
        count(database, counted - shift, 1, "ModelRequests")
        for number in range(others):
            for time in (HOUR - shift + 30 * MINUTE, HOUR - shift - 30 * MINUTE):
                gateway(database, f"o{time}{number}", TimeGenerated=time)
                count(database, time + number * MINUTE, 1)

    assert database.ask(render("silence", since=HOUR - timedelta(hours=12, minutes=7))) == []


def test_calls_over_the_hour_hide_no_loss(database: Database) -> None:
    """As many calls are open at each edge as one hour lost rows."""
    for hour in range(3):
        time = HOUR - timedelta(hours=hour)
        for number in range(10):
            edge = time - 2 * SECOND if number % 2 else time + 20 * MINUTE
            if hour != 1 or number > 3:
                gateway(database, f"{hour}-{number}", TimeGenerated=edge, TotalTime=9_000)
            count(database, time + number * MINUTE, 1)

    (row,) = database.ask(load("silence"))

    assert (row["Hour"], row["Missing"], row["State"]) == (HOUR - timedelta(hours=1), 4, "gaps")


def test_rows_of_the_newest_minutes_hide_no_loss(database: Database) -> None:
    counted = NOW - 20 * MINUTE
    count(database, counted, 2)
    for number in range(9):
        gateway(database, f"newer {number}", TimeGenerated=NOW - 5 * MINUTE)

    rows = database.ask(load("silence"))

    assert [(row["Missing"], row["State"]) for row in rows] == [(2, "silent")]
