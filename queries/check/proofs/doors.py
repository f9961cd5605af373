"""Account and gateway let nobody in from the internet, where the stack closes them."""

from __future__ import annotations

from queries.check.doors import closed_accounts
from queries.check.proofs.base import Proof
from queries.check.proofs.findings import by_findings

ACCOUNT = Proof(
    id="account-closed",
    about="where network closes it, the account refuses this machine, or lets it in by its private "
    "endpoint alone",
    needs=(),
    judge=by_findings("account-closed", lambda deployed: deployed.account_closed),
    fix="",
    applies=lambda target: any(closed_accounts(target)),
)
GATEWAY = Proof(
    id="gateway-closed",
    about="where network closes it, the gateway refuses this machine, or lets it in from its "
    "network alone",
    needs=(),
    judge=by_findings("gateway-closed", lambda deployed: deployed.gateway_closed),
    fix="",
    applies=lambda target: target.network.gateway != "public",
)
