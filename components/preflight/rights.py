"""What whoever deploys may do, at each place where the stack creates something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from components.preflight.facts import Azure, Check, Read, unread
from components.preflight.lines import Line, fine, wrong
from components.preflight.models import COGNITIVE
from components.preflight.names import group_id
from components.preflight.place import INSIGHTS, LOGS, MANAGEMENT
from components.preflight.plan import Plan
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import AbsentError

VERSION = "2022-04-01"
"""https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group"""
RIGHT = "Microsoft.Authorization/*/read"
ROLES = "Contributor and Role Based Access Control Administrator"
Json = Mapping[str, Any]


def _needs(plan: Plan, azure: Azure) -> dict[str, list[str]]:
    """Return the actions that creating takes, by the scope at which they must be allowed."""
    given = plan.settings
    here = azure.root if plan.group else group_id(plan, azure)
    needs = {here: ["Microsoft.Resources/subscriptions/resourceGroups/write"]} if plan.group else {}
    needs.setdefault(here, [])
    needs[here] += [f"{LOGS}/workspaces/write"] if plan.workspace else []
    needs[here] += [f"{COGNITIVE}/accounts/write"] if plan.account else []
    needs[here] += [f"{COGNITIVE}/accounts/deployments/write"] if plan.deployments else []
    if plan.account or plan.gateway:
        needs[here] += ["Microsoft.Authorization/roleAssignments/write"]
        needs[here] += [f"{INSIGHTS}/diagnosticSettings/write"]
    needs[here] += [f"{MANAGEMENT}/service/write"] if plan.gateway else []
    if given.gateway_id:
        inside = ("apis", "products", "subscriptions")
        needs[given.gateway_id] = [f"{MANAGEMENT}/service/{one}/write" for one in inside]
    return {scope: actions for scope, actions in needs.items() if actions}


def _reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    path = "/providers/Microsoft.Authorization/permissions"
    return {
        f"rights {scope}": partial(azure.manager.facts, scope + path, VERSION)
        for scope in _needs(plan, azure)
    }


def _judge(plan: Plan, azure: Azure) -> Iterator[Line]:
    for number, (scope, actions) in enumerate(_needs(plan, azure).items()):
        name = f"rights:{scope.split('/')[-1]}" if number else "rights"
        try:
            granted = azure.fact(f"rights {scope}")
        except AbsentError:
            yield unread(name, UnreadableError(f"{scope} does not exist"), RIGHT)
            continue
        lacking = [one for one in actions if not _may(granted, one)]
        if lacking:
            detail = f"whoever deploys may not: {', '.join(lacking)}"
            yield wrong(name, detail, f"have {ROLES} assigned on {scope}")
        else:
            yield fine(name, f"whoever deploys may create all of it in {scope}")


def _may(granted: Iterable[Json], action: str) -> bool:
    """Tell whether one permission allows an action that it does not take away again.

    https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions
    """
    return any(
        _any(one["actions"], action) and not _any(one["notActions"], action) for one in granted
    )


def _any(patterns: Iterable[str] | None, action: str) -> bool:
    forms = (".*".join(map(re.escape, one.split("*"))) for one in patterns or ())
    return any(re.fullmatch(form, action, re.IGNORECASE) for form in forms)


RIGHTS = Check(
    id="rights",
    about="whoever deploys may create what is to be created",
    right=RIGHT,
    applies=lambda plan: plan.creates,
    reads=_reads,
    judge=_judge,
)
