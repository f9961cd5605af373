"""Tab Tokens and cost: what was spent, by whom, on what, and against which budget."""

from __future__ import annotations

from components.insights.workbook.columns import (
    ADDRESS,
    CALL,
    CALLS,
    CODE,
    COMPLETION_TOKENS,
    CONSUMER,
    COST,
    DEPLOYMENT,
    MODEL,
    NUMBER,
    PERCENT,
    PROMPT_TOKENS,
    TIME,
    TOTAL_TOKENS,
    WHY,
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

AMOUNT = Format.AMOUNT

TOKENS = Tab(
    title="Tokens and cost",
    note=(
        "Cost is an estimate at list prices. A model without one has **no price**, not a price of "
        "zero. A cost is **at most** so much if nothing tells what the prompt cache gave. "
        "Provisioned deployments are paid **by the hour**: their calls count to no budget of money."
    ),
    tiles=(
        LogTile(
            title="Tokens by consumer and deployment",
            query="tokens-by-consumer",
            columns=(
                Column("Day", "Day", Format.TIME),
                CONSUMER,
                DEPLOYMENT,
                Column("TokenSource", "Known from"),
                CALLS,
                PROMPT_TOKENS,
                COMPLETION_TOKENS,
                TOTAL_TOKENS,
                Column("CachedTokens", "From the prompt cache", NUMBER),
                Column("CacheWriteTokens", "Into the prompt cache", NUMBER),
                Column("ReasoningTokens", "Reasoning tokens", NUMBER),
                Column("AudioTokens", "Audio tokens", NUMBER),
                Column("ToldCalls", "Calls that tell these", NUMBER),
            ),
            empty="No call reached the gateway in this time.",
        ),
        LogTile(
            title="Cost by day and consumer",
            question="How many dollars did each consumer spend each day, on models with a price?",
            query="cost-by-consumer",
            tail=(
                "| where isnotnull(Cost)",
                "| summarize Cost = sum(Cost) by Day, Consumer",
                "| order by Day asc",
            ),
            chart=Chart((COST,), group="Consumer", x="Day", kind="barchart"),
            empty="No call of this time has a price.",
            width=50,
        ),
        LogTile(
            title="Cost by consumer, deployment and model",
            query="cost-by-consumer",
            columns=(
                Column("Day", "Day", Format.TIME),
                CONSUMER,
                DEPLOYMENT,
                MODEL,
                CALLS,
                PROMPT_TOKENS,
                COMPLETION_TOKENS,
                COST,
                Column("Priced", "Price"),
            ),
            empty="No call reached the gateway in this time.",
            width=50,
        ),
        LogTile(
            title="Budgets",
            query="budgets",
            columns=(
                CONSUMER,
                Column("Unit", "Unit"),
                Column("Used", "Used", AMOUNT),
                Column("Allowed", "Allowed in this time", AMOUNT),
                Column("Percent", "Of the budget", PERCENT, yellow=80, red=100),
                Column("UnknownCalls", "Calls with unknown tokens", NUMBER, yellow=1),
                Column("UnpricedCalls", "Calls without a price", NUMBER, yellow=1),
                Column("AtMost", "Of the cost at most", AMOUNT),
            ),
            empty="No consumer has a budget: see monthlyTokens and monthlyCost in the stack file.",
        ),
        LogTile(
            title="Calls with unknown tokens",
            query="tokens-unknown",
            columns=(
                TIME,
                CALL,
                CONSUMER,
                ADDRESS,
                DEPLOYMENT,
                CODE,
                WHY,
                Column("UnknownCalls", "Unknown in all, though answered", NUMBER),
                Column("UnansweredCalls", "Without a whole answer in all", NUMBER),
                Column("AllCalls", "Calls in all", NUMBER),
            ),
            empty="The tokens of every call are known.",
        ),
        MetricTile(
            title="Prompt tokens",
            question="How many prompt tokens did each deployment process?",
            metrics=(Metric("ProcessedPromptTokens", "Processed prompt tokens"),),
        ),
        MetricTile(
            title="Completion tokens",
            question="How many completion tokens did each deployment generate?",
            metrics=(Metric("GeneratedTokens", "Generated completion tokens"),),
        ),
        MetricTile(
            title="Prompt and completion tokens",
            question="How many tokens were processed in all?",
            metrics=(
                Metric("TokenTransaction", "Processed inference tokens"),
                Metric("ProcessedPromptTokens", "Processed prompt tokens"),
                Metric("GeneratedTokens", "Generated completion tokens"),
            ),
            split="",
        ),
        MetricTile(
            title="Prompt tokens from the cache",
            question="What share of prompt tokens did the cache of provisioned deployments serve?",
            metrics=(
                Metric(
                    "AzureOpenAIContextTokensCacheMatchRate",
                    "Prompt token cache match rate",
                    Of.AVERAGE,
                ),
            ),
        ),
    ),
)
