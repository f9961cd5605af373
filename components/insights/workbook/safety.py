"""Tab Safety: what the content filters stopped, and which texts were not captured."""

from __future__ import annotations

from components.insights.workbook.columns import CALL, CODE, CONSUMER, DEPLOYMENT, NUMBER, TIME, WHY
from components.insights.workbook.tiles import Column, LogTile, Metric, MetricTile, Tab

SAFETY = Tab(
    title="Safety",
    tiles=(
        LogTile(
            title="Content filter in short",
            question="How many calls did a content filter stop, and how many could not be judged?",
            query="content-filter",
            values={"unread": 1},
            all_rows=True,
            tail=(
                '| extend Unread = Stopped == "unknown"',
                "| summarize StoppedCalls = countif(not(Unread)), UnreadCalls = countif(Unread)",
                "| where StoppedCalls + UnreadCalls > 0",
            ),
            columns=(
                Column("StoppedCalls", "Calls stopped", NUMBER, yellow=1),
                Column("UnreadCalls", "Answers that could not be judged", NUMBER, yellow=1),
            ),
            empty="No content filter stopped a call, and every answer could be judged.",
        ),
        LogTile(
            title="Calls stopped by a content filter",
            query="content-filter",
            columns=(
                TIME,
                CALL,
                CONSUMER,
                DEPLOYMENT,
                CODE,
                Column("Stopped", "Stopped"),
                Column("By", "By"),
                Column("Categories", "Categories"),
            ),
            empty="No content filter stopped a call.",
        ),
        LogTile(
            title="Texts that were not captured",
            question="Of which calls is a text in no log whole, and why?",
            query="not-captured",
            tail=("| where not(Whole)", "| project-away RequestBody, ResponseBody, Whole"),
            columns=(
                TIME,
                CALL,
                CONSUMER,
                Column("OperationId", "Operation"),
                CODE,
                Column("LlmPrompt", "Prompt in the LLM log"),
                Column("LlmCompletion", "Completion in the LLM log"),
                WHY,
            ),
            empty="Every prompt and completion was captured whole.",
        ),
        MetricTile(
            title="Harmful volume detected",
            question="How many calls did the content filters find harmful, by category?",
            metrics=(Metric("RAIHarmfulRequests", "Harmful volume detected"),),
            split="Category",
        ),
        MetricTile(
            title="Harmful volume by severity",
            question="How severe was what the content filters found?",
            metrics=(Metric("RAIHarmfulRequests", "Harmful volume detected"),),
            split="Severity",
        ),
        MetricTile(
            title="Blocked volume",
            question="How many calls did the content filters block, by category?",
            metrics=(Metric("RAIRejectedRequests", "Blocked volume"),),
            split="Category",
        ),
        MetricTile(
            title="Volume sent for safety check",
            question="How many calls did the content filters see?",
            metrics=(Metric("RAITotalRequests", "Total volume sent for safety check"),),
        ),
    ),
)
