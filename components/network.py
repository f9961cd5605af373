"""The network that a team has already: its subnets, of which nothing is declared or changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pydantic.alias_generators import to_snake

from components.azure import lookup, provider
from components.azure.environment import AzureEnvironment
from components.settings.accounts import without_blanks
from components.settings.network import TIERS, subnet, zone_name
from components.settings.stack import Settings

SERVER_FARMS = "Microsoft.Web/serverFarms"
"""To what the subnet is delegated by which calls of a v2 gateway go.

https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound#subnet-delegation
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where private endpoints go."""

    subnet_id: pulumi.Input[str]
    location: str
    """Region of the network, which is also that of each endpoint in it."""
    zone_ids: Mapping[str, pulumi.Input[str]]
    """Private DNS zones in which an endpoint may get names, by their own."""
    environment: AzureEnvironment

    def zones(self, *names: str) -> dict[str, pulumi.Input[str]]:
        """Return the ids of the zones of those names, as far as there are any."""
        return {name: one for name, one in self.zone_ids.items() if name in names}


def find(settings: Settings, environment: AzureEnvironment) -> Place | None:
    """Read the subnets that the stack file names, before anything is made; None without endpoints.

    Raises:
        pulumi.RunError: a subnet does not exist, or cannot take the gateway.
    """
    wanted = settings.network
    if wanted.gateway_subnet_id:
        joined = Existing("gatewaySubnetId", wanted.gateway_subnet_id)
        _check_subscription(joined.subscription_id)
        _check_region(joined.location, settings.location)
        _check_delegation(joined.subnet, settings.gateway_tier)
    if not wanted.endpoint_subnet_id:
        return None
    within = Existing("endpointSubnetId", wanted.endpoint_subnet_id)
    return Place(
        subnet_id=wanted.endpoint_subnet_id,
        location=within.location,
        zone_ids={zone_name(one): one for one in wanted.dns_zone_ids},
        environment=environment,
    )


class Existing:
    """A subnet that exists, with the region of its network."""

    def __init__(self, key: str, subnet_id: str) -> None:
        """Read what `key` of `network` names, and end the program here if that is not there."""
        found = subnet(subnet_id)
        if found is None:
            raise ValueError(f"{subnet_id!r} is not the id of a subnet")
        self._network, name = found
        self._key, self._id = key, subnet_id
        self.subscription_id = self._network.subscription_id
        self._provider = self._of_another_subscription()
        self.location = str(self._read("getVirtualNetwork")["location"])
        self.subnet: Mapping[str, Any] = self._read("getSubnet", subnetName=name)

    def _of_another_subscription(self) -> pulumi.ProviderResource | None:
        """Return the provider of the network's subscription; None for the stack's own."""
        root = pulumi.runtime.get_root_resource()
        if root is None:
            return None
        name = f"network-{to_snake(self._key).split('_')[0]}-subscription"
        return provider.of_subscription(name, self._network.subscription_id, parent=root)

    def _read(self, function: str, **more: str) -> Mapping[str, Any]:
        within = self._network
        found: Mapping[str, Any] = lookup.given(
            f"network:{function}",
            {"resourceGroupName": within.resource_group, "virtualNetworkName": within.name, **more},
            key=f"network.{self._key}",
            what=f"the subnet {self._id}",
            provider=self._provider,
        )
        return found


def _check_subscription(subscription_id: str) -> None:
    """Refuse a subnet of another subscription than the gateway's.

    https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound#prerequisites
    https://learn.microsoft.com/azure/api-management/virtual-network-injection-resources
    """
    root = pulumi.runtime.get_root_resource()
    if root is not None and not provider.is_own(subscription_id, parent=root):
        raise pulumi.RunError(
            f"network.gatewaySubnetId: the network is in the subscription {subscription_id}, and "
            "the gateway is not; a gateway joins networks of its own subscription alone"
        )


def _check_region(region: str, location: str) -> None:
    """Refuse a subnet of another region than the gateway's.

    https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound#network-location
    """
    there = without_blanks(region)
    if there != location:
        raise pulumi.RunError(
            f"network.gatewaySubnetId: the network is in {there}, and the gateway in {location}; a "
            "gateway joins networks of its own region: name a subnet there, or set location"
        )


def _check_delegation(found: Mapping[str, Any], tier: str) -> None:
    """Refuse a subnet that Azure would refuse after minutes.

    https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound#subnet-delegation
    https://learn.microsoft.com/azure/api-management/virtual-network-injection-resources
    """
    given = [str(one.get("serviceName")) for one in found.get("delegations") or ()]
    wanted = [SERVER_FARMS] if TIERS[tier].joins == "integration" else []
    if [one.lower() for one in given] != [one.lower() for one in wanted]:
        raise pulumi.RunError(
            f"network.gatewaySubnetId: the subnet is delegated to {', '.join(given) or 'nothing'}; "
            f"a gateway of tier {tier} needs one that is delegated to "
            f"{', '.join(wanted) or 'nothing'}: az network vnet subnet update --ids <id> "
            f"{'--delegations ' + SERVER_FARMS if wanted else '--remove delegations'}"
        )
