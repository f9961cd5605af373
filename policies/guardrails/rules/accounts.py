"""Accounts that take tokens only, and who may reach them."""

from __future__ import annotations

from collections.abc import Iterator

from rules.finding import Finding, expect
from rules.parameters import Config
from rules.resource import UNKNOWN, Resource

ACCOUNTS = "Microsoft.CognitiveServices/accounts"


def without_keys(account: Resource, _config: Config) -> Iterator[Finding]:
    """Keys say nothing about who calls.

    https://learn.microsoft.com/azure/ai-services/disable-local-auth
    """
    yield from expect(
        account,
        "disableLocalAuth",
        lambda found: found is True,
        wanted="true",
        fix="set disableLocalAuth to true; let callers take Microsoft Entra tokens",
    )


def custom_subdomain(account: Resource, _config: Config) -> Iterator[Finding]:
    """An account takes Microsoft Entra tokens on a subdomain of its own only.

    https://learn.microsoft.com/azure/ai-services/authentication#authenticate-with-microsoft-entra-id
    """
    yield from expect(
        account,
        "customSubDomainName",
        bool,
        wanted="a name of the account's own",
        fix="set customSubDomainName, usually to the account's name; it cannot be changed later",
    )


def no_public_network(account: Resource, _config: Config) -> Iterator[Finding]:
    """A public endpoint is reachable by whoever holds a token.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
    """
    access, default = account.get("publicNetworkAccess"), account.get("networkAcls.defaultAction")
    if str(access).lower() == "disabled" or str(default).lower() == "deny":
        return
    yield Finding(
        resource=account,
        path=account.path("publicNetworkAccess"),
        found=UNKNOWN if UNKNOWN in (access, default) else access,
        wanted='"Disabled", or networkAcls.defaultAction "Deny"',
        fix="reach the account over a private endpoint, or name the networks that may",
    )
