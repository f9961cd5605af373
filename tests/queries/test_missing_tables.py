"""A workspace makes a table with its first row: what can answer without one does."""

from __future__ import annotations

from typing import Any

import pytest

from queries.library import load, names
from sandbox.logs import kql
from sandbox.logs.facts import QueryError
from tests.queries.calls import every_call
from tests.queries.database import HOUR, START, Database, workspace
from tests.queries.tables import COLUMNS
from tests.queries.truth import Call, gateway_row

LLM_LOG = "ApiManagementGatewayLlmLog"
OWN_ROWS = "llm-calls"
"""The query of the LLM log's own rows, which nothing else can tell."""
WITHOUT = sorted(name for name in names() if LLM_LOG in load(name) and name != OWN_ROWS)


@pytest.mark.parametrize("name", WITHOUT)
def test_without_llm_logging_the_rest_is_told(name: str) -> None:
    database = workspace(every_call()[::2], seed=3)
    database.execute(f'DELETE FROM "{LLM_LOG}"')
    emptied = database.ask(load(name))

    database.execute(f'DROP TABLE "{LLM_LOG}"')

    assert told(database.ask(load(name))) == told(emptied)


def told(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row) for row in rows)


def test_without_llm_logging_tokens_come_from_the_bodies() -> None:
    database = workspace(every_call(), seed=3)
    database.execute(f'DROP TABLE "{LLM_LOG}"')

    sources = {row["TokenSource"] for row in database.ask(load("tokens-by-consumer"))}

    assert sources == {"response body", "streamed usage", "response header", "none", "unknown"}


@pytest.mark.parametrize(
    "missing", ["AzureMetrics", "AzureDiagnostics", "ApiManagementGatewayLogs"]
)
def test_silence_is_told_by_the_tables_that_are_there(missing: str) -> None:
    database = Database()
    lost = {"gateway": "Requests", "account": "AzureOpenAIRequests"}
    for resource, metric in lost.items():
        row = {"MetricName": metric, "Total": 9.0, "_ResourceId": f"/{resource}"}
        database.add("AzureMetrics", TimeGenerated=HOUR, **row)
    database.execute(f'DROP TABLE "{missing}"')

    found = {row["Resource"] for row in database.ask(load("silence"))}

    assert found == (set() if missing == "AzureMetrics" else {"/gateway", "/account"})


def served(tables: set[str]) -> dict[str, Any]:
    """What the simulated workspace answers about one call without a row in the LLM log."""
    row = {**gateway_row(Call(id="a"), START), "TimeGenerated": f"{START.isoformat()}Z"}
    rows: dict[str, list[Any]] = {table: [] for table in COLUMNS} | {
        "ApiManagementGatewayLogs": [row]
    }
    shapes = {table: COLUMNS[table] for table in tables}
    return kql.run(load("traffic"), shapes, rows)


def test_the_simulated_workspace_takes_a_missing_table_where_a_query_does() -> None:
    without, whole = served(set(COLUMNS) - {LLM_LOG}), served(set(COLUMNS))
    assert [LLM_LOG in text for text in without.pop("warnings")] == [True]
    assert whole.pop("warnings") == []
    assert without == whole
    with pytest.raises(QueryError, match="ApiManagementGatewayLogs"):
        served(set(COLUMNS) - {"ApiManagementGatewayLogs"})
