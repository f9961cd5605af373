"""The vault that holds consumers' keys: each a key that the gateway takes, until its last day."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import Comparison, Deployed
from queries.check.difference import Difference
from queries.check.vault import ends_of
from queries.outputs import Target

FIX = "make keys, which hands each consumer's key to the vault"


def vault(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand of each consumer's secret that it holds a key of the consumer, and is enabled."""
    for name, (held, keys) in deployed["vault"].items():
        said = ""
        if held is None:
            said = "missing"
        elif held.gateway.lower() != target.gateway_id.lower():
            said = "somebody else's"
        elif not held.holds(keys):
            said = "a key that is none any more"
        elif not held.enabled:
            said = "disabled"
        elif held.ends != ends_of(target.expires.get(name, "")):
            said = "another last day"
        if said:
            path = f"secret {name} of the vault"
            yield Difference(path=path, declared="the consumer's key", deployed=said, fix=FIX)


COMPARISONS = (Comparison(("vault",), vault),)
