"""The workspace's tables in DuckDB, and KQL over them."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import duckdb_kql
from duckdb_kql.engine import schema
from duckdb_kql.translate import CLOCK_SLOT, clock, to_sql

from sandbox.logs.parsed import parsed
from tests.queries.tables import COLUMNS
from tests.queries.truth import Call, gateway_row, llm_rows

NOW = datetime(2026, 11, 27, 15, 20, 30, 250_000)  # noqa: DTZ001 (as DuckDB gives times)
"""When every query is asked: far enough into an hour for the one before it to be whole."""
START = NOW - timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
HOUR = (NOW - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
ACCOUNT = "/sub/account"
_UNNEST = "SELECT unnest(r) FROM (SELECT unnest(json_transform($rows, $shape)) AS r)"
Rows = list[dict[str, Any]]
SQL_TYPES = {
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "dynamic": "JSON",
}


class Database:
    """The tables in DuckDB, and KQL over them."""

    def __init__(self) -> None:
        self.connection = duckdb_kql.connect()
        self._new: dict[str, Rows] = defaultdict(list)
        for table, columns in COLUMNS.items():
            types = ", ".join(f'"{name}" {SQL_TYPES[kind]}' for name, kind in columns.items())
            self.connection.execute(f'CREATE TABLE "{table}" ({types})')

    def add(self, table: str, **row: Any) -> None:
        """Keep a row for the next question: rows are stored together, as one at a time is slow."""
        values = {"TimeGenerated": NOW - timedelta(minutes=1), **row}
        assert values.keys() <= COLUMNS[table].keys()
        self._new[table].append(values)

    def add_all(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self.add(table, **row)

    def store(self) -> None:
        """Store the rows that came since the last question."""
        for table, rows in self._new.items():
            shape = {name: SQL_TYPES[kind] for name, kind in COLUMNS[table].items()}
            given = {"rows": json.dumps(rows, default=str), "shape": json.dumps([shape])}
            self.connection.execute(f'INSERT INTO "{table}" BY NAME {_UNNEST}', given)
        self._new.clear()

    def execute(self, sql: str) -> None:
        self.store()
        self.connection.execute(sql)

    def answer(self, kql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        self.store()
        with clock(NOW) as now:
            sql = to_sql(parsed(kql), schema(self.connection))
        given = {CLOCK_SLOT: NOW} if now.used else {}
        answer = self.connection.execute(str(sql), given)
        return [name for name, *_ in answer.description], answer.fetchall()

    def ask(self, kql: str) -> list[dict[str, Any]]:
        columns, rows = self.answer(kql)
        return [dict(zip(columns, row, strict=True)) for row in rows]


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


def workspace(calls: list[Call], seed: int) -> Database:
    """The rows of these calls, shuffled, and a third of them twice."""
    database, chance = Database(), random.Random(seed)
    tables: dict[str, Rows] = {"ApiManagementGatewayLogs": [], "ApiManagementGatewayLlmLog": []}
    for call in calls:
        if call.in_gateway_log:
            tables["ApiManagementGatewayLogs"].append(gateway_row(call, START))
        tables["ApiManagementGatewayLlmLog"] += llm_rows(call, START)
    for table, rows in tables.items():
        twice = rows + chance.sample(rows, len(rows) // 3)
        database.add_all(table, chance.sample(twice, len(twice)))
    return database


def spend(
    database: Database,
    number: int,
    consumer: str = "team-a",
    model: str = "gpt",
    time: datetime = NOW - timedelta(minutes=1),
    tokens: tuple[int, int] = (1_000, 100),
    deployment: str = "chat",
) -> None:
    """One call whose tokens are in the LLM log, or unknown if they are (0, 0)."""
    url = f"https://gateway/openai/deployments/{deployment}/chat/completions"
    common = {"TimeGenerated": time}
    gateway(database, str(number), ApimSubscriptionId=consumer, Url=url, **common)
    names = {"DeploymentName": deployment, "ModelName": model, "TotalTokens": sum(tokens)}
    sides = {"PromptTokens": tokens[0], "CompletionTokens": tokens[1]}
    llm(database, str(number), 0, **names, **sides, **common)


def told(rows: Iterable[dict[str, Any] | tuple[Any, ...] | list[Any]]) -> list[str]:
    """Return rows as texts; a sum of money ends as the order of its parts would have it."""

    def values(row: dict[str, Any] | tuple[Any, ...] | list[Any]) -> Any:
        if isinstance(row, dict):
            return {name: rounded(value) for name, value in row.items()}
        return [rounded(value) for value in row]

    return sorted(str(values(row)) for row in rows)


def rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value
