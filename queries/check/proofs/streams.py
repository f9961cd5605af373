"""Streamed answers come through the gateway part by part, as the model writes them."""

from __future__ import annotations

from queries.check import kinds
from queries.check.evidence import Evidence
from queries.check.proofs.audit import READER_FIX
from queries.check.proofs.base import (
    NO_CALL,
    Proof,
    Verdict,
    failed,
    seen,
    skipped,
    waiting,
)
from queries.check.records import NO_ARRIVAL, Call

SPREAD = 0.15
"""Seconds from the first part to the last that no answer needs which comes in one piece."""
BURSTS = 4
"""Times at which parts must have come: a network alone may cut an answer in two or three."""
HELD_BACK = "response bodies are logged, so API Management may hold streamed answers back"
NO_STREAM_FIX = "see why no streamed call was answered: the proof call names it"
LLM_FIX = "pulumi config set llmLogging true, then pulumi up, lets streams through"
BY_REQUESTS = "API Management holds them back, as it may where request bodies are logged"
"""https://learn.microsoft.com/azure/api-management/how-to-server-sent-events."""
REQUESTS_FIX = "if streams come late, pulumi config set bodyBytes 0, then pulumi up, rules it out"
THROUGH_FIX = "pulumi config set logResponseBodies false, then pulumi up, lets streams through"


def _judge(evidence: Evidence) -> Verdict:
    """What holds answers back is known by its cause; a short answer may come as one without it.

    The account itself lets go of an answer in pieces, once each has passed its content filter:
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
    """
    if not evidence.configured:
        return waiting("the deployed configuration has not been looked at")
    if found := evidence.stream_differences:
        said = "; ".join(map(str, found))
        return failed(f"the gateway holds streamed answers back: {said}", found[0].fix)
    calls = [call for call in evidence.calls if call.arrival]
    if any(map(_came_apart, calls)):
        return seen("; ".join(_said(call) for call in calls if _came_apart(call)))
    if not calls and evidence.target.can_call:
        return waiting(NO_CALL)
    if not calls and _as_configured(evidence):
        said = "by what is configured: neither the policy nor a logged body of a response holds "
        return seen(f"{said}them back{'; logged requests may' * evidence.target.bodies}")
    return skipped(*_not_judged(evidence, calls))


def _as_configured(evidence: Evidence) -> bool:
    """Both the policy and the diagnostic are known to be as they must, whoever calls."""
    return not evidence.unreadable and not evidence.target.response_bodies


def _not_judged(evidence: Evidence, calls: list[Call]) -> tuple[str, str]:
    """Why it cannot be told, and what to do."""
    if evidence.target.response_bodies:
        return HELD_BACK, THROUGH_FIX if evidence.target.llm_logging else LLM_FIX
    if evidence.unreadable:
        return f"the configuration cannot be read ({evidence.unreadable})", READER_FIX
    if not calls:
        return "logs do not tell when the parts of an answer came", ""
    said = f"too short to tell: {'; '.join(map(_said, calls))}"
    return (f"{said}; or {BY_REQUESTS}", REQUESTS_FIX) if evidence.target.bodies else (said, "")


def _came_apart(call: Call) -> bool:
    arrival = call.arrival or NO_ARRIVAL
    return arrival.last - arrival.first >= SPREAD and arrival.bursts >= BURSTS


def _said(call: Call) -> str:
    arrival = call.arrival or NO_ARRIVAL
    return f"{call.name}: first part after {arrival.first:.2f} s, last after {arrival.last:.2f} s"


STREAMS = Proof(
    id="streams",
    about="streamed answers come part by part: the policy does not buffer them, and no body of a "
    "response is logged",
    needs=(),
    judge=_judge,
    applies=kinds.chats,
    fix=NO_STREAM_FIX,
)
