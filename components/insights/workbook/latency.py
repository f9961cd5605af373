"""Tab Latency and throttling: how long calls take, which fail, and how near the limits are."""

from __future__ import annotations

from components.alerts.call_rules import SUSTAINED_MINUTES
from components.insights.workbook.columns import (
    CALLS,
    CODE,
    CONSUMER,
    DEPLOYMENT,
    NUMBER,
    OPERATION,
    PERCENT,
    THROTTLED,
)
from components.insights.workbook.tiles import Aggregation as Of
from components.insights.workbook.tiles import (
    Chart,
    Column,
    Format,
    LogTile,
    Metric,
    MetricTile,
    Tab,
)

MS, WHEN = Format.MILLISECONDS, Format.TIME
SUSTAINED = f"In {SUSTAINED_MINUTES} minutes or more"

LATENCY = Tab(
    title="Latency and throttling",
    tiles=(
        LogTile(
            title="Latency by consumer and deployment",
            query="latency",
            columns=(
                CONSUMER,
                DEPLOYMENT,
                OPERATION,
                Column("Streamed", "Streamed"),
                CALLS,
                Column("P50", "Median", MS),
                Column("P95", "95th percentile", MS),
                Column("P99", "99th percentile", MS),
                Column("BackendP50", "Model endpoint: median", MS),
                Column("BackendP95", "Model endpoint: 95th percentile", MS),
                Column("GatewayP95", "Gateway: 95th percentile", MS),
            ),
            empty="No call was answered in this time.",
        ),
        LogTile(
            title="Median latency over time",
            question="How many milliseconds did half of the calls stay under, over time?",
            query="latency-over-time",
            tail=("| project Time, Deployment, P50", "| order by Time asc"),
            chart=Chart((Column("P50", "Median", MS),), group="Deployment"),
            empty="No call was answered in this time.",
            width=50,
        ),
        LogTile(
            title="Throttled calls over time",
            question="How many calls of each consumer were refused for its rate or quota?",
            query="traffic",
            tail=(
                "| summarize Throttled = sum(Throttled) by Time, Consumer",
                "| order by Time asc",
            ),
            chart=Chart((THROTTLED,), group="Consumer"),
            empty="No call reached the gateway in this time.",
            width=50,
        ),
        LogTile(
            title="Failed calls",
            query="gateway-errors",
            columns=(
                CONSUMER,
                DEPLOYMENT,
                OPERATION,
                CODE,
                Column("BackendResponseCode", "Model endpoint's status", NUMBER),
                Column("RefusedBy", "Refused by"),
                Column("Kind", "Kind"),
                Column("Reason", "Reason"),
                CALLS,
                Column("CallsOfConsumer", "Consumer's calls in all", NUMBER),
                Column("First", "First", WHEN),
                Column("Last", "Last", WHEN),
            ),
            empty="No call failed.",
        ),
        LogTile(
            title="Capacity",
            query="capacity",
            columns=(
                DEPLOYMENT,
                Column("PeakTokensPerMinute", "Most tokens in a minute", NUMBER),
                Column("LimitTokensPerMinute", "Limit", NUMBER, empty="none known"),
                Column("Percent", "Of the limit", PERCENT, yellow=80, red=100),
                Column("PeakMinute", "In the minute", WHEN),
                Column("SustainedPercent", SUSTAINED, PERCENT, yellow=80, red=90),
                Column("UnknownCalls", "Calls with unknown tokens", NUMBER),
            ),
            empty="No deployment used any tokens in this time.",
        ),
        MetricTile(
            title="Time to the first response",
            question="How many milliseconds passed until the account's first response?",
            metrics=(Metric("AzureOpenAITimeToResponse", "Time to response", Of.AVERAGE),),
        ),
        MetricTile(
            title="Time between tokens",
            question="How many milliseconds passed between two tokens of a stream?",
            metrics=(Metric("AzureOpenAINormalizedTBTInMS", "Time between tokens", Of.AVERAGE),),
        ),
        MetricTile(
            title="Time to the last byte",
            question="How many milliseconds passed until the account's answer was whole?",
            metrics=(Metric("AzureOpenAITTLTInMS", "Time to last byte", Of.AVERAGE),),
        ),
        MetricTile(
            title="Availability",
            question="What share of requests met no server error?",
            metrics=(Metric("AzureOpenAIAvailabilityRate", "Availability", Of.AVERAGE),),
        ),
    ),
)
