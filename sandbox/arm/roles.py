"""Role assignments: https://learn.microsoft.com/rest/api/authorization/role-assignments/create."""

from sandbox import rbac
from sandbox.arm.base import Id, Put, refuse
from sandbox.cloud import TENANT_ID, Cloud, Resource
from sandbox.errors import NotModelledError


def role_assignment(put: Put) -> None:
    """An assignment never changes, and Azure takes none twice.

    https://github.com/Azure-Samples/graphrag-accelerator/issues/168
    https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
    """
    put.properties["scope"] = put.id.parent or "/"
    wanted = _grant(put.properties)
    if rbac.definition(put.cloud, wanted[0]) is None:
        raise refuse("RoleDefinitionDoesNotExist", role=wanted[0].replace("-", ""))
    if put.existing and _grant(put.existing.properties) != wanted:
        raise refuse("RoleAssignmentUpdateNotPermitted")
    _check_principal(put, wanted[1], put.properties["principalType"])
    if any(_grant(other.properties) == wanted for other in put.siblings()):
        raise refuse("RoleAssignmentExists")


def role_definition(put: Put) -> None:
    """A role of the tenant's own lists what it allows, and where it can be assigned.

    https://learn.microsoft.com/azure/role-based-access-control/custom-roles
    """
    if put.properties.get("type", "CustomRole") != "CustomRole" or put.id.group:
        raise NotModelledError("the sandbox takes custom roles at the subscription only")
    put.properties["type"] = "CustomRole"
    if not put.properties.get("permissions") or not put.properties.get("assignableScopes"):
        raise refuse("InvalidParameters", text="permissions and assignableScopes are required.")


def get_definition(cloud: Cloud, wanted: Id) -> Resource | None:
    """Find a role by its GUID, at whatever scope it is asked for.

    https://learn.microsoft.com/rest/api/authorization/role-definitions/get
    """
    found = rbac.definition(cloud, wanted.name)
    body = {"properties": found}
    return Resource(wanted.text, wanted.type, wanted.name, body, 0.0, "") if found else None


def _check_principal(put: Put, principal: str, stated: str) -> None:
    """A new identity is found only by a request that states what it is.

    https://github.com/Azure/HubAndSpokeResearchEnclave/issues/50
    """
    identities = [(one, one.body.get("identity") or {}) for one in put.cloud.all()]
    owners = [one for one, identity in identities if identity.get("principalId") == principal]
    known = rbac.KINDS.get(principal)
    actual = known or "ServicePrincipal"
    fresh = any(put.now - owner.created < put.options.role_delay for owner in owners)
    facts = {"principal": principal.replace("-", ""), "tenant": TENANT_ID.replace("-", "")}
    if (not owners and known is None) or (fresh and stated != actual):
        raise refuse("PrincipalNotFound", **facts)
    if stated != actual:
        raise refuse("UnmatchedPrincipalType", **facts, actual=actual, stated=stated)


def _grant(properties: dict[str, object]) -> tuple[str, ...]:
    """Return role, principal and scope for comparison."""
    role = str(properties.get("roleDefinitionId")).rsplit("/", 1)[-1]
    others = (properties.get("principalId"), properties.get("scope"))
    return tuple(str(part).lower() for part in (role, *others))
