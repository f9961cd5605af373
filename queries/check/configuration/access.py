"""How the gateway may call the account: its identity, its role, and no keys."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import (
    Comparison,
    Deployed,
    Json,
    differs,
    inside,
    last,
    missing,
    properties,
)
from queries.check.difference import Difference
from queries.contract import KEYS_OFF
from queries.outputs import Target

NAMES = {
    "a97b65f3-24c7-4388-baec-2e87135dc908": "Cognitive Services User",
    "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd": "Cognitive Services OpenAI User",
    "a001fd3d-188f-4b5d-821b-7da978bf7442": "Cognitive Services OpenAI Contributor",
    "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68": "Cognitive Services Contributor",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
}
"""https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/ai-machine-learning"""
ROLE_FIX = "pulumi up --refresh assigns the role again; it may take half an hour to act"
ACCOUNT_FIX = (
    "within 48 hours, az cognitiveservices account recover brings it back; later pulumi up "
    "--refresh makes it again"
)
"""A deleted account keeps its name: https://learn.microsoft.com/azure/ai-services/recover-purge-resources."""
THEIRS_FIX = (
    "within 48 hours, az cognitiveservices account recover brings it back; or name another in "
    "accountId"
)
IDENTITY_FIX = "switch it on: portal: API Management > Security > Managed identities"


def identity(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the gateway has a system-assigned identity."""
    if not _principal(deployed):
        yield missing("the gateway's system-assigned identity", "on", IDENTITY_FIX)


def role(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """That identity has the role on the account; the message names what it has instead."""
    principal = _principal(deployed)
    if not principal:
        return
    assigned = [properties(one) for one in deployed["roles"] or []]
    roles = [last(one.get("roleDefinitionId")) for one in assigned if _of(one, principal)]
    if target.role_id.lower() in map(str.lower, roles):
        return
    path = "role of the gateway's identity on the account"
    declared = NAMES.get(target.role_id.lower(), target.role_id)
    if roles:
        names = ", ".join(NAMES.get(one.lower(), one) for one in roles)
        yield from differs(path, declared, names, ROLE_FIX)
    else:
        yield missing(path, declared, ROLE_FIX)


def local_auth(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Keys of the account are off, so that nobody calls around the gateway with one.

    https://learn.microsoft.com/azure/ai-services/disable-local-auth
    """
    if deployed["account"] is None:
        fix = THEIRS_FIX if target.account.existing else ACCOUNT_FIX
        yield missing("the account", last(target.account.id), fix)
        return
    found = bool(properties(deployed["account"]).get("disableLocalAuth"))
    if target.account.keys != "allow":
        yield from differs("disableLocalAuth of the account", "true", found, keys_fix(target))


def keys_fix(target: Target) -> str:
    """Advise how the account's keys go off: the stack changes nothing of an existing account."""
    if not target.account.existing:
        return "pulumi up --refresh switches the keys off again"
    return f"{KEYS_OFF.format(id=target.account.id)}; or set accountKeys allow and run pulumi up"


def network(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand the account's public endpoint for a gateway outside a virtual network.

    How an existing account is reached is its owner's matter, and calls show whether it is.
    """
    if target.account.existing:
        return
    found = properties(deployed["account"])
    if found.get("publicNetworkAccess"):
        path = "publicNetworkAccess of the account"
        yield from differs(path, "Enabled", found["publicNetworkAccess"])
    if inside(found, "networkAcls", "defaultAction"):
        path = "networkAcls.defaultAction of the account"
        yield from differs(path, "Allow", inside(found, "networkAcls", "defaultAction"))


def _principal(deployed: Deployed) -> str:
    return str(inside(deployed["gateway"], "identity", "principalId") or "")


def _of(assignment: Json, principal: str) -> bool:
    return str(assignment.get("principalId")).lower() == principal.lower()


LOCAL_AUTH = Comparison(("account",), local_auth)
COMPARISONS = (
    Comparison(("gateway",), identity),
    Comparison(("gateway", "roles"), role),
    LOCAL_AUTH,
    Comparison(("account",), network),
)
