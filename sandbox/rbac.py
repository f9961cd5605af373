"""Who has a role where: built-in and custom roles, their scopes, and the people of the tenant.

https://learn.microsoft.com/azure/role-based-access-control/overview
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.cloud import DEPLOYER_OBJECT_ID, Cloud, Resource

BUILT_IN: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "arm" / "data" / "roles.json").read_text()
)["roles"]
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
DEFINITION = "Microsoft.Authorization/roleDefinitions"
MANAGEMENT_GROUP = r"/providers/Microsoft\.Management/managementGroups/[^/]+"
COLLEAGUE, TEAM, TOOL = (f"c0ffee00-0000-4000-8000-0000000000{number:02}" for number in (1, 2, 3))
KINDS = {
    DEPLOYER_OBJECT_ID: "User",
    COLLEAGUE: "User",
    TEAM: "Group",
    TOOL: "ServicePrincipal",
}
"""The people, groups and applications of the tenant, by object id.

Sure: no belief.
"""
MEMBERS = {TEAM: frozenset({COLLEAGUE})}


def definition(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """Return the properties of a role by its GUID: a built-in one, or one of the tenant's own.

    https://learn.microsoft.com/rest/api/authorization/role-definitions/get
    """
    for own in cloud.of_type(DEFINITION):
        if own.name.lower() == name.lower():
            return own.properties
    found = BUILT_IN.get(name.lower())
    if found is None:
        return None
    kept = ("actions", "notActions", "dataActions", "notDataActions")
    return {
        "roleName": found["roleName"],
        "type": "BuiltInRole",
        "assignableScopes": ["/"],
        "permissions": [{kind: found[kind] for kind in kept}],
    }


def scope_of(assignment_id: str) -> str:
    """Return the scope at which a role is assigned, in lower case; "" is the tenant's root.

    https://learn.microsoft.com/azure/role-based-access-control/scope-overview
    """
    return assignment_id.lower().rpartition("/providers/microsoft.authorization/")[0]


def covers(scope: str, resource_id: str) -> bool:
    """Tell whether a scope holds a resource: each management group holds the subscriptions.

    https://learn.microsoft.com/azure/governance/management-groups/overview
    """
    above = re.fullmatch(MANAGEMENT_GROUP, scope, re.IGNORECASE) is not None
    return above or f"{resource_id}/".lower().startswith(f"{scope.lower()}/")


def granted(cloud: Cloud, principal: str, resource_id: str) -> Iterator[Resource]:
    """Yield the assignments at a resource or above, to a principal or to a group of it.

    https://learn.microsoft.com/azure/role-based-access-control/role-assignments#principal
    """
    for grant in cloud.of_type(ASSIGNMENT):
        holder = str(grant.properties.get("principalId"))
        holds = holder == principal or principal in MEMBERS.get(holder, ())
        if holds and covers(scope_of(grant.id), resource_id):
            yield grant


def allows(cloud: Cloud, grant: Resource, data_action: str) -> bool:
    """Tell whether an assignment's role has a data action that it does not take away again.

    https://learn.microsoft.com/azure/role-based-access-control/role-definitions#dataactions
    """
    name = str(grant.properties.get("roleDefinitionId")).rpartition("/")[2]
    found = definition(cloud, name) or {}
    return any(
        _any(one.get("dataActions"), data_action)
        and not _any(one.get("notDataActions"), data_action)
        for one in found.get("permissions") or []
    )


def _any(patterns: list[str] | None, action: str) -> bool:
    for pattern in patterns or []:
        text = ".*".join(map(re.escape, pattern.split("*")))
        if re.fullmatch(text, action, re.IGNORECASE):
            return True
    return False
