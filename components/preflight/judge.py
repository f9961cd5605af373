"""Ask Azure about a plan, all side by side, and judge."""

from __future__ import annotations

from components.preflight import accounts, existing, names
from components.preflight.facts import Azure, Check, answered
from components.preflight.lines import Line
from components.preflight.models import MODELS
from components.preflight.place import REGION, SERVICE, TIER
from components.preflight.plan import Plan
from components.preflight.quota import QUOTA
from components.preflight.rights import RIGHTS

CHECKS: tuple[Check, ...] = (
    *(REGION, SERVICE, TIER, accounts.ACCOUNT, MODELS, QUOTA),
    *(names.GROUP, names.ACCOUNT, names.GATEWAY, names.WORKSPACE),
    *(existing.WORKSPACE, existing.GATEWAY, RIGHTS),
)
"""In the order in which they are told."""


def judged(plan: Plan, azure: Azure) -> list[Line]:
    """Return a line for each thing that the plan asks of Azure."""
    due = [check for check in CHECKS if check.applies(plan)]
    # The region of an existing account, which is to be known before anything is asked of it.
    azure.learn(accounts.reads(plan, azure))
    azure.learn({name: read for check in due for name, read in check.reads(plan, azure).items()})
    return [line for check in due for line in answered(check, plan, azure)]
