"""Several stacks may share a workspace: bound to gateway and account, a query is of one alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from queries.library import fill, has, load, names
from tests.queries.calls import every_call
from tests.queries.database import ACCOUNT, HOUR, START, Database, request, told, workspace
from tests.queries.tables import PARAMETERS
from tests.queries.truth import gateway_row, llm_rows

CALLS = [call for call in every_call() if len(call.prompt) + len(call.answers[0]) < 1_000]
GATEWAY = "/gateway"
OWN = {"gateway": GATEWAY.upper(), "account": ACCOUNT.upper(), "api": "miyagi-api"}
OTHERS = {"gateway": "/other-gateway", "account": "/sub/other-account"}
SECOND_ACCOUNT = "/sub/third-account"
METRICS = {
    "gateway": ("Requests", "Capacity"),
    "account": ("AzureOpenAIRequests", "TokenTransaction", "AzureOpenAITimeToResponse"),
}


def add_platform(database: Database, whose: dict[str, str], number: int) -> None:
    """Add what gateway and account report beside the calls, and requests around the gateway."""
    for side, metrics in METRICS.items():
        for name in metrics:
            row = {"MetricName": name, "Total": 90.0 + number, "Count": 9.0, "Maximum": 40.0}
            place = {"TimeGenerated": HOUR, "_ResourceId": whose[side]}
            database.add("AzureMetrics", **row, **place)
    for minute in range(3 + number):
        place = {
            "TimeGenerated": HOUR + timedelta(minutes=minute),
            "_ResourceId": whose["account"],
        }
        request(database, f"{number}-{minute}", "somebody", **place)


@pytest.fixture(scope="module")
def alone() -> Database:
    database = workspace(CALLS, seed=5)
    add_platform(database, {"gateway": GATEWAY, "account": ACCOUNT}, 0)
    return database


@pytest.fixture(scope="module")
def shared() -> Database:
    """The same rows, those of a second stack with an API of the same name, and a third account."""
    database, time = workspace(CALLS, seed=5), START + timedelta(minutes=1)
    add_platform(database, {"gateway": GATEWAY, "account": ACCOUNT}, 0)
    theirs = {"_ResourceId": OTHERS["gateway"], "ApiId": "miyagi-api"}
    for call in CALLS:
        mine = {"CorrelationId": f"x-{call.id}"}
        if call.in_gateway_log:
            row = gateway_row(call, time) | theirs | mine
            database.add("ApiManagementGatewayLogs", **row)
        rows = (row | mine | {"_ResourceId": OTHERS["gateway"]} for row in llm_rows(call, time))
        database.add_all("ApiManagementGatewayLlmLog", rows)
    add_platform(database, OTHERS, 2)
    add_platform(database, OTHERS | {"account": SECOND_ACCOUNT}, 4)
    return database


def asked(name: str, database: Database, own: dict[str, str]) -> list[str]:
    text = fill(name, {**PARAMETERS, "identity": "me", **own})
    _, rows = database.answer(re.sub(r"\| take \d+\s*$", "", text))
    return told(rows)


@pytest.mark.parametrize("name", names())
def test_rows_of_another_stack_change_nothing(name: str, alone: Database, shared: Database) -> None:
    assert asked(name, shared, OWN) == asked(name, alone, OWN) != []


@pytest.mark.parametrize("name", names())
def test_without_ids_a_query_is_of_all_that_share_the_workspace(
    name: str, alone: Database, shared: Database
) -> None:
    assert asked(name, alone, {}) == asked(name, alone, OWN)
    newest_alone = name == "conversation"
    assert newest_alone or asked(name, shared, {}) != asked(name, alone, {})


def test_every_query_takes_the_ids_of_what_it_reads() -> None:
    sides = {
        "gateway": ("ApiManagementGatewayLogs", "ApiManagementGatewayLlmLog"),
        "account": ("AzureDiagnostics",),
    }
    for name in names():
        reads = {side for side, tables in sides.items() if any(t in load(name) for t in tables)}
        assert reads or "AzureMetrics" in load(name)
        assert all(has(name, side) for side in reads), name
        assert any(has(name, side) for side in sides), name
