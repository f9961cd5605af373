"""The gateway's one logger to Azure Monitor, whether the stack or Azure creates it."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import apimanagement

from components.azure import lookup

LOGGER = "azuremonitor"
"""Name of the one logger that sends to Azure Monitor, and of the diagnostics that use it.

https://learn.microsoft.com/azure/api-management/monitor-api-management
"""


def logger(
    name: str,
    *,
    service_name: pulumi.Input[str],
    resource_group_name: pulumi.Input[str],
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource | None,
    created: apimanagement.ApiManagementService | None,
    retain: bool,
) -> apimanagement.Logger:
    """Declare the logger; on a `created` service, take over the one that Azure has made.

    `retain` leaves the logger where the stack lets it go.

    API Management at times makes that logger by itself, and the provider refuses to create what
    exists.
    https://github.com/Azure/terraform-ai-gateway-landing-zone
    """
    return apimanagement.Logger(
        name,
        logger_id=LOGGER,
        logger_type=apimanagement.LoggerType.AZURE_MONITOR,
        is_buffered=True,
        service_name=service_name,
        resource_group_name=resource_group_name,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=provider,
            deleted_with=created,
            # The stack may stop declaring the logger while diagnostics still name it.
            retain_on_delete=retain,
            transforms=[_take_over(created)] if created is not None else None,
            replace_with=[created] if created is not None else [],
        ),
    )


def _take_over(gateway: pulumi.Resource) -> pulumi.ResourceTransform:
    """Return a transform that imports the logger if Azure has it and the state does not.

    The transform waits for the service, so a preview, which touches nothing, says `create`. If the
    logger cannot be read, its creation tells why.
    """

    async def take_over(
        args: pulumi.ResourceTransformArgs,
    ) -> pulumi.ResourceTransformResult | None:
        if pulumi.runtime.is_dry_run():
            return None
        path = ("loggerId", "resourceGroupName", "serviceName")
        asked = {key: args.props[key] for key in path}
        try:
            found = await lookup.ask("apimanagement:getLogger", asked, gone=dict)
        except Exception:  # noqa: BLE001 whatever it is, the creation meets it too
            return None
        if not found:
            return None
        args.opts.import_ = found["id"]
        # The SDK gives a transform neither this option nor what the properties depend on.
        # https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/lib/pulumi/runtime/_callbacks.py
        args.opts.replace_with = [gateway]
        return pulumi.ResourceTransformResult(args.props, args.opts)

    return take_over
