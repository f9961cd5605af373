"""Tab Overview: how much, how fast, how well, and how much of it is accounted for."""

from __future__ import annotations

from components.insights.workbook.columns import (
    CALLS,
    CLIENT_ERRORS,
    COMPLETION_TOKENS,
    CONSUMER,
    DEPLOYMENT,
    FAILED,
    FAILED_PERCENT,
    NUMBER,
    PERCENT,
    PROMPT_TOKENS,
    THROTTLED,
    THROTTLED_PERCENT,
    TOTAL_TOKENS,
)
from components.insights.workbook.tiles import (
    Chart,
    Column,
    Format,
    LogTile,
    Metric,
    MetricTile,
    Tab,
)

SUMS_SHOWN = (
    CALLS,
    FAILED,
    THROTTLED,
    CLIENT_ERRORS,
    PROMPT_TOKENS,
    COMPLETION_TOKENS,
    TOTAL_TOKENS,
    Column("UnknownCalls", "Calls with unknown tokens", NUMBER, yellow=1),
)
SUMS = tuple(column.name for column in SUMS_SHOWN)

OVERVIEW = Tab(
    title="Overview",
    tiles=(
        LogTile(
            title="In short",
            question="How many calls and tokens were there in all, and how many are not known?",
            query="traffic",
            tail=(
                f"| summarize {', '.join(f'{name} = sum({name})' for name in SUMS)}",
                "| where Calls > 0",
            ),
            columns=SUMS_SHOWN,
            empty="No call reached the gateway in this time.",
        ),
        LogTile(
            title="Calls over time",
            question="How many calls did each deployment get over time?",
            query="traffic",
            tail=("| summarize Calls = sum(Calls) by Time, Deployment", "| order by Time asc"),
            chart=Chart((CALLS,), group="Deployment"),
            empty="No call reached the gateway in this time.",
            width=50,
        ),
        LogTile(
            title="Latency over time",
            question="How many milliseconds did 95 of 100 calls stay under, over time?",
            query="latency-over-time",
            tail=("| project Time, Deployment, P95", "| order by Time asc"),
            chart=Chart((Column("P95", "95th percentile", Format.MILLISECONDS),), "Deployment"),
            empty="No call was answered in this time.",
            width=50,
        ),
        LogTile(
            title="Errors",
            query="error-rate",
            columns=(
                CONSUMER,
                DEPLOYMENT,
                CALLS,
                FAILED,
                THROTTLED,
                CLIENT_ERRORS,
                FAILED_PERCENT,
                THROTTLED_PERCENT,
            ),
            empty="No call reached the gateway in this time.",
            values={"minimumCalls": 1},
            width=50,
        ),
        LogTile(
            title="Telemetry coverage",
            query="coverage",
            columns=(
                DEPLOYMENT,
                CALLS,
                Column("Accounted", "Calls with known tokens", NUMBER),
                Column("Unknown", "Calls with unknown tokens", NUMBER),
                Column("UnknownPercent", "Unknown", PERCENT, yellow=0.1, red=1),
                Column("Unanswered", "Ended without a whole answer", NUMBER),
                Column("LlmCalls", "Answered chats and responses", NUMBER),
                Column("WithoutLlmRow", "Of these not in the LLM log", NUMBER),
                Column("WithoutLlmRowPercent", "Not in the LLM log", PERCENT, yellow=1, red=5),
            ),
            empty="No call reached the gateway in this time.",
            width=50,
        ),
        MetricTile(
            title="Requests at the account",
            question="How many requests did the account count, by HTTP status?",
            metrics=(Metric("AzureOpenAIRequests", "Requests"),),
            split="StatusCode",
        ),
        MetricTile(
            title="Requests by region",
            question="Which regions served the account's requests?",
            metrics=(Metric("AzureOpenAIRequests", "Requests"),),
            split="Region",
        ),
        MetricTile(
            title="Tokens at the account",
            question="How many tokens did the account count, by deployment?",
            metrics=(Metric("TokenTransaction", "Processed inference tokens"),),
        ),
    ),
)
