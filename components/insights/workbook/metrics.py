"""Platform metrics of an Azure OpenAI account, and the portal's category of each.

A workbook names a metric by namespace, category and name. Of a category with a hyphen between its
words, the portal drops the hyphen and keeps the spaces on both sides.
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics
https://github.com/dolevshor/Azure-OpenAI-Insights
"""

from __future__ import annotations

NAMESPACE = "microsoft.cognitiveservices/accounts"

REQUESTS = "Azure OpenAI - HTTP Requests"
LATENCY = "Azure OpenAI - Latency"
USAGE = "Azure OpenAI - Usage"
SAFETY = "ContentSafety - Risks&Safety"

CATEGORIES = {
    "AzureOpenAIRequests": REQUESTS,
    "AzureOpenAIAvailabilityRate": REQUESTS,
    "AzureOpenAITimeToResponse": LATENCY,
    "AzureOpenAINormalizedTBTInMS": LATENCY,
    "AzureOpenAITTLTInMS": LATENCY,
    "ActiveTokens": USAGE,
    "AzureOpenAIContextTokensCacheMatchRate": USAGE,
    "AzureOpenAIProvisionedManagedUtilization": USAGE,
    "AzureOpenAIProvisionedManagedUtilizationV2": USAGE,
    "FineTunedTrainingHours": USAGE,
    "GeneratedTokens": USAGE,
    "ProcessedPromptTokens": USAGE,
    "TokenTransaction": USAGE,
    "RAIHarmfulRequests": SAFETY,
    "RAIRejectedRequests": SAFETY,
    "RAITotalRequests": SAFETY,
}
"""Category by metric, as of 31 July 2026."""


def workbook_id(metric: str) -> str:
    """Return the name that a workbook uses for the metric."""
    return f"{NAMESPACE}-{CATEGORIES[metric].replace('-', '')}-{metric}"
