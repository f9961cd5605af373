"""A network of another team: subnets, private DNS zones and their links."""

from __future__ import annotations

PROGRAM = """
import pulumi
from pulumi_azure_native import network, privatedns, resources

group = resources.ResourceGroup("net", resource_group_name="rg-net", location="eastus")
place = {"resource_group_name": group.name}
hub = network.VirtualNetwork(
    "hub",
    virtual_network_name="vnet-hub",
    location="eastus",
    address_space={"address_prefixes": ["10.0.0.0/16"]},
    **place,
)


def subnet(name, number, **more):
    made = network.Subnet(
        name,
        subnet_name=name,
        virtual_network_name=hub.name,
        address_prefix=f"10.0.{number}.0/24",
        **place,
        **more,
    )
    pulumi.export(name, made.id)


farms = [{"name": "farms", "service_name": "Microsoft.Web/serverFarms"}]
subnet("gateways", 1, delegations=farms)
subnet("injected", 2)
subnet("endpoints", 3)
zones = []
for name in ("openai.azure.com", "cognitiveservices.azure.com", "azure-api.net"):
    zone = privatedns.PrivateZone(
        name, private_zone_name=f"privatelink.{name}", location="global", **place
    )
    privatedns.VirtualNetworkLink(
        f"{name}-link",
        virtual_network_link_name="hub",
        private_zone_name=zone.name,
        location="global",
        registration_enabled=False,
        virtual_network={"id": hub.id},
        **place,
    )
    zones.append(zone.id)
pulumi.export("zones", pulumi.Output.all(*zones))
"""
