"""Tab One conversation: the only tab that shows prompts and completions."""

from __future__ import annotations

from components.insights.workbook.columns import (
    CALL,
    CODE,
    CONSUMER,
    DEPLOYMENT,
    OPERATION,
    TIME,
    WHY,
)
from components.insights.workbook.tiles import CALL_PARAMETER, Column, Format, LogTile, Tab
from queries.library import Expression

ASKED = Expression(f'"{{{CALL_PARAMETER}}}"')
NOT_FOUND = (
    "No text of that call: the id is another, the call lies outside the time range, "
    "or content is not captured (capture: metadata)."
)

CONVERSATION = Tab(
    title="One conversation",
    note=(
        "**This page shows what people wrote and were answered.** Copy a call's correlation id "
        "from a table into the field."
    ),
    asks_for_call=True,
    tiles=(
        LogTile(
            title="Newest calls",
            question="Which calls have a text in the logs, the newest first?",
            query="prompts-and-completions",
            tail=("| project Time, CorrelationId, Consumer, Deployment, Streamed",),
            columns=(
                TIME,
                CALL,
                CONSUMER,
                DEPLOYMENT,
                Column("Streamed", "Streamed"),
            ),
            empty="No call has a text in the logs: see capture in the stack file.",
        ),
        LogTile(
            title="Conversation",
            query="conversation",
            columns=(
                Column("Position", "Position", Format.NUMBER),
                Column("Part", "Part"),
                Column("Role", "Role"),
                Column("Text", "Text"),
                Column("State", "State"),
                Column("Source", "Read from"),
                TIME,
                CALL,
            ),
            values={"call": ASKED},
            needs=CALL_PARAMETER,
            empty=NOT_FOUND,
        ),
        LogTile(
            title="What was not captured of it",
            query="not-captured",
            columns=(
                TIME,
                CALL,
                CONSUMER,
                OPERATION,
                CODE,
                Column("RequestBody", "Request body"),
                Column("ResponseBody", "Response body"),
                Column("LlmPrompt", "Prompt in the LLM log"),
                Column("LlmCompletion", "Completion in the LLM log"),
                Column("Whole", "Whole all the same"),
                WHY,
            ),
            values={"call": ASKED},
            needs=CALL_PARAMETER,
            empty="Nothing is missing of what this call said and was answered.",
        ),
    ),
)
