"""The gateway's identity, and what it may do with the account."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.accounts import ACCOUNTS
from rules.finding import Finding
from rules.parameters import Config, Parameter
from rules.resource import UNKNOWN, Resource
from rules.stack import Stack

SERVICES = "Microsoft.ApiManagement/service"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
GROUPS = "Microsoft.Resources/resourceGroups"
USER = "a97b65f3-24c7-4388-baec-2e87135dc908"
"""Cognitive Services User.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/ai-machine-learning
"""
OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
"""Cognitive Services OpenAI User."""
DATA_READER = "b59867f0-fa02-499b-be73-45a86b5b3e1c"
"""Cognitive Services Data Reader."""

ROLES = Parameter(
    "roles",
    (USER, OPENAI_USER, DATA_READER),
    "Ids of the roles that may be assigned at an account's scope; the first may also list keys, "
    "which accounts that take none do not have",
)
_CONTAINER = re.compile(
    r"/?(subscriptions/[^/]+(/resourceGroups/[^/]+)?"
    r"|providers/Microsoft\.Management/managementGroups/[^/]+)?/?",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r".*/providers/Microsoft\.CognitiveServices/accounts/.+", re.IGNORECASE)
BROAD = {
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68": "Cognitive Services Contributor",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "a001fd3d-188f-4b5d-821b-7da978bf7442": "Cognitive Services OpenAI Contributor",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "b78c5d69-af96-48a3-bf8d-a8b4d589de94": "Azure AI Administrator",
    "c883944f-8b7b-4483-af10-35834be79c4a": "Foundry Owner",
    "e47c6f54-e4a2-4754-9501-8e0985b135e1": "Foundry Account Owner",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Roles that, given on a group or subscription, change each account in it or who may.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/privileged
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/ai-machine-learning
https://learn.microsoft.com/azure/ai-foundry/concepts/rbac-azure-ai-foundry
"""
FIX = f"assign Cognitive Services OpenAI User ({OPENAI_USER}) at the account's own scope instead"


def gateway_has_identity(gateway: Resource, _config: Config) -> Iterator[Finding]:
    """Without an identity a gateway can call an account with a key only.

    https://learn.microsoft.com/azure/api-management/api-management-howto-use-managed-service-identity
    """
    kind = gateway.value("identity.type")
    if kind is UNKNOWN or "assigned" not in str(kind).lower():
        yield Finding(
            resource=gateway,
            path="identity.type",
            found=kind,
            wanted='"SystemAssigned" or "UserAssigned"',
            fix='set identity to {type: "SystemAssigned"}',
        )


def narrow_roles(stack: Stack, config: Config) -> Iterator[Finding]:
    """No role at an account that can do more than call it, and none that reaches beyond it.

    https://learn.microsoft.com/azure/role-based-access-control/best-practices
    """
    for assignment in stack.of_type(ASSIGNMENTS):
        yield from _role(assignment, stack, {role.lower() for role in ROLES.read(config)})


def _role(assignment: Resource, stack: Stack, allowed: set[str]) -> Iterator[Finding]:
    role, scope = assignment.get("roleDefinitionId"), assignment.get("scope")
    reach = _reach(assignment, scope, stack)
    name = role.rstrip("/").rsplit("/", 1)[-1].lower() if isinstance(role, str) else role
    narrow, gateways = name in allowed, _is_gateways(assignment, stack)
    wanted = f"one of the roles {', '.join(sorted(allowed))}"
    if reach == "account" and not narrow:
        yield _finding(assignment, "roleDefinitionId", role, wanted)
    elif reach == "container" and gateways:
        yield _finding(assignment, "scope", scope, "the id of the account")
    elif reach == "container" and not narrow and _holds_account(str(scope), stack):
        found = UNKNOWN if name is UNKNOWN else role
        if name is UNKNOWN or name in BROAD:
            yield _finding(assignment, "roleDefinitionId", found, f"{wanted} where an account is")
    elif reach == "unknown" and (gateways or not narrow):
        yield _finding(assignment, "scope", UNKNOWN, f"{wanted}, if the scope is an account")


def _holds_account(scope: str, stack: Stack) -> bool:
    """Whether an account of the stack is, or may be, in a group or subscription."""
    found = re.search(r"/resourceGroups/([^/]+)", scope, re.IGNORECASE)
    groups = [account.value("resourceGroupName") for account in stack.of_type(ACCOUNTS)]
    return any(
        found is None or not isinstance(group, str) or group.lower() == found[1].lower()
        for group in groups
    )


def _finding(assignment: Resource, path: str, found: object, wanted: str) -> Finding:
    return Finding(
        resource=assignment, path=assignment.path(path), found=found, wanted=wanted, fix=FIX
    )


def _reach(assignment: Resource, scope: object, stack: Stack) -> str:
    """What the scope is: account, container (of resources), other, or unknown."""
    if isinstance(scope, str):
        if _ACCOUNT.fullmatch(scope):
            return "account"
        return "container" if _CONTAINER.fullmatch(scope) else "other"
    linked = assignment.linked(assignment.path("scope"))
    if any(target.urn in linked for target in stack.of_type(ACCOUNTS)):
        return "account"
    # What is made from a group's id may be the id of anything in it.
    in_group = any(target.urn in linked for target in stack.of_type(GROUPS))
    return "unknown" if in_group or not linked else "other"


def _is_gateways(assignment: Resource, stack: Stack) -> bool:
    """Whether it is given to a gateway: to its own identity, or to one that it is assigned.

    https://learn.microsoft.com/azure/api-management/api-management-howto-use-managed-service-identity
    """
    principal = assignment.linked(assignment.path("principalId"))
    return any(
        gateway.urn in principal or principal & gateway.linked("identity")
        for gateway in stack.of_type(SERVICES)
    )
