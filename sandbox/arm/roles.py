"""Role assignments: https://learn.microsoft.com/rest/api/authorization/role-assignments/create."""

from sandbox.arm.base import AZURE, Put, refuse
from sandbox.cloud import DEPLOYER_OBJECT_ID, TENANT_ID


def role_assignment(put: Put) -> None:
    """An assignment never changes, and Azure takes none twice.

    https://github.com/Azure-Samples/graphrag-accelerator/issues/168
    https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
    """
    put.properties["scope"] = put.id.parent
    wanted = _grant(put.properties)
    if wanted[0] not in AZURE["roles"]:
        raise refuse("RoleDefinitionDoesNotExist", role=wanted[0].replace("-", ""))
    if put.existing and _grant(put.existing.properties) != wanted:
        raise refuse("RoleAssignmentUpdateNotPermitted")
    _check_principal(put, wanted[1], put.properties["principalType"])
    if any(_grant(other.properties) == wanted for other in put.siblings()):
        raise refuse("RoleAssignmentExists")


def _check_principal(put: Put, principal: str, stated: str) -> None:
    """A new identity is found only by a request that states what it is.

    https://github.com/Azure/HubAndSpokeResearchEnclave/issues/50
    """
    identities = [(one, one.body.get("identity") or {}) for one in put.cloud.all()]
    owners = [one for one, identity in identities if identity.get("principalId") == principal]
    actual = "User" if principal == DEPLOYER_OBJECT_ID else "ServicePrincipal"
    fresh = any(put.now - owner.created < put.options.role_delay for owner in owners)
    facts = {"principal": principal.replace("-", ""), "tenant": TENANT_ID.replace("-", "")}
    if (not owners and actual != "User") or (fresh and stated != actual):
        raise refuse("PrincipalNotFound", **facts)
    if stated != actual:
        raise refuse("UnmatchedPrincipalType", **facts, actual=actual, stated=stated)


def _grant(properties: dict[str, object]) -> tuple[str, ...]:
    """Return role, principal and scope for comparison."""
    role = str(properties.get("roleDefinitionId")).rsplit("/", 1)[-1]
    others = (properties.get("principalId"), properties.get("scope"))
    return tuple(str(part).lower() for part in (role, *others))
