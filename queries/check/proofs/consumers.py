"""Every active consumer can call, and the rows of its calls name it and nobody else."""

from __future__ import annotations

from queries.check import kinds, plans
from queries.check.evidence import Evidence
from queries.check.fields import text
from queries.check.keys import ACTION, VARIABLE
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    NO_CALL,
    NOT_JUDGED,
    Proof,
    Verdict,
    by_traffic,
    failed,
    seen,
    skipped,
    unjudged,
    waiting,
)
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.check.words import listed
from queries.outputs import Consumer

SHOWN = 5
"""Most consumers that a verdict names."""
MOST_RESTING = 100
"""Most consumers left to other days that a verdict names."""
MOST_PAIRS = 30
"""Most pairs of consumer and deployment that a verdict names."""
KEY_FIX = (
    "the subscription that is logged must be the one whose key was sent: pulumi up reads the keys "
    "again; look for a key that was given to two subscriptions"
)
NO_KEY_FIX = (
    f"give this identity {ACTION}; unset {VARIABLE}, or --allow consumers where only one may be "
    "called as"
)
NO_ROOM = "its plan leaves no room for a call that the check makes"
NO_ROOM_FIX = (
    f"give it a deployment that is served, and {plans.FEW:,} promptBytes; or --allow "
    "consumers/<name>"
)
OWN_IDENTITY_FIX = (
    "run the check once with each consumer's own identity, and with a key that is not tried in "
    f"{VARIABLE}; or --allow consumers where only one may be called as"
)


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if not traffic.calls:
        return waiting(NO_CALL)
    full = dict.fromkeys(kinds.without_room(evidence.target), NO_ROOM)
    callers = [one for one in evidence.target.callers if one.name not in full]
    verdicts = {c.name: _called(evidence, traffic, c) for c in callers}
    for status in ("failed", "waiting"):
        found = [(name, v) for name, v in verdicts.items() if v.status == status]
        if found:
            said = listed((f"{name}: {v.detail}" for name, v in found), SHOWN)
            return failed(said, found[0][1].fix) if status == "failed" else waiting(said)
    if keyless := {**evidence.target.keyless, **full}:
        said = listed((f"{name}: {why}" for name, why in keyless.items()), SHOWN)
        fix = OWN_IDENTITY_FIX if evidence.target.entra_tenant else NO_KEY_FIX
        fix = fix if evidence.target.keyless else NO_ROOM_FIX
        return unjudged(f"not called as {said}", fix, keyless)
    left = _resting(evidence) + _apart(evidence, traffic)
    called = listed((v.detail for v in verdicts.values()), SHOWN, ", ")
    return seen(f"called as {called}{left}")


def _called(evidence: Evidence, traffic: OwnTraffic, consumer: Consumer) -> Verdict:
    """Demand that a consumer was answered, and is named in each row of its calls."""
    calls = [call for call in traffic.calls if call.consumer == consumer.name]
    refused = [one for one in traffic.failed if one.consumer == consumer.name]
    if not calls:
        if refused:
            return failed(f"no call was answered: {refused[0].cause}", refused[0].fix)
        return failed("no call was made", "see the proof `call`: it tells what was not answered")
    rows = [row for call in calls for row in evidence.linked("gateway", call)]
    named = {text(row, "ApimSubscriptionId") for row in rows}
    others = sorted(one or "nobody" for one in named if one.lower() != consumer.name.lower())
    if others and (consumer.name or len(named) > 1):
        return failed(f"rows of its calls name {', '.join(others)}", KEY_FIX)
    if not rows:
        return waiting("no row of its calls yet")
    return seen(consumer.name or others[0])


def _resting(evidence: Evidence) -> str:
    """Say which consumers this run leaves to another day's."""
    resting = evidence.target.resting
    if not resting:
        return ""
    said = listed(resting, MOST_RESTING, ", ")
    return f"; {NOT_JUDGED}: {len(resting)} that other days' runs call as: {said}"


def _apart(evidence: Evidence, traffic: OwnTraffic) -> str:
    """Say which consumers called which deployments in no run of today."""
    called = {(call.consumer, call.deployment) for call in traffic.calls}
    names = [deployment.name for deployment in evidence.target.deployments]
    target = evidence.target
    pairs = [
        (caller.name, name)
        for caller in target.callers
        for name in names
        if target.plan_of(caller.name).allows(name)
    ]
    left = [f"{consumer} of {name}" for consumer, name in pairs if (consumer, name) not in called]
    if not left or not called:
        return ""
    said = listed(left, MOST_PAIRS, ", ")
    return f"; {NOT_JUDGED}: {len(left)} of {len(pairs)} pairs with a deployment: {said}"


def _of_others(evidence: Evidence, _: OthersTraffic) -> Verdict:
    """Say which consumers' calls the log has; a call of nobody is answered to no consumer."""
    rows = [row for row in evidence.of_api if row.get("ResponseCode") == 200]  # noqa: PLR2004
    if not rows:
        return waiting(NO_CALL)
    named = {text(row, "ApimSubscriptionId").lower() for row in rows}
    if "" in named:
        return failed("an answered call names no consumer", KEY_FIX)
    declared = {name.lower(): name for name in evidence.target.consumers}
    found = [name for low, name in declared.items() if low in named]
    if not found:
        return skipped("no call of a consumer of the stack among the rows looked at")
    left = [name for low, name in declared.items() if low not in named]
    said = f"calls of {listed(found, SHOWN, ', ')}"
    lacking = f"; {NOT_JUDGED}: no call of {listed(left, SHOWN, ', ')}" if left else ""
    return seen(said + lacking)


CONSUMERS = Proof(
    id="consumers",
    about="every active consumer is answered, and each row of its calls names it by its id",
    needs=("gateway", "llm"),
    judge=by_traffic(_own, _of_others),
    fix=GATEWAY_LOG_FIX,
)
