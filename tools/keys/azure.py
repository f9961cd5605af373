"""The gateway's keys and the vault's secrets, by Azure Resource Manager alone.

No network rule of the vault stands in the way, and no right at the vault's own address is needed:
https://learn.microsoft.com/azure/key-vault/general/overview-vnet-service-endpoints
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from queries.check import vault
from queries.check.configuration.base import properties
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.configuration.versions import ROLES, SERVICES
from queries.check.vault import Held
from queries.errors import CannotRunError
from queries.outputs import Target

CONTENT_TYPE = "API Management subscription key"
RIGHTS = (
    "Microsoft.ApiManagement/service/subscriptions/listSecrets/action",
    "Microsoft.ApiManagement/service/subscriptions/regeneratePrimaryKey/action",
    "Microsoft.ApiManagement/service/subscriptions/regenerateSecondaryKey/action",
    "Microsoft.KeyVault/vaults/secrets/read",
    "Microsoft.KeyVault/vaults/secrets/write",
    "Microsoft.Authorization/roleAssignments/*",
)
"""What whoever runs this needs: Contributor has all but the last, which goes with readers alone.

https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault
https://learn.microsoft.com/azure/role-based-access-control/permissions/integration#microsoftapimanagement
"""
FIX = (
    f"it takes the rights {', '.join(RIGHTS)}: Contributor has all but the last, which goes with "
    "Role Based Access Control Administrator, and is for keyReaders alone"
)
FAILED, FORBIDDEN, NOT_FOUND, CONFLICT = 400, 403, 404, 409


@dataclass(frozen=True, kw_only=True)
class Azure:
    """Reads and writes of one stack; every error names what was asked, and never a key."""

    manager: Manager
    target: Target

    def keys(self, consumer: str) -> dict[str, str]:
        """Return both keys, by `primary` and `secondary`.

        Raises:
            CannotRunError: Azure gives none.
        """
        answer = self._send("POST", f"{self._subscription(consumer)}/listSecrets", SERVICES)
        found = {which: answer.get(f"{which}Key") for which in (vault.PRIMARY, vault.SECONDARY)}
        if not all(isinstance(key, str) and key for key in found.values()):
            raise CannotRunError(f"Azure gives no keys of {consumer}", "pulumi up --refresh")
        return {which: str(key) for which, key in found.items()}

    def regenerate(self, consumer: str, which: str) -> None:
        """Make one of the keys anew.

        https://learn.microsoft.com/rest/api/apimanagement/subscription/regenerate-primary-key

        Raises:
            CannotRunError: Azure refuses.
        """
        action = f"regenerate{which.title()}Key"
        self._send("POST", f"{self._subscription(consumer)}/{action}", SERVICES)

    def held(self, consumer: str) -> Held | None:
        """Return what the vault holds; None for no such secret.

        Raises:
            CannotRunError: the vault cannot be read.
        """
        try:
            path = vault.path(self.target.key_vault_id, consumer)
            found = self.manager.get(path, vault.SECRETS)
        except UnreadableError as error:
            raise CannotRunError(f"the vault cannot be read: {error}", FIX) from None
        return None if found is None else Held.of(found)

    def put(self, consumer: str, which: str, key: str, now: datetime) -> None:
        """Put a key into the vault, as a new version of the consumer's secret.

        Value and tags go in one request, so that neither is ever there without the other.
        https://learn.microsoft.com/rest/api/keyvault/secrets/create-or-update

        Raises:
            CannotRunError: Azure refuses.
        """
        ends = expiry(self.target, consumer)
        attributes = {"enabled": True, **({} if ends is None else {"exp": ends})}
        body = {
            "tags": {
                vault.GATEWAY: self.target.gateway_id,
                vault.KEY: which,
                vault.MARK: vault.mark(key),
                vault.SINCE: now.astimezone(UTC).isoformat(timespec="seconds"),
            },
            "properties": {
                "value": key,
                "contentType": CONTENT_TYPE,
                "attributes": attributes,
            },
        }
        self._send("PUT", vault.path(self.target.key_vault_id, consumer), vault.SECRETS, body)

    def grant(self, consumer: str) -> int:
        """Give each named reader the role on the consumer's secret, and take it from all others.

        Only assignments of this role, at this secret, whose names this has made are touched;
        return how many were made or taken away.
        https://learn.microsoft.com/azure/key-vault/general/rbac-guide#secret-scope-role-assignment

        Raises:
            CannotRunError: Azure refuses.
        """
        scope = vault.path(self.target.key_vault_id, consumer)
        place = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        named = self.target.key_readers.get(consumer, {})
        try:
            found = self.manager.list(place, ROLES, **{"$filter": "atScope()"})
        except UnreadableError as error:
            raise CannotRunError(f"roles at {scope} cannot be read: {error}", FIX) from None
        there = {str(one.get("name")).lower(): properties(one) for one in found}
        wanted = {vault.assignment(scope, who): who for who in named}
        role = f"/subscriptions/{scope.split('/')[2]}{vault.ROLE}"
        have = {
            str(one.get("principalId")).lower()
            for one in there.values()
            if str(one.get("scope")).lower() == scope.lower()
            and str(one.get("roleDefinitionId")).lower() == role.lower()
        }
        missing = {name: who for name, who in wanted.items() if who.lower() not in have}
        for name, who in missing.items():
            given = {"roleDefinitionId": role, "principalId": who, "principalType": named[who]}
            self._send("PUT", f"{place}/{name}", ROLES, {"properties": given})
        gone = [
            name
            for name, one in there.items()
            if name == vault.assignment(scope, str(one.get("principalId"))) and name not in wanted
        ]
        for name in gone:
            self._send("DELETE", f"{place}/{name}", ROLES)
        return len(gone) + len(missing)

    def _subscription(self, consumer: str) -> str:
        return f"{self.target.gateway_id}/subscriptions/{consumer}"

    def _send(
        self, method: str, path: str, version: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        what = f"{method} {path.rpartition('/providers/')[2]}"
        try:
            url = f"{self.manager.endpoint}{path}"
            answer = self.manager.answer(method, url, {"api-version": version}, body)
        except UnreadableError as error:
            raise CannotRunError(f"{what}: {error}", "run it again: it goes on") from None
        if answer.status_code >= FAILED:
            fix = FIX if answer.status_code == FORBIDDEN else "run it again: it goes on"
            if answer.status_code == CONFLICT and method == "PUT":
                fix = "a secret of that name was deleted: az keyvault secret recover, then again"
            if answer.status_code == NOT_FOUND:
                fix = "the stack's output names what is not there: pulumi up --refresh"
            said = f"{what}: HTTP {answer.status_code} {_code(answer)}".rstrip()
            raise CannotRunError(said, fix)
        try:
            told = answer.json() if answer.content else {}
        except ValueError:
            told = {}
        return told if isinstance(told, dict) else {}


def _code(answer: httpx.Response) -> str:
    """Return Azure's own word for a refusal; not its message, which may repeat what was sent."""
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def expiry(target: Target, consumer: str) -> int | None:
    """Return when a consumer's last day ends, in seconds since 1970; None if it has none."""
    return vault.ends_of(target.expires.get(consumer, ""))
