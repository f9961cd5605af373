"""Diagnostic settings decide what arrives, in which table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsQueryPartialResult

from sandbox.cloud import SUBSCRIPTION_ID
from tests.sandbox.logs.conftest import ACCOUNT, ALL, CUSTOMER, GATEWAY, METRICS, WORKSPACE, World

ROW = {
    "CorrelationId": "c1",
    "ResponseCode": 200,
    "TotalTime": 12,
    "IsRequestSuccess": True,
    "CallerIpAddress": "10.0.0.1",
    "RequestHeaders": {"Accept": "*/*"},
}


def test_dedicated_rows_come_whole_with_the_standard_columns(world: World) -> None:
    world.setting(GATEWAY, logAnalyticsDestinationType="Dedicated", **ALL)
    world.telemetry.emit(GATEWAY, "GatewayLogs", ROW)
    (row,) = world.ask("ApiManagementGatewayLogs")
    assert json.loads(row["RequestHeaders"]) == ROW["RequestHeaders"]
    assert row | {"RequestHeaders": ROW["RequestHeaders"]} == row | ROW
    assert row["_ResourceId"] == GATEWAY.lower()
    assert row["TenantId"] == CUSTOMER
    assert row["_SubscriptionId"] == SUBSCRIPTION_ID
    assert row["Type"] == "ApiManagementGatewayLogs"
    assert row["TimeGenerated"].utcoffset().total_seconds() == 0
    assert row["BackendResponseBody"] == ""  # a string is never null


def test_without_dedicated_the_gateway_writes_azure_diagnostics(world: World) -> None:
    world.setting(GATEWAY, **ALL)
    world.telemetry.emit(GATEWAY, "GatewayLogs", ROW)
    (row,) = world.ask("AzureDiagnostics")
    assert (row["responseCode_d"], row["isRequestSuccess_b"], row["DurationMs"]) == (
        200.0,
        True,
        12,
    )
    assert (row["CallerIPAddress"], row["CorrelationId"]) == ("10.0.0.1", "c1")
    assert (row["Category"], row["ResourceProvider"]) == ("GatewayLogs", "MICROSOFT.APIMANAGEMENT")
    assert (row["Resource"], row["ResourceGroup"]) == ("APIM-TEST", "RG-TEST")
    with pytest.raises(HttpResponseError, match="ApiManagementGatewayLogs"):
        world.ask("ApiManagementGatewayLogs | take 1")


def test_an_accounts_rows_are_azure_diagnostics_whatever_the_type(world: World) -> None:
    world.setting(ACCOUNT, logAnalyticsDestinationType="Dedicated", **ALL)
    row = {"OperationName": "ChatCompletions_Create", "properties_s": '{"modelName": "m"}'}
    world.telemetry.emit(ACCOUNT, "RequestResponse", row)
    query = (
        "AzureDiagnostics | project OperationName, m = tostring(parse_json(properties_s).modelName)"
    )
    assert world.ask(query) == [{"OperationName": "ChatCompletions_Create", "m": "m"}]


@pytest.mark.parametrize(
    "setting",
    [
        {"logs": [{"category": "GatewayLogs", "enabled": False}]},
        {"logs": [{"category": "GatewayLogs", "enabled": True}]},
        {"logs": [{"categoryGroup": "audit", "enabled": True}]},
        {"logs": [{"categoryGroup": "allLogs", "enabled": False}]},
        METRICS,
        {**ALL, "workspaceId": f"{WORKSPACE}-gone"},
    ],
)
def test_a_category_that_no_setting_sends_arrives_nowhere(
    world: World, setting: dict[str, Any]
) -> None:
    world.setting(GATEWAY, logAnalyticsDestinationType="Dedicated", **setting)
    world.telemetry.emit(GATEWAY, "GatewayLlmLogs", {"CorrelationId": "c1"})
    world.telemetry.metric(ACCOUNT, "TokenTransaction", 1)
    answer = world.answer("union isfuzzy=true ApiManagementGatewayLlmLog, (print x=1) | count")
    assert isinstance(answer, LogsQueryPartialResult)
    assert [list(row) for row in answer.partial_data[0].rows] == [[1]]


def test_a_category_named_by_itself_arrives(world: World) -> None:
    one = {"category": "GatewayLlmLogs", "enabled": True}
    world.setting(GATEWAY, logAnalyticsDestinationType="Dedicated", logs=[one])
    world.telemetry.emit(GATEWAY, "GatewayLlmLogs", {"SequenceNumber": 0, "TotalTokens": 7})
    assert world.ask("ApiManagementGatewayLlmLog | summarize sum(TotalTokens)") == [
        {"sum_TotalTokens": 7}
    ]


def test_metrics_are_one_row_a_minute_without_dimensions(world: World) -> None:
    world.setting(ACCOUNT, **METRICS)
    for value in (5, 15):
        world.telemetry.metric(ACCOUNT, "TokenTransaction", value, {"ModelName": "m"})
    world.telemetry.metric(ACCOUNT, "AzureOpenAIAvailabilityRate", 100)  # not exported
    rows = world.ask("AzureMetrics | order by TimeGenerated asc")
    assert {row["MetricName"] for row in rows} == {"TokenTransaction"}
    assert sum(row["Total"] for row in rows) == 20
    assert sum(row["Count"] for row in rows) == 2
    assert all(row["TimeGenerated"].second == 0 for row in rows)
    assert (rows[0]["ResourceId"], rows[0]["TimeGrain"]) == (ACCOUNT.upper(), "PT1M")


def test_a_column_that_the_table_lacks_is_a_bug_of_the_caller(world: World) -> None:
    with pytest.raises(ValueError, match="ApiManagementGatewayLogs has no column 'ErrorMessage'"):
        world.telemetry.emit(GATEWAY, "GatewayLogs", {"ErrorMessage": "x"})
