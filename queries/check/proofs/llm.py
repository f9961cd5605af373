"""The LLM log holds the messages, and the token counts that the caller was told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from queries.check import kinds, replies
from queries.check.evidence import Evidence
from queries.check.fields import held, text
from queries.check.proofs.base import (
    LLM_LOG_FIX,
    Proof,
    Verdict,
    by_traffic,
    each_call_of_others,
    each_own_call,
    failed,
    no_row,
    seen,
    skipped,
    waiting,
)
from queries.check.records import Call, CallOfOthers, OwnCall, Usage
from queries.check.rows import GATEWAY_LOG, LLM_LOG
from queries.workspace import Row

TURN_ON = "set llmLogging: true in the stack file, then pulumi up"
USAGE_FIX = (
    "set streamUsage: ensure, or have callers set stream_options.include_usage with an api-version "
    "of 2024-09-01-preview or later; tokens-unknown.kql counts such calls"
)
"""https://learn.microsoft.com/azure/ai-foundry/openai/reference#chatcompletionstreamoptions"""
ASK_FIX = (
    "the policy's inbound section must set stream_options.include_usage; pulumi up --refresh puts "
    "it back; or set streamUsage: leave, and have callers ask"
)
TOLD_FIX = (
    "the policy's outbound section must set the header, and the API's diagnostic list it (portal: "
    "API > Settings > Azure Monitor > Headers to log); pulumi up --refresh puts both back"
)
NO_USAGE = "no log holds its usage"
_COUNT = re.compile(r"[{,](\w+_tokens):(\d+)")
_ASKED = re.compile(r'"stream"\s*:\s*true')
COUNTS = ("PromptTokens", "CompletionTokens", "TotalTokens")


def tokens(evidence: Evidence, call: OwnCall) -> Verdict:
    """Demand the tokens that the caller was told, in a log."""
    header = evidence.target.accounting_header
    if call.usage is None:
        return failed("the stream told no tokens: the policy did not ask for them", ASK_FIX)
    if verdict := _logged(evidence, call):
        return verdict
    if header:
        return failed(
            f"{header} is not in ResponseHeaders, and no other log holds the usage", TOLD_FIX
        )
    return skipped(NO_USAGE)


def _tokens_of_others(evidence: Evidence, call: CallOfOthers) -> Verdict:
    logging = evidence.target.llm_logging
    if logging and not _counts(evidence, call) and is_stream(evidence, call):
        return skipped("streamed without usage, so its tokens are unknown", USAGE_FIX)
    return _logged(evidence, call) or skipped(NO_USAGE)


def _logged(evidence: Evidence, call: Call) -> Verdict | None:
    """Judge by the LLM log, or by the answer; None where neither can hold the tokens."""
    if evidence.target.llm_logging:
        verdict = _by_llm_log(evidence, call)
        if call.is_chat or verdict.status != "waiting":
            return verdict
    elif not evidence.target.response_bodies:
        return failed("without llmLogging no log holds the tokens of streamed answers", TURN_ON)
    return _by_answer(evidence, call)


def _by_llm_log(evidence: Evidence, call: Call) -> Verdict:
    """Judge by the most that any entry of the call says, as tokens-by-consumer.kql counts."""
    counts = _counts(evidence, call)
    if not counts:
        return no_row(evidence, "llm", LLM_LOG)
    prompt, completion, total = (max(values) for values in zip(*counts, strict=True))
    logged = Usage(prompt=prompt, completion=completion, total=total)
    return _compared(call, logged, LLM_LOG)


def counted(evidence: Evidence, ids: Iterable[str]) -> str:
    """Return the most tokens that the LLM log counts of calls by their ids; "" for none."""
    rows = [row for one in ids for row in evidence.with_id("llm", one)]
    most = max((int(row.get("TotalTokens") or 0) for row in rows), default=0)
    return f"{most} tokens in {LLM_LOG}" if most else ""


def _counts(evidence: Evidence, call: Call) -> list[list[int]]:
    """Return the token counts of each entry of the LLM log that has any."""
    return [
        [int(row.get(name) or 0) for name in COUNTS]
        for row in evidence.linked("llm", call)
        if row.get("TotalTokens")
    ]


def _by_answer(evidence: Evidence, call: Call) -> Verdict | None:
    """Judge by `usage` in the logged response, or as the policy tells it in a response header.

    The LLM log is documented for chat completions only, so other calls are read here.
    https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
    """
    rows = evidence.linked("gateway", call)
    bodies = [text(row, "ResponseBody") for row in rows]
    if found := next((usage for body in bodies if (usage := usage_in(body))), None):
        return _compared(call, found, "ResponseBody")
    if found := next((usage for row in rows if (usage := usage_in_header(row))), None):
        return _compared(call, found, evidence.target.accounting_header)
    if not rows:
        return waiting("no logged response to read usage from yet")
    if call.is_chat:
        return failed("the logged response is cut, so its usage is lost", TURN_ON)
    return None


def usage_in_header(row: Row) -> Usage | None:
    """Return what the policy tells of an answer in a response header: its JSON, without quotes."""
    said = text(row, "ResponseHeaders")
    found = dict(_COUNT.findall(said))
    try:
        return Usage.of(found) if found else None
    except ValueError:
        return None


def is_stream(evidence: Evidence, call: Call) -> bool:
    """Tell whether the answer was streamed; of others' calls the LLM log or the request tells."""
    entries, rows = evidence.linked("llm", call), evidence.linked("gateway", call)
    return (
        call.kind == "stream"
        or any(row.get("IsStreamCompletion") for row in entries)
        or any(_ASKED.search(text(row, "RequestBody")) for row in rows)
    )


def usage_in(body: str) -> Usage | None:
    """Return the `usage` of a whole answer, streamed or not; None for one cut or without."""
    try:
        found = [one["usage"] for one in objects(body) if one.get("usage")]
        return Usage.of(found[-1]) if found else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def objects(body: str) -> list[kinds.Json]:
    """Return the JSON of a logged answer, or of each event of a streamed one.

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


def _messages(evidence: Evidence, call: OwnCall) -> Verdict:
    if missing := _missing(evidence, call, answered=bool(call.answer)):
        return missing
    rows = evidence.linked("llm", call)
    if call.marker not in whole(rows, "Request") or call.answer not in whole(rows, "Response"):
        if not (complete(rows, "Request") and complete(rows, "Response")):
            return waiting(
                f"{len(rows)} entries in {LLM_LOG}, which hold only part of the messages"
            )
        return failed(
            "the messages logged for this call are not those that were sent",
            "open prompts-and-completions.kql and report it to Azure support with the call's time",
        )
    return seen(f"{call.marker} in RequestMessages, and the answer in ResponseMessages")


def _messages_of_others(evidence: Evidence, call: CallOfOthers) -> Verdict:
    missing = _missing(evidence, call, answered=True)
    return missing or seen("text in RequestMessages, and the answer in ResponseMessages")


def _missing(evidence: Evidence, call: Call, *, answered: bool) -> Verdict | None:
    """Judge where the prompt, or the text that was answered, is not logged; None if both are."""
    rows = evidence.linked("llm", call)
    if not rows:
        return no_row(evidence, "llm", LLM_LOG)
    prompt, completion = whole(rows, "Request"), whole(rows, "Response")
    if not call.is_chat and not (prompt and completion):
        return skipped("the LLM log is documented for chats, and holds no messages of this call")
    if prompt and (completion or not answered):
        return None
    missing = "completion" if prompt else "prompt"
    return waiting(f"{len(rows)} entries in {LLM_LOG}, none with the {missing}")


def _has_messages(evidence: Evidence, call: Call) -> bool:
    """Tell whether the LLM log must hold the call: it is documented for chat completions only."""
    return call.is_chat or bool(evidence.linked("llm", call))


def whole(rows: list[Row], column: str) -> str:
    """Return the chunks of one call's message in order, each once."""
    return "".join(_chunks(rows, column).values())


def _chunks(rows: list[Row], column: str) -> dict[int, str]:
    """Return chunks by their number, in order."""
    chunks = {
        int(row.get("SequenceNumber") or 0): held(row, column) for row in rows if held(row, column)
    }
    return dict(sorted(chunks.items()))


def complete(rows: list[Row], column: str) -> bool:
    """Tell whether no chunk is missing, between two or at an end: then they are JSON."""
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
    judge=by_traffic(
        each_own_call(tokens, log=lambda call: LLM_LOG if call.is_chat else GATEWAY_LOG),
        each_call_of_others(_tokens_of_others),
    ),
    fix=LLM_LOG_FIX,
)
MESSAGES = Proof(
    id="messages",
    about="the LLM log holds the prompt and the completion of each chat",
    needs=("llm", "gateway"),
    judge=by_traffic(
        each_own_call(_messages, only=_has_messages),
        each_call_of_others(_messages_of_others, only=_has_messages),
    ),
    applies=lambda target: target.messages and kinds.chats(target),
    fix=LLM_LOG_FIX,
)
