"""The network of a gateway that the stack creates: which it joins, and who reaches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pulumi
from pulumi_azure_native import apimanagement

from components.azure import arm_id, own_state
from components.azure.arm_id import ArmId
from components.network import Place
from components.settings.accounts import without_blanks
from components.settings.network import Network, with_

SERVICES = "Microsoft.ApiManagement/service"
Tags = pulumi.Input[dict[str, str]]
AGAIN = (
    "network.gatewayPublicNetworkAccess Disabled: Azure closes a gateway only once it has a "
    "private endpoint, so after this update it still answers everybody who has a key: run `pulumi "
    "up` again to close it"
)


class Gateway(Protocol):
    """A service, by what its endpoint must know."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    resource_group_name: pulumi.Output[str]


def arguments(
    name: str,
    wanted: Network,
    subnet_id: pulumi.Input[str],
    *,
    service: pulumi.Input[str],
    group: pulumi.Input[str],
    location: pulumi.Input[str],
) -> dict[str, Any]:
    """Return the service's arguments; none if the stack file says nothing of its network.

    Azure refuses to create a service that is closed, and to close one without an endpoint.
    https://github.com/hashicorp/terraform-provider-azurerm/issues/21506
    https://github.com/Azure/azure-rest-api-specs/issues/24947
    """
    values: dict[str, Any] = {}
    if wanted.joined_as:
        values["virtual_network_type"] = wanted.joined_as
        values["virtual_network_configuration"] = apimanagement.VirtualNetworkConfigurationArgs(
            subnet_resource_id=subnet_id
        )
    if wanted.endpoints:
        # Stated where it is open too: what was closed before is opened again.
        values["public_network_access"] = apimanagement.PublicNetworkAccess.ENABLED
        if wanted.closes_gateway:
            place = pulumi.Output.all(service, group, location)
            values["public_network_access"] = _closed(name, place)
    return values


def _closed(name: str, place: pulumi.Output[Any]) -> pulumi.Input[str]:
    """Return what the service is told: open, with a warning, while Azure would not close it."""
    access, held = apimanagement.PublicNetworkAccess, own_state.outputs()

    def told(known: Sequence[Any]) -> apimanagement.PublicNetworkAccess:
        if can_close(held, name, [str(one) for one in known]):
            return access.DISABLED
        pulumi.log.warn(AGAIN)
        return access.ENABLED

    # The first preview knows no name, and need not.
    return place.apply(told) if _held(held, name) else told(("", "", ""))


def can_close(held: Mapping[str, Mapping[str, Any]], name: str, place: Sequence[str]) -> bool:
    """Tell whether the stack has the service, and its endpoint, so that Azure would close it.

    One whose name, group or region (`place`) is another is about to be replaced by a service that
    is open at first.
    """
    has_endpoint = bool(held.get(f"azure-native:network:PrivateEndpoint::{_endpoint_of(name)}"))
    within = _held(held, name)
    if not has_endpoint or within is None:
        return False
    service = held.get(f"azure-native:apimanagement:ApiManagementService::{name}", {})
    there = (within.name, within.resource_group, without_blanks(str(service.get("location"))))
    return [one.lower() for one in there] == [one.lower() for one in place]


def _held(held: Mapping[str, Mapping[str, Any]], name: str) -> ArmId | None:
    """Return the service that the state holds; None if there is none."""
    return arm_id.parse(str(held.get(f"aoai:index:Gateway::{name}", {}).get("id")), SERVICES)


def endpoint(name: str, place: Place, made: Gateway, tags: Tags, parent: pulumi.Resource) -> None:
    """Declare the private endpoint by which alone callers reach the service."""
    from components import private_endpoint  # noqa: PLC0415 slow to load

    target = private_endpoint.Target(
        id=made.id, name=made.name, resource_group_name=made.resource_group_name, tags=tags
    )
    opts = pulumi.ResourceOptions(parent=parent)
    private_endpoint.gateway_endpoint(_endpoint_of(name), place, target, opts)


def check_addresses(found: Mapping[str, Any]) -> None:
    """Refuse an existing gateway without addresses of its own for the accounts' firewall.

    https://learn.microsoft.com/azure/api-management/api-management-howto-ip-addresses
    """
    tier = str(found["sku"]["name"])
    if tier not in with_("addresses").split(", ") or not found.get("publicIPAddresses"):
        raise pulumi.RunError(
            f"network.accountFirewall: calls of the gateway named by gatewayId, of tier {tier}, "
            "come from no addresses of its own; such are in tiers "
            f"{with_('addresses')}: set accountFirewall false, or name a gateway of one of these"
        )


def _endpoint_of(name: str) -> str:
    return f"{name}-endpoint"
