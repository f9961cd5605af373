"""The network of a stack: how the gateway reaches accounts that the internet does not.

What a tier can: https://learn.microsoft.com/azure/api-management/virtual-network-concepts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import ValidationInfo, field_validator

from components.azure import arm_id
from components.azure.arm_id import ArmId
from components.azure.environment import ENVIRONMENTS, AzureEnvironment
from components.settings.constraints import Constraint, Frozen, each_once, matching, one_of
from components.settings.items import CLOUD

NETWORKS = "Microsoft.Network/virtualNetworks"
ZONES = "Microsoft.Network/privateDnsZones"
SUBNET_ID = f'{arm_id.shape(NETWORKS)}/subnets/<name>, or "" for none'
ZONE_IDS = f"a list of ids {arm_id.shape(ZONES)}, none of them twice"


@dataclass(frozen=True, kw_only=True)
class Tier:
    """What the gateway of a tier can do with networks."""

    joins: str = ""
    """How it takes part in a network: `injection`, `integration` of its calls, or "" for not."""
    endpoint: bool = False
    """Whether callers may reach it by a private endpoint of its own."""
    addresses: bool = False
    """Whether its calls come from public addresses that are its own and stay."""


TIERS = {
    "Developer": Tier(joins="injection", endpoint=True, addresses=True),
    "Basic": Tier(endpoint=True, addresses=True),
    "Standard": Tier(endpoint=True, addresses=True),
    "Premium": Tier(joins="injection", endpoint=True, addresses=True),
    "BasicV2": Tier(),
    "StandardV2": Tier(joins="integration", endpoint=True),
}
"""By tier of a gateway to create.

joins, injection: https://learn.microsoft.com/azure/api-management/virtual-network-injection-resources
joins, integration: https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound
endpoint: https://learn.microsoft.com/azure/api-management/private-endpoint
addresses: https://learn.microsoft.com/azure/api-management/api-management-howto-ip-addresses
all: https://learn.microsoft.com/azure/api-management/api-management-features
"""
FQDN = r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+"
PUBLIC = ENVIRONMENTS["public"]
MOST_FQDNS = 1000
"""Most names in an account's list.

https://learn.microsoft.com/azure/ai-services/cognitive-services-data-loss-prevention
"""


def with_(ability: str) -> str:
    """List the tiers that have an ability, for a message."""
    return ", ".join(name for name, tier in TIERS.items() if getattr(tier, ability))


def subnet(text: str) -> tuple[ArmId, str] | None:
    """Take the id of a subnet apart, into that of its network and its own name."""
    network, _, name = text.partition("/subnets/")
    found = arm_id.parse(network, NETWORKS)
    return (found, name) if found and name and "/" not in name else None


def zone_name(zone_id: str) -> str:
    """Return the name of the private DNS zone that an id names."""
    return arm_id.require(zone_id, ZONES).name.lower()


def account_zones(environment: AzureEnvironment, kind: str) -> tuple[str, ...]:
    """Name the zones that an account's endpoint needs, by its kind.

    https://learn.microsoft.com/azure/private-link/private-endpoint-dns
    https://learn.microsoft.com/azure/foundry/how-to/upgrade-azure-openai#private-network-configuration
    """
    openai = environment.openai_suffix
    domain = openai.removeprefix("openai.")
    all_of = (f"privatelink.{name}.{domain}" for name in ("cognitiveservices", "services.ai"))
    return (f"privatelink.{openai}", *(all_of if kind == "AIServices" else ()))


def gateway_zone(environment: AzureEnvironment) -> str:
    """Name the zone of a gateway's endpoint: its hosts lie below `azure-api.net`, or as the cloud.

    https://learn.microsoft.com/azure/private-link/private-endpoint-dns
    """
    end = {"usgovernment": "us", "china": "cn"}.get(environment.name, "net")
    return f"privatelink.azure-api.{end}"


def _subnet() -> Constraint:
    def check(value: str) -> None:
        if value and subnet(value) is None:
            raise ValueError(SUBNET_ID)

    return Constraint(SUBNET_ID, check)


SPACE = (
    'a private range of IPv4 addresses from /16 to /26, such as 10.20.0.0/24, or "" for no '
    "network of the stack's own"
)
LARGEST, SMALLEST = 16, 26
"""Lengths of its prefix; each half of the smallest is a /27, which a gateway needs.

https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound#subnet-size
"""


def _check_space(value: str) -> None:
    try:
        fits = not value or _fits(ip_network(value))
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(SPACE)


def _fits(space: IPv4Network | IPv6Network) -> bool:
    return space.version == 4 and space.is_private and LARGEST <= space.prefixlen <= SMALLEST  # noqa: PLR2004


def _check_zones(ids: tuple[str, ...]) -> None:
    lower = [one.lower() for one in ids]
    if len(set(lower)) < len(lower) or any(arm_id.parse(one, ZONES) is None for one in ids):
        raise ValueError(ZONE_IDS)


class Network(Frozen):
    """How the gateway reaches the accounts to create, and callers the gateway; "" changes nothing.

    Networks, subnets and zones that are named exist beforehand, and are left as they are.
    """

    address_space: Annotated[str, Constraint(SPACE, _check_space)] = ""
    """Addresses of a network that the stack makes for a gateway of tier StandardV2 and for private
    endpoints, with its DNS zones; in the place of ids.
    """
    gateway_subnet_id: Annotated[str, _subnet()] = ""
    """ARM id of the subnet by which the gateway to create reaches what is private: delegated to
    Microsoft.Web/serverFarms for StandardV2, to nothing for Developer and Premium.
    """
    virtual_network_type: Annotated[str, one_of("External", "Internal")] = "External"
    """Internal lets a gateway of tier Developer or Premium be called from its network alone."""
    endpoint_subnet_id: Annotated[str, _subnet()] = ""
    """ARM id of the subnet that takes private endpoints; each account to create gets one, and is
    closed to all else, unless accountFirewall says otherwise.
    """
    dns_zone_ids: Annotated[tuple[str, ...], Constraint(ZONE_IDS, _check_zones)] = ()
    """ARM ids of the private DNS zones in which the endpoints get their names; empty leaves that
    to others, such as a policy of the tenant.
    """
    gateway_public_network_access: Annotated[str, one_of("Enabled", "Disabled")] = "Enabled"
    """Disabled gives the gateway to create a private endpoint, and then closes it to all else, as
    Azure demands by a second pulumi up.
    """
    account_firewall: bool = False
    """Let each account to create take calls from the gateway's own public addresses alone."""
    restrict_outbound_network_access: bool = False
    """Let each account to create call no other host than allowedFqdnList names."""
    allowed_fqdn_list: Annotated[
        tuple[Annotated[str, matching("a host such as data.example.com", FQDN)], ...],
        each_once("hosts"),
    ] = ()
    """Hosts that such an account may call."""

    @property
    def joins(self) -> bool:
        """Tell whether the gateway to create takes part in a network."""
        return bool(self.gateway_subnet_id or self.address_space)

    @property
    def endpoints(self) -> bool:
        """Tell whether private endpoints can be made."""
        return bool(self.endpoint_subnet_id or self.address_space)

    @property
    def account_endpoints(self) -> bool:
        """Tell whether accounts to create are reached by private endpoints alone."""
        return self.endpoints and not self.account_firewall

    @property
    def closes_gateway(self) -> bool:
        """Tell whether the gateway is to be reached by a private endpoint alone."""
        return self.gateway_public_network_access == "Disabled"

    @property
    def joined_as(self) -> str:
        """Return the gateway's `virtualNetworkType`; "" if it takes part in no network."""
        return self.virtual_network_type if self.joins else ""

    @field_validator("gateway_subnet_id", "endpoint_subnet_id", "dns_zone_ids")
    @classmethod
    def _beside_no_space(cls, value: Any, info: ValidationInfo) -> Any:
        if value and info.data.get("address_space"):
            empty = "[]" if isinstance(value, tuple) else '""'
            raise ValueError(f"{empty} beside addressSpace, by which the stack makes its own")
        return value

    @field_validator("virtual_network_type")
    @classmethod
    def _internal_in_a_subnet(cls, value: str, info: ValidationInfo) -> str:
        if value == "Internal" and info.data.get("gateway_subnet_id") == "":
            raise ValueError("External; Internal only beside gatewaySubnetId")
        return value

    @field_validator("endpoint_subnet_id")
    @classmethod
    def _another_subnet(cls, value: str, info: ValidationInfo) -> str:
        if value and value.lower() == str(info.data.get("gateway_subnet_id")).lower():
            raise ValueError("another subnet than gatewaySubnetId, which the gateway needs alone")
        return value

    @field_validator("dns_zone_ids", "gateway_public_network_access")
    @classmethod
    def _for_endpoints(cls, value: Any, info: ValidationInfo) -> Any:
        spaces = (info.data.get(key) for key in ("endpoint_subnet_id", "address_space"))
        if value not in ((), "Enabled") and all(one == "" for one in spaces):
            raise ValueError("only beside endpointSubnetId, in which private endpoints are made")
        return value

    @field_validator("account_firewall")
    @classmethod
    def _without_a_subnet(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001
        if value and (info.data.get("gateway_subnet_id") or info.data.get("address_space")):
            raise ValueError(
                "false beside gatewaySubnetId and addressSpace: a gateway in a network reaches "
                "accounts by their private endpoints"
            )
        return value

    @field_validator("allowed_fqdn_list")
    @classmethod
    def _of_what_is_restricted(cls, value: tuple[str, ...], info: ValidationInfo) -> Any:
        if value and info.data.get("restrict_outbound_network_access") is False:
            raise ValueError("only beside restrictOutboundNetworkAccess true")
        if len(value) > MOST_FQDNS:
            raise ValueError(f"at most {MOST_FQDNS} hosts")
        return value


def check_network(network: Network, data: Mapping[str, Any]) -> None:
    """Refuse what the gateway's tier cannot do, and a zone that is missing, by the keys before.

    Raises:
        ValueError: with the key of `network` that is wrong, and what to set.
    """
    if data.get("gateway_id"):
        _check_existing(network)
    elif tier := TIERS.get(str(data.get("gateway_tier"))):
        _check_tier(network, tier, str(data["gateway_tier"]))
    _check_names(network, data, ENVIRONMENTS.get(str(data.get(CLOUD)), PUBLIC))


def _check_existing(network: Network) -> None:
    if network.joins or network.closes_gateway:
        key = "gatewaySubnetId" if network.gateway_subnet_id else "gatewayPublicNetworkAccess"
        key = "addressSpace" if network.address_space else key
        raise ValueError(
            f"no {key} beside gatewayId, as an existing gateway keeps the network that it has"
        )


def _check_tier(network: Network, tier: Tier, name: str) -> None:
    if network.address_space and tier.joins != "integration":
        raise ValueError(
            f"addressSpace only in tier StandardV2, not {name}; for Developer and Premium name "
            "subnets with rules of your own (gatewaySubnetId, endpointSubnetId)"
        )
    if network.gateway_subnet_id and not tier.joins:
        raise ValueError(
            f"gatewaySubnetId only in tiers {with_('joins')}, as a gateway of tier {name} joins no "
            "network; set gatewayTier to one of them"
        )
    if network.joined_as == "Internal" and tier.joins != "injection":
        raise ValueError(
            f"virtualNetworkType External in tier {name}, in which only calls of the gateway take "
            "the network; gatewayPublicNetworkAccess Disabled closes it to other callers"
        )
    if network.account_endpoints and not network.joins:
        raise ValueError(
            "endpointSubnetId only beside gatewaySubnetId, by which the gateway reaches accounts "
            f"that are private (tiers {with_('joins')}), or accountFirewall true"
        )
    if network.account_firewall and not tier.addresses:
        raise ValueError(
            f"accountFirewall only in tiers {with_('addresses')}, as calls of a gateway of tier "
            f"{name} come from addresses that it shares; use gatewaySubnetId and endpointSubnetId"
        )
    if network.closes_gateway:
        _check_inbound(network, tier, name)


def _check_inbound(network: Network, tier: Tier, name: str) -> None:
    """Refuse a closed gateway of a tier, or in a network, that takes no private endpoint.

    https://learn.microsoft.com/azure/api-management/private-endpoint#limitations
    """
    if not tier.endpoint:
        raise ValueError(
            f"gatewayPublicNetworkAccess Disabled only in tiers {with_('endpoint')}, as a gateway "
            f"of tier {name} takes no private endpoint"
        )
    if network.gateway_subnet_id and tier.joins == "injection":
        raise ValueError(
            "gatewayPublicNetworkAccess Enabled beside gatewaySubnetId in tier "
            f"{name}, as a gateway inside a network takes no private endpoint; virtualNetworkType "
            "Internal closes it to the internet"
        )


def _check_names(network: Network, data: Mapping[str, Any], environment: AzureEnvironment) -> None:
    """Require the zones of what gets an endpoint, and none that nothing here gets its name in."""
    given = {zone_name(one) for one in network.dns_zone_ids}
    if not given:
        return
    kinds = _kinds(data) if network.account_endpoints else ()
    needed = {name for kind in kinds for name in account_zones(environment, kind)}
    needed |= {gateway_zone(environment)} if network.closes_gateway else set()
    known = {*account_zones(environment, "AIServices"), gateway_zone(environment)}
    if missing := sorted(needed - given):
        raise ValueError(
            f"dnsZoneIds with all zones that the endpoints need; missing: {', '.join(missing)}"
        )
    if unknown := sorted(given - known):
        raise ValueError(
            f"dnsZoneIds of zones {', '.join(sorted(known))}; no endpoint here gets a name in: "
            f"{', '.join(unknown)}"
        )


def _kinds(data: Mapping[str, Any]) -> Iterable[str]:
    """Return the kinds of the accounts to create."""
    if accounts := data.get("accounts"):
        return {one.kind for one in accounts if not one.id}
    return () if data.get("account_id") else {str(data.get("account_kind"))}
