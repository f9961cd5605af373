"""Streamed answers come through the gateway part by part, as the model writes them."""

from __future__ import annotations

from queries.check import kinds
from queries.check.evidence import AsDeployed, Evidence
from queries.check.proofs.base import (
    NO_CALL,
    NO_SUCH_CALL,
    Proof,
    Verdict,
    by_traffic,
    failed,
    seen,
    skipped,
    waiting,
)
from queries.check.proofs.findings import NOT_LOOKED, verdict
from queries.check.records import NO_ARRIVAL, OwnCall
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.outputs import Target

SPREAD = 0.15
"""Seconds from the first part to the last that no answer needs which comes in one piece."""
BURSTS = 4
"""Times at which parts must have come: a network alone may cut an answer in two or three."""
HELD_BACK = "response bodies are logged, so API Management may hold streamed answers back"
NO_STREAM_FIX = "see the proof `call`: it tells why no streamed call was answered"
LLM_FIX = "pulumi config set llmLogging true and pulumi up let streams through"
BY_REQUESTS = "API Management holds them back, as it may where request bodies are logged"
"""https://learn.microsoft.com/azure/api-management/how-to-server-sent-events."""
REQUESTS_FIX = "if streams come late, pulumi config set bodyBytes 0 and pulumi up rule this out"
THROUGH_FIX = "pulumi config set logResponseBodies false and pulumi up let streams through"


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    """Fail by what holds answers back; a short answer may come as one without it.

    The account itself lets go of an answer in pieces, once each has passed its content filter:
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
    """
    deployed = evidence.deployed
    if deployed is None or deployed.streams.differences:
        return _held_back(deployed)
    calls = [call for call in traffic.calls if call.arrival]
    if any(map(_came_apart, calls)):
        return seen("; ".join(_said(call) for call in calls if _came_apart(call)))
    if not calls:
        offered = any(kind == "stream" for _, kind in kinds.slots(evidence.target))
        return waiting(NO_CALL) if offered else skipped(NO_SUCH_CALL)
    said = f"too short to tell: {'; '.join(map(_said, calls))}"
    if bodies := evidence.target.bodies:
        said += f"; or {BY_REQUESTS}"
    return _not_judged(evidence.target, deployed, said, REQUESTS_FIX if bodies else "")


def _of_others(evidence: Evidence, _: OthersTraffic) -> Verdict:
    """Judge by what is configured: logs do not tell when the parts of an answer came."""
    deployed, target = evidence.deployed, evidence.target
    if deployed is None or deployed.streams.differences:
        return _held_back(deployed)
    if not deployed.streams.unclear and not target.response_bodies:
        said = "as configured, neither the policy nor logged bodies of responses hold them back"
        return seen(f"{said}{'; logged bodies of requests may' * target.bodies}")
    return _not_judged(target, deployed, "logs do not tell when the parts of an answer came")


def _held_back(deployed: AsDeployed | None) -> Verdict:
    if deployed is None:
        return waiting(NOT_LOOKED)
    found = deployed.streams.differences
    said = "; ".join(map(str, found))
    return failed(f"the gateway holds streamed answers back: {said}", found[0].fix)


def _not_judged(target: Target, deployed: AsDeployed, reason: str, fix: str = "") -> Verdict:
    """Tell why it cannot be judged: by what may hold answers back, or else by `reason`."""
    if target.response_bodies:
        return skipped(HELD_BACK, THROUGH_FIX if target.llm_logging else LLM_FIX)
    if deployed.streams.unclear:
        return verdict("streams", deployed.streams)
    return skipped(reason, fix)


def _came_apart(call: OwnCall) -> bool:
    arrival = call.arrival or NO_ARRIVAL
    return arrival.last - arrival.first >= SPREAD and arrival.bursts >= BURSTS


def _said(call: OwnCall) -> str:
    arrival = call.arrival or NO_ARRIVAL
    return f"{call.name}: first part after {arrival.first:.2f} s, last after {arrival.last:.2f} s"


STREAMS = Proof(
    id="streams",
    about="streamed answers come part by part: the policy does not buffer them, and no body of a "
    "response is logged",
    needs=(),
    judge=by_traffic(_own, _of_others),
    applies=kinds.chats,
    fix=NO_STREAM_FIX,
)
