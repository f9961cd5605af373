"""Virtual networks, private endpoints and the DNS zones in which these get their names.

https://learn.microsoft.com/rest/api/virtualnetwork/
https://learn.microsoft.com/rest/api/dns/privatedns/private-zones
"""

from typing import Any

from sandbox.arm.base import ACCOUNT, AZURE, FAILED, SERVICE, Id, Put, refuse, region
from sandbox.cloud import Cloud, Resource
from sandbox.errors import NotModelledError

NETWORK = "Microsoft.Network/virtualNetworks"
SUBNET = f"{NETWORK}/subnets"
RULES = "Microsoft.Network/networkSecurityGroups"
ENDPOINT = "Microsoft.Network/privateEndpoints"
ZONE = "Microsoft.Network/privateDnsZones"
LINK = f"{ZONE}/virtualNetworkLinks"
CONNECTIONS = "privateLinkServiceConnections"
PARTS = {ACCOUNT: "account", SERVICE: "Gateway"}
"""What of a resource a private endpoint leads to.

https://learn.microsoft.com/azure/private-link/private-endpoint-overview#private-link-resource
"""
WITH_ENDPOINTS = ("Developer", "Basic", "Standard", "Premium", "StandardV2", "PremiumV2")
"""Tiers of gateways that take private endpoints.

https://learn.microsoft.com/azure/api-management/api-management-features
"""


def network_of(subnet_id: str) -> str:
    """The id of the network in which a subnet lies, in lower case.

    Sure: no belief.
    """
    return subnet_id.lower().partition("/subnets/")[0]


def virtual_network(put: Put) -> None:
    """A network has an address space; a PUT that lists subnets makes these, and no others stay.

    https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks/create-or-update
    """
    if not (put.properties.get("addressSpace") or {}).get("addressPrefixes"):
        raise refuse("InvalidRequestContent", text="addressSpace is required")
    if put.properties.get("subnets") is None:
        return
    listed = {f"{put.id.text}/subnets/{one['name']}": one for one in put.properties["subnets"]}
    kept = {one.lower() for one in listed}
    for gone in put.cloud.below(put.id.text):
        if gone.type == SUBNET and gone.id.lower() not in kept:
            check_free(put.cloud, gone)
            put.cloud.remove(gone.id)
    for subnet_id, one in listed.items():
        given = one.setdefault("properties", {})
        rules = (given.get("networkSecurityGroup") or {}).get("id")
        if not given.get("addressPrefix") or (rules and put.cloud.get(str(rules)) is None):
            raise refuse("InvalidResourceReference", wanted=rules or "addressPrefix", id=subnet_id)
        for name, usual in AZURE["types"][SUBNET]["defaults"].items():
            given.setdefault(name, usual)
        one["id"] = subnet_id
        made = Resource(subnet_id, SUBNET, one["name"], {"properties": given}, put.now)
        put.cloud.put(made)


def security_group(put: Put) -> None:
    """A group without rules has Azure's own, and lets a gateway's calls out.

    https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
    """
    if put.properties.get("securityRules"):
        raise NotModelledError("the sandbox models no rules of network security groups")


def subnet(put: Put) -> None:
    """A subnet has addresses.

    https://learn.microsoft.com/rest/api/virtualnetwork/subnets/create-or-update
    """
    if not (put.properties.get("addressPrefix") or put.properties.get("addressPrefixes")):
        raise refuse("InvalidRequestContent", text="addressPrefix is required")


def existing_subnet(put: Put, subnet_id: str) -> Resource:
    """A subnet that is named exists, in a network of the same region.

    https://github.com/Azure/azure-cli/issues/8569
    """
    found, within = put.cloud.get(subnet_id), put.cloud.get(network_of(subnet_id))
    here = region(put.body.get("location"))
    if not found or not within or region(within.body.get("location")) != here:
        raise refuse("InvalidResourceReference", wanted=subnet_id, id=put.id.text)
    return found


def private_endpoint(put: Put) -> None:
    """An endpoint leads from a subnet to one part of a resource that takes it.

    https://learn.microsoft.com/azure/private-link/private-endpoint-overview
    """
    existing_subnet(put, str((put.properties.get("subnet") or {}).get("id")))
    connections = put.properties.get(CONNECTIONS) or []
    if put.properties.get("manualPrivateLinkServiceConnections") or len(connections) != 1:
        raise NotModelledError("the sandbox models endpoints of one connection, approved at once")
    given: dict[str, Any] = connections[0]["properties"]
    target = put.cloud.get(str(given.get("privateLinkServiceId")))
    if target is None or target.type not in PARTS:
        wanted = given.get("privateLinkServiceId")
        raise refuse("InvalidResourceReference", wanted=wanted, id=put.id.text)
    if [str(one).lower() for one in given.get("groupIds") or []] != [PARTS[target.type].lower()]:
        text = f"groupIds of {target.type} are {PARTS[target.type]}"
        raise refuse("InvalidRequestContent", text=text)
    _check_takes(target)
    state = {"status": "Approved", "description": "", "actionsRequired": "None"}
    given["privateLinkServiceConnectionState"] = state


def _check_takes(target: Resource) -> None:
    """An account that failed takes no endpoint, nor does a gateway of some tiers, or in a network.

    https://github.com/hashicorp/terraform-provider-azurerm/issues/31712
    https://learn.microsoft.com/azure/api-management/private-endpoint
    Sure: inferred, as the words of the gateway's refusals are not public.
    """
    if target.properties.get("provisioningState") == FAILED:
        raise refuse("AccountProvisioningStateInvalid", id=target.id, state=FAILED)
    if target.type == ACCOUNT and not target.properties.get("customSubDomainName"):
        text = "a private endpoint needs an account with a custom subdomain"
        raise refuse("BadRequest", text=text)
    if target.type == SERVICE:
        tier = str(target.body["sku"]["name"])
        inside = str(target.properties.get("virtualNetworkType")) != "None"
        if tier not in WITH_ENDPOINTS or (inside and not tier.endswith("V2")):
            text = f"private endpoints are not supported for service {target.name} of tier {tier}"
            raise refuse("BadRequest", text=text)


def endpoints_to(cloud: Cloud, target: Resource) -> list[Resource]:
    """The private endpoints that lead to a resource.

    Sure: no belief.
    """
    return [
        one
        for one in cloud.of_type(ENDPOINT)
        for connection in one.properties[CONNECTIONS]
        if connection["properties"]["privateLinkServiceId"].lower() == target.id.lower()
    ]


def zone(put: Put) -> None:
    """A private zone is in no region: https://learn.microsoft.com/azure/dns/private-dns-privatednszone."""


def zone_link(put: Put) -> None:
    """A zone is linked to a network that exists.

    https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links
    """
    wanted = str((put.properties.get("virtualNetwork") or {}).get("id"))
    if put.cloud.get(wanted) is None:
        raise refuse("InvalidResourceReference", wanted=wanted, id=put.id.text)


def zone_group(put: Put) -> None:
    """An endpoint gets its names in zones that exist.

    https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration
    """
    for one in put.properties.get("privateDnsZoneConfigs") or []:
        wanted = str(one["properties"].get("privateDnsZoneId"))
        if put.cloud.get(wanted) is None:
            raise refuse("InvalidResourceReference", wanted=wanted, id=put.id.text)


def join(put: Put) -> None:
    """A gateway joins a network as its tier can, by a subnet that is delegated as the tier needs.

    Developer and Premium are injected, into a subnet that is delegated to nothing:
    https://learn.microsoft.com/azure/api-management/virtual-network-injection-resources
    StandardV2 sends its calls through one that is delegated to Microsoft.Web/serverFarms:
    https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound
    Sure: inferred, as the pages have the conditions, and not the words of the refusals.
    """
    kind = str(put.properties.setdefault("virtualNetworkType", "None"))
    given = put.properties.get("virtualNetworkConfiguration") or {}
    if kind == "None":
        return
    tier, subnet_id = str(put.body["sku"]["name"]), str(given.get("subnetResourceId"))
    modes = {"Developer": ("External", "Internal"), "Premium": ("External", "Internal")}
    if kind not in (*modes.get(tier, ()), *(("External",) if tier == "StandardV2" else ())):
        text = f"virtualNetworkType {kind} is not supported for the tier {tier}"
        raise refuse("InvalidParameters", text=text)
    found = existing_subnet(put, subnet_id)
    delegated = [one["properties"]["serviceName"] for one in found.properties["delegations"]]
    if delegated != (["Microsoft.Web/serverFarms"] if tier == "StandardV2" else []):
        text = f"the subnet {subnet_id} is delegated to {delegated}"
        raise refuse("InvalidParameters", text=text)
    if tier == "StandardV2":
        _associate(put, found)


def _associate(put: Put, found: Resource) -> None:
    """Note in a subnet, and in its network, that the service behind the delegation uses it.

    https://github.com/hashicorp/terraform-provider-azurerm/issues/28979
    Sure: inferred, as the issue shows the link of another user of that delegation.
    """
    link = {"linkedResourceType": "Microsoft.Web/serverfarms", "allowDelete": False}
    links = [{"name": "AppServiceLink", "properties": link}]
    found.properties["serviceAssociationLinks"] = links
    within = put.cloud.get(network_of(found.id))
    for one in (within.properties.get("subnets") or []) if within else []:
        if one["name"].lower() == found.name.lower():
            one["properties"]["serviceAssociationLinks"] = links


def check_free(cloud: Cloud, found: Resource) -> None:
    """A subnet is not deleted while an endpoint or a gateway is in it, nor is its network.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
    https://github.com/hashicorp/terraform-provider-azurerm/issues/11566
    """
    if found.type not in (NETWORK, SUBNET):
        return
    for one in (*cloud.of_type(ENDPOINT), *cloud.of_type(SERVICE)):
        joined = one.properties.get("virtualNetworkConfiguration") or {}
        within = one.properties.get("subnet") or {"id": joined.get("subnetResourceId") or ""}
        if f"{within['id']}/".lower().startswith(f"{found.id}/".lower()):
            raise refuse("InUseSubnetCannotBeDeleted", name=found.name, user=one.id)


def check_unlinked(cloud: Cloud, found: Resource) -> None:
    """A zone is not deleted while a network is linked to it.

    https://github.com/Azure/deployment-stacks/issues/227
    """
    if found.type == ZONE and any(one.type == LINK for one in cloud.below(found.id)):
        raise refuse("CannotDeleteResource", name=found.name)


def check_closes(put: Put) -> None:
    """A gateway is open when it is created, and closes only with an approved private endpoint.

    https://github.com/hashicorp/terraform-provider-azurerm/issues/21506
    https://github.com/Azure/azure-rest-api-specs/issues/24947
    """
    if put.properties.get("publicNetworkAccess") != "Disabled":
        return
    if put.existing is None:
        raise refuse("ActivateServiceWithPrivateEndpointAccessNotAllowed", name=put.id.name)
    if not endpoints_to(put.cloud, put.existing):
        raise refuse("PublicAccessNeedsEndpoint", id=put.id.text)


def addresses(cloud: Cloud, wanted: Id) -> list[str]:
    """The public address of a gateway of a classic tier, its own and static.

    https://learn.microsoft.com/azure/api-management/api-management-howto-ip-addresses
    """
    digits = cloud.derive(wanted.text, "address")
    return [f"20.{int(digits[:2], 16)}.{int(digits[2:4], 16)}.{int(digits[4:6], 16) or 1}"]
