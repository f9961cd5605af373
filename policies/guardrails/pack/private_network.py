"""A private network: what its endpoints lead to, and that nobody passes them by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config
from pack.resource import UNKNOWN, Resource, Stack, is_known
from pack.shapes import Shape, free

ACCESS, RULES = "properties.publicNetworkAccess", "properties.networkAcls"
CONNECTIONS = "privateLinkServiceConnections"
PARTS = ("account", "gateway")
"""Parts of a resource to which an endpoint may lead.

https://learn.microsoft.com/azure/private-link/private-endpoint-overview#private-link-resource
"""
CONNECTION = {"name", "groupIds", "privateLinkServiceId"}


def _leads(found: Any) -> bool:
    """Tell whether it is one connection, to an account or a gateway, that needs no approval.

    To which of them, `connected` judges.
    """
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], Mapping):
        return False
    groups = found[0].get("groupIds")
    one = isinstance(groups, list) and len(groups) == 1 and str(groups[0]).lower() in PARTS
    return one and found[0].keys() <= CONNECTION


ENDPOINT: Shape = free("privateEndpointName", "subnet", CONNECTIONS)
ENDPOINT_NAMES: Shape = free(
    "privateDnsZoneGroupName", "privateEndpointName", "privateDnsZoneConfigs"
)


def closed(stack: Stack, _config: Config) -> Iterator[Finding]:
    """Close every account once one of the stack has a private endpoint or rules of its network.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
    """
    for endpoint in stack.of_kind(Kind.ENDPOINT):
        if not _leads(found := endpoint.get(CONNECTIONS)):
            yield Finding(
                resource=endpoint,
                path=CONNECTIONS,
                found=found,
                wanted="one connection, with name, groupIds account or Gateway, and an id alone",
                fix="make one endpoint for each account and the gateway (network)",
            )
    accounts = stack.of_kind(Kind.ACCOUNT)
    private = any(_has_endpoint(stack, one) for one in accounts)
    for account in accounts:
        access, rules = account.get(ACCESS), account.get(RULES)
        if private and str(access).lower() != "disabled":
            yield Finding(
                resource=account,
                path=ACCESS,
                found=access,
                wanted='"Disabled", as accounts of this stack have private endpoints',
                fix="close it, so that calls come by the gateway alone",
            )
        if rules is not None:
            yield from _rules(stack, account, rules)


def _has_endpoint(stack: Stack, account: Resource) -> bool:
    endpoints = stack.of_kind(Kind.ENDPOINT)
    return any(account.urn in one.links.get(CONNECTIONS, ()) for one in endpoints)


def _rules(stack: Stack, account: Resource, rules: Any) -> Iterator[Finding]:
    """Let in no address that is not made from the stack's gateway, and no network."""
    given = rules if isinstance(rules, Mapping) else {}
    if str(given.get("defaultAction")).lower() != "deny" or given.get("virtualNetworkRules"):
        yield Finding(
            resource=account,
            path=RULES,
            found=UNKNOWN if rules is UNKNOWN else rules,
            wanted='defaultAction "Deny", and no virtualNetworkRules',
            fix="let in the gateway's own addresses alone (network.accountFirewall)",
        )
    addresses, gateways = given.get("ipRules"), stack.of_kind(Kind.SERVICE)
    made = stack.made_from(account, "properties", Kind.SERVICE)
    elsewhere = bool(gateways and addresses) and not made
    if elsewhere or (is_known(addresses) and _wide(addresses or ())):
        yield _other_addresses(account, addresses)


def _wide(addresses: Sequence[Any]) -> bool:
    """Tell whether a rule lets in more than single addresses."""
    values = (str(one.get("value")) for one in addresses if isinstance(one, Mapping))
    return any("/" in value and not value.endswith("/32") for value in values)


def _other_addresses(account: Resource, addresses: Any) -> Finding:
    return Finding(
        resource=account,
        path=f"{RULES}.ipRules",
        found=addresses,
        wanted="the addresses of this stack's gateway, one by one",
        fix="take them from the gateway's publicIPAddresses (network.accountFirewall)",
    )
