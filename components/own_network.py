"""A small network of the stack's own: for calls of the gateway, and for private endpoints.

This module loads half a second of SDK, so it is imported where a network is asked for.
"""

from __future__ import annotations

from ipaddress import ip_network

import pulumi
from pulumi_azure_native import network, privatedns

from components.azure.environment import AzureEnvironment
from components.network import SERVER_FARMS, Place
from components.settings.network import account_zones, gateway_zone
from components.settings.stack import Settings

GATEWAY, ENDPOINTS = "gateway", "endpoints"
"""Names of the subnets, each a half of the addresses."""


class OwnNetwork(pulumi.ComponentResource):
    """A virtual network of two subnets, with the DNS zones of what gets an endpoint in it."""

    place: Place
    gateway_subnet_id: pulumi.Output[str]

    def __init__(
        self,
        settings: Settings,
        environment: AzureEnvironment,
        group_name: pulumi.Input[str],
        suffix: pulumi.Output[str],
    ) -> None:
        super().__init__("aoai:index:Network", "network", None)
        self._settings, self._group = settings, group_name
        made = self._network(suffix)
        self.gateway_subnet_id = pulumi.Output.concat(made.id, "/subnets/", GATEWAY)
        names = account_zones(environment, "AIServices")
        if settings.network.closes_gateway:
            names = (*names, gateway_zone(environment))
        self.place = Place(
            subnet_id=pulumi.Output.concat(made.id, "/subnets/", ENDPOINTS),
            location=settings.location,
            zone_ids={name: self._zone(name, made) for name in names},
            environment=environment,
        )
        self.register_outputs({"id": made.id})

    def _network(self, suffix: pulumi.Output[str]) -> network.VirtualNetwork:
        """Declare the network whole, as Azure refuses parallel changes of its subnets.

        The gateway's subnet must have a security group, which needs no rule.
        https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound
        """
        settings, opts = self._settings, pulumi.ResourceOptions(parent=self)
        rules = network.NetworkSecurityGroup(
            "network-rules",
            network_security_group_name=pulumi.Output.concat("nsg-", suffix),
            resource_group_name=self._group,
            location=settings.location,
            tags=dict(settings.tags),
            opts=opts,
        )
        first, second = map(str, ip_network(settings.network.address_space).subnets())
        farms: network.DelegationArgsDict = {"name": "gateway", "service_name": SERVER_FARMS}
        return network.VirtualNetwork(
            "network",
            virtual_network_name=pulumi.Output.concat("vnet-", suffix),
            resource_group_name=self._group,
            location=settings.location,
            address_space={"address_prefixes": [settings.network.address_space]},
            # The class of a subnet would send defaults of the SDK's own.
            subnets=[
                {
                    "name": GATEWAY,
                    "address_prefix": first,
                    "delegations": [farms],
                    "network_security_group": {"id": rules.id},
                },
                {"name": ENDPOINTS, "address_prefix": second},
            ],
            tags=dict(settings.tags),
            # Azure notes there who uses a subnet, and a refresh takes that over.
            # https://github.com/hashicorp/terraform-provider-azurerm/issues/28979
            # https://github.com/pulumi/pulumi-azure-native/issues/4722
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=[
                    "subnets[*].serviceAssociationLinks",
                    "subnets[*].etag",
                    "subnets[*].delegations[*].etag",
                ],
            ),
        )

    def _zone(self, name: str, made: network.VirtualNetwork) -> pulumi.Output[str]:
        """Declare a zone that is linked to the network; return its id once it is.

        https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links
        """
        zone = privatedns.PrivateZone(
            f"network-zone-{name}",
            private_zone_name=name,
            resource_group_name=self._group,
            location="global",
            tags=dict(self._settings.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        link = privatedns.VirtualNetworkLink(
            f"network-link-{name}",
            virtual_network_link_name="network",
            private_zone_name=zone.name,
            resource_group_name=self._group,
            location="global",
            registration_enabled=False,
            virtual_network={"id": made.id},
            tags=dict(self._settings.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.all(zone.id, link.id).apply(lambda ids: str(ids[0]))
