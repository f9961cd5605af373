"""Every `.kql` file answers its question, and its header says what it returns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import pytest

from queries.library import default, literal, load, names, render
from tests.queries.database import NOW, Database, gateway, llm


@dataclass(frozen=True, kw_only=True)
class Header:
    title: str
    question: str
    parameters: str
    columns: tuple[str, ...]


def header(name: str) -> Header:
    """What the first lines of `queries/<name>.kql` say."""
    title, *lines = (line[3:] for line in load(name).splitlines() if line.startswith("// "))
    fields = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return Header(
        title=title,
        question=fields["Question"],
        parameters=fields["Parameters"],
        columns=tuple(fields["Columns"].split(", ")),
    )


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.mark.parametrize("name", names())
def test_runs_by_hand_and_leaves_out_rows_of_another_time(name: str, database: Database) -> None:
    old = NOW - timedelta(days=30)
    gateway(database, "old", TimeGenerated=old, ResponseCode=500, RequestBody="x")
    gateway(database, "older", TimeGenerated=old, ResponseCode=200)
    llm(database, "old", 0, TimeGenerated=old, TotalTokens=5)
    account = {"ResourceProvider": "MICROSOFT.COGNITIVESERVICES", "Category": "RequestResponse"}
    database.add("AzureDiagnostics", TimeGenerated=old, **account)
    database.add("AzureMetrics", TimeGenerated=old, MetricName="Requests", Total=1.0)

    columns, rows = database.answer(load(name))

    assert header(name).title
    assert header(name).question.endswith("?")
    assert columns == list(header(name).columns)
    assert rows == []


@pytest.mark.parametrize("name", names())
def test_header_names_every_parameter_with_its_type(name: str) -> None:
    declared = re.findall(r"^let (\w+) = (?!\()[^\n]*;$", load(name), re.MULTILINE)

    described = re.findall(
        r"(\w+) \((?:datetime|string|int|dynamic|timespan)\b", header(name).parameters
    )
    assert described == declared


def test_marked_calls_come_first_among_those_of_the_api(database: Database) -> None:
    gateway(database, "newer", TimeGenerated=NOW, RequestBody="hello")
    gateway(database, "mine", RequestBody='{"content": "proof-1 hello"}')
    gateway(database, "named")
    gateway(database, "elsewhere", ApiId="other", RequestBody="proof-1")
    gateway(database, "theirs", _ResourceId="/other", RequestBody="proof-1")

    rows = database.ask(
        render(
            "gateway-calls",
            gateway="/GATEWAY",
            api="MIYAGI-API",
            marker="proof-1",
            correlations="x,named",
        )
    )

    assert {row["CorrelationId"] for row in rows[:2]} == {"mine", "named"}
    assert [row["CorrelationId"] for row in rows[2:]] == ["newer"]


def test_llm_entries_are_found_by_marker_response_or_correlation(database: Database) -> None:
    llm(database, "a", 1, RequestMessages=[{"content": "proof-1"}])
    llm(database, "b", 0, RequestId="chatcmpl-b", TotalTokens=3)
    llm(database, "c", 2)
    llm(database, "d", 0, RequestId="")
    llm(database, "e", 0, RequestId="chatcmpl-b", _ResourceId="/other")

    rows = database.ask(
        render(
            "llm-calls",
            gateway="/GATEWAY",
            marker="proof-1",
            requests="chatcmpl-b",
            correlations="c",
        )
    )

    wanted = {row["CorrelationId"]: row["Wanted"] for row in rows}
    assert wanted == {"a": 1, "b": 1, "c": 1, "d": 0}
    assert "proof-1" in next(row["Request"] for row in rows if row["CorrelationId"] == "a")


def test_account_requests_show_the_deployment_and_come_first_by_id(database: Database) -> None:
    details = {"modelDeploymentName": "text-turbo", "modelName": "gpt-5.1"}
    common = {"ResourceProvider": "MICROSOFT.COGNITIVESERVICES", "_ResourceId": "/sub/account"}
    times = ((NOW, "newer"), (NOW - timedelta(minutes=5), "mine"))
    for category, (time, request) in product(("RequestResponse", "Audit"), times):
        database.add(
            "AzureDiagnostics",
            TimeGenerated=time,
            CorrelationId=request,
            Category=category,
            ResultSignature="200",
            properties_s=json.dumps(details),
            **common,
        )

    rows = database.ask(render("account-calls", account="/SUB/account", correlations="mine"))

    assert [row["CorrelationId"] for row in rows] == ["mine", "newer"]
    assert (rows[0]["Deployment"], rows[0]["Model"]) == ("text-turbo", "gpt-5.1")
    assert rows[0]["ResultSignature"] == "200"


def test_consumers_are_listed_with_what_they_call(database: Database) -> None:
    chat = {"Url": "https://gateway/openai/deployments/chat/chat/completions?api-version=1"}
    v1 = {"Url": "https://gateway/openai/v1/responses"}
    first, last = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    for time in (first, last):
        for _ in range(2):
            gateway(database, f"a {time}", TimeGenerated=time, ApimSubscriptionId="a", **chat)
    gateway(database, "body", ApimSubscriptionId="a", RequestBody='{"model": "named"}', **v1)
    gateway(database, "metadata", ApimSubscriptionId="b", **v1)
    llm(database, "metadata", 0, DeploymentName="logged")
    gateway(database, "neither", ApimSubscriptionId="b", **v1)
    gateway(database, "refused", ResponseCode=401, ApimSubscriptionId=None, **chat)
    gateway(database, "read", ApimSubscriptionId="c", Method="GET", **v1)

    rows = database.ask(load("consumers"))

    assert [(row["Consumer"], row["Deployment"], row["Calls"]) for row in rows] == [
        ("", "chat", 1),
        ("a", "chat", 2),
        ("a", "named", 1),
        ("b", "", 1),
        ("b", "logged", 1),
    ]
    assert (rows[1]["First"], rows[1]["Last"]) == (first, last)


def test_metrics_add_up_by_name_and_resource(database: Database) -> None:
    common = {"MetricName": "Requests", "Total": 2.0, "Count": 1.0}
    for minute, resource in ((1, "/gateway"), (1, "/gateway"), (2, "/gateway"), (1, "/other")):
        time = NOW - timedelta(minutes=minute)
        database.add("AzureMetrics", TimeGenerated=time, _ResourceId=resource, **common)

    rows = database.ask(render("metrics", gateway="/GATEWAY"))

    assert [(row["MetricName"], row["Total"], row["Rows"]) for row in rows] == [("Requests", 4, 2)]


def test_a_parameter_cannot_become_part_of_the_query(database: Database) -> None:
    gateway(database, "a", ApiId="other")
    hostile = '" or true or ApiId == "\\'

    assert database.ask(render("gateway-calls", api=hostile)) == []
    assert literal("/subscriptions/0/rg") == 'strcat("/subscriptions", "/0/rg")'
    assert literal(hostile) == '"\\" or true or ApiId == \\"\\\\"'
    with pytest.raises(ValueError, match="control character"):
        literal('x"\n| take 1')
    with pytest.raises(ValueError, match="no parameter nope"):
        render("gateway-calls", nope=1)
    with pytest.raises(ValueError, match="no parameter nope"):
        default("gateway-calls", "nope")
