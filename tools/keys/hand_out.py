"""Put into the vault what it lacks: the key of a new consumer, of one regenerated elsewhere."""

from __future__ import annotations

from datetime import datetime

from queries.check import vault
from queries.errors import CannotRunError
from tools.keys.azure import Azure, expiry


def hand_out(azure: Azure, consumer: str, now: datetime) -> str:
    """Make the vault hold a key of the consumer, and say what was done; "" for nothing.

    A key that is one of the two stays, as it may be in the midst of a rotation.

    Raises:
        CannotRunError: the secret is another's, or Azure refuses.
    """
    held, keys = azure.held(consumer), azure.keys(consumer)
    if held is None:
        azure.put(consumer, vault.PRIMARY, keys[vault.PRIMARY], now)
        return "put into the vault"
    if held.gateway.lower() != azure.target.gateway_id.lower():
        raise CannotRunError(
            f"the vault has a secret {consumer} that is not of this gateway",
            "use another vault, or another name of the consumer; nothing was changed",
        )
    if not held.holds(keys):
        azure.put(consumer, vault.PRIMARY, keys[vault.PRIMARY], now)
        return "put anew: the vault held a key that is none any more"
    if not held.enabled or held.ends != expiry(azure.target, consumer):
        azure.put(consumer, held.key, keys[held.key], held.since)
        return "put again, with its last day"
    return ""
