"""Azure's providers beside the stack's own: another subscription, another API version."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_azure_native as azure_native
import pulumi_azure_native_apimanagement_v20240601preview as preview
from pulumi_azure_native import authorization
from pydantic.alias_generators import to_camel

from components.azure import environment

TEXTS = (
    "client_certificate_path",
    "client_id",
    "metadata_host",
    "msi_endpoint",
    "oidc_request_url",
    "oidc_token_file_path",
    "partner_id",
    "tenant_id",
)
SECRETS = ("client_certificate_password", "client_secret", "oidc_request_token", "oidc_token")
SWITCHES = (
    "disable_instance_discovery",
    "disable_pulumi_partner_id",
    "use_default_azure_credential",
    "use_msi",
    "use_oidc",
)
"""Arguments of the provider; their keys in `azure-native:` configuration are in camelCase.

https://www.pulumi.com/registry/packages/azure-native/installation-configuration/
"""


def local_package(
    name: str, subscription_id: str | None, *, parent: pulumi.Resource
) -> preview.Provider:
    """Declare the provider of API Management's preview package, configured as the stack's own.

    The engine gives a local package the keys under the package's name, none of `azure-native:`.
    https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/default_providers.go#L143
    https://github.com/pulumi/pulumi-azure-native/pull/4755
    """
    given = pulumi.Config("azure-native")
    return preview.Provider(
        name,
        subscription_id=subscription_id or given.get("subscriptionId"),
        location=given.get("location"),
        opts=pulumi.ResourceOptions(parent=parent),
        **_arguments(),
    )


def in_subscription(
    name: str, subscription_id: str, *, parent: pulumi.Resource
) -> azure_native.Provider:
    """Declare a provider for a subscription, otherwise configured as the stack's own.

    An explicit provider takes nothing from the stack's `azure-native:` keys by itself.
    """
    return azure_native.Provider(
        name,
        subscription_id=subscription_id,
        opts=pulumi.ResourceOptions(parent=parent),
        **_arguments(),
    )


def of_subscription(
    name: str, subscription_id: str, *, parent: pulumi.Resource
) -> azure_native.Provider | None:
    """Declare a provider for a subscription; None if that is the stack's own.

    The engine replaces what moves from the stack's own provider to another.
    https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/step_generator.go
    """
    if is_own(subscription_id, parent=parent):
        return None
    return in_subscription(name, subscription_id, parent=parent)


def is_own(subscription_id: str, *, parent: pulumi.Resource) -> bool:
    """Tell whether a subscription is the stack's own."""
    own = authorization.get_client_config(opts=pulumi.InvokeOptions(parent=parent))
    return own.subscription_id.lower() == subscription_id.lower()


def _arguments() -> dict[str, Any]:
    """Return the stack's `azure-native:` keys as arguments, without the subscription."""
    given = pulumi.Config("azure-native")
    return {
        **{argument: given.get(to_camel(argument)) for argument in TEXTS},
        **{argument: given.get_secret(to_camel(argument)) for argument in SECRETS},
        **{argument: given.get_bool(to_camel(argument)) for argument in SWITCHES},
        "auxiliary_tenant_ids": given.get_object("auxiliaryTenantIds"),
        "environment": environment.current().name,
    }
