"""What Azure changes by itself: remarks, which nothing judges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from queries.check.configuration.base import Deployed, inside, properties
from queries.contract import Account

UPGRADED = (
    ", to which it was upgraded: run pulumi refresh before the account's next change, which "
    "would otherwise ask for the kind in the state and so roll the upgrade back"
)
"""https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#roll-back-to-azure-openai"""
NEEDS = ("account", "upgrade")


def remarks(account: Account[str], deployed: Deployed) -> Iterator[str]:
    """Yield the account's kind, and the day for which Azure has planned another.

    Where nothing is planned, or an API version that tells of it is not to be had, none is said.
    """
    kind = inside(deployed.get("account"), "kind")
    if kind:
        upgraded = not account.existing and account.kind == "OpenAI" != kind
        yield f"the account is of kind {kind}{UPGRADED if upgraded else ''}"
    plan = properties(deployed.get("upgrade")).get("foundryAutoUpgrade")
    if inside(plan, "mode") == "Enabled" and (planned := inside(plan, "scheduledAt")):
        yield f"Azure plans to turn it into a Foundry resource (AIServices) on {_day(str(planned))}"


def _day(time: str) -> str:
    """Return the day of a time in ISO 8601; what is not one stays as it is."""
    try:
        return datetime.fromisoformat(time).date().isoformat()
    except ValueError:
        return time
