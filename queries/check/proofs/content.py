"""The gateway log holds prompt and completion; with `capture: metadata` no log holds any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from queries.check import kinds
from queries.check.evidence import Evidence
from queries.check.fields import BODIES, CHARACTER, held, is_dropped, text
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
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
from queries.check.proofs.llm import complete, is_stream, whole
from queries.check.records import Call, CallOfOthers, OwnCall
from queries.check.rows import GATEWAY_LOG, LLM_LOG, TABLES
from queries.check.traffic import OwnTraffic
from queries.workspace import Row

OFF_FIX = (
    "pulumi up --refresh puts the API's diagnostic back; look for a second diagnostic of the "
    "gateway that logs bodies"
)
LOGGING_FIX = (
    "set capture: full and bodyBytes in the stack file, then pulumi up; in the portal: API > "
    "Settings > Azure Monitor > Override global > Number of payload bytes to log"
)


PROMPT_COLUMNS = ("RequestBody", "BackendRequestBody")
COMPLETION_COLUMNS = ("ResponseBody", "BackendResponseBody")


def _prompt(evidence: Evidence, call: OwnCall) -> Verdict:
    limit = evidence.target.body_bytes
    needles = [_needle(raw, call.marker, limit) for raw in (call.request, call.forwarded)]
    if needles[0] != call.marker and not evidence.target.messages:
        return failed(f"{limit} bytes of a body are too few to hold the marker", LOGGING_FIX)
    wanted = dict(zip(PROMPT_COLUMNS, needles, strict=True))
    return _held(evidence, call, wanted, _name(call.marker, needles[0]))


def _prompt_of_others(evidence: Evidence, call: CallOfOthers) -> Verdict:
    return _held(evidence, call, dict.fromkeys(PROMPT_COLUMNS, ""), "text")


def _completion(evidence: Evidence, call: OwnCall) -> Verdict:
    if not evidence.target.response_bodies:
        return _in_llm_log(evidence, call) or _compared(evidence, call)
    needle = _needle(call.response, call.response_id, evidence.target.body_bytes)
    name = _name(call.response_id, needle)
    return _without_body(evidence, call) or _held(
        evidence, call, dict.fromkeys(COMPLETION_COLUMNS, needle), name
    )


def _completion_of_others(evidence: Evidence, call: CallOfOthers) -> Verdict:
    if not evidence.target.response_bodies:
        return _in_llm_log(evidence, call) or _whole(evidence, call)
    name = call.response_id
    held = _held(evidence, call, dict.fromkeys(COMPLETION_COLUMNS, name), name or "text")
    return _without_body(evidence, call) or held


def _without_body(evidence: Evidence, call: Call) -> Verdict | None:
    """Leave out a streamed answer whose body is logged nowhere, and whose text is."""
    rows = evidence.linked("gateway", call)
    streamed = evidence.target.messages and is_stream(evidence, call)
    if streamed and rows and not any(text(r, name) for r in rows for name in COMPLETION_COLUMNS):
        return skipped("no body of a streamed answer; the LLM log has its text")
    return None


def _in_llm_log(evidence: Evidence, call: Call) -> Verdict | None:
    """Judge where the LLM log has nothing of the answer; None where it has."""
    rows = evidence.linked("llm", call)
    if not whole(rows, "Response") and not call.is_chat:
        return skipped("the LLM log is documented for chats, and holds no answer of this call")
    return None if rows else no_row(evidence, "llm", LLM_LOG)


def _compared(evidence: Evidence, call: OwnCall) -> Verdict:
    """Look for the answer's own words in the LLM log."""
    rows = evidence.linked("llm", call)
    if call.answer and call.answer in whole(rows, "Response"):
        return seen(f"{call.response_id or 'text'} in ResponseMessages")
    if not call.answer:
        return skipped("the model answered without text")
    if not complete(rows, "Response"):
        return waiting(f"{LLM_LOG} does not hold the whole completion yet")
    return failed("ResponseMessages hold another answer than the caller got", LLM_LOG_FIX)


def _whole(evidence: Evidence, call: CallOfOthers) -> Verdict:
    """Look for the whole of an answer that nobody here has read."""
    rows = evidence.linked("llm", call)
    if len(whole(rows, "Response").encode()) >= evidence.target.llm_message_bytes - CHARACTER:
        return skipped("ResponseMessages are as long as llmMessageBytes")
    if not complete(rows, "Response"):
        return waiting(f"{LLM_LOG} does not hold the whole completion yet")
    return seen("whole text in ResponseMessages, not compared")


def _has_completion(evidence: Evidence, call: Call) -> bool:
    """Tell whether a log has an answer: vectors are in the body of a response alone."""
    return evidence.target.response_bodies or not call.kind.endswith("embeddings")


def _held(evidence: Evidence, call: Call, wanted: Mapping[str, str], name: str) -> Verdict:
    """Look in both columns for their text, of which `name` tells a person; "" is any text."""
    rows = evidence.linked("gateway", call)
    if not rows:
        return no_row(evidence, "gateway", GATEWAY_LOG)
    short = [_lacking(row, wanted) for row in rows]
    if [] in short:
        return seen(f"{name} in {' and '.join(wanted)}")
    if not any(text(row, body) for row in rows for body in BODIES):
        return _no_bodies(evidence, call, rows[0])
    names = " and ".join(short[0])
    empty = not any(text(rows[0], column) for column in short[0])
    return failed(f"{names} {'is empty' if empty else 'holds other text'}", LOGGING_FIX)


def _needle(raw: bytes, wanted: str, limit: int) -> str:
    """Return `wanted` if it lies in the logged part of `raw`, else half of that part.

    The rest of a part may differ by how a cut character is written.
    """
    logged = raw[:limit].decode(errors="ignore")
    return wanted if not raw or (wanted and wanted in logged) else logged[: (len(logged) + 1) // 2]


def _name(wanted: str, needle: str) -> str:
    """Name what is looked for: `wanted`, unless the log cannot hold it."""
    return (wanted or "text") if needle == wanted else "its start"


def _lacking(row: Row, wanted: Mapping[str, str]) -> list[str]:
    held = {name: text(row, name) for name in wanted}
    return [name for name, part in wanted.items() if not held[name] or part not in held[name]]


def _no_bodies(evidence: Evidence, call: Call, row: Row) -> Verdict:
    """Judge a row without bodies: calls of others may be long, which the LLM log is for."""
    limit = evidence.target.body_bytes
    sizes = [int(row.get(name) or 0) for name in ("RequestSize", "ResponseSize")]
    logged = sizes if evidence.target.response_bodies else sizes[:1]
    dropped, others = is_dropped(logged, limit), isinstance(call, CallOfOthers)
    if dropped and call.kind == kinds.MANY:
        return skipped("the log entry exceeded 32 KB, so Azure dropped its bodies, as it must")
    if dropped and evidence.target.messages and call.is_chat and others:
        return skipped(
            "the log entry exceeded 32 KB, so Azure dropped its bodies; the LLM log has the texts"
        )
    if dropped:
        return failed(
            "the log entry exceeded 32 KB, so Azure dropped all its bodies",
            "lower bodyBytes (all logged bodies share 32 KB); llmLogging keeps whole messages",
        )
    return failed("the row came without any body: the API's diagnostic logs 0 bytes", LOGGING_FIX)


def _no_content(evidence: Evidence, call: Call) -> Verdict:
    gateway, llm = evidence.linked("gateway", call), evidence.linked("llm", call)
    found = [f"{GATEWAY_LOG}.{body}" for row in gateway for body in BODIES if text(row, body)]
    found += [
        f"{LLM_LOG}.{name}Messages"
        for row in llm
        for name in ("Request", "Response")
        if held(row, name)
    ]
    if found:
        return failed(
            f"content is logged in {', '.join(sorted(set(found)))} though capture is metadata",
            OFF_FIX,
        )
    if not gateway:
        return no_row(evidence, "gateway", GATEWAY_LOG)
    if evidence.target.llm_logging and not llm and call.is_chat:
        return no_row(evidence, "llm", LLM_LOG)
    return seen("the call's rows hold no content")


def _nowhere(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    """Demand that no row of any table, also of other services, holds a marker of this run."""
    found = {
        f"{table}.{column}"
        for source, table in TABLES.items()
        for row in evidence.of(source)
        for column, value in row.items()
        if traffic.marker in str(value)
    }
    known = {place.partition(".")[0] for place in found}
    found |= {text(row, "Table") for row in evidence.of("every-table")} - known
    if found:
        return failed(f"a prompt of this check is in {', '.join(sorted(found))}", OFF_FIX)
    verdict = _each_own_call(evidence, traffic)
    return _settled(evidence) if verdict.status == "seen" else verdict


def _settled(evidence: Evidence) -> Verdict:
    """Wait until every table has been searched, and rows have long stayed as they are."""
    if "every-table" not in evidence.rows.by_source:
        reason = evidence.rows.silent.get("every-table") or "not asked yet"
        return waiting(f"the workspace's tables are not searched yet ({reason})")
    if evidence.rows.still_for() < evidence.settle:
        minutes = evidence.settle.total_seconds() / 60
        waits = waiting(f"no content so far; the rows must stay so for {minutes:g} minutes")
        return replace(waits, lost=True)
    return seen("no table holds a prompt of this check, and the rows of its calls no content")


_each_own_call = each_own_call(_no_content)
PROMPT = Proof(
    id="prompt",
    about="the gateway log holds the prompt of each call, before and after the policy",
    needs=("gateway", "llm"),
    judge=by_traffic(each_own_call(_prompt), each_call_of_others(_prompt_of_others)),
    applies=lambda target: target.bodies,
    fix=GATEWAY_LOG_FIX,
)
COMPLETION = Proof(
    id="completion",
    about="a log holds the answer of each call: the LLM log, or the gateway log before and after "
    "the policy where logResponseBodies is on",
    needs=("gateway", "llm"),
    judge=by_traffic(
        each_own_call(_completion, only=_has_completion),
        each_call_of_others(_completion_of_others, only=_has_completion),
    ),
    applies=lambda target: target.response_bodies or target.messages,
    fix=GATEWAY_LOG_FIX,
)
NO_CONTENT = Proof(
    id="no-content",
    about="with capture: metadata, no table holds a prompt or a completion",
    needs=("gateway", "llm", *TABLES, "every-table"),
    judge=by_traffic(_nowhere, each_call_of_others(_no_content)),
    applies=lambda target: target.capture == "metadata",
    fix=GATEWAY_LOG_FIX,
)
