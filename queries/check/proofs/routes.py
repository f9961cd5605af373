"""No way leads around the logs: through the gateway, or past it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from queries.check.difference import Findings
from queries.check.evidence import AsDeployed, Evidence
from queries.check.proofs.audit import NOT_LOOKED, READER_FIX
from queries.check.proofs.base import Judge, Proof, Verdict, failed, seen, unjudged, waiting

UNDERSTOOD_FIX = (
    "give this identity the role Reader on the gateway and the account if it lacks it; look through"
    " the places named, and if calls cannot reach the account there, --allow routes accepts them"
)
ASSIGNMENTS_FIX = (
    "listing roles needs Microsoft.Authorization/roleAssignments/read and roleDefinitions/read on "
    f"the account, which Reader has: {READER_FIX}"
)
LISTED = 5
"""Places told of in a verdict, before the number of the others."""


def _by(findings: Callable[[AsDeployed], Findings], fix: str) -> Judge:
    """Fail by what was found; what could not be read or understood is not judged."""

    def judge(evidence: Evidence) -> Verdict:
        if evidence.deployed is None:
            return waiting(NOT_LOOKED)
        return verdict(findings(evidence.deployed), fix)

    return judge


def verdict(found: Findings, fix: str) -> Verdict:
    """Say how a proof stands by what was found; `fix` is what helps where it is not judged."""
    if found.differences:
        return failed(_listed(map(str, found.differences)), found.differences[0].fix)
    if found.unclear:
        return unjudged(_listed(found.unclear), fix)
    return seen(found.said)


def _listed(said: Iterable[str]) -> str:
    every = list(said)
    more = len(every) - LISTED
    return "; ".join(every[:LISTED]) + (f"; and {more} more" if more > 0 else "")


ROUTES = Proof(
    id="routes",
    about="no API of the gateway leads to the account around the logs, and no policy of a wider or "
    "narrower scope changes, copies or answers the stack's calls",
    needs=(),
    judge=_by(lambda deployed: deployed.routes, UNDERSTOOD_FIX),
    fix="",
)
ACCESS = Proof(
    id="access",
    about="nobody but the gateway, and whom otherCallers names, has a role by which to call the "
    "account itself",
    needs=(),
    judge=_by(lambda deployed: deployed.access, ASSIGNMENTS_FIX),
    fix="",
)
