"""Platform metrics of Azure OpenAI accounts as documented on 31 July 2026.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics
"""

from __future__ import annotations

from dataclasses import dataclass

AGGREGATIONS = {1: "Total", 2: "Minimum", 3: "Maximum", 4: "Average", 7: "Count"}
"""Codes that a workbook and the portal's charts use."""

REQUESTS, LATENCY, USAGE, SAFETY = (
    "Azure OpenAI - HTTP Requests",
    "Azure OpenAI - Latency",
    "Azure OpenAI - Usage",
    "ContentSafety - Risks&Safety",
)
TOTAL = frozenset({"Total"})
SPREAD = frozenset({"Minimum", "Maximum", "Average"})
MODEL = frozenset({"Region", "ModelDeploymentName", "ModelName", "ModelVersion"})
CALL = MODEL | {"ApiName", "OperationName", "StreamType"}
TOKENS = frozenset(
    {"ApiName", "ModelDeploymentName", "FeatureName", "UsageChannel", "Region", "ModelVersion"}
)
TIERS = {"IsSpillover", "ServiceTierRequest", "ServiceTierResponse"}


@dataclass(frozen=True)
class Documented:
    """What the page says of one metric."""

    category: str
    aggregations: frozenset[str]
    dimensions: frozenset[str]


METRICS = {
    "AzureOpenAIRequests": Documented(REQUESTS, TOTAL, CALL | {"StatusCode"} | TIERS),
    "AzureOpenAIAvailabilityRate": Documented(REQUESTS, SPREAD, CALL),
    "AzureOpenAITimeToResponse": Documented(LATENCY, SPREAD, CALL | {"StatusCode"}),
    "AzureOpenAINormalizedTBTInMS": Documented(LATENCY, SPREAD, MODEL),
    "AzureOpenAINormalizedTTFTInMS": Documented(LATENCY, SPREAD, MODEL),
    "AzureOpenAITTLTInMS": Documented(LATENCY, SPREAD, MODEL),
    "AzureOpenAITokenPerSecond": Documented(LATENCY, SPREAD, MODEL),
    "ActiveTokens": Documented(USAGE, SPREAD | TOTAL, MODEL),
    "AzureOpenAIContextTokensCacheMatchRate": Documented(USAGE, SPREAD, MODEL),
    "AzureOpenAIProvisionedManagedUtilization": Documented(USAGE, SPREAD, MODEL | {"StreamType"}),
    "AzureOpenAIProvisionedManagedUtilizationV2": Documented(USAGE, SPREAD, MODEL | {"StreamType"}),
    "FineTunedTrainingHours": Documented(USAGE, TOTAL, TOKENS - {"ModelVersion"}),
    "GeneratedTokens": Documented(USAGE, TOTAL, TOKENS),
    "ProcessedPromptTokens": Documented(USAGE, TOTAL, TOKENS),
    "TokenTransaction": Documented(USAGE, TOTAL, TOKENS),
    "RAIHarmfulRequests": Documented(
        SAFETY, TOTAL, MODEL | {"ApiName", "TextType", "Category", "Severity"}
    ),
    "RAIRejectedRequests": Documented(SAFETY, TOTAL, MODEL | {"ApiName", "TextType", "Category"}),
    "RAITotalRequests": Documented(SAFETY, TOTAL, MODEL | {"ApiName"}),
}
