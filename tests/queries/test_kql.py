"""Every `.kql` file answers its question, and its header says what it returns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import duckdb_kql
import pytest

from queries.check.kql import FOLDER, literal, load, render
from tests.queries.tables import COLUMNS

NAMES = sorted(file.stem for file in FOLDER.glob("*.kql"))
NOW = datetime.now(UTC).replace(tzinfo=None)
SQL_TYPES = {
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "dynamic": "JSON",
}


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


class Database:
    """The tables in DuckDB, and KQL over them."""

    def __init__(self) -> None:
        self.connection = duckdb_kql.connect()
        for table, columns in COLUMNS.items():
            types = ", ".join(f'"{name}" {SQL_TYPES[kind]}' for name, kind in columns.items())
            self.connection.execute(f'CREATE TABLE "{table}" ({types})')

    def add(self, table: str, **row: Any) -> None:
        values = {"TimeGenerated": NOW - timedelta(minutes=1), **row}
        values = {
            key: json.dumps(value) if COLUMNS[table][key] == "dynamic" else value
            for key, value in values.items()
        }
        names = ", ".join(f'"{key}"' for key in values)
        marks = ", ".join("?" for _ in values)
        self.connection.execute(
            f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(values.values())
        )

    def ask(self, kql: str) -> list[dict[str, Any]]:
        answer = duckdb_kql.kql(self.connection, kql)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]

    def columns(self, kql: str) -> list[str]:
        return list(duckdb_kql.kql(self.connection, kql).columns)


@pytest.fixture
def database() -> Database:
    return Database()


def gateway(database: Database, correlation: str, **row: Any) -> None:
    base = {
        "CorrelationId": correlation,
        "ApiId": "miyagi-api",
        "ApimSubscriptionId": "aoai-test",
        "Method": "POST",
        "ResponseCode": 200,
        "_ResourceId": "/gateway",
    }
    database.add("ApiManagementGatewayLogs", **{**base, **row})


def llm(database: Database, correlation: str, number: int, **row: Any) -> None:
    base = {
        "CorrelationId": correlation,
        "SequenceNumber": number,
        "_ResourceId": "/gateway",
    }
    database.add("ApiManagementGatewayLlmLog", **{**base, **row})


@pytest.mark.parametrize("name", NAMES)
def test_runs_by_hand_and_returns_the_columns_of_its_header(name: str, database: Database) -> None:
    query = header(name)

    assert query.title
    assert query.question.endswith("?")
    assert database.columns(load(name)) == list(query.columns)


@pytest.mark.parametrize("name", NAMES)
def test_header_names_every_parameter_with_its_type(name: str) -> None:
    declared = re.findall(r"^let (\w+) = (?!ApiManagement|Azure)", load(name), re.MULTILINE)

    described = re.findall(r"(\w+) \((?:datetime|string|int)\b", header(name).parameters)
    assert described == declared


@pytest.mark.parametrize("name", NAMES)
def test_rows_outside_the_time_asked_for_are_left_out(name: str, database: Database) -> None:
    old = NOW - timedelta(days=3)
    gateway(database, "old", TimeGenerated=old, ResponseCode=500, RequestBody="x")
    gateway(database, "older", TimeGenerated=old, ResponseCode=200)
    llm(database, "old", 0, TimeGenerated=old, TotalTokens=5)
    account = {"ResourceProvider": "MICROSOFT.COGNITIVESERVICES", "Category": "RequestResponse"}
    database.add("AzureDiagnostics", TimeGenerated=old, **account)
    database.add("AzureMetrics", TimeGenerated=old, MetricName="Requests", Total=1.0)

    assert database.ask(load(name)) == []


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


def test_metrics_add_up_by_name_and_resource(database: Database) -> None:
    for resource in ("/gateway", "/gateway", "/other"):
        database.add(
            "AzureMetrics", MetricName="Requests", Total=2.0, Count=1.0, _ResourceId=resource
        )

    rows = database.ask(render("metrics", resource="/GATEWAY"))

    assert [(row["MetricName"], row["Total"], row["Rows"]) for row in rows] == [("Requests", 4, 2)]


def test_tokens_count_each_call_once_though_rows_come_twice(database: Database) -> None:
    tokens = {"PromptTokens": 10, "CompletionTokens": 5, "TotalTokens": 15}
    for _ in range(2):
        gateway(database, "a")
        llm(database, "a", 0, DeploymentName="text-turbo", ModelName="gpt", **tokens)
        llm(database, "a", 1, RequestMessages=[{"content": "hello"}])

    rows = database.ask(load("tokens-by-consumer"))

    assert [(r["Consumer"], r["Calls"], r["TotalTokens"]) for r in rows] == [("aoai-test", 1, 15)]


def test_messages_are_put_together_in_the_order_of_their_chunks(database: Database) -> None:
    gateway(database, "a")
    for number, piece in ((2, "lo wo"), (3, "rld"), (1, "hel"), (2, "lo wo")):
        llm(database, "a", number, RequestMessages=piece)
    llm(database, "a", 4, ResponseMessages="good day")
    llm(database, "a", 0, DeploymentName="text-turbo", TotalTokens=9)

    (row,) = database.ask(load("prompts-and-completions"))

    assert row["Prompt"].replace('"', "") == "hello world"
    assert row["Completion"].replace('"', "") == "good day"
    assert (row["Consumer"], row["DeploymentName"], row["TotalTokens"]) == (
        "aoai-test",
        "text-turbo",
        9,
    )


def test_errors_say_who_refused(database: Database) -> None:
    gateway(database, "a", ResponseCode=401, LastErrorReason="SubscriptionKeyInvalid")
    gateway(database, "b", ResponseCode=429, BackendResponseCode=429)
    gateway(database, "b", ResponseCode=429, BackendResponseCode=429)
    gateway(database, "c")

    rows = database.ask(load("gateway-errors"))

    assert {(r["ResponseCode"], r["RefusedBy"], r["Calls"]) for r in rows} == {
        (401, "gateway", 1),
        (429, "model endpoint", 1),
    }


def test_cut_bodies_say_what_was_lost(database: Database) -> None:
    gateway(database, "whole", RequestBody="a", ResponseBody="b")
    gateway(database, "dropped")
    gateway(database, "cut", RequestBody="a", ResponseBody="b" * 8192)

    rows = database.ask(load("cut-bodies"))

    assert {(row["CorrelationId"], row["Loss"]) for row in rows} == {
        ("dropped", "no body"),
        ("cut", "completion cut"),
    }


def test_a_parameter_cannot_become_part_of_the_query(database: Database) -> None:
    gateway(database, "a", ApiId="other")
    hostile = '" or true or ApiId == "\\'

    assert database.ask(render("gateway-calls", api=hostile)) == []
    assert literal(hostile) == '"\\" or true or ApiId == \\"\\\\"'
    with pytest.raises(ValueError, match="control character"):
        literal('x"\n| take 1')
    with pytest.raises(ValueError, match="no parameter nope"):
        render("gateway-calls", nope=1)
