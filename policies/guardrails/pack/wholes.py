"""What each resource of the stack may hold, but for the API's policy and logging.

One page to see what a stack must be; a property that stands nowhere here is refused.
"""

from __future__ import annotations

import re
from typing import Any

from pack.api_policy import MODEL, NOBODY
from pack.parameters import Config, Parameter
from pack.resource import Resource
from pack.shapes import SET, Allowed, Shape, between, free, reference

CAPACITY = Parameter(
    "maximum", 1000, "Most capacity of one deployment, in 1,000 tokens a minute", {"minimum": 1}
)
LEAST_DAYS = Parameter("minimumDays", 30, "Least days that logs are kept", {"minimum": 4})
MOST_DAYS = Parameter("maximumDays", 730, "Most days that logs are kept", {"maximum": 4383})
CAP = Parameter(
    "dailyCapGb",
    0,
    "Least gigabytes a day after which the workspace may stop taking logs; 0 for no cap at all",
    {"minimum": 0},
)
ROLES = Parameter(
    "roles",
    ("5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "a97b65f3-24c7-4388-baec-2e87135dc908"),
    "Ids of the roles that the gateway may have: Cognitive Services OpenAI User, and User",
)
"""https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/ai-machine-learning"""

# Azure itself makes Foundry resources, of kind AIServices, of accounts.
ACCOUNT: Shape = {
    **free("accountName"),
    "kind": ("OpenAI", "AIServices"),
    "sku": {"name": "S0"},
    "identity": {"type": "SystemAssigned"},
    "properties": {
        **free("allowProjectManagement", "networkAcls"),
        **free("restrictOutboundNetworkAccess", "allowedFqdnList"),
        "customSubDomainName": SET,
        "disableLocalAuth": True,
        "publicNetworkAccess": ("Enabled", "Disabled"),
    },
}

UPGRADES = ("NoAutoUpgrade", "OnceCurrentVersionExpired", "OnceNewDefaultVersionAvailable")

CLASSIC_TIERS = ("Developer", "Basic", "Standard", "Premium")
V2_TIERS = ("BasicV2", "StandardV2")
"""They have no switch for old protocols.

https://learn.microsoft.com/azure/api-management/v2-service-tiers-overview
"""
_SECURITY = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"
OLD_PROTOCOLS = tuple(
    f"{_SECURITY}.{side}Protocols.{protocol}"
    for side in ("", "Backend.")
    for protocol in ("Tls10", "Tls11", "Ssl30")
)
"""https://learn.microsoft.com/azure/api-management/api-management-howto-manage-protocols-ciphers"""

LOGGER: Shape = {
    **free("serviceName"),
    "loggerId": "azuremonitor",
    "loggerType": "azureMonitor",
    "isBuffered": True,
}

KEY_HEADER, KEY_QUERY_PARAMETER = "api-key", "subscription-key"
"""Where the API takes a caller's key: the policy deletes both, and the diagnostic masks them."""
API: Shape = {
    **free("apiId", "serviceName", "displayName", "path", "value"),
    "apiType": "http",
    "format": ("openapi", "openapi-link", "openapi+json-link"),
    "protocols": ["https"],
    "subscriptionRequired": True,
    "subscriptionKeyParameterNames": {"header": KEY_HEADER, "query": KEY_QUERY_PARAMETER},
}
TOKENS = Parameter(
    "callers",
    "keys",
    "keys: each call has a subscription's key; tokens: the policy may let calls in by tokens too",
    {"enum": ["keys", "tokens"]},
)


def api(_resource: Resource, config: Config) -> Shape:
    """Ask for keys, unless the pack is told of tokens; `connected` then wants them validated."""
    asked = True if TOKENS.read(config) == "keys" else (True, False)
    return {**API, "subscriptionRequired": asked}


PRODUCT: Shape = {
    **free("productId", "serviceName", "displayName", "description"),
    "state": "published",
    "subscriptionRequired": True,
    "approvalRequired": (False, True),
}
PRODUCT_LINK: Shape = free("apiLinkId", "serviceName", "productId", "apiId")
# A trace shows the caller what the policies do, tokens of the gateway included.
SUBSCRIPTION: Shape = {
    **free("sid", "serviceName", "displayName"),
    "scope": reference(r".*/products/[^/]+", "the id of a product"),
    "state": ("active", "suspended"),
    "allowTracing": False,
}


PER_CALL = Allowed(
    "a SKU whose calls pass the gateway, no batch SKU",
    lambda found: isinstance(found, str) and bool(found) and "batch" not in found.lower(),
    "take another SKU: no log tells the tokens of a batch",
)
"""A GlobalBatch or DataZoneBatch deployment works off files of requests.

https://learn.microsoft.com/azure/foundry/openai/how-to/batch
https://learn.microsoft.com/azure/foundry/foundry-models/concepts/deployment-types
"""


def deployment(_resource: Resource, config: Config) -> Shape:
    """Leave quota to the others; `content_filters` judges what is filtered."""
    fix = "lower it, or raise maximum in the pack's configuration"
    return {
        **free("accountName", "deploymentName"),
        "sku": {"name": PER_CALL, "capacity": between(1, CAPACITY.read(config), fix)},
        "properties": {
            "model": {"format": SET, "name": SET, "version": SET},
            "versionUpgradeOption": UPGRADES,
            **free("raiPolicyName", "spilloverDeploymentName"),
        },
    }


def service(resource: Resource, _config: Config) -> Shape:
    """Call the account by an identity of its own, and take TLS 1.2 and newer only."""
    classic = resource.get("sku.name") in CLASSIC_TIERS
    return {
        **free("serviceName", "publisherName", "publisherEmail", "enableClientCertificate"),
        "sku": {"name": (*CLASSIC_TIERS, *V2_TIERS), "capacity": between(1, 12)},
        "identity": {"type": "SystemAssigned"},
        "customProperties": dict.fromkeys(OLD_PROTOCOLS, "False") if classic else None,
        "developerPortalStatus": "Disabled",
        "legacyPortalStatus": "Disabled",
        "natGatewayState": ("Disabled", "Enabled"),
        "virtualNetworkType": ("None", "External", "Internal"),
        "publicNetworkAccess": (None, "Enabled", "Disabled"),
        **free("virtualNetworkConfiguration"),
        "disableGateway": False,
        "restore": False,
    }


def is_pool(backend: Resource) -> bool:
    """Tell a pool of backends from a backend that leads to an account."""
    return str(backend.get("type")).lower() == "pool"


def backend(resource: Resource, _config: Config) -> Shape:
    """Lead to one account by https and nothing but its address, or be a pool of such backends.

    When the breaker trips decides only which account is called next.
    """
    named = free("backendId", "serviceName")
    if is_pool(resource):
        return {**named, "type": "Pool", "pool": free("services")}
    leads = f"{MODEL.pattern}|{re.escape(NOBODY)}"
    address = reference(leads, "the https address of an account")
    return {**named, "type": "Single", "protocol": "http", "url": address, **free("circuitBreaker")}


def workspace(_resource: Resource, config: Config) -> Shape:
    """Take every row as it comes, and keep it: no transformation, and no cap but one allowed."""
    return {
        **free("workspaceName"),
        "sku": {"name": "PerGB2018"},
        "retentionInDays": between(LEAST_DAYS.read(config), MOST_DAYS.read(config)),
        "workspaceCapping": {"dailyQuotaGb": _cap(CAP.read(config))},
        "features": {
            "disableLocalAuth": True,
            "enableLogAccessUsingOnlyResourcePermissions": True,
        },
    }


def _cap(least: int) -> Allowed:
    """Allow no daily cap, which is -1, or one that is high enough.

    https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap
    """

    def accepts(found: Any) -> bool:
        return found == -1 or (isinstance(found, int | float) and 0 < least <= found)

    wanted = f"-1 (no cap){f' or at least {least}' if least else ''}"
    return Allowed(wanted, accepts, "set no cap, or allow one by dailyCapGb of the pack")


def assignment(_resource: Resource, config: Config) -> Shape:
    """Let the gateway call the account, not change it or anything beside it."""
    allowed = {role.lower() for role in ROLES.read(config)}
    return {
        **free("roleAssignmentName", "principalId"),
        "principalType": "ServicePrincipal",
        "roleDefinitionId": Allowed(
            f"one of the roles {', '.join(sorted(allowed))}",
            lambda found: str(found).rsplit("/", 1)[-1].lower() in allowed,
        ),
        "scope": reference(
            r".+/providers/Microsoft\.CognitiveServices/accounts/[^/]+", "the id of the account"
        ),
    }
