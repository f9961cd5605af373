"""What is larger than the gateway log's body limit is cut there, and whole in the LLM log."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from queries.check import kinds
from queries.check.evidence import Evidence
from queries.check.fields import CHARACTER, logged_part
from queries.check.proofs.base import (
    LLM_LOG_FIX,
    NO_CALL,
    Proof,
    Verdict,
    any_of,
    by_traffic,
    each_call_of_others,
    each_own_call,
    failed,
    no_row,
    seen,
    skipped,
    together,
    waiting,
)
from queries.check.proofs.calls import TRAFFIC_FIX
from queries.check.proofs.content import LOGGING_FIX
from queries.check.proofs.llm import complete, whole
from queries.check.records import CallOfOthers, OwnCall, Side
from queries.check.rows import GATEWAY_LOG, LLM_LOG
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.workspace import Row

MESSAGES_FIX = (
    "raise llmMessageBytes, or pulumi up --refresh if the portal shows a smaller size (API > "
    "Settings > Azure Monitor > Log LLM messages)"
)


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if reason := kinds.no_long_calls(evidence.target):
        return skipped(reason[0], reason[1])
    return _each_long_call(evidence, traffic)


def _long(evidence: Evidence, call: OwnCall) -> Verdict:
    sides: dict[str, tuple[Side, bytes]] = {
        "long-prompt": ("Request", call.request),
        "long-completion": ("Response", call.response),
    }
    side, raw = sides[call.kind]
    found = [_cut(evidence, call, side, raw)] if _logged(evidence, side) else []
    return together([*found, _whole(evidence, call, side)])


def _logged(evidence: Evidence, side: Side) -> bool:
    target = evidence.target
    return target.response_bodies if side == "Response" else target.bodies


def _cut(evidence: Evidence, call: OwnCall, side: Side, raw: bytes) -> Verdict:
    """Demand the start of what was sent, up to the limit, and a size that tells the rest.

    https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
    """
    limit = evidence.target.body_bytes
    if len(raw) <= limit:
        return skipped(f"the model answered only {len(raw)} bytes, which no log cuts")
    rows = evidence.linked("gateway", call)
    if not rows:
        return no_row(evidence, "gateway", GATEWAY_LOG)
    return any_of(_cut_in(row, side, raw, limit) for row in rows)


def _cut_in(row: Row, side: Side, raw: bytes, limit: int) -> Verdict:
    column, size = f"{side}Body", int(row.get(f"{side}Size") or 0)
    logged = logged_part(row, column)
    if not raw.startswith(logged):
        return failed(f"{column} is not the start of what was sent", LOGGING_FIX)
    if len(logged) < limit - CHARACTER:
        return _too_short(column, len(logged), limit)
    if size < len(raw):
        cause = f"{side}Size is {size}, but {len(raw)} bytes were sent: the row hides the cut"
        return failed(cause, "report it to Azure support with the call's time")
    return seen(f"{column} is cut at {len(logged)} of {len(raw)} bytes")


def _too_short(column: str, size: int, limit: int) -> Verdict:
    return failed(f"{column} holds {size} bytes of the {limit} it should", LOGGING_FIX)


def _whole(evidence: Evidence, call: OwnCall, side: Side) -> Verdict:
    """Demand byte for byte that the chunks in order are the text that was sent or answered."""
    rows = evidence.linked("llm", call)
    if not rows:
        return no_row(evidence, "llm", LLM_LOG)
    sent, logged = call.text, whole(rows, side)
    if side == "Request":
        sent = kinds.prompt(call.kind, call.marker, evidence.target)
    if not sent:
        return skipped("the model answered without text")
    if not logged:
        return waiting(f"{len(rows)} entries in {LLM_LOG}, none with {side}Messages")
    if sent in contents(logged):
        return seen(f"all {len(sent.encode())} bytes of the text in {side}Messages")
    if len(logged) < len(sent):
        return waiting(f"{side}Messages hold {len(logged)} of {len(sent)} characters so far")
    return failed(f"{side}Messages hold other text than was sent", MESSAGES_FIX)


def contents(logged: str) -> list[str]:
    """Return the texts of logged messages, or the log's text if it is no JSON."""
    try:
        value: Any = json.loads(logged)
    except ValueError:
        return [logged]
    found: list[str] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    children = value.values() if isinstance(value, dict) else value
    for child in () if isinstance(children, str | float | int | None) else children:
        _collect(child, found)


def _of_others(evidence: Evidence, traffic: OthersTraffic) -> Verdict:
    """Judge what nobody here sent: what is cut in one log must be complete in the other."""
    if not traffic.calls:
        return waiting(NO_CALL)
    if not evidence.target.bodies:
        return skipped("no body is logged, so nobody knows which texts are long", TRAFFIC_FIX)
    sides: tuple[tuple[Side, str], ...] = (("Request", "prompt"), ("Response", "completion"))
    return together(_side_of_others(evidence, traffic, side, name) for side, name in sides)


def _side_of_others(evidence: Evidence, traffic: OthersTraffic, side: Side, name: str) -> Verdict:
    def cut(_: Evidence, call: CallOfOthers) -> bool:
        return call.is_chat and side in call.cut

    if not any(cut(evidence, call) for call in traffic.calls):
        return skipped(f"no {name} over the body limit among the calls looked at", TRAFFIC_FIX)
    judge = each_call_of_others(partial(_cut_and_complete, side=side), only=cut)
    return judge(evidence, traffic)


def _cut_and_complete(evidence: Evidence, call: CallOfOthers, side: Side) -> Verdict:
    column, limit = f"{side}Body", evidence.target.body_bytes
    size = max(len(logged_part(row, column)) for row in evidence.linked("gateway", call))
    if _logged(evidence, side) and size < limit - CHARACTER:
        return _too_short(column, size, limit)
    rows = evidence.linked("llm", call)
    if not rows:
        return no_row(evidence, "llm", LLM_LOG)
    bytes_logged = len(whole(rows, side).encode())
    if bytes_logged >= evidence.target.llm_message_bytes - CHARACTER:
        return skipped(f"{side}Messages are as long as llmMessageBytes", MESSAGES_FIX)
    if not bytes_logged or not complete(rows, side):
        return waiting(f"{side}Messages hold {bytes_logged} bytes so far, not all of them")
    cut = f"cut at {size} bytes" if size else "not logged"
    return seen(f"{column} is {cut}; {side}Messages are complete")


_each_long_call = each_own_call(_long, only=lambda _, call: call.kind in kinds.LONG)
LONG = Proof(
    id="long",
    about="a prompt and a completion over the body limit are cut in the gateway log, and whole in "
    "the LLM log",
    needs=("gateway", "llm"),
    judge=by_traffic(_own, _of_others),
    applies=lambda target: target.messages and kinds.chats(target),
    fix=LLM_LOG_FIX,
)
