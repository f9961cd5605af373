"""The way of a call: the accounts, and the gateway that calls them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components import accounts, network
from components.account_network import Access
from components.azure import naming
from components.azure.environment import AzureEnvironment
from components.gateway import Gateway, GatewayArgs
from components.openai_account import OpenAIAccount
from components.settings import copies
from components.settings.stack import Settings


def declare(
    settings: Settings,
    azure: AzureEnvironment,
    *,
    resource_group_name: pulumi.Input[str],
    suffix: pulumi.Output[str],
    workspace_id: pulumi.Input[str],
    vouched: bool,
) -> tuple[tuple[OpenAIAccount, ...], Gateway]:
    """Declare the accounts and the gateway, side by side.

    The gateway waits for the accounts unless preflight has `vouched` for them. Accounts that let
    in its addresses alone wait for the gateway, as only then these are known.
    """
    place = network.find(settings, azure)
    subnet_id: pulumi.Input[str] = settings.network.gateway_subnet_id
    if settings.network.address_space:
        from components.own_network import OwnNetwork  # noqa: PLC0415 slow to load

        own = OwnNetwork(settings, azure, resource_group_name, suffix)
        place, subnet_id = own.place, own.gateway_subnet_id

    def every_account(addresses: pulumi.Input[Sequence[str]] | None) -> tuple[OpenAIAccount, ...]:
        return accounts.declare(
            settings,
            azure,
            resource_group_name=resource_group_name,
            suffix=suffix,
            workspace_id=workspace_id,
            access=Access.of(settings.network, place, addresses),
        )

    def gateway(after: Sequence[pulumi.Resource]) -> Gateway:
        return Gateway(
            "gateway",
            GatewayArgs(
                existing_id=settings.gateway_id,
                name=naming.name(settings.gateway_name, "apim", suffix),
                group=settings.resource_group_name,
                group_is_created=not settings.use_existing_resource_group,
                resource_group_name=resource_group_name,
                location=settings.location,
                tier=settings.gateway_tier,
                units=settings.gateway_units,
                organization_name=settings.organization_name,
                administrator_email=settings.administrator_email,
                logger=settings.gateway_logger,
                diagnostic_setting_name=settings.gateway_diagnostic_setting_name,
                network=settings.network,
                subnet_id=subnet_id,
                place=place,
                workspace_id=workspace_id,
                copies=[one for one in settings.copies if one.copies(copies.GATEWAY)],
                tags=settings.tags,
                protect=settings.protect,
                after=after,
            ),
        )

    if settings.network.account_firewall:
        first = gateway(())
        return every_account(first.addresses), first
    made = every_account(None)
    return made, gateway(() if vouched else [one for account in made for one in account.last])
