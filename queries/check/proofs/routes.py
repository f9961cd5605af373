"""No way leads around the logs: through the gateway, or past it."""

from __future__ import annotations

from queries.check.proofs.base import Proof
from queries.check.proofs.findings import READER_FIX, by_findings

UNDERSTOOD_FIX = (
    "give this identity the role Reader on the gateway and the account if it lacks it; look through"
    " the places named"
)
ASSIGNMENTS_FIX = (
    "listing roles needs Microsoft.Authorization/roleAssignments/read and roleDefinitions/read on "
    f"the account, which Reader has: {READER_FIX}"
)


ROUTES = Proof(
    id="routes",
    about="no API of the gateway leads to the account around the logs, and no policy of a wider or "
    "narrower scope changes, copies or answers the stack's calls",
    needs=(),
    judge=by_findings("routes", lambda deployed: deployed.routes, UNDERSTOOD_FIX),
    fix="",
)
ACCESS = Proof(
    id="access",
    about="nobody but the gateway, and whom otherCallers names, has a role by which to call the "
    "account itself",
    needs=(),
    judge=by_findings("access", lambda deployed: deployed.access, ASSIGNMENTS_FIX),
    fix="",
)
