"""Every question is KQL over the tables' real columns, and asks for the rows that it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queries import outputs as reader
from queries.check.evidence import Evidence
from queries.check.questions import question
from queries.check.records import OwnCall
from queries.check.rows import SOURCES, Source
from queries.check.traffic import OwnTraffic
from queries.pages import Paged
from sandbox.logs import kql
from sandbox.logs.store import COLUMNS
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.stack import outputs

TIME = datetime(2026, 3, 1, 12, 0, 58, tzinfo=UTC)
MARKER = "proof-0123456789abcdef"
DIAGNOSTICS = COLUMNS["AzureDiagnostics"] | {"properties_s": "string"}
SHAPES = COLUMNS | {"AzureDiagnostics": DIAGNOSTICS}


def evidence() -> Evidence:
    """One call of two seconds, one of whose rows has come."""
    call = OwnCall(
        deployment="text-turbo",
        round=1,
        marker=f"{MARKER}-1",
        started=TIME,
        ended=TIME + timedelta(seconds=2),
        account_ids=frozenset({"a"}),
    )
    traffic = OwnTraffic(marker=MARKER, begun=TIME, calls=(call,))
    found = Evidence(target=reader.target(outputs()), traffic=traffic)
    return found.took("gateway", [gateway(RequestBody=f"{MARKER}-1", CorrelationId="ours")])


def gateway(**more: Any) -> dict[str, Any]:
    return {"ApiId": "miyagi-api", "TimeGenerated": TIME, "_ResourceId": GATEWAY, **more}


def account(second: int, **more: Any) -> dict[str, Any]:
    """A request to the account, some seconds after the call began."""
    time = {"TimeGenerated": f"{TIME + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}"}
    kind = {"ResourceProvider": "MICROSOFT.COGNITIVESERVICES", "Category": "RequestResponse"}
    return {**time, **kind, "_ResourceId": ACCOUNT, **more}


def ask(source: Source, **tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = {name: tables.get(name, []) for name in SHAPES}
    asked = question(source, evidence())
    text = asked.kql if isinstance(asked, Paged) else asked
    answer = kql.run(text, SHAPES, rows)
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer["rows"]]


@pytest.mark.parametrize("source", SOURCES)
def test_each_question_is_answered(source: Source) -> None:
    assert ask(source) == []


@pytest.mark.parametrize("source", ["account", "diagnostics-whole"])
def test_of_the_account_only_requests_of_our_minutes_and_ids_are_read(source: Source) -> None:
    rows = [
        account(0, CorrelationId="beside"),
        account(8, CorrelationId="just after"),
        account(100, CorrelationId="later"),
        account(100, CorrelationId="a"),
    ]

    found = ask(source, AzureDiagnostics=rows)

    assert {row["CorrelationId"] for row in found} == {"beside", "just after", "a"}


def test_a_prompt_is_found_in_every_table_but_that_of_queries() -> None:
    time = f"{TIME:%Y-%m-%dT%H:%M:%S}"
    gateways: list[dict[str, Any]] = [
        {"TimeGenerated": time, "Url": "/deployments/no-such-0123456789abcdef-1/chat"},
        {"TimeGenerated": time, "TraceRecords": [{"message": f"said {MARKER}-7"}]},
    ]
    accounts = [account(0, properties_s=f"{MARKER}-1")]

    found = ask("every-table", ApiManagementGatewayLogs=gateways, AzureDiagnostics=accounts)

    assert sorted((row["Table"], row["Rows"]) for row in found) == [
        ("ApiManagementGatewayLogs", 1),
        ("AzureDiagnostics", 1),
    ]
