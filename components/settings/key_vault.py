"""Where consumers' keys lie: in a Key Vault, and who may read which.

https://learn.microsoft.com/azure/key-vault/general/rbac-guide
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Protocol

from components.azure import arm_id
from components.settings.constraints import Constraint, Frozen, matching, named_once, one_of
from components.settings.entra import GUID

VAULTS = "Microsoft.KeyVault/vaults"
CREATE = "create"
ALLOWED = f'create, or {arm_id.shape(VAULTS)}, or "" for none'


def _check(value: str) -> None:
    if value and value != CREATE and arm_id.parse(value, VAULTS) is None:
        raise ValueError(ALLOWED)


KeyVault = Annotated[str, Constraint(ALLOWED, _check)]


class KeyReader(Frozen):
    """Who may read a consumer's key in the vault."""

    name: Annotated[str, matching("an object id of Microsoft Entra, a GUID", GUID)]
    """Object id in Microsoft Entra."""
    type: Annotated[str, one_of("ServicePrincipal", "Group", "User")] = "ServicePrincipal"
    """What it is: of applications and managed identities ServicePrincipal."""


KeyReaders = Annotated[tuple[KeyReader, ...], named_once("key reader", optional=True)]


class KeyHolder(Protocol):
    """A consumer, as far as who reads its key goes."""

    @property
    def name(self) -> str:
        """Return the name of the subscription, which is the secret's too."""

    @property
    def key_readers(self) -> tuple[KeyReader, ...]:
        """Return who may read the key."""


def check_readers(holders: Iterable[KeyHolder], data: Mapping[str, Any]) -> None:
    """Refuse readers of a vault that there is not.

    Raises:
        ValueError: the message names the consumer.
    """
    if data.get("key_vault") != "":
        return
    for one in holders:
        if one.key_readers:
            raise ValueError(f"keyReaders of {one.name}: none without keyVault")
