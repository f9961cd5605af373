"""The calls were answered: by which deployments, and what was left out."""

from __future__ import annotations

from queries.check import kinds
from queries.check.evidence import Evidence
from queries.check.proofs.base import Proof, Verdict, failed, seen, skipped, waiting
from queries.check.traffic import OwnTraffic
from queries.contract import Deployment
from queries.library import load
from queries.pages import limit

NOBODY_FIX = "nobody called in the last 24 hours, or nothing is logged: run without --no-traffic"
DOCUMENT_FIX = "name a document in apiDocument that has operations for the deployments' models"
TRAFFIC_FIX = "run without --no-traffic to have it judged"


def _call(evidence: Evidence) -> Verdict:
    traffic, left_out = evidence.traffic, ""
    if isinstance(traffic, OwnTraffic):
        if traffic.failed:
            detail = "; ".join(f"{one.label}: {one.cause}" for one in traffic.failed)
            return failed(detail, traffic.failed[0].fix)
        left_out = "".join(f"; left out {label}: {why}" for label, why in traffic.left_out.items())
    if isinstance(traffic, OwnTraffic) and not kinds.slots(evidence.target):
        return failed(f"no call could be made{left_out}", DOCUMENT_FIX)
    if not traffic.calls:
        return waiting("no answered call yet")
    names = ", ".join(sorted({call.deployment for call in traffic.calls}))
    return seen(f"200 from {names}{left_out}")


CALL = Proof(
    id="call",
    about="every deployment answers every kind of call that it serves",
    needs=(),
    judge=_call,
    fix="",
)


def called_by_others(deployment: Deployment) -> Proof:
    """Prove that somebody called the deployment of late, and was answered."""

    def judge(evidence: Evidence) -> Verdict:
        if not evidence.calls:
            return waiting("no answered call in the gateway's log")
        name = deployment.name.lower()
        times = [call.started for call in evidence.calls if call.deployment.lower() == name]
        if not times:
            read = len(evidence.of("gateway"))
            among = f" among the newest {read}" if read >= limit(load("gateway-calls")) else ""
            return skipped(f"no answered call to it{among} in the last 24 hours", TRAFFIC_FIX)
        return seen(f"answered a call at {max(times):%Y-%m-%d %H:%M:%S}")

    return Proof(
        id=f"{CALL.id}:{deployment.name}",
        about=f"{deployment.name} has answered a call in the last 24 hours",
        needs=("gateway",),
        judge=judge,
        fix=NOBODY_FIX,
    )
