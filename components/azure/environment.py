"""Where Azure's services live in each cloud: public, US Government, China."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class AzureEnvironment:
    """Hosts and audiences of one cloud."""

    name: str
    """Value of `azure-native:environment`."""
    openai_suffix: str
    """Domain below which an account's custom subdomain answers."""
    openai_audience: str
    """Resource for which the gateway's identity asks a token, without trailing slash."""
    logs_endpoint: str
    """Log Analytics query endpoint."""
    management_endpoint: str
    """Azure Resource Manager."""
    portal: str
    """Azure portal."""
    blob_suffix: str
    """Domain below which a storage account serves its blobs."""
    entra_authority: str
    """Microsoft Entra, where it answers."""
    entra_issuer: str
    """Issuer of Microsoft Entra's tokens of version 1.0, without the tenant."""


# https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure
# https://learn.microsoft.com/azure/china/resources-developer-guide
# https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
_ALL = (
    AzureEnvironment(
        name="public",
        openai_suffix="openai.azure.com",
        openai_audience="https://cognitiveservices.azure.com",
        logs_endpoint="https://api.loganalytics.io",
        management_endpoint="https://management.azure.com",
        portal="https://portal.azure.com",
        blob_suffix="blob.core.windows.net",
        entra_authority="https://login.microsoftonline.com",
        entra_issuer="https://sts.windows.net",
    ),
    AzureEnvironment(
        name="usgovernment",
        openai_suffix="openai.azure.us",
        openai_audience="https://cognitiveservices.azure.us",
        logs_endpoint="https://api.loganalytics.us",
        management_endpoint="https://management.usgovcloudapi.net",
        portal="https://portal.azure.us",
        blob_suffix="blob.core.usgovcloudapi.net",
        entra_authority="https://login.microsoftonline.us",
        entra_issuer="https://sts.windows.net",
    ),
    AzureEnvironment(
        name="china",
        openai_suffix="openai.azure.cn",
        openai_audience="https://cognitiveservices.azure.cn",
        logs_endpoint="https://api.loganalytics.azure.cn",
        management_endpoint="https://management.chinacloudapi.cn",
        portal="https://portal.azure.cn",
        blob_suffix="blob.core.chinacloudapi.cn",
        entra_authority="https://login.partner.microsoftonline.cn",
        entra_issuer="https://sts.chinacloudapi.cn",
    ),
)
ENVIRONMENTS = {environment.name: environment for environment in _ALL}
"""By the value of `azure-native:environment`."""


def current() -> AzureEnvironment:
    """Return the cloud that the stack works in, by its config or `ARM_ENVIRONMENT`.

    Raises:
        pulumi.RunError: the value names no cloud.
    """
    return named(pulumi.Config("azure-native").get("environment"))


def named(given: str | None) -> AzureEnvironment:
    """Return the cloud of a value of `azure-native:environment`, or else of `ARM_ENVIRONMENT`.

    Raises:
        pulumi.RunError: the value names no cloud.
    """
    wanted = given or os.environ.get("ARM_ENVIRONMENT")
    found = ENVIRONMENTS.get((wanted or "public").lower())
    if found is None:
        raise pulumi.RunError(
            f"azure-native:environment = {wanted!r}\n    allowed: {', '.join(ENVIRONMENTS)}\n"
            "    fix:     pulumi config set azure-native:environment public"
        )
    return found
