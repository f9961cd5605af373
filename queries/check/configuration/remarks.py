"""What Azure changes by itself, told without being judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from queries.check.configuration.base import Deployed, inside, properties
from queries.outputs import Target

DECLARED_KIND = "OpenAI"
"""What the program creates; Azure makes Foundry resources of kind AIServices of it.

https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai-auto
"""
UPGRADED = (
    ", to which Azure upgraded it: run pulumi refresh before the account's next change, which "
    "would otherwise ask for the kind in the state and so roll the upgrade back"
)
"""https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#roll-back-to-azure-openai"""
NEEDS = ("account", "upgrade", "deployments")


def remarks(target: Target, deployed: Deployed) -> Iterator[str]:
    """Yield the account's kind, and the day for which Azure has planned another.

    Where nothing is planned, or an API version that tells of it is not to be had, none is said. Of
    an existing deployment, yield what its owner or Azure has moved.
    """
    yield from _moved(target, deployed)
    kind = inside(deployed.get("account"), "kind")
    if kind:
        upgraded = kind != DECLARED_KIND and not target.account.existing
        yield f"the account is of kind {kind}{UPGRADED if upgraded else ''}"
    plan = properties(deployed.get("upgrade")).get("foundryAutoUpgrade")
    if inside(plan, "mode") == "Enabled" and (planned := inside(plan, "scheduledAt")):
        yield f"Azure plans to turn it into a Foundry resource (AIServices) on {_day(str(planned))}"


def _moved(target: Target, deployed: Deployed) -> Iterator[str]:
    found = {str(one.get("name")).lower(): one for one in deployed.get("deployments") or []}
    for wanted in target.deployments:
        there = found.get(wanted.name.lower())
        if not wanted.existing or there is None:
            continue
        now = {
            "version": (wanted.version, inside(properties(there), "model", "version")),
            "capacity": (wanted.capacity, inside(there, "sku", "capacity")),
        }
        for key, (said, value) in now.items():
            if value not in (None, said):
                yield f"{key} of the existing deployment {wanted.name} is {value}, declared {said}"


def _day(time: str) -> str:
    """Return the day of a time in ISO 8601; what is not one is told as it is."""
    try:
        return datetime.fromisoformat(time).date().isoformat()
    except ValueError:
        return time
