"""The API Management service, with its identity, its logger and its logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import apimanagement

from components import resource_group
from components.azure import arm_id, lookup, own_state, provider
from components.azure.diagnostics import send_everything
from components.copies import copy_everything
from components.gateway_network import SERVICES, arguments, check_addresses, endpoint
from components.logger import LOGGER, logger
from components.network import Place
from components.settings.copies import Copy
from components.settings.limits import UNITS_BY_TIER
from components.settings.network import Network

LOGS = ("audit", "allLogs")
"""Groups of log categories that are sent."""
CLASSIC_TIERS = ("Developer", "Basic", "Standard", "Premium")
"""Tiers of the service's first generation; the others, called v2, lack some of its settings.

https://learn.microsoft.com/azure/api-management/v2-service-tiers-overview
"""

# https://learn.microsoft.com/azure/api-management/api-management-howto-manage-protocols-ciphers
_SECURITY = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"
OLD_PROTOCOLS = tuple(
    f"{_SECURITY}.{side}Protocols.{protocol}"
    for side in ("", "Backend.")
    for protocol in ("Tls10", "Tls11", "Ssl30")
)


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """A service to create, or `existing_id` to use one."""

    existing_id: str
    """ARM id of an existing service, or ""."""
    name: pulumi.Input[str]
    group: str
    """Name of the stack's resource group."""
    group_is_created: bool
    """Whether the stack creates that group: a service of its own cannot be handed over then."""
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    tier: str
    units: pulumi.Input[int]
    organization_name: pulumi.Input[str]
    administrator_email: pulumi.Input[str]
    logger: str
    """`create`, `existing`, or `auto`: existing on a service that the stack has not created."""
    diagnostic_setting_name: str
    """"" if an existing service sends its logs to the workspace already: Azure refuses a second
    setting that sends the same logs to the same place."""
    network: Network
    subnet_id: pulumi.Input[str] = ""
    """ARM id of the subnet that a service to create joins; "" for none."""
    place: Place | None = None
    """Where a private endpoint of a service to create goes, if it is to have one."""
    workspace_id: pulumi.Input[str]
    copies: Sequence[Copy] = ()
    """Further places that get the logs too."""
    tags: pulumi.Input[dict[str, str]]
    protect: bool
    after: Sequence[pulumi.Resource] = ()
    """What is created before a service is: what may fail, and would do so after 45 minutes else."""


class Gateway(pulumi.ComponentResource):
    """An API Management service that logs to Azure Monitor, created or existing."""

    id: pulumi.Output[str]
    """ARM id."""
    name: pulumi.Output[str]
    resource_group_name: pulumi.Output[str]
    url: pulumi.Output[str]
    """`https://<name>.azure-api.net`."""
    addresses: pulumi.Output[list[str]]
    """Public addresses from which its calls come, where they are its own."""
    principal_id: pulumi.Output[str]
    """Object id of the system-assigned identity."""
    logger_id: pulumi.Output[str]
    """ARM id of the `azuremonitor` logger."""
    ready_to_log: list[pulumi.Resource]
    """Resources that must exist before an API's diagnostic can name the logger."""
    provider: pulumi.ProviderResource | None
    """Provider of an existing service's subscription; None for a service of the stack's own."""
    subscription_id: str | None
    """Subscription of an existing service; None for a service of the stack's own."""
    tier: pulumi.Output[str]
    """Pricing tier, such as StandardV2."""
    declared_tier: str
    """The same, as the stack declares it; "" for an existing service."""
    created: apimanagement.ApiManagementService | None
    """The service if this stack creates it: what lies in it is deleted with it."""
    is_own: bool
    """Whether this stack has created the service, and may have handed it over since."""

    def __init__(
        self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("aoai:index:Gateway", name, None, opts)
        if args.existing_id:
            self._use(name, args)
        else:
            self._create(name, args)
        loggers = self._loggers(name, args)
        self.logger_id = pulumi.Output.concat(self.id, "/loggers/", LOGGER)
        settings = self._settings(name, args, after=loggers)
        if args.place and args.network.closes_gateway:
            endpoint(name, args.place, self, args.tags, parent=self)
        # Without a logger of the stack's own, Azure makes one with the diagnostic setting.
        self.ready_to_log = loggers or settings
        copy_everything(
            f"{name}-copy",
            args.copies,
            resource_id=self.id,
            category_groups=LOGS,
            # The setting that feeds the workspace is first, as Azure may make the logger with it.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*loggers, *settings], provider=self.provider
            ),
        )
        self.register_outputs({"id": self.id, "url": self.url, "principalId": self.principal_id})

    def inside(
        self, parent: pulumi.Resource, *depends_on: pulumi.Resource
    ) -> pulumi.ResourceOptions:
        """Return options of a resource in the gateway; it is deleted with the stack's gateway."""
        return pulumi.ResourceOptions(
            parent=parent,
            provider=self.provider,
            depends_on=list(depends_on),
            deleted_with=self.created,
        )

    def _settings(
        self, name: str, args: GatewayArgs, *, after: list[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        if not args.diagnostic_setting_name:
            return []
        setting = send_everything(
            f"{name}-diagnostics",
            setting_name=args.diagnostic_setting_name,
            resource_id=self.id,
            workspace_id=args.workspace_id,
            category_groups=LOGS,
            dedicated_tables=True,
            # Once the setting exists, Azure may make the logger itself: creating it would fail.
            opts=pulumi.ResourceOptions(parent=self, depends_on=after, provider=self.provider),
        )
        return [setting]

    def _create(self, name: str, args: GatewayArgs) -> None:
        classic = args.tier in CLASSIC_TIERS
        service = apimanagement.ApiManagementService(
            name,
            service_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            publisher_name=args.organization_name,
            publisher_email=args.administrator_email,
            sku=apimanagement.ApiManagementServiceSkuPropertiesArgs(
                name=args.tier, capacity=args.units
            ),
            identity=apimanagement.ApiManagementServiceIdentityArgs(
                type=apimanagement.ApimIdentityType.SYSTEM_ASSIGNED
            ),
            # The SDK sends false if nothing is given, and Azure refuses false on classic tiers.
            # https://github.com/pulumi/pulumi-azure-native/issues/1865
            enable_client_certificate=classic,
            # The v2 tiers take TLS 1.2 and newer only, without these switches.
            custom_properties=dict.fromkeys(OLD_PROTOCOLS, "False") if classic else None,
            # The stack has no use for a portal; the SDK would switch both on.
            developer_portal_status=apimanagement.DeveloperPortalStatus.DISABLED,
            legacy_portal_status=apimanagement.LegacyPortalStatus.DISABLED,
            nat_gateway_state=None if classic else apimanagement.NatGatewayState.ENABLED,
            **arguments(
                name,
                args.network,
                args.subnet_id,
                service=args.name,
                group=args.resource_group_name,
                location=args.location,
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                protect=args.protect,
                # A service cannot move to another region.
                delete_before_replace=True,
                replace_on_changes=["location"],
            ),
        )
        self.created, self.is_own = service, True
        self.tier, self.declared_tier = pulumi.Output.from_input(args.tier), args.tier
        self.provider = None
        self.subscription_id = None
        self.id = service.id
        self.name = service.name
        self.resource_group_name = pulumi.Output.from_input(args.resource_group_name)
        self.url = service.gateway_url
        self.addresses = service.public_ip_addresses.apply(lambda found: list(found or ()))
        # In a destroy the service may be gone: it has no id then, and nothing of it is known. A
        # service that lost its identity gets it back by the next update, so none is refused here.
        self.principal_id = service.id.apply(
            lambda _: service.identity.apply(
                lambda identity: (identity.principal_id if identity else None) or ""
            )
        )

    def _use(self, name: str, args: GatewayArgs) -> None:
        found = arm_id.require(args.existing_id, SERVICES)
        own = resource_group.handed_over(
            own_state.Created(
                "apimanagement:ApiManagementService", "Gateway", name, found, args.group
            ),
            key="gatewayId",
            what="gateway",
            group_is_created=args.group_is_created,
            protect=args.protect,
            parent=self,
        )
        self.created, self.is_own = None, own is not None
        self.subscription_id = self.provider = None
        if own is None:
            self.subscription_id = found.subscription_id
            self.provider = provider.in_subscription(
                f"{name}-subscription", found.subscription_id, parent=self
            )
        service = lookup.given(
            "apimanagement:getApiManagementService",
            {"resourceGroupName": found.resource_group, "serviceName": found.name},
            key="gatewayId",
            what=f"the API Management service {args.existing_id}",
            parent=self,
            provider=self.provider,
        )
        exact = args.existing_id
        group: pulumi.Input[str] = found.resource_group
        if own:
            # What lies inside would be replaced for another letter case in the stack file.
            exact, group = own.exact(service["id"]), args.resource_group_name
            let_go = pulumi.ResourceOptions(parent=self)
            apimanagement.ApiManagementService.get(name, exact, opts=let_go)
        self.tier, self.declared_tier = pulumi.Output.from_input(str(service["sku"]["name"])), ""
        self.id = pulumi.Output.from_input(exact)
        self.name = pulumi.Output.from_input(arm_id.require(exact, SERVICES).name)
        self.resource_group_name = pulumi.Output.from_input(group)
        self.url = pulumi.Output.from_input(service["gatewayUrl"])
        self.addresses = pulumi.Output.from_input(list(service.get("publicIPAddresses") or ()))
        if args.network.account_firewall:
            check_addresses(service)
        self.principal_id = pulumi.Output.from_input(_usable_principal(service))

    def _loggers(self, name: str, args: GatewayArgs) -> list[pulumi.Resource]:
        if args.logger == "existing" or (args.logger == "auto" and not self.is_own):
            return []
        return [
            logger(
                f"{name}-logger",
                service_name=self.name,
                resource_group_name=self.resource_group_name,
                parent=self,
                provider=self.provider,
                created=self.created,
                retain=self.is_own,
            )
        ]


def _usable_principal(service: Mapping[str, Any]) -> str:
    if service["sku"]["name"] == "Consumption":
        raise pulumi.RunError(
            "the API Management service named by gatewayId is of tier Consumption, which cannot "
            f"log to Azure Monitor; allowed: {', '.join(UNITS_BY_TIER)}"
        )
    principal = (service.get("identity") or {}).get("principalId")
    if not principal:
        raise pulumi.RunError(
            "the API Management service named by gatewayId has no system-assigned identity; switch "
            "it on under Security > Managed identities, then run `pulumi up` again; `pulumi "
            "destroy` works without --run-program"
        )
    return str(principal)
