"""Azure's provider for what lies in another subscription than the stack's own."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_azure_native as azure_native
from pydantic.alias_generators import to_camel

from components import environment

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


def in_subscription(
    name: str, subscription_id: str, *, parent: pulumi.Resource
) -> azure_native.Provider:
    """A provider for that subscription, otherwise configured as the stack's own.

    An explicit provider takes nothing from the stack's `azure-native:` keys by itself.
    """
    given = pulumi.Config("azure-native")
    arguments: dict[str, Any] = {
        **{argument: given.get(to_camel(argument)) for argument in TEXTS},
        **{argument: given.get_secret(to_camel(argument)) for argument in SECRETS},
        **{argument: given.get_bool(to_camel(argument)) for argument in SWITCHES},
        "auxiliary_tenant_ids": given.get_object("auxiliaryTenantIds"),
        "environment": environment.current().name,
    }
    return azure_native.Provider(
        name,
        subscription_id=subscription_id,
        opts=pulumi.ResourceOptions(parent=parent),
        **arguments,
    )
