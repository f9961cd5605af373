"""What a Key Vault says of a consumer's key: which of the two it holds, and a mark of it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from queries.check.configuration.base import properties
from queries.contract import NEVER

SECRETS = "2023-07-01"
"""API version by which Resource Manager is asked for secrets.

https://learn.microsoft.com/rest/api/keyvault/secrets/get
"""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MARK_DIGITS = 16
"""Hexadecimal digits of a key's mark: of a random key of 128 bits they tell nothing but itself."""
GATEWAY, KEY, MARK, SINCE = "gateway", "key", "mark", "since"
"""Tags of a secret: whose it is, which key it holds, that key's mark, and since when."""
PRIMARY, SECONDARY = BOTH = "primary", "secondary"


ROLE = "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6"
"""Key Vault Secrets User, below a subscription: it reads a secret's value, and nothing else.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#key-vault-secrets-user
"""


def assignment(secret_id: str, reader: str) -> str:
    """Return the name of a reader's role assignment: the same each time, so that none is twice."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{secret_id}/{reader}".lower()))


def path(vault_id: str, consumer: str) -> str:
    """Return the ARM id of a consumer's secret."""
    return f"{vault_id}/secrets/{consumer}"


def mark(key: str) -> str:
    """Return what is written beside a key, to tell later whether it still is the one."""
    return hashlib.sha256(key.encode()).hexdigest()[:MARK_DIGITS]


def ends_of(day: str) -> int | None:
    """Return when a last day ends, in seconds since 1970; None for no day."""
    if not day or day == NEVER:
        return None
    after = date.fromisoformat(day) + timedelta(days=1)
    return int(datetime(after.year, after.month, after.day, tzinfo=UTC).timestamp())


@dataclass(frozen=True, kw_only=True)
class Held:
    """A secret as Resource Manager shows it, which never shows the value."""

    gateway: str = ""
    """ARM id of the gateway whose key it is; "" for a secret that is somebody else's."""
    key: str = ""
    """`primary` or `secondary`."""
    mark: str = ""
    since: datetime = LONG_AGO
    """When the key was put there."""
    enabled: bool = True
    ends: int | None = None
    """When it expires, in seconds since 1970."""

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Held:
        """Read the tags; one that is missing or no time shows as its default."""
        tags = resource.get("tags")
        tags = tags if isinstance(tags, dict) else {}
        attributes = properties(resource).get("attributes")
        attributes = attributes if isinstance(attributes, dict) else {}
        try:
            since = datetime.fromisoformat(str(tags.get(SINCE)))
        except ValueError:
            since = LONG_AGO
        return cls(
            gateway=str(tags.get(GATEWAY, "")),
            key=str(tags.get(KEY, "")),
            mark=str(tags.get(MARK, "")),
            since=since if since.tzinfo else since.replace(tzinfo=UTC),
            enabled=attributes.get("enabled") is not False,
            ends=attributes.get("exp") if isinstance(attributes.get("exp"), int) else None,
        )

    def holds(self, keys: Mapping[str, str]) -> bool:
        """Tell whether it is one of a subscription's keys, and the one that it says."""
        return self.key in keys and self.mark == mark(keys[self.key])
