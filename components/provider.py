"""Azure's provider for what lies in another subscription than the stack's own."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_azure_native as azure_native

from components import environment

TEXTS = {
    "client_certificate_path": "clientCertificatePath",
    "client_id": "clientId",
    "metadata_host": "metadataHost",
    "msi_endpoint": "msiEndpoint",
    "oidc_request_url": "oidcRequestUrl",
    "oidc_token_file_path": "oidcTokenFilePath",
    "partner_id": "partnerId",
    "tenant_id": "tenantId",
}
SECRETS = {
    "client_certificate_password": "clientCertificatePassword",
    "client_secret": "clientSecret",
    "oidc_request_token": "oidcRequestToken",
    "oidc_token": "oidcToken",
}
SWITCHES = {
    "disable_instance_discovery": "disableInstanceDiscovery",
    "disable_pulumi_partner_id": "disablePulumiPartnerId",
    "use_default_azure_credential": "useDefaultAzureCredential",
    "use_msi": "useMsi",
    "use_oidc": "useOidc",
}
"""Arguments of the provider, with their keys in `azure-native:` configuration.

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
        **{argument: given.get(key) for argument, key in TEXTS.items()},
        **{argument: given.get_secret(key) for argument, key in SECRETS.items()},
        **{argument: given.get_bool(key) for argument, key in SWITCHES.items()},
        "auxiliary_tenant_ids": given.get_object("auxiliaryTenantIds"),
        "environment": environment.current().name,
    }
    return azure_native.Provider(
        name,
        subscription_id=subscription_id,
        opts=pulumi.ResourceOptions(parent=parent),
        **arguments,
    )
