"""Calls and metrics as rows of the workspace's tables, each there when it has arrived."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import duckdb_kql

from tests.insights.clock import MARK, MINUTE, at
from tests.queries.database import SQL_TYPES, Database
from tests.queries.tables import COLUMNS

GATEWAY = "/id/gateway"
ACCOUNT = "/id/openai-account"
IDENTITY = "the-principal"
"""Ids that the mocks of Azure give out."""
Rows = list[tuple[str, timedelta, dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call, what of it is logged, and how late."""

    time: datetime
    id: str
    api: str = "miyagi-api"
    consumer: str = "team-a"
    deployment: str = "chat"
    code: int = 200
    milliseconds: int = 900
    tokens: int = 30
    told: bool = True
    """Whether the response says how many tokens it took."""
    llm: bool = True
    gateway: bool = True
    """Whether it comes through the gateway."""
    logged: bool = True
    body: bool = True
    """Whether the response is logged by the gateway."""
    late: timedelta = 2 * MINUTE
    llm_late: timedelta = 3 * MINUTE

    def rows(self) -> Rows:
        rows: Rows = []
        if self.logged and self.gateway:
            rows.append(("ApiManagementGatewayLogs", self.late, self._gateway_row()))
        if self.logged and self.llm and self.gateway and self.code == 200:
            rows.append(("ApiManagementGatewayLlmLog", self.llm_late, self._llm_row()))
        if self.logged:
            rows.append(("AzureDiagnostics", self.late, self._account_row()))
        return rows

    def _gateway_row(self) -> dict[str, Any]:
        usage = {"prompt_tokens": self.tokens, "completion_tokens": 0, "total_tokens": self.tokens}
        body = {"id": self.id, **({"usage": usage} if self.told else {})}
        return {
            "TimeGenerated": self.time,
            "CorrelationId": self.id,
            "ApiId": self.api,
            "ApimSubscriptionId": self.consumer,
            "Method": "POST",
            "Url": f"https://gw/openai/deployments/{self.deployment}/chat/completions",
            "ResponseCode": self.code,
            "BackendResponseCode": self.code,
            "BackendUrl": f"https://oai/openai/deployments/{self.deployment}/chat/completions",
            "RequestBody": "{}",
            "ResponseBody": json.dumps(body) if self.code == 200 and self.body else "",
            "TotalTime": self.milliseconds,
            "BackendTime": self.milliseconds - 10,
            "_ResourceId": GATEWAY,
        }

    def _llm_row(self) -> dict[str, Any]:
        return {
            "TimeGenerated": self.time + timedelta(milliseconds=self.milliseconds),
            "CorrelationId": self.id,
            "SequenceNumber": 0,
            "DeploymentName": self.deployment,
            "ModelName": "gpt-5.1",
            "IsStreamCompletion": False,
            "PromptTokens": self.tokens if self.told else None,
            "CompletionTokens": 0 if self.told else None,
            "TotalTokens": self.tokens if self.told else None,
            "_ResourceId": GATEWAY,
        }

    def _account_row(self) -> dict[str, Any]:
        identity = IDENTITY if self.gateway else "somebody-else"
        details = {"modelDeploymentName": self.deployment, "objectId": identity}
        return {
            "TimeGenerated": self.time,
            "CorrelationId": f"account-{self.id}",
            "ResourceProvider": "MICROSOFT.COGNITIVESERVICES",
            "Category": "RequestResponse",
            "OperationName": "ChatCompletions_Create",
            "ResultSignature": str(self.code),
            "properties_s": json.dumps(details),
            "_ResourceId": ACCOUNT,
        }


def metrics(calls: Iterable[Call]) -> Rows:
    """What the platform counts of these calls, minute by minute, logged or not."""
    counts: dict[tuple[datetime, str, str], int] = {}
    for call in calls:
        minute = call.time.replace(second=0, microsecond=0)
        sides = [("AzureOpenAIRequests", ACCOUNT), *([("Requests", GATEWAY)] * call.gateway)]
        for side in sides:
            counts[minute, *side] = counts.get((minute, *side), 0) + 1
    return [
        (
            "AzureMetrics",
            3 * MINUTE,
            {
                "TimeGenerated": minute,
                "MetricName": name,
                "Total": float(count),
                "_ResourceId": resource,
            },
        )
        for (minute, name, resource), count in counts.items()
    ]


class Logs:
    """Tables that show, at a time, the rows of a time range that have arrived by then."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        calls = list(calls)
        self.database = Database()
        self.connection = self.database.connection
        for table, columns in COLUMNS.items():
            types = ", ".join(f'"{name}" {SQL_TYPES[kind]}' for name, kind in columns.items())
            self.connection.execute(f'DROP TABLE "{table}"')
            self.connection.execute(f'CREATE TABLE "{table}_all" (Arrived TIMESTAMP, {types})')
        self.store([*metrics(calls), *(row for call in calls for row in call.rows())])

    def store(self, rows: Rows) -> None:
        """Add rows, each with the time that it takes to arrive."""
        by_table: dict[str, list[dict[str, Any]]] = {}
        for table, late, row in rows:
            by_table.setdefault(table, []).append({"Arrived": row["TimeGenerated"] + late, **row})
        for table, all_ in by_table.items():
            names = list(all_[0])
            columns = ", ".join(f'"{name}"' for name in names)
            insert = f'INSERT INTO "{table}_all" ({columns}) VALUES '
            marks = f"({', '.join('?' for _ in names)})"
            for start in range(0, len(all_), 200):
                some = all_[start : start + 200]
                self.connection.execute(
                    insert + ", ".join([marks] * len(some)),
                    [row[name] for row in some for name in names],
                )

    def ask(self, kql: str, start: datetime, now: datetime) -> list[dict[str, Any]]:
        """The query's answer at that time, from rows since `start`."""
        for table, columns in COLUMNS.items():
            listed = ", ".join(f'"{name}"' for name in columns)
            self.connection.execute(
                f'CREATE OR REPLACE VIEW "{table}" AS SELECT {listed} FROM "{table}_all" WHERE '
                f"TimeGenerated >= TIMESTAMP '{start}' AND TimeGenerated <= TIMESTAMP '{now}' "
                f"AND Arrived <= TIMESTAMP '{now}'"
            )
        answer = self.connection.execute(_sql(kql).replace(MARK.isoformat(), now.isoformat()))
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


@cache
def _sql(kql: str) -> str:
    """The query in DuckDB's language, with `MARK` for the time at which it runs."""
    schema = {table: list(columns) for table, columns in COLUMNS.items()}
    sql = str(duckdb_kql.to_sql(at(kql, MARK), schema=schema))
    assert MARK.isoformat() in sql
    return sql
