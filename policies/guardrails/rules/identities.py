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
    "Ids of the roles that may be assigned at an account's scope",
)
_CONTAINER = re.compile(
    r"/?(subscriptions/[^/]+(/resourceGroups/[^/]+)?"
    r"|providers/Microsoft\.Management/managementGroups/[^/]+)?/?",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r".*/providers/Microsoft\.CognitiveServices/accounts/.+", re.IGNORECASE)
FIX = f"assign Cognitive Services User ({USER}) at the account's own scope instead"


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
    narrow = isinstance(role, str) and role.rstrip("/").rsplit("/", 1)[-1].lower() in allowed
    wanted = f"one of the roles {', '.join(sorted(allowed))}"
    if reach == "account" and not narrow:
        yield _finding(assignment, "roleDefinitionId", role, wanted)
    elif reach == "container" and _is_gateways(assignment, stack):
        found = "a resource group" if scope is UNKNOWN else scope
        yield _finding(assignment, "scope", found, "the id of the account")
    elif reach == "unknown" and not narrow:
        yield _finding(assignment, "scope", UNKNOWN, f"{wanted}, if the scope is an account")


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
    for reach, arm_type in (("account", ACCOUNTS), ("container", GROUPS)):
        if any(target.urn in linked for target in stack.of_type(arm_type)):
            return reach
    return "other" if linked else "unknown"


def _is_gateways(assignment: Resource, stack: Stack) -> bool:
    linked = assignment.linked(assignment.path("principalId"))
    return any(gateway.urn in linked for gateway in stack.of_type(SERVICES))
