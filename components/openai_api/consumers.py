"""Who may call the API: its product, a subscription of each consumer, and their keys."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import apimanagement

from components.azure import lookup, naming, queue
from components.gateway import Gateway
from components.settings.items import Consumer


def product(
    name: str,
    *,
    given: str,
    description: pulumi.Input[str],
    gateway: Gateway,
    parent: pulumi.Resource,
) -> apimanagement.Product:
    """Declare the product that holds the API; it is deleted with the gateway, never before.

    Azure creates a subscription with each product, which blocks the product's deletion.
    https://github.com/pulumi/pulumi-azure-native/issues/846
    """
    options = gateway.inside(parent)
    options.retain_on_delete = True
    product_id, display_name = _product_names(name, given, gateway=gateway, parent=parent)
    return apimanagement.Product(
        f"{name}-product",
        product_id=product_id,
        service_name=gateway.name,
        resource_group_name=gateway.resource_group_name,
        display_name=display_name,
        description=description,
        state=apimanagement.ProductState.PUBLISHED,
        subscription_required=True,
        approval_required=False,
        opts=options,
    )


def _product_names(
    name: str, given: str, *, gateway: Gateway, parent: pulumi.Resource
) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
    """Return id and display name; on a gateway, no other product may have either.

    A gateway that outlives the stack keeps the product too. There both end in a random suffix, so
    that they are free again for the next `pulumi up`.
    https://github.com/Azure/apiops/issues/606
    """
    if gateway.is_own:
        return given, given
    suffix = naming.suffix(f"{name}-product-suffix", opts=pulumi.ResourceOptions(parent=parent))
    return pulumi.Output.concat(given, "-", suffix), pulumi.Output.concat(given, " ", suffix)


def link(
    name: str,
    *,
    api: apimanagement.Api,
    api_name: str,
    product: apimanagement.Product,
    gateway: Gateway,
    parent: pulumi.Resource,
    after: pulumi.Resource,
) -> None:
    """Put the API in the product, once `after` is done."""
    apimanagement.ProductApiLink(
        f"{name}-product-link",
        api_link_id=api_name,
        api_id=api.id,
        product_id=product.name,
        service_name=gateway.name,
        resource_group_name=gateway.resource_group_name,
        opts=gateway.inside(parent, after),
    )


def subscriptions(
    consumers: Sequence[Consumer],
    *,
    product: apimanagement.Product,
    gateway: Gateway,
    parent: pulumi.Resource,
    export_keys: bool,
) -> pulumi.Output[dict[str, str]] | None:
    """Declare the subscriptions one after another, as Azure refuses two at once: 412.

    Those of one user lock that user, and those of one product have met too. Ours have no user;
    Microsoft's own module makes such ones, even of no product, one by one (`batchSize(1)`).
    https://github.com/hashicorp/terraform-provider-azurerm/issues/8571
    https://github.com/hashicorp/terraform-provider-azurerm/issues/8303
    https://github.com/Azure-Samples/AI-Gateway/blob/main/modules/apim/v2/apim.bicep

    Return their primary keys by name, as a secret; None without `export_keys`.
    """
    keys: dict[str, pulumi.Output[str]] = {}
    waiting = queue.Queue()
    for consumer in consumers:
        subscription = apimanagement.Subscription(
            f"subscription-{consumer.name}",
            sid=consumer.name,
            display_name=consumer.display_name,
            scope=product.id,
            state=apimanagement.SubscriptionState(consumer.state),
            allow_tracing=False,
            service_name=gateway.name,
            resource_group_name=gateway.resource_group_name,
            opts=waiting.join(gateway.inside(parent)),
        )
        waiting.last = subscription
        if export_keys:
            keys[consumer.name] = _key(consumer, subscription, gateway=gateway, parent=parent)
    if not export_keys:
        return None
    held = pulumi.Output.all(**keys).apply(
        lambda known: {name: key for name, key in known.items() if key}
    )
    return pulumi.Output.secret(held)


def _key(
    consumer: Consumer,
    subscription: apimanagement.Subscription,
    *,
    gateway: Gateway,
    parent: pulumi.Resource,
) -> pulumi.Output[str]:
    """Return the primary key; "" if Azure no longer has the subscription that the state holds.

    A missing key is no error: a destroy runs the program too, and must not stop here.
    """

    def gone() -> dict[str, str]:
        pulumi.log.warn(
            f"the subscription of consumer {consumer.name} is gone from the gateway, and so is its "
            "key: `pulumi up --refresh` creates the subscription again, with new keys"
        )
        return {"primaryKey": ""}

    secrets = lookup.read(
        "apimanagement:listSubscriptionSecrets",
        {
            "resourceGroupName": gateway.resource_group_name,
            "serviceName": gateway.name,
            # Taken from the id, which a preview does not know before the subscription exists.
            "sid": subscription.id.apply(lambda own: own.rpartition("/")[2]),
        },
        gone=gone,
        parent=parent,
        provider=gateway.provider,
    )
    return pulumi.Output.secret(secrets["primaryKey"])
