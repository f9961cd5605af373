"""Queries of several accounts: the rows of each count, and those of strangers do not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from queries import library
from queries.library import Expression, among, render
from tests.queries.calls import every_call
from tests.queries.database import ACCOUNT, HOUR, START, Database, gateway, request, told
from tests.queries.tables import PARAMETERS
from tests.queries.test_reconcile import LOST_HOUR
from tests.queries.truth import gateway_row, llm_rows

SECOND, STRANGE = f"{ACCOUNT}-2", f"{ACCOUNT}-of-others"
BOTH = (ACCOUNT, SECOND)
BY_BACKEND = [name for name in library.names() if library.has(name, "backend", several=True)]
CALLS = [call for call in every_call() if call.in_gateway_log]
HOSTS = ("one.openai.azure.com", "two.openai.azure.com")
OF_ACCOUNTS = [name for name in library.names() if library.has(name, "account")]


def failing_over(calls: int, seen: int) -> Database:
    """An hour in which the first account throttles each call, and the second answers `seen`."""
    database, counts = Database(), Counter[tuple[Any, str]]()
    for number in range(calls):
        start = LOST_HOUR + timedelta(minutes=5, seconds=number)
        minute = start.replace(second=0, microsecond=0)
        for account, status in ((ACCOUNT, "429"), (SECOND, "200")):
            row: dict[str, Any] = {
                "ResultSignature": status,
                "_ResourceId": account,
                "TimeGenerated": start,
            }
            request(database, f"{account}-{number}", DurationMs=300, **row)
            counts[minute, account] += 1
        if number < seen:
            url = "https://second.openai.azure.com/openai/deployments/chat/chat/completions"
            told = {"x-gateway-accounting": "{model:gpt,usage:{total_tokens:10}}"}
            gateway(
                database,
                str(number),
                Url=url,
                BackendUrl=url,
                BackendResponseCode=200,
                TotalTime=600,
                ResponseHeaders=told,
                TimeGenerated=start,
            )
    for (minute, account), count in counts.items():
        row = {"MetricName": "AzureOpenAIRequests", "Total": float(count), "_ResourceId": account}
        database.add("AzureMetrics", TimeGenerated=minute, **row)
    return database


def missing(database: Database) -> dict[tuple[str, str], int]:
    own: dict[str, Any] = {"gateway": "/gateway", "identity": "gateway-id", "api": "miyagi-api"}
    since = HOUR - timedelta(hours=6)
    rows = database.ask(render("reconcile", since=since, account=BOTH, **own))
    return {(row["Log"], row["Deployment"]): row["Missing"] for row in rows}


def test_an_attempt_that_one_account_refuses_is_no_lost_call() -> None:
    found = missing(failing_over(100, seen=100))
    assert found[("ApiManagementGatewayLogs", "")] == 0
    assert found[("ApiManagementGatewayLogs", "chat")] == 0
    assert found[("AzureDiagnostics", "")] == 0


def test_calls_that_the_gateways_log_lacks_are_still_told() -> None:
    found = missing(failing_over(100, seen=80))
    assert found[("ApiManagementGatewayLogs", "")] == 20
    assert found[("ApiManagementGatewayLogs", "chat")] == 20


def refused_for_good(database: Database, calls: int, accounts: tuple[str, ...], name: str) -> None:
    """Calls that each account refuses, with the row of each call in the gateway's log."""
    counts = Counter[tuple[Any, str]]()
    for number in range(calls):
        start = LOST_HOUR + timedelta(minutes=20, seconds=number)
        for account in accounts:
            row: dict[str, Any] = {
                "ResultSignature": "429",
                "_ResourceId": account,
                "TimeGenerated": start,
                "deployment": name,
            }
            request(database, f"{name}-{account}-{number}", DurationMs=300, **row)
            counts[start.replace(second=0, microsecond=0), account] += 1
        url = f"https://second.openai.azure.com/openai/deployments/{name}/chat/completions"
        codes = {"ResponseCode": 429, "BackendResponseCode": 429, "TotalTime": 600}
        whole: dict[str, Any] = {"Url": url, "BackendUrl": url, **codes}
        gateway(database, f"{name}-refused-{number}", TimeGenerated=start, **whole)
    for (minute, account), count in counts.items():
        row = {"MetricName": "AzureOpenAIRequests", "Total": float(count), "_ResourceId": account}
        database.add("AzureMetrics", TimeGenerated=minute, **row)


def test_a_call_that_every_account_refuses_excuses_no_other() -> None:
    """It has a row of its own: of two attempts one alone is excused."""
    database = failing_over(100, seen=50)
    refused_for_good(database, 50, BOTH, "chat")
    found = missing(database)
    assert found[("ApiManagementGatewayLogs", "")] == 50
    assert found[("ApiManagementGatewayLogs", "chat")] == 50


def test_a_refusal_by_the_only_account_of_a_deployment_excuses_no_call() -> None:
    database = failing_over(100, seen=50)
    refused_for_good(database, 50, (ACCOUNT,), "alone")
    found = missing(database)
    assert found[("ApiManagementGatewayLogs", "")] == 50
    assert found[("ApiManagementGatewayLogs", "chat")] == 50
    assert found[("ApiManagementGatewayLogs", "alone")] == 0


def test_rows_of_each_account_and_of_no_other_are_read() -> None:
    database = Database()
    for account in (*BOTH, STRANGE):
        request(database, account, TimeGenerated=HOUR, _ResourceId=account)
    rows = database.ask(render("account-calls", since=HOUR - timedelta(hours=1), account=BOTH))
    assert {row["CorrelationId"] for row in rows} == set(BOTH)


@pytest.mark.parametrize("name", OF_ACCOUNTS)
def test_a_query_of_several_accounts_compares_with_each(name: str) -> None:
    for value in (BOTH, list(BOTH), Expression("toscalar(f | project account)", many=True)):
        text = render(name, account=value)
        assert "=~ account" not in text
        assert "(gateway, account)" not in text
        assert "isempty(account)" not in text
        assert "_ResourceId in~ (account)" in text
        assert "several accounts:" not in text


@pytest.mark.parametrize("name", OF_ACCOUNTS)
def test_a_query_of_one_account_is_the_file(name: str) -> None:
    assert "several accounts:" not in library.load(name)
    assert "in~ (account)" not in render(name, account=ACCOUNT)


def test_ids_of_several_are_cut_in_two_each() -> None:
    ids = ("/subscriptions/1/a", "/subscriptions/2/b")
    assert "/subscriptions/" not in render("account-calls", account=ids)
    assert "/subscriptions/" not in among(ids)
    assert among("x") == '_ResourceId =~ "x"'


def side_by_side(calls: int) -> dict[str, dict[str, Any]]:
    """An hour in which the first account refuses each call, as the stack asks for it."""
    database = failing_over(calls, seen=calls)
    request(database, "around", "somebody", _ResourceId=ACCOUNT, TimeGenerated=LOST_HOUR)
    request(database, "theirs", _ResourceId=STRANGE, TimeGenerated=LOST_HOUR)
    names = {"second.openai.azure.com": "swc", "//account-2": "swc", "//account": "weu"}
    text = render(
        "accounts",
        since=HOUR - timedelta(hours=6),
        gateway="/gateway",
        api="miyagi-api",
        account=BOTH,
        identity="gateway-id",
        names=names,
        limits={"swc/chat": 1},
    )
    return {row["Account"]: row for row in database.ask(text)}


def test_accounts_side_by_side_tell_who_answered_and_who_refused() -> None:
    found = side_by_side(90)
    assert set(found) == {"weu", "swc"}
    first, second = found["weu"], found["swc"]
    assert (first["Calls"], first["Logged"], first["Refused"], first["Around"]) == (0, 91, 90, 1)
    assert (second["Calls"], second["Logged"], second["Refused"]) == (90, 90, 0)
    assert (second["SharePercent"], second["P50"], second["P95"]) == (100, 600, 600)
    assert second["PeakTokensPerMinute"] == 600, "60 calls of ten tokens"
    assert (second["LimitTokensPerMinute"], second["Percent"]) == (1000, 60)
    assert first["LimitTokensPerMinute"] is None


def test_an_account_without_a_short_name_has_that_of_azure() -> None:
    database = Database()
    request(database, "a", _ResourceId="/subscriptions/S/resourceGroups/G/x/accounts/OAI-one")
    url = "https://oai-one.openai.azure.com/openai/deployments/chat/chat/completions"
    gateway(database, "b", Url=url, BackendUrl=url)
    [row] = database.ask(render("accounts"))
    assert (row["Account"], row["Calls"], row["Logged"]) == ("oai-one", 1, 1)


def answered_by(*hosts: str) -> Database:
    """Calls that two accounts answered in turn, of which the rows of some accounts are there."""
    database, time = Database(), START + timedelta(minutes=1)
    for number, call in enumerate(CALLS):
        host = HOSTS[number % 2]
        if host in hosts:
            row = gateway_row(call, time) | {"BackendUrl": f"https://{host}/openai/x"}
            database.add("ApiManagementGatewayLogs", **row)
            database.add_all("ApiManagementGatewayLlmLog", llm_rows(call, time))
    return database


@pytest.fixture(scope="module")
def by_hosts() -> dict[tuple[str, ...], Database]:
    return {hosts: answered_by(*hosts) for hosts in (HOSTS, HOSTS[:1], HOSTS[1:])}


@pytest.mark.parametrize("name", [name for name in BY_BACKEND if name != "reconcile"])
def test_a_query_counts_the_calls_of_one_account_or_of_all(
    name: str, by_hosts: dict[tuple[str, ...], Database]
) -> None:
    given = {key: value for key, value in PARAMETERS.items() if library.has(name, key)}

    def rows(*hosts: str, backend: str = "") -> list[str]:
        text = render(name, lines=[library.SEVERAL_ACCOUNTS], backend=backend, **given)
        return told(by_hosts[hosts].ask(text))

    for host in HOSTS:
        assert rows(*HOSTS, backend=host.upper()) == rows(host)
    # A conversation is of one call, so that of the newest is one account's.
    is_of_one = rows(*HOSTS) in (rows(HOSTS[0]), rows(HOSTS[1]))
    assert is_of_one is (name == "conversation")


def test_what_one_account_refused_is_no_lost_call_of_it_alone() -> None:
    database, own = failing_over(100, seen=80), {"gateway": "/gateway", "api": "miyagi-api"}
    found = dict[str, int]()
    for account, host in ((ACCOUNT, "first"), (SECOND, "second")):
        text = render(
            "reconcile",
            since=HOUR - timedelta(hours=6),
            account=(account,),
            backend=f"{host}.openai.azure.com",
            identity="gateway-id",
            **own,
        )
        rows = database.ask(text)
        found[host] = sum(
            row["Missing"]
            for row in rows
            if (row["Log"], row["Deployment"]) == ("ApiManagementGatewayLogs", "")
        )
    assert found == {"first": 0, "second": 20}
