"""Private endpoints of accounts and gateway, with their names in private DNS zones.

This module loads half a second of SDK, so it is imported where an endpoint is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from components.network import Place
from components.settings.network import account_zones, gateway_zone


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a private endpoint leads to."""

    id: pulumi.Input[str]
    name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    """Group in which the endpoint is made."""
    tags: pulumi.Input[dict[str, str]]


def account_endpoint(
    name: str, place: Place, target: Target, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Declare the private endpoint of an account, with every name that any kind of account has.

    Azure may make a Foundry resource of an account, which has more names.
    https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#private-network-configuration
    """
    zones = place.zones(*account_zones(place.environment, "AIServices"))
    return _endpoint(name, place, target, "account", zones, opts)


def gateway_endpoint(
    name: str, place: Place, target: Target, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Declare the private endpoint by which callers reach the gateway."""
    zones = place.zones(gateway_zone(place.environment))
    return _endpoint(name, place, target, "Gateway", zones, opts)


def _endpoint(
    name: str,
    place: Place,
    target: Target,
    part: str,
    zones: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Declare an endpoint to a part of a resource; return what exists once its names resolve.

    Parts: https://learn.microsoft.com/azure/private-link/private-endpoint-overview#private-link-resource
    Names: https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-abbreviations
    """
    endpoint = network.PrivateEndpoint(
        name,
        private_endpoint_name=pulumi.Output.concat("pep-", target.name),
        resource_group_name=target.resource_group_name,
        location=place.location,
        # The class of a subnet would send defaults of the SDK's own.
        subnet={"id": place.subnet_id},
        private_link_service_connections=[
            network.PrivateLinkServiceConnectionArgs(
                name=part.lower(), private_link_service_id=target.id, group_ids=[part]
            )
        ],
        tags=target.tags,
        # Azure fills and empties the first by itself, and refuses another target.
        # https://github.com/Azure/bicep-registry-modules/issues/1513
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                ignore_changes=["customDnsConfigs"],
                replace_on_changes=["privateLinkServiceConnections[*].privateLinkServiceId"],
                delete_before_replace=True,
            ),
        ),
    )
    if not zones:
        return endpoint
    return network.PrivateDnsZoneGroup(
        f"{name}-names",
        private_dns_zone_group_name="default",
        private_endpoint_name=endpoint.name,
        resource_group_name=target.resource_group_name,
        private_dns_zone_configs=[
            network.PrivateDnsZoneConfigArgs(name=name.replace(".", "-"), private_dns_zone_id=zone)
            for name, zone in zones.items()
        ],
        opts=pulumi.ResourceOptions(parent=opts.parent, deleted_with=endpoint),
    )
