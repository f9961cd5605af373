"""No way leads around the logs: through the gateway, or past it."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from queries.check.difference import Findings
from queries.check.evidence import AsDeployed, Evidence
from queries.check.proofs.audit import NOT_LOOKED, READER_FIX
from queries.check.proofs.base import PART, Judge, Proof, Verdict, failed, seen, unjudged, waiting
from queries.check.words import listed

UNDERSTOOD_FIX = (
    "give this identity the role Reader on the gateway and the account if it lacks it; look through"
    " the places named"
)
ASSIGNMENTS_FIX = (
    "listing roles needs Microsoft.Authorization/roleAssignments/read and roleDefinitions/read on "
    f"the account, which Reader has: {READER_FIX}"
)
LISTED = 5
"""Places named in a verdict, before the number of the others."""


def _by(proof: str, findings: Callable[[AsDeployed], Findings], fix: str) -> Judge:
    """Fail by what was found; what could not be read or understood is not judged."""

    def judge(evidence: Evidence) -> Verdict:
        if evidence.deployed is None:
            return waiting(NOT_LOOKED)
        return verdict(findings(evidence.deployed), fix, proof)

    return judge


def verdict(found: Findings, fix: str, proof: str = "routes") -> Verdict:
    """Say how a proof stands by what was found; `fix` is what helps where it is not judged.

    Each unclear place is a part of its own: to accept one shuts no eye to another.
    """
    if found.differences:
        said = listed(map(str, found.differences), LISTED)
        return failed(said, found.differences[0].fix)
    if found.unclear:
        said = listed(found.unclear, LISTED)
        return unjudged(said, f"{fix}; {_allowing(proof, found)}", found.parts)
    return seen(found.said)


def _allowing(proof: str, found: Findings) -> str:
    """Write the options that accept each unclear place, for a shell."""
    options = (f"--allow {shlex.quote(f'{proof}{PART}{part}')}" for part in found.parts)
    return (
        f"what may stay so is accepted by its name, and nothing else with it: {' '.join(options)}"
    )


ROUTES = Proof(
    id="routes",
    about="no API of the gateway leads to the account around the logs, and no policy of a wider or "
    "narrower scope changes, copies or answers the stack's calls",
    needs=(),
    judge=_by("routes", lambda deployed: deployed.routes, UNDERSTOOD_FIX),
    fix="",
)
ACCESS = Proof(
    id="access",
    about="nobody but the gateway, and whom otherCallers names, has a role by which to call the "
    "account itself",
    needs=(),
    judge=_by("access", lambda deployed: deployed.access, ASSIGNMENTS_FIX),
    fix="",
)
