"""The LLM log holds the messages, and the token counts that the caller was told."""

from __future__ import annotations

import json
import re

from queries.check import kinds, replies
from queries.check.evidence import GATEWAY_LOG, LLM_LOG, Evidence
from queries.check.fields import held, text
from queries.check.proofs.base import (
    LLM_LOG_FIX,
    Proof,
    Verdict,
    each_call,
    failed,
    no_row,
    seen,
    skipped,
    waiting,
)
from queries.check.records import Call, Usage
from queries.workspace import Row

TURN_ON = "set llmLogging: true in the stack file, then pulumi up"
USAGE_FIX = "have callers set stream_options.include_usage; tokens-unknown.kql counts such calls"
"""https://learn.microsoft.com/azure/ai-foundry/openai/reference#chatcompletionstreamoptions"""
TOLD_FIX = (
    "the policy's outbound section must set the header, and the API's diagnostic list it (portal: "
    "API > Settings > Azure Monitor > Headers to log); pulumi up --refresh puts both back"
)
_COUNT = re.compile(r"[{,](\w+_tokens):(\d+)")
_ASKED = re.compile(r'"stream"\s*:\s*true')
COUNTS = ("PromptTokens", "CompletionTokens", "TotalTokens")


def _tokens(evidence: Evidence, call: Call) -> Verdict:
    if evidence.target.llm_logging:
        verdict = _by_llm_log(evidence, call)
        if call.is_chat or verdict.status != "waiting":
            return verdict
    elif not evidence.target.response_bodies:
        return failed("without llmLogging no log holds the tokens of streamed answers", TURN_ON)
    return _by_answer(evidence, call)


def _by_llm_log(evidence: Evidence, call: Call) -> Verdict:
    """The most that any entry of the call says, as tokens-by-consumer.kql counts."""
    counts = [
        [int(row.get(name) or 0) for name in COUNTS]
        for row in evidence.linked("llm", call)
        if row.get("TotalTokens")
    ]
    if not counts and not call.marker and is_stream(evidence, call):
        return skipped("streamed without usage, so its tokens are unknown", USAGE_FIX)
    if not counts:
        return no_row(evidence, "llm", LLM_LOG)
    prompt, completion, total = (max(values) for values in zip(*counts, strict=True))
    logged = Usage(prompt=prompt, completion=completion, total=total)
    return _compared(call, logged, LLM_LOG)


def _by_answer(evidence: Evidence, call: Call) -> Verdict:
    """From `usage` in the logged response, or as the policy tells it in a response header.

    The LLM log is documented for chat completions only, so other calls are read here.
    https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
    """
    rows, header = evidence.linked("gateway", call), evidence.target.accounting_header
    bodies = [text(row, "ResponseBody") for row in rows]
    if found := next((usage for body in bodies if (usage := usage_in(body))), None):
        return _compared(call, found, "ResponseBody")
    if found := next((usage for row in rows if (usage := usage_told(row))), None):
        return _compared(call, found, header)
    if not rows:
        return waiting("no logged response to read usage from yet")
    if call.is_chat:
        return failed("the logged response is cut, so its usage is lost", TURN_ON)
    if header and call.marker:
        return failed(f"{header} is not in ResponseHeaders, and no usage in another log", TOLD_FIX)
    return skipped("its usage is not in what is logged of it")


def usage_told(row: Row) -> Usage | None:
    """What the policy tells of an answer in a response header: its JSON, without quotes."""
    said = text(row, "ResponseHeaders")
    found = dict(_COUNT.findall(said))
    try:
        return Usage.of(found) if found else None
    except ValueError:
        return None


def is_stream(evidence: Evidence, call: Call) -> bool:
    """The answer was streamed; of a call that others made, the LLM log or its request tells."""
    entries, rows = evidence.linked("llm", call), evidence.linked("gateway", call)
    return (
        call.kind == "stream"
        or any(row.get("IsStreamCompletion") for row in entries)
        or any(_ASKED.search(text(row, "RequestBody")) for row in rows)
    )


def usage_in(body: str) -> Usage | None:
    """The `usage` of a whole answer, streamed or not; None for one that was cut or has none."""
    try:
        found = [one["usage"] for one in objects(body) if one.get("usage")]
        return Usage.of(found[-1]) if found else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def objects(body: str) -> list[kinds.Json]:
    """The JSON of a logged answer, or of each event of a streamed one.

    Raises:
        ValueError: neither, as it was cut.
    """
    return list(replies.events(body)) if body.startswith("data:") else [json.loads(body)]


def _compared(call: Call, logged: Usage, where: str) -> Verdict:
    if call.usage in (None, logged):
        return seen(f"{logged} in {where}")
    return failed(
        f"logged {logged}, but the caller was told {call.usage}",
        "totals from this workspace are wrong: compare tokens-by-consumer.kql with callers' usage",
    )


def _messages(evidence: Evidence, call: Call) -> Verdict:
    rows = evidence.linked("llm", call)
    if not rows:
        return no_row(evidence, "llm", LLM_LOG)
    prompt, completion = whole(rows, "Request"), whole(rows, "Response")
    if not call.is_chat and not (prompt and completion):
        return skipped("the LLM log is documented for chats, and holds no messages of this call")
    if not prompt or ((call.answer or not call.marker) and not completion):
        missing = "prompt" if not prompt else "completion"
        return waiting(f"{len(rows)} entries in {LLM_LOG}, none with the {missing}")
    if call.marker not in prompt or call.answer not in completion:
        if not (complete(rows, "Request") and complete(rows, "Response")):
            return waiting(f"{len(rows)} entries in {LLM_LOG}, which hold a part of the messages")
        return failed(
            "the messages logged for this call are not those that were sent",
            "open prompts-and-completions.kql and report it to Azure support with the call's time",
        )
    return seen(f"{call.marker or 'text'} in RequestMessages, and the answer in ResponseMessages")


def _has_messages(evidence: Evidence, call: Call) -> bool:
    """The LLM log is documented for chat completions only; what else it holds has to be right."""
    return call.is_chat or bool(evidence.linked("llm", call))


def whole(rows: list[Row], column: str) -> str:
    """The chunks of one call's message in order, each once."""
    return "".join(_chunks(rows, column).values())


def _chunks(rows: list[Row], column: str) -> dict[int, str]:
    """By their number, in order."""
    chunks = {
        int(row.get("SequenceNumber") or 0): held(row, column) for row in rows if held(row, column)
    }
    return dict(sorted(chunks.items()))


def complete(rows: list[Row], column: str) -> bool:
    """No chunk is missing, between two or at an end: then they are JSON."""
    numbers = list(_chunks(rows, column))
    gapless = not numbers or numbers == list(range(numbers[0], numbers[-1] + 1))
    return gapless and _is_json(whole(rows, column))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


TOKENS = Proof(
    id="tokens",
    about="the tokens logged of each call are those that the caller was told",
    needs=("gateway", "llm"),
    judge=each_call(_tokens, log=lambda call: LLM_LOG if call.is_chat else GATEWAY_LOG),
    fix=LLM_LOG_FIX,
)
MESSAGES = Proof(
    id="messages",
    about="the LLM log holds the prompt and the completion of each chat",
    needs=("llm", "gateway"),
    judge=each_call(_messages, only=_has_messages),
    applies=lambda target: target.messages and kinds.chats(target),
    fix=LLM_LOG_FIX,
)
