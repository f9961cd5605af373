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


MINUTES: dict[str, tuple[int, int]] = {
    "long ago": (-700, 100),
    "over": (-300, 200),
    "long": (-300, 299),
    "now": (0, 1),
    "after": (70, 1),
}
"""Start of others' calls, in seconds after this run's, and how long they took."""


def theirs() -> list[dict[str, Any]]:
    body = '{"model": "m", "input": ["a"]}'
    said = 'data: {"usage":null}\n\ndata: {"usage": {"prompt_tokens": 4, "details": {"a": 1}}}'
    return [
        gateway(
            CorrelationId=name,
            TimeGenerated=f"{TIME + timedelta(seconds=at):%Y-%m-%dT%H:%M:%S}",
            TotalTime=1000 * took,
            ApiId="other",
            BackendUrl="https://oai-x.openai.azure.com/openai/v1/embeddings",
            RequestBody=body,
            BackendResponseBody=said,
        )
        for name, (at, took) in MINUTES.items()
    ]


def test_of_other_apis_what_was_under_way_is_read_and_little_of_it() -> None:
    found = ask("gateway-others", ApiManagementGatewayLogs=theirs())

    assert {row["CorrelationId"] for row in found} == {"long", "now"}
    assert {row["RequestBody"] for row in found} == {'"model": "m"'}
    usage = '{"usage": {"prompt_tokens": 4, "details": {"a": 1}}}'
    assert {row["ResponseBody"] for row in found} == {usage}


def test_of_the_account_what_was_under_way_is_read_whatever_sign_durations_have() -> None:
    rows = [
        account(at, CorrelationId=name, DurationMs=sign * 1000 * took)
        for name, (at, took) in MINUTES.items()
        for sign in (1, -1)
    ]

    found = ask("account-others", AzureDiagnostics=rows)

    assert sorted(row["CorrelationId"] for row in found) == ["long", "long", "now", "now"]


def test_tokens_are_read_of_the_calls_that_were_under_way() -> None:
    time = f"{TIME:%Y-%m-%dT%H:%M:%S}"
    whole = {"TimeGenerated": time, "_ResourceId": GATEWAY, "PromptTokens": 3, "TotalTokens": 4}
    entries = [whole | {"CorrelationId": name} for name in MINUTES]
    entries += [whole | {"CorrelationId": "now", "TotalTokens": 0}]

    found = ask("llm-others", ApiManagementGatewayLogs=theirs(), ApiManagementGatewayLlmLog=entries)

    assert sorted(row["CorrelationId"] for row in found) == ["long", "now"]
