"""Other APIs may share the gateway and the workspace: with `api`, a query is of one alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from queries.library import Value, has, load, names, render
from tests.queries.calls import every_call
from tests.queries.database import START, Database, told, workspace
from tests.queries.tables import PARAMETERS
from tests.queries.truth import gateway_row, llm_rows

CALLS = every_call()
LIMITED = [name for name in names() if has(name, "api") and name != "reconcile"]
"""All but the one that holds what the account counted, of whatever API, against the log."""
API = "MIYAGI-API"


@pytest.fixture(scope="module")
def alone() -> Database:
    return workspace(CALLS, seed=5)


@pytest.fixture(scope="module")
def shared() -> Database:
    """The same rows, and between them those of another API."""
    database, time = workspace(CALLS, seed=5), START + timedelta(minutes=1)
    theirs = [call for call in CALLS if call.in_gateway_log]
    for call in theirs:
        row = gateway_row(call, time) | {"CorrelationId": f"x-{call.id}", "ApiId": "theirs"}
        database.add("ApiManagementGatewayLogs", **row)
        rows = (row | {"CorrelationId": f"x-{call.id}"} for row in llm_rows(call, time))
        database.add_all("ApiManagementGatewayLlmLog", rows)
    return database


def asked(name: str, database: Database, **given: Value) -> list[str]:
    values = {key: value for key, value in PARAMETERS.items() if has(name, key)}
    text = re.sub(r"\| take \d+\s*$", "", render(name, **values, **given))
    return told(database.ask(text))


@pytest.mark.parametrize("name", LIMITED)
def test_rows_of_another_api_change_nothing(name: str, alone: Database, shared: Database) -> None:
    assert asked(name, shared, api=API) == asked(name, alone, api=API) != []
    assert asked(name, shared) != asked(name, alone)


@pytest.mark.parametrize("name", LIMITED)
def test_no_row_of_ones_own_is_lost(name: str, alone: Database) -> None:
    """Not even that of a call which the gateway log lacks, and with it the API."""
    assert asked(name, alone, api=API) == asked(name, alone)


def test_every_query_of_calls_takes_an_api() -> None:
    of_other_logs = {"bypass", "llm-calls", "silence", "reconcile"}
    reading = {name for name in names() if "ApiManagementGateway" in load(name)}

    assert reading - of_other_logs == set(LIMITED)
    assert has("reconcile", "api")
