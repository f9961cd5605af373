"""The query endpoint as the real client sees it: types, KQL, and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsQueryPartialResult

from queries.partial import is_whole
from sandbox.http import Headers, Request
from tests.sandbox.logs.conftest import ACCOUNT, ALL, CUSTOMER, GATEWAY, World
from tests.sandbox.seen import reply


@pytest.fixture
def logged(world: World) -> World:
    """One chat completion as the gateway logs it: gateway row, header, prompt, cut answer."""
    world.setting(GATEWAY, logAnalyticsDestinationType="Dedicated", **ALL)
    body = {"id": "chatcmpl-1", "usage": {"prompt_tokens": 7}}
    gateway = {"ResponseCode": 200, "BackendResponseBody": json.dumps(body), "ApiId": "api"}
    world.telemetry.emit(GATEWAY, "GatewayLogs", {"CorrelationId": "c1", **gateway})
    world.setting(ACCOUNT, **ALL)
    world.telemetry.emit(ACCOUNT, "RequestResponse", {"CallerIPAddress": "10.0.0.***"})
    rows: list[dict[str, Any]] = [
        {"ModelName": "m", "PromptTokens": 7, "TotalTokens": 20, "IsStreamCompletion": False},
        {"RequestMessages": [{"role": "user", "content": "hello mark-1"}]},
        {"ResponseMessages": '[{"role": "assistant", "content": "cut'},
        {"ResponseMessages": ' here"}]'},
    ]
    for number, row in enumerate(rows):
        part = {"CorrelationId": "c1", "SequenceNumber": number, **row}
        world.telemetry.emit(GATEWAY, "GatewayLlmLogs", part)
    return world


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (
            (
                "ApiManagementGatewayLogs | where ResponseCode == 200 and TimeGenerated > ago(1h)"
                " | extend b = parse_json(BackendResponseBody)"
                " | project id = tostring(b.id), n = toint(b.usage.prompt_tokens)"
            ),
            [{"id": "chatcmpl-1", "n": 7}],
        ),
        (
            (
                "ApiManagementGatewayLlmLog | where isnotempty(ModelName)"
                " | join kind=leftouter ApiManagementGatewayLogs on CorrelationId"
                " | summarize t = sum(TotalTokens) by ApiId, ModelName"
            ),
            [{"ApiId": "api", "ModelName": "m", "t": 20}],
        ),
        (
            (
                "ApiManagementGatewayLlmLog | mv-expand RequestMessages"
                " | project c = tostring(RequestMessages.content) | where c has 'mark-1'"
            ),
            [{"c": "hello mark-1"}],
        ),
        (
            (
                "ApiManagementGatewayLlmLog | where SequenceNumber > 1 | sort by SequenceNumber asc"
                " | summarize parts = make_list(tostring(ResponseMessages)) by CorrelationId"
                " | project whole = strcat_array(parts, '')"
            ),
            [{"whole": '[{"role": "assistant", "content": "cut here"}]'}],
        ),
        (
            (
                "let g = ApiManagementGatewayLogs | project CorrelationId;"
                " ApiManagementGatewayLlmLog | where CorrelationId in (g) | count"
            ),
            [{"Count": 4}],
        ),
        (
            "ApiManagementGatewayLogs | summarize l = make_list(bag_pack('c', CorrelationId))",
            [{"l": '[{"c": "c1"}]'}],
        ),
        (
            (
                "let rates = datatable(modelName:string, rate:real)['m', 0.5];"
                " ApiManagementGatewayLlmLog | project-rename deployed = ModelName"
                " | join kind=inner rates on $left.deployed == $right.modelName"
                " | summarize cost = sum(TotalTokens * rate) by modelName"
            ),
            [{"modelName": "m", "cost": 10.0}],
        ),
        (
            (
                'search "mark" and "*ello mark-1*" | where $table != "LAQueryLogs"'
                " | summarize Rows = count() by Table = $table"
            ),
            [{"Table": "ApiManagementGatewayLlmLog", "Rows": 1}],
        ),
        ('search "ello" | project $table', []),
        (
            (
                "search * | summarize First = min(TimeGenerated), Rows = count() by $table"
                ' | where $table == "ApiManagementGatewayLlmLog" | project $table, Rows'
            ),
            [{"$table": "ApiManagementGatewayLlmLog", "Rows": 4}],
        ),
    ],
)
def test_kql(logged: World, query: str, answer: list[dict[str, Any]]) -> None:
    assert logged.ask(query) == answer


def test_columns_carry_kusto_types_and_wire_forms(logged: World) -> None:
    query = (
        "print s='a', i=toint(1), l=1, r=1.5, b=true, t=datetime(2026-01-02), d=dynamic({'a':1}),"
        " g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642)"
    )
    body = json.loads(post(logged, query).body)["tables"][0]
    assert body["name"] == "PrimaryResult"
    types = [column["type"] for column in body["columns"]]
    assert types == ["string", "int", "long", "real", "bool", "datetime", "dynamic", "guid"]
    wire = ["a", 1, 1, 1.5, True, "2026-01-02T00:00:00Z", '{"a":1}']
    assert body["rows"][0] == [*wire, "74be27de-1e4e-49d9-b579-fe0b331d3642"]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("apimanagementgatewaylogs", "SEM0100", "'apimanagementgatewaylogs'"),
        ("ApiManagementGatewayLlmLogs | take 1", "SEM0100", "'take' operator: Failed to resolve"),
        ("ApiManagementGatewayLogs | where ErrorMessage has 'x'", "SEM0100", "'ErrorMessage'"),
        ("ApiManagementGatewayLogs | project responsecode", "SEM0100", "'responsecode'"),
        ("ApiManagementGatewayLogs | project CallerIPAddress", "SEM0100", "'CallerIPAddress'"),
        (
            "ApiManagementGatewayLogs | join kind=inner AzureDiagnostics on correlationid",
            "SEM0100",
            "",
        ),
        ("ApiManagementGatewayLogs | where ==", "SYN0002", "parse"),
        (".show tables", "SYN0002", ""),
    ],
)
def test_what_kusto_refuses(logged: World, query: str, code: str, message: str) -> None:
    answer = post(logged, query)
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (400, "BadArgumentError")
    innermost = error["innererror"]["innererror"]
    assert innermost["code"] == code
    assert message in innermost["message"]


@pytest.mark.parametrize(
    "query",
    [
        "ApiManagementGatewayLogs | make-series n=count() on TimeGenerated step 1h",
        "ApiManagementGatewayLogs | evaluate bag_unpack(RequestHeaders)",
        "search in (ApiManagementGatewayLogs) 'mark'",
        'search "mark*"',
        "ApiManagementGatewayLogs | extend i = ingestion_time()",
        "ApiManagementGatewayLogs | where ResponseCode == 'abc'",
        "ApiManagementGatewayLogs | project lag = now() - TimeGenerated",
        "set query_now = datetime(2020-01-01); ApiManagementGatewayLogs | where now() > ago(1h)",
        "cluster('other').database('memory').ApiManagementGatewayLogs",
        "database('memory').ApiManagementGatewayLogs",
        "ApiManagementGatewayLogs | union cluster('c').database('memory').AzureMetrics",
    ],
)
def test_kql_that_is_not_modelled_says_so(logged: World, query: str) -> None:
    with pytest.raises(HttpResponseError, match="The sandbox does not model this") as caught:
        logged.ask(query)
    assert caught.value.status_code == 400


def test_who_may_read(logged: World) -> None:
    logged.caller = "someone-else"
    with pytest.raises(HttpResponseError, match="InsufficientAccessError") as caught:
        logged.ask("print 1")
    assert caught.value.status_code == 403
    logged.audience = "https://management.azure.com"
    with pytest.raises(HttpResponseError, match="InvalidAuthenticationTokenAudience"):
        logged.ask("print 1")
    assert post(logged, "print 1", token="").status == 401
    assert post(logged, "print 1", token="Bearer nonsense").status == 403


def test_an_unknown_workspace_path_or_timespan(logged: World) -> None:
    with pytest.raises(HttpResponseError, match="WorkspaceNotFoundError") as caught:
        logged.ask("print 1", workspace="00000000-0000-4000-8000-000000000000")
    assert caught.value.status_code == 404
    assert post(logged, "print 1", path="/v1/workspaces").status == 404
    assert post(logged, "print 1", timespan="yesterday").status == 400


def test_a_query_may_come_by_get(logged: World) -> None:
    url = f"https://api.loganalytics.io/v1/workspaces/{CUSTOMER}/query?query=print+x%3D1"
    bearer = Headers([("Authorization", f"Bearer {logged.get_token().token}")])
    answer = logged.endpoint(Request.to("GET", url, bearer, b""))
    assert reply(answer)["tables"][0]["rows"] == [[1]]


def post(
    world: World, query: str, token: str | None = None, path: str = "", timespan: str | None = None
) -> Any:
    """The endpoint's own answer to a POST of the client's shape."""
    bearer = f"Bearer {world.get_token().token}" if token is None else token
    body = json.dumps({"query": query, "timespan": timespan}).encode()
    url = f"https://api.loganalytics.io{path or f'/v1/workspaces/{CUSTOMER}/query'}"
    return world.endpoint(Request.to("POST", url, Headers([("Authorization", bearer)]), body))


def test_a_fuzzy_union_does_without_a_table_and_says_so(logged: World) -> None:
    """What the check and the report make of it is whole; of a table that is needed, an error."""
    query = "let all = union isfuzzy=true (print A = 1), ApiManagementGatewayMCPLog;\nall | count"
    answer = logged.answer(query)

    assert isinstance(answer, LogsQueryPartialResult)
    assert answer.partial_error
    details = answer.partial_error.details
    assert details
    (detail,) = details
    assert detail["innererror"]["severityName"] == "Warning"
    assert "table or column expression named 'ApiManagementGatewayMCPLog'" in str(detail)
    assert is_whole(details, query)
    assert not is_whole(details, query.replace("isfuzzy=true", ""))
    with pytest.raises(HttpResponseError, match="Failed to resolve table"):
        logged.answer(query.replace("isfuzzy=true", ""))
