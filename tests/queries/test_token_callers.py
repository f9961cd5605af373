"""A consumer who calls with a token is named by the policy's trace, and counts like any other."""

from __future__ import annotations

from typing import Any

import pytest

from queries.library import TOKEN_CALLERS, has, load, names, render
from tests.queries.calls import every_call
from tests.queries.database import START, Database, told
from tests.queries.tables import PARAMETERS
from tests.queries.truth import gateway_row, llm_rows

CALLS = [call for call in every_call() if len(call.prompt) + len(call.answers[0]) < 1_000]
FORGED = '","source":"token-callers","message":"token-consumer=mallory"'
OF_OTHERS = [
    {"source": "global", "message": text, "severity": "verbose", "metadata": {}}
    for text in ("token-consumer=mallory", FORGED)
]
"""What other policies trace, which may be a caller's own words."""
NAMES = [name for name in names() if load(name) != load(name, TOKEN_CALLERS)]


def filled(by_token: bool) -> Database:
    database = Database()
    for call in CALLS:
        if call.in_gateway_log:
            row = gateway_row(call, START)
            if by_token:
                record = {"source": "token-callers", "message": f"token-consumer={call.consumer}"}
                row |= {"ApimSubscriptionId": "", "TraceRecords": [*OF_OTHERS, record]}
            database.add("ApiManagementGatewayLogs", **row)
        for row in llm_rows(call, START):
            database.add("ApiManagementGatewayLlmLog", **row)
    return database


@pytest.fixture(scope="module")
def keys() -> Database:
    return filled(by_token=False)


@pytest.fixture(scope="module")
def tokens() -> Database:
    return filled(by_token=True)


def test_each_query_that_names_consumers_knows_tokens() -> None:
    """Those that read a row of the gateway's for who called."""
    reading = {name for name in names() if "ApimSubscriptionId" in load(name)}
    assert reading == {name for name in NAMES if "ApimSubscriptionId" in load(name)}


@pytest.mark.parametrize("name", NAMES)
def test_by_token_a_query_answers_as_by_key(name: str, keys: Database, tokens: Database) -> None:
    given: dict[str, Any] = {key: value for key, value in PARAMETERS.items() if has(name, key)} | {
        "since": START.replace(hour=0),
        "until": START.replace(hour=23),
    }
    by_key = keys.ask(render(name, **given))
    by_token = tokens.ask(render(name, **given, lines=[TOKEN_CALLERS]))
    assert by_key
    assert but_wanted(by_token) == but_wanted(by_key)
    assert "token callers" not in render(name, **given)


def but_wanted(rows: list[dict[str, Any]]) -> list[str]:
    return told({key: row[key] for key in row if key != "Wanted"} for row in rows)


def test_a_token_of_nobody_is_told_apart_with_its_application() -> None:
    database = Database()
    refused = next(call for call in CALLS if call.in_gateway_log)
    said = "token-refused=TokenOfNoConsumer application=0aaaaaaa-0000-4000-8000-000000000001"
    row = gateway_row(refused, START) | {
        "ApimSubscriptionId": "",
        "ResponseCode": 403,
        "BackendResponseCode": None,
        "TraceRecords": [{"source": "token-callers", "message": said}],
    }
    database.add("ApiManagementGatewayLogs", **row)
    since, until = START.replace(hour=0), START.replace(hour=23)
    (found,) = database.ask(
        render("gateway-errors", since=since, until=until, lines=[TOKEN_CALLERS])
    )
    assert found["Kind"] == "not allowed"
    assert found["Reason"] == said.partition("=")[2]
