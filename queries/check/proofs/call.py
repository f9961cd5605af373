"""The gateway answers a call to each deployment."""

from __future__ import annotations

from queries.check.evidence import Evidence
from queries.check.proofs.base import Proof, Verdict, failed, seen, waiting


def _judge(evidence: Evidence) -> Verdict:
    if evidence.failed_calls:
        detail = "; ".join(f"{name}: {cause}" for name, cause, _ in evidence.failed_calls)
        return failed(detail, evidence.failed_calls[0][2])
    if not evidence.calls:
        return waiting("no answered call in the gateway's log")
    names = sorted({call.deployment for call in evidence.calls})
    return seen(f"200 from {', '.join(names)}")


PROOF = Proof(
    id="call",
    shows="the gateway answers with 200",
    needs=(),
    judge=_judge,
    fix="nobody called in the last 24 hours, or nothing is logged: run without --no-traffic",
)
