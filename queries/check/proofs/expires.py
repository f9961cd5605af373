"""Consumers whose last day is over are refused, by the gateway's policy, and logged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from queries.check.evidence import Evidence
from queries.check.fields import text
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    NO_CALL,
    Proof,
    Verdict,
    by_traffic,
    failed,
    seen,
    skipped,
    together,
    unjudged,
    waiting,
)
from queries.check.records import TRANSIENT, Attempt
from queries.check.rows import GATEWAY_LOG
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.check.words import listed

CODE = "ConsumerExpired"
"""Code of the refusal, in its answer and in the header of which the log has a column."""
SOON = timedelta(days=14)
"""How long before its last day a consumer is named."""
SHOWN = 5
EXPIRED_FIX = (
    "the API's policy must refuse the consumer from the day after: pulumi up --refresh puts it back"
)
KEY_FIX = "give this identity the right to read keys, or have the consumer's state be suspended"
ALONE_FIX = (
    "they call by tokens alone, which this identity cannot get: suspend them, or accept it with "
    "--allow expires"
)
WAIT_FIX = "nothing to do; give a consumer that is to go on a later expires"


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if not traffic.attempts:
        return waiting(NO_CALL)
    over = evidence.target.expired(traffic.begun)
    if not over:
        return skipped(f"nobody's last day is over{_next(evidence, traffic.begun)}", WAIT_FIX)
    tried = {one.consumer: one for one in traffic.attempts if one.name == "expired consumer"}
    untried = [name for name in over if name not in tried]
    judged = together(_one(evidence, tried[name]) for name in over if name in tried)
    if judged.status in ("failed", "waiting"):
        return judged
    if untried:
        fix = ALONE_FIX if evidence.target.consumer_keys == "refuse" else KEY_FIX
        return unjudged(f"nothing to call with as {listed(untried, SHOWN)}", fix, untried)
    return seen(f"{judged.detail}{_next(evidence, traffic.begun)}")


def _one(evidence: Evidence, attempt: Attempt) -> Verdict:
    name = f"{attempt.consumer}, last day {evidence.target.expires[attempt.consumer]}"
    if attempt.status in TRANSIENT:
        return waiting(f"{name}: {attempt.cause}")
    if attempt.status != attempt.expected or CODE not in attempt.cause:
        return failed(f"{name}: not refused as expired but answered {attempt.cause}", EXPIRED_FIX)
    rows = [row for row in evidence.of_api if attempt.mark in text(row, "Url")]
    if not any(row.get("ResponseCode") == attempt.expected for row in rows):
        return waiting(f"{name}: its refusal is not in {GATEWAY_LOG}")
    told = any(CODE in text(row, "ResponseHeaders") for row in rows)
    if evidence.target.accounting_header and not told:
        return failed(f"{name}: the log lacks the reason {CODE}", EXPIRED_FIX)
    return seen(f"{name}: 403 {CODE}")


def _of_others(evidence: Evidence, traffic: OthersTraffic) -> Verdict:
    """Look for an answered call that a consumer made after its last day."""
    ends = {name.lower(): day for name, day in evidence.target.expires.items()}
    for row in evidence.of_api:
        name, made = text(row, "ApimSubscriptionId").lower(), row.get("TimeGenerated")
        if name not in ends or not isinstance(made, datetime):
            continue
        if made.astimezone(UTC).date().isoformat() > ends[name] and row.get("ResponseCode") == OK:
            said = f"{name}, last day {ends[name]}: answered at {made:%Y-%m-%d %H:%M:%S}"
            return failed(said, EXPIRED_FIX)
    if not evidence.target.expired(traffic.until):
        return skipped(f"nobody's last day is over{_next(evidence, traffic.until)}", WAIT_FIX)
    return skipped("no consumer whose last day is over was answered, and none tried here", WAIT_FIX)


OK = 200


def _next(evidence: Evidence, now: datetime) -> str:
    """Name the active consumers whose last day comes soon; "" for none."""
    today = now.astimezone(UTC).date()
    soon = sorted(
        (day, name)
        for name, day in evidence.target.expires.items()
        if today <= date.fromisoformat(day) <= today + SOON
    )
    if not soon:
        return ""
    return f"; soon: {listed((f'{name} on {day}' for day, name in soon), SHOWN, ', ')}"


EXPIRES = Proof(
    id="expires",
    about="a consumer whose last day is over is refused, and the refusal is logged",
    needs=("gateway",),
    judge=by_traffic(_own, _of_others),
    applies=lambda target: bool(target.expires),
    fix=GATEWAY_LOG_FIX,
)
