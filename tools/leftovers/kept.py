"""What Azure keeps of what is deleted, under its name, and until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from queries.check.configuration.manager import AbsentError, Manager
from tools.adopt.arm import KINDS, folded, name
from tools.adopt.stack import moment
from tools.leftovers.owned import ACCOUNT, GATEWAY, VAULT, WORKSPACE, Owned

WORKSPACE_DAYS = 14
"""https://learn.microsoft.com/azure/azure-monitor/logs/delete-workspace"""
SLACK = timedelta(minutes=90)
"""Longest time for which Azure may still be deleting after the engine has written its last state.

The engine waits for deletions, so this covers clocks that differ, and a destroy that was cut off.
"""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A deleted resource whose name Azure keeps."""

    owned: Owned
    path: str
    """Where Azure shows the deleted resource; of a workspace the id it had."""
    until: str
    """When Azure removes the resource for good."""
    deleted: datetime | None = None
    protected: bool = False
    """Whether nobody can remove it before that."""
    ours: bool = True
    """Whether this is the stack's, and not a later one of the same name."""

    def judged(self, last: datetime | None) -> Kept:
        """Return this, with what its time says: one deleted after the stack's last is another's."""
        later = bool(last and self.deleted and self.deleted > last + SLACK)
        return replace(self, ours=self.ours and not later)


def find(manager: Manager, one: Owned) -> Kept | None:
    """Find what Azure keeps of a resource that does not exist; None for types it keeps nothing of.

    Raises:
        UnreadableError: Azure refuses, or does not answer.
    """
    look = _LOOKS.get(one.type)
    return look(manager, one) if look else None


def deleted_path(one: Owned) -> str:
    """Return where Azure shows a deleted account or gateway, and takes the order to purge it.

    https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/deleted-accounts/get
    https://learn.microsoft.com/rest/api/apimanagement/deleted-services/get-by-name
    https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/get-deleted
    """
    if one.type == VAULT:
        kind = f"Microsoft.KeyVault/locations/{one.location}/deletedVaults"
    elif one.type == ACCOUNT:
        group = f"locations/{one.location}/resourceGroups/{name(one.group)}"
        kind = f"Microsoft.CognitiveServices/{group}/deletedAccounts"
    else:
        kind = f"Microsoft.ApiManagement/locations/{one.location}/deletedservices"
    return f"{one.subscription}/providers/{kind}/{name(one.id)}"


def _deleted(manager: Manager, one: Owned) -> Kept | None:
    path = deleted_path(one)
    told = manager.fact(path, KINDS[one.type].version)
    if told is None:
        return None
    facts: dict[str, Any] = told.get("properties") or {}
    was = str(facts.get("serviceId") or facts.get("vaultId") or one.id)
    return Kept(
        owned=one,
        path=path,
        until=str(facts.get("scheduledPurgeDate") or "48 hours after its deletion"),
        deleted=moment(facts.get("deletionDate")),
        protected=facts.get("purgeProtectionEnabled") is True,
        ours=folded(was) == one.key,
    )


def _workspace(manager: Manager, one: Owned) -> Kept | None:
    """Find a deleted workspace, which has the same customer id as before.

    https://learn.microsoft.com/rest/api/loganalytics/deleted-workspaces/list
    """
    place = f"{one.subscription}/providers/Microsoft.OperationalInsights/deletedWorkspaces"
    try:
        deleted = manager.list(place, KINDS[one.type].version)
    except AbsentError:
        return None
    for told in deleted:
        if folded(str(told["id"])) == one.key:
            customer = (told.get("properties") or {}).get("customerId")
            own = one.outputs.get("customerId")
            return Kept(
                owned=one,
                path=one.id,
                until=f"{WORKSPACE_DAYS} days after its deletion",
                ours=not (customer and own) or customer == own,
            )
    return None


_LOOKS: dict[str, Callable[[Manager, Owned], Kept | None]] = {
    ACCOUNT: _deleted,
    GATEWAY: _deleted,
    VAULT: _deleted,
    WORKSPACE: _workspace,
}
