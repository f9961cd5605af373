"""Every property that the program declares is in Azure as the stack's state says."""

from __future__ import annotations

from collections.abc import Sequence

from queries.check.drift.findings import Finding
from queries.check.drift.outcome import Drift
from queries.check.evidence import Evidence
from queries.check.proofs.base import Proof, Verdict, failed, seen, unjudged, waiting
from queries.check.proofs.findings import NOT_LOOKED, READER_FIX
from queries.check.words import counted, listed

LISTED = 4
"""Most findings that the detail names; every one is among the differences."""


def verdict(drift: Drift) -> Verdict:
    """Judge what the comparison came to: a change fails, and what is not known is not judged."""
    if drift.reason:
        return unjudged(drift.reason, drift.fix)
    if found := drift.of("drift"):
        return failed(_listed(found), found[0].fix)
    left = drift.of("unjudged")
    said = [f"{name} cannot be read ({reason})" for name, reason in drift.unreadable.items()]
    if left or said:
        fix = left[0].fix if left else READER_FIX
        parts = [*drift.unreadable, *(one.path for one in left)]
        return unjudged("; ".join([*said, *([_listed(left)] if left else [])]), fix, parts)
    values = counted(drift.properties, "declared value")
    detail = f"{counted(drift.resources, 'resource')} with {values}: each as declared"
    if remarks := drift.of("remark"):
        detail += f"; beside, as it takes nothing away: {_listed(remarks)}"
    return seen(detail)


def _judge(evidence: Evidence) -> Verdict:
    if evidence.deployed is None or evidence.deployed.drift is None:
        return waiting(NOT_LOOKED)
    return verdict(evidence.deployed.drift)


def _listed(found: Sequence[Finding]) -> str:
    return listed((one.text for one in found), LISTED)


DRIFT = Proof(
    id="drift",
    about="every property that the program declares, of every resource, is in Azure as declared, "
    "and nobody has changed or added beside it what calls or logs depend on",
    needs=(),
    judge=_judge,
    fix="",
)
