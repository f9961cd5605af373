"""Where a caller stands, and what it reaches from there: by a private endpoint, or the internet."""

from ipaddress import ip_address, ip_network

from sandbox.arm.network import NETWORK, ZONE, endpoints_to, network_of
from sandbox.cloud import Cloud, Resource
from sandbox.http import Request


def every_network(cloud: Cloud) -> tuple[str, ...]:
    """Where a caller stands who is inside: in each network of the tenant.

    Sure: no belief.
    """
    return tuple(one.id.lower() for one in cloud.of_type(NETWORK))


def of_gateway(service: Resource) -> tuple[str, ...]:
    """Where a gateway's calls begin: in the network that it has joined.

    https://learn.microsoft.com/azure/api-management/virtual-network-concepts
    """
    joined = service.properties.get("virtualNetworkConfiguration") or {}
    kind = str(service.properties.get("virtualNetworkType", "None"))
    return () if kind == "None" else (network_of(str(joined["subnetResourceId"])),)


def privately(cloud: Cloud, request: Request, target: Resource) -> bool:
    """Whether the name that is called leads to a private endpoint of the resource.

    It does in a network to which a zone of that name is linked that has the endpoint's names.
    Networks that are peered are not modelled.
    https://learn.microsoft.com/azure/private-link/private-endpoint-dns-integration
    """
    wanted = f"privatelink.{request.host.lower().partition('.')[2]}"
    groups = [
        group for endpoint in endpoints_to(cloud, target) for group in cloud.below(endpoint.id)
    ]
    zones = [
        str(one["properties"]["privateDnsZoneId"])
        for group in groups
        for one in group.properties.get("privateDnsZoneConfigs") or []
    ]
    return any(
        str(link.properties["virtualNetwork"]["id"]).lower() in request.networks
        for zone in zones
        if zone.lower().endswith(f"/{ZONE}/{wanted}".lower())
        for link in cloud.below(zone)
    )


def inside(request: Request, service: Resource) -> bool:
    """Whether a caller stands in the network into which a gateway was put.

    https://learn.microsoft.com/azure/api-management/api-management-using-with-internal-vnet
    """
    return any(one in request.networks for one in of_gateway(service))


def lets_in(account: Resource, request: Request) -> bool:
    """Whether an account's rules name the public address from which a call comes.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
    """
    rules = (account.properties.get("networkAcls") or {}).get("ipRules") or []
    return bool(request.address) and any(
        ip_address(request.address) in ip_network(str(one["value"])) for one in rules
    )
