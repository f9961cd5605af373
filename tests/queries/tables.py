"""What the queries read: columns of tables, and parameters without which some tell nothing."""

from __future__ import annotations

from queries.library import Value

PARAMETERS: dict[str, Value] = {
    "minimumCalls": 1,
    "prices": {"gpt": {"input": 2.0, "output": 10.0}},
    "provisioned": ["reserved"],
    "budgets": {"aoai-a": {"tokens": 1_000_000, "cost": 50}},
    "capacities": {"chat": 10, "emb": 10},
    "retirements": {"chat": {"model": "gpt", "retires": "2099-02-14"}},
    "names": {"oai-first.openai.azure.com": "first", "s/g/oai-first": "first"},
    "limits": {"first/chat": 10},
    "unread": 1,
}
COLUMNS: dict[str, dict[str, str]] = {
    # https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewaylogs
    "ApiManagementGatewayLogs": {
        "TimeGenerated": "datetime",
        "CorrelationId": "string",
        "ApiId": "string",
        "OperationId": "string",
        "ApimSubscriptionId": "string",
        "CallerIpAddress": "string",
        "Method": "string",
        "Url": "string",
        "ResponseCode": "int",
        "BackendResponseCode": "int",
        "RequestSize": "int",
        "ResponseSize": "int",
        "RequestBody": "string",
        "BackendRequestBody": "string",
        "BackendResponseBody": "string",
        "ResponseBody": "string",
        "ResponseHeaders": "dynamic",
        "TraceRecords": "dynamic",
        "LastErrorReason": "string",
        "LastErrorMessage": "string",
        "LastErrorSource": "string",
        "BackendUrl": "string",
        "TotalTime": "long",
        "BackendTime": "long",
        "ClientTime": "long",
        "_ResourceId": "string",
    },
    # https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog
    "ApiManagementGatewayLlmLog": {
        "TimeGenerated": "datetime",
        "CorrelationId": "string",
        "SequenceNumber": "int",
        "RequestId": "string",
        "DeploymentName": "string",
        "ModelName": "string",
        "IsStreamCompletion": "bool",
        "PromptTokens": "int",
        "CompletionTokens": "int",
        "TotalTokens": "int",
        "RequestMessages": "dynamic",
        "ResponseMessages": "dynamic",
        "_ResourceId": "string",
    },
    # https://learn.microsoft.com/azure/azure-monitor/reference/tables/azurediagnostics
    "AzureDiagnostics": {
        "TimeGenerated": "datetime",
        "CorrelationId": "string",
        "ResourceProvider": "string",
        "Category": "string",
        "OperationName": "string",
        "ResultSignature": "string",
        "DurationMs": "long",
        "CallerIPAddress": "string",
        "properties_s": "string",
        "_ResourceId": "string",
    },
    # https://learn.microsoft.com/azure/azure-monitor/reference/tables/azuremetrics
    "AzureMetrics": {
        "TimeGenerated": "datetime",
        "MetricName": "string",
        "Total": "real",
        "Count": "real",
        "Maximum": "real",
        "_ResourceId": "string",
    },
}
"""Name and KQL type of each column.

https://learn.microsoft.com/azure/azure-monitor/reference/tables-index
"""
