"""Each plan's limits act: the gateway refuses what is more, or counts, and logs each refusal."""

from __future__ import annotations

from queries.check.evidence import Evidence
from queries.check.fields import text
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    NO_CALL,
    Proof,
    Verdict,
    by_traffic,
    failed,
    no_row,
    seen,
    skipped,
    together,
    unjudged,
    waiting,
)
from queries.check.proofs.calls import TRAFFIC_FIX
from queries.check.records import Tried
from queries.check.rows import GATEWAY_LOG
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.contract import MODEL_REFUSED, PROMPT_REFUSED

ASK_FIX = "python -m queries.check --limits, which says what it takes"
LIMIT_FIX = (
    "the API's policy must have the plan's statement, and no counter of another value: pulumi up "
    "--refresh puts it back"
)
OWN = (MODEL_REFUSED, PROMPT_REFUSED)
"""Reasons that the policy's header alone tells the log: no statement's error has them."""
AGAIN_FIX = "run it again when the consumer's other limits leave room"


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if not traffic.calls:
        return waiting(NO_CALL)
    if traffic.limits is None:
        return skipped("not asked", ASK_FIX)
    return together(_one(evidence, tried) for tried in traffic.limits)


def _one(evidence: Evidence, tried: Tried) -> Verdict:
    """Judge a limit by its refusal and the row of it, or by what is left of it."""
    name = f"{tried.limit} of {tried.consumer}"
    if tried.counted:
        return seen(f"{name}: counted, {tried.counted}")
    if tried.lost:
        part = f"{tried.consumer}-{tried.limit}"
        return unjudged(f"{name}: {tried.cause}", AGAIN_FIX, (part,))
    if not tried.status:
        return failed(f"{name}: not refused: {tried.cause or 'answered'}", LIMIT_FIX)
    rows = [row for row in evidence.of_api if tried.mark in text(row, "Url")]
    refused = [row for row in rows if row.get("ResponseCode") == tried.status]
    if not refused:
        return waiting(f"{name}: {no_row(evidence, 'gateway', GATEWAY_LOG).detail}")
    said = [f"{text(row, 'LastErrorReason')} {text(row, 'ResponseHeaders')}" for row in refused]
    told = tried.reason not in OWN or evidence.target.accounting_header
    if told and not any(tried.reason in one for one in said):
        reason = text(refused[0], "LastErrorReason") or "none"
        return failed(f"{name}: the log has {reason} as its reason, not {tried.reason}", LIMIT_FIX)
    return seen(f"{name}: {tried.status} {tried.reason}")


def _of_others(_: Evidence, __: OthersTraffic) -> Verdict:
    return skipped("nobody here knows what others were refused for", TRAFFIC_FIX)


LIMITS = Proof(
    id="limits",
    about="with --limits, each limit of each plan refuses, or counts where it is too large to be "
    "used up, and every refusal is logged with its reason",
    needs=("gateway",),
    judge=by_traffic(_own, _of_others),
    applies=lambda target: bool(target.plans),
    fix=GATEWAY_LOG_FIX,
)
