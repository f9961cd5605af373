"""What whoever deploys may do, at each place where the stack creates something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from components.preflight.accounts import COGNITIVE
from components.preflight.facts import Azure, Check, Read, guarded, unread
from components.preflight.lines import Line, fine, wrong
from components.preflight.names import group_id
from components.preflight.place import INSIGHTS, LOGS, MANAGEMENT, NETWORK
from components.preflight.plan import AccountPlan, Plan
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import AbsentError

VERSION = "2022-04-01"
"""https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group"""
RIGHT = "Microsoft.Authorization/*/read"
ROLES = "Contributor and Role Based Access Control Administrator"
NETWORK_ROLES = {
    "/subnets/": "Network Contributor",
    "/privatednszones/": "Private DNS Zone Contributor",
}
"""Role that is enough to use a part of a network, by what its id holds.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/networking
"""
SETTINGS = f"{INSIGHTS}/diagnosticSettings/write"
Json = Mapping[str, Any]


def _needs(plan: Plan, azure: Azure) -> dict[str, list[str]]:
    """Return the actions that creating takes, by the scope at which they must be allowed."""
    needs: dict[str, dict[str, None]] = {_here(plan, azure): dict.fromkeys(_of_stack(plan))}
    for part in plan.accounts:
        scope = part.account.id or _here(plan, azure)
        needs.setdefault(scope, {}).update(dict.fromkeys(_of_account(plan, part)))
    if plan.settings.gateway_id:
        inside = ("apis", "products", "subscriptions")
        actions = [f"{MANAGEMENT}/service/{one}/write" for one in inside]
        needs[plan.settings.gateway_id] = dict.fromkeys(actions)
    for scope, action in _of_network(plan):
        needs.setdefault(scope, {})[action] = None
    return {scope: list(actions) for scope, actions in needs.items() if actions}


def _of_network(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what gateway and private endpoints take of the network in which they are made.

    https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound#permissions
    https://learn.microsoft.com/azure/private-link/rbac-permissions
    """
    wanted, join = plan.settings.network, "subnets/join/action"
    if plan.gateway and wanted.gateway_subnet_id:
        yield wanted.gateway_subnet_id, f"{NETWORK}/virtualNetworks/{join}"
    if wanted.endpoint_subnet_id and (plan.gateway or plan.new_accounts):
        yield wanted.endpoint_subnet_id, f"{NETWORK}/virtualNetworks/{join}"
        for zone in wanted.dns_zone_ids:
            yield zone, f"{NETWORK}/privateDnsZones/join/action"


def _here(plan: Plan, azure: Azure) -> str:
    return azure.root if plan.group else group_id(plan, azure)


def _of_stack(plan: Plan) -> Iterator[str]:
    """Yield what it takes to create all but the accounts."""
    if plan.group:
        yield "Microsoft.Resources/subscriptions/resourceGroups/write"
    if plan.workspace:
        yield f"{LOGS}/workspaces/write"
    if plan.gateway:
        yield f"{MANAGEMENT}/service/write"
        yield SETTINGS
    if plan.settings.network.endpoints and (plan.gateway or plan.new_accounts):
        yield f"{NETWORK}/privateEndpoints/write"
    if plan.settings.network.address_space and (plan.gateway or plan.new_accounts):
        made = ("virtualNetworks", "networkSecurityGroups", "privateDnsZones")
        yield from (f"{NETWORK}/{one}/write" for one in made)
        yield f"{NETWORK}/privateDnsZones/virtualNetworkLinks/write"


def _of_account(plan: Plan, part: AccountPlan) -> Iterator[str]:
    """Yield what an account takes; a new gateway has a new identity, which needs the role."""
    if part.new:
        yield f"{COGNITIVE}/accounts/write"
    if part.deployments:
        yield f"{COGNITIVE}/accounts/deployments/write"
    if (part.new or part.joins) and plan.settings.content_filters:
        yield f"{COGNITIVE}/accounts/raiPolicies/write"
    if part.new or part.joins or plan.gateway:
        yield "Microsoft.Authorization/roleAssignments/write"
    if (part.new or part.joins) and part.account.diagnostic_setting_name:
        yield SETTINGS


def _reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    path = "/providers/Microsoft.Authorization/permissions"
    return {
        f"rights {scope}": partial(azure.manager.facts, scope + path, VERSION)
        for scope in _needs(plan, azure)
    }


def _judge(plan: Plan, azure: Azure) -> Iterator[Line]:
    for scope, actions in _needs(plan, azure).items():
        own = scope == _here(plan, azure)
        name = "rights" if own else f"rights:{scope.rpartition('/')[2]}"
        yield from guarded(name, RIGHT, partial(_judge_scope, azure, name, scope, actions))


def _judge_scope(azure: Azure, name: str, scope: str, actions: list[str]) -> list[Line]:
    try:
        granted = azure.fact(f"rights {scope}")
    except AbsentError:
        return [unread(name, UnreadableError(f"{scope} does not exist"), RIGHT)]
    lacking = [one for one in actions if not _may(granted, one)]
    if lacking:
        detail = f"whoever deploys may not: {', '.join(lacking)}"
        found = (role for part, role in NETWORK_ROLES.items() if part in scope.lower())
        return [wrong(name, detail, f"have {next(found, ROLES)} assigned on {scope}")]
    return [fine(name, f"whoever deploys may create all of it in {scope}")]


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
