"""How the gateway may call the account: its identity, its role, and no keys."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

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
SUBDOMAIN_FIX = (
    "calls go to an address that is not the account's: pulumi up --refresh reads it anew"
)
NETWORK_FIX = (
    "open the account to the gateway (portal: Azure OpenAI > Networking), or take it out of "
    "accounts"
)
IDENTITY_FIX = "switch it on: portal: API Management > Security > Managed identities"


def identity(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the gateway has a system-assigned identity."""
    if not _principal(deployed):
        yield missing("the gateway's system-assigned identity", "on", IDENTITY_FIX)


def role(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that this identity has the role on the account, or name what it has instead."""
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
    """Demand that keys of the account are off: nobody calls around the gateway with one.

    https://learn.microsoft.com/azure/ai-services/disable-local-auth
    """
    if deployed["account"] is None:
        fix = THEIRS_FIX if target.account.existing else ACCOUNT_FIX
        yield missing("the account", last(target.account.id), fix)
        return
    found = bool(properties(deployed["account"]).get("disableLocalAuth"))
    if target.account.keys != "allow":
        yield from differs("disableLocalAuth of the account", "true", found, keys_fix(target))


def subdomain(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the address to which calls go is still the account's.

    A subdomain stays as long as its account, and is anybody's once that was deleted and purged.
    https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
    """
    if deployed["account"] is None:
        return
    found = properties(deployed["account"]).get("customSubDomainName")
    called = (urlsplit(target.account.backend_url).hostname or "").partition(".")[0]
    yield from differs("customSubDomainName of the account", called, found, SUBDOMAIN_FIX)


def network(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that an account which no call may reach takes calls over some network.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
    """
    found = properties(deployed["account"])
    rules, path = found.get("networkAcls"), "publicNetworkAccess of the account"
    if found.get("privateEndpointConnections"):
        return
    if found.get("publicNetworkAccess") == "Disabled":
        yield from differs(path, "Enabled", "Disabled, without a private endpoint", NETWORK_FIX)
    elif inside(rules, "defaultAction") == "Deny" and not any(
        inside(rules, kind) for kind in ("ipRules", "virtualNetworkRules")
    ):
        path = "networkAcls.defaultAction of the account"
        yield from differs(path, "Allow", "Deny, without any rule", NETWORK_FIX)


def keys_fix(target: Target) -> str:
    """Advise how the account's keys go off: the stack changes nothing of an existing account."""
    if not target.account.existing:
        return "pulumi up --refresh switches the keys off again"
    return f"{KEYS_OFF.format(id=target.account.id)}; or set accountKeys allow and run pulumi up"


def _principal(deployed: Deployed) -> str:
    return str(inside(deployed["gateway"], "identity", "principalId") or "")


def _of(assignment: Json, principal: str) -> bool:
    return str(assignment.get("principalId")).lower() == principal.lower()


LOCAL_AUTH = Comparison(("account",), local_auth)
SUBDOMAIN = Comparison(("account",), subdomain)
NETWORK = Comparison(("account",), network)
COMPARISONS = (
    Comparison(("gateway",), identity),
    Comparison(("gateway", "roles"), role),
)
