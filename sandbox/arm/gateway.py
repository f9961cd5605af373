"""API Management: the service, its loggers and diagnostics, products and subscriptions.

https://learn.microsoft.com/rest/api/apimanagement/
"""

import re
from typing import Any

from sandbox.arm import network, sizes
from sandbox.arm.base import AZURE, SERVICE, Id, Put, refuse
from sandbox.cloud import Cloud, Resource
from sandbox.errors import NotModelledError

MOST_OF_A_POOL = 30
"""Backends of one pool.

https://learn.microsoft.com/azure/api-management/backends
"""


def has_llm(api_version: str) -> bool:
    """Whether an API version's diagnostics have `largeLanguageModel`: only newer previews do.

    https://github.com/Azure/azure-rest-api-specs/tree/main/specification/apimanagement
    """
    return api_version >= "2024-06-01-preview" and api_version.endswith("-preview")


def service(put: Put) -> None:
    """A service's name is unique in Azure, and kept for a while after its deletion.

    https://learn.microsoft.com/azure/api-management/soft-delete
    """
    name = put.id.name.lower()
    if put.properties.pop("restore", False):
        raise NotModelledError("the sandbox does not restore soft-deleted services")
    if name in [other.name.lower() for other in put.siblings()]:
        raise refuse("ServiceAlreadyExists", name=put.id.name)
    if not put.existing and name in [other.name.lower() for other in put.kept()]:
        raise refuse("ServiceAlreadyExistsInSoftDeletedState", name=put.id.name)
    network.check_closes(put)
    _check_tier(put, put.body.get("sku") or {})
    _check_client_certificate(put)
    _check_nat_gateway(put)
    network.join(put)
    if not str(put.body["sku"]["name"]).endswith("V2"):
        put.properties["publicIPAddresses"] = network.addresses(put.cloud, put.id)
    put.identify()
    put.properties["gatewayUrl"] = f"https://{name}.azure-api.net"
    put.properties["managementApiUrl"] = f"https://{name}.management.azure-api.net"
    if put.options.logger == "with-service" and not put.existing:
        make_logger(put, put.id.text)


def _check_tier(put: Put, sku: dict[str, Any]) -> None:
    """A tier bounds the units, and no service changes from a v1 to a v2 tier.

    https://learn.microsoft.com/azure/api-management/v2-service-tiers-overview
    """
    tier, units = str(sku.get("name")), sku.get("capacity")
    most = AZURE["units"].get(tier, -1)
    before = str(put.existing.body["sku"]["name"]) if put.existing else tier
    fits = isinstance(units, int) and min(most, 1) <= units <= most
    if not fits or before.endswith("V2") != tier.endswith("V2"):
        text = f"The value provided for sku ({tier}, {units} units) is invalid."
        raise refuse("InvalidParameters", text=text)


def _check_client_certificate(put: Put) -> None:
    """Classic tiers refuse `false` as `enableClientCertificate`.

    https://github.com/pulumi/pulumi-azure-native/issues/1865
    """
    tier = str(put.body["sku"]["name"])
    refused = tier != "Consumption" and not tier.endswith("V2")
    if refused and put.properties.get("enableClientCertificate") is False:
        raise refuse("EnableClientCertificateCannotBeChangedForSku", tier=tier)


def _check_nat_gateway(put: Put) -> None:
    """Classic tiers have no NAT gateway, v2 tiers have; no source says what else Azure would take.

    Every public export and template of a BasicV2 or StandardV2 service has `Enabled`, every read of
    a Developer service `Disabled`.
    Sure: inferred, as no page tells the values of a tier.
    """
    tier = str(put.body["sku"]["name"])
    usual = "Enabled" if tier.endswith("V2") else "Disabled"
    if put.properties.setdefault("natGatewayState", usual) != usual:
        given = put.properties["natGatewayState"]
        raise NotModelledError(f"the sandbox does not model natGatewayState {given} on {tier}")


def check_has(cloud: Cloud, wanted: Id) -> None:
    """Refuse what a service's tier does not have, lists of it too.

    https://github.com/Azure/apiops-cli/pull/129
    """
    kind = wanted.type.removeprefix(f"{SERVICE}/")
    service = cloud.get(wanted.parent)
    if kind in AZURE["tiers"] and service:
        tier = str(service.body["sku"]["name"])
        if tier not in AZURE["tiers"][kind]["tiers"]:
            raise refuse("MethodNotAllowedInPricingTier", tier=tier)


def workspace(put: Put) -> None:
    """A workspace is a folder of APIs, which some tiers have.

    https://learn.microsoft.com/azure/api-management/workspaces-overview
    """
    check_has(put.cloud, put.id)


def named_value(put: Put) -> None:
    """A named value has a value, and a name of its own by which policies call it.

    https://learn.microsoft.com/rest/api/apimanagement/named-value/create-or-update
    """
    if put.properties.get("keyVault"):
        raise NotModelledError("the sandbox does not model named values of a key vault")
    if not put.properties.get("value"):
        raise refuse("ValidationError", text="value: Value should not be empty.")
    sizes.check_number(put)
    title = str(put.properties["displayName"]).lower()
    others = [one for one in put.siblings() if one.id.lower().startswith(put.id.parent.lower())]
    if title in [str(one.properties["displayName"]).lower() for one in others]:
        text = "displayName: Named value with the same display name already exists."
        raise refuse("ValidationError", text=text)


def backend(put: Put) -> None:
    """A backend is one URL, or a pool of other backends of the same service.

    https://learn.microsoft.com/azure/api-management/backends
    """
    for name in ("credentials", "proxy", "properties"):
        if put.properties.get(name):
            raise NotModelledError(f"the sandbox does not model {name} of a backend")
    _check_breaker(put, (put.properties.get("circuitBreaker") or {}).get("rules") or [])
    if put.properties["type"] == "Pool":
        _check_pool(put, (put.properties.get("pool") or {}).get("services") or [])
    elif not re.match(r"https?://\S", str(put.properties.get("url") or "")):
        raise refuse("ValidationError", text="url: Backend URL is not valid.")
    elif not put.properties.get("protocol"):
        raise refuse("ValidationError", text="protocol: Backend protocol is required.")


def _check_breaker(put: Put, rules: list[dict[str, Any]]) -> None:
    """A breaker has one rule, with a name, a number of failures, an interval and a duration.

    https://learn.microsoft.com/azure/api-management/backends
    https://github.com/Azure-Samples/Apim-Samples/tree/main/samples/inference-failover (one rule)
    Sure: inferred, as the words of the refusal are not public, nor what a pool's breaker would do.
    """
    if rules and put.properties["type"] == "Pool":
        raise NotModelledError("the sandbox does not model a breaker of a pool")
    if rules[1:]:
        text = "circuitBreaker.rules: only one rule is supported."
        raise refuse("ValidationError", text=text)
    for rule in rules:
        condition = rule["failureCondition"]
        if condition.get("percentage") is not None:
            raise NotModelledError("the sandbox counts failures, and knows no share of them")
        fits = isinstance(condition.get("count"), int) and condition["count"] >= 1
        durations = (condition.get("interval"), rule.get("tripDuration"))
        if not fits or not rule.get("name") or not all(map(_is_duration, durations)):
            raise refuse("ValidationError", text="circuitBreaker.rules: the rule is not valid.")


def _is_duration(text: object) -> bool:
    return bool(re.fullmatch(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", str(text)))


def _check_pool(put: Put, services: list[dict[str, Any]]) -> None:
    """A pool has backends of the service, of which none is a pool, 30 at most.

    https://learn.microsoft.com/azure/api-management/backends
    Sure: inferred, as the words of the refusals are not public.
    """
    if not 1 <= len(services) <= MOST_OF_A_POOL:
        text = f"pool.services: a pool has 1 to {MOST_OF_A_POOL} backends."
        raise refuse("ValidationError", text=text)
    for one in services:
        member = _below(put, str(one["id"]), "backends") or put.cloud.get(str(one["id"]))
        if member is None or member.properties.get("type") == "Pool":
            text = f"pool.services: '{one['id']}' is no backend of this service."
            raise refuse("ValidationError", text=text)


def make_logger(put: Put, service_id: str) -> None:
    """API Management makes the logger `azuremonitor` itself, if it is missing.

    Some have seen it do so, with the service or with its diagnostic setting; most declare it.
    https://github.com/Azure/terraform-ai-gateway-landing-zone
    https://github.com/Azure/apiops/issues/163
    """
    own = f"{service_id}/loggers/azuremonitor"
    if put.cloud.get(own) is None:
        body = {"properties": {"loggerType": "azureMonitor", "isBuffered": True}}
        put.cloud.put(Resource(own, f"{SERVICE}/loggers", "azuremonitor", body, put.now))


def logger(put: Put) -> None:
    """Loggers of type `azureMonitor` need no credentials.

    https://learn.microsoft.com/rest/api/apimanagement/logger/create-or-update

    Sure: inferred, as sources disagree on whether Azure makes it first: see `make_logger`.
    """
    if put.properties.get("loggerType") != "azureMonitor":
        raise NotModelledError("the sandbox models loggers of type azureMonitor only")


def diagnostic(put: Put) -> None:
    """A diagnostic names an existing logger: https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic."""
    if put.id.name.lower() != "azuremonitor":
        raise NotModelledError(f"the sandbox does not model the diagnostic {put.id.name}")
    given = str(put.properties["loggerId"])
    if _below(put, given, "loggers") is None:
        raise refuse("ValidationError", text=f"loggerId: Logger '{given}' not found.")
    if put.properties.get("largeLanguageModel") is not None and not has_llm(put.api_version):
        text = "Could not find member 'largeLanguageModel' on object of type 'DiagnosticContract'."
        raise refuse("ValidationError", text=f"representation: {text}")


def _root(put: Put) -> str:
    """The id of the service in which something lies."""
    at = put.id.text.lower().index("/service/") + len("/service/")
    return put.id.text[:at] + put.id.text[at:].split("/")[0]


def _below(put: Put, given: str, kind: str) -> Resource | None:
    """Find a child of the service by an id that is full, or begins at the service."""
    root = _root(put)
    full = given if given.lower().startswith("/subscriptions/") else root + given
    return put.cloud.get(full) if full.lower().startswith(f"{root}/{kind}/".lower()) else None


def product(put: Put) -> None:
    """A new product gets a subscription, and needs a display name of its own.

    https://github.com/Azure/azure-service-operator/issues/3408
    https://github.com/Azure/apiops/issues/606
    """
    sizes.check_number(put)
    title = str(put.properties["displayName"]).lower()
    others = [one for one in put.siblings() if one.id.lower().startswith(_root(put).lower())]
    if title in [str(one.properties["displayName"]).lower() for one in others]:
        raise refuse("ValidationError", text="name: Product with the same name already exists")
    if not put.existing and put.properties["subscriptionRequired"]:
        name = put.cloud.derive(put.id.text, put.incarnation, length=24)
        body = {"properties": {"scope": put.id.text, "state": "active", "displayName": None}}
        own = f"{_root(put)}/subscriptions/{name}"
        put.cloud.put(Resource(own, f"{SERVICE}/subscriptions", name, body, put.now))


def check_unsubscribed(cloud: Cloud, resource: Resource) -> None:
    """A product with subscriptions is not deleted.

    https://github.com/pulumi/pulumi-azure-native/issues/846
    """
    subscriptions = cloud.of_type(f"{SERVICE}/subscriptions")
    scopes = [str(one.properties["scope"]).lower() for one in subscriptions]
    if resource.type == f"{SERVICE}/products" and resource.id.lower() in scopes:
        raise refuse("ProductHasSubscriptions")


def unsubscribe(cloud: Cloud, wanted: Id) -> None:
    """A product's deletion takes its subscriptions along if it is told to.

    https://learn.microsoft.com/rest/api/apimanagement/product/delete
    """
    if wanted.type == f"{SERVICE}/products":
        with cloud.change():
            for one in cloud.of_type(f"{SERVICE}/subscriptions"):
                if str(one.properties["scope"]).lower() == wanted.text.lower():
                    cloud.remove(one.id)


def link(put: Put) -> None:
    """A product is linked to an API that exists.

    https://learn.microsoft.com/rest/api/apimanagement/product-api-link/create-or-update
    """
    found = _below(put, str(put.properties.get("apiId") or f"/apis/{put.id.name}"), "apis")
    if found is None:
        raise refuse("EntityNotFound", what="API")
    put.properties["apiId"] = found.id


def subscription(put: Put) -> None:
    """The scope is a product, an API, or all APIs.

    https://learn.microsoft.com/rest/api/apimanagement/subscription/create-or-update
    """
    sizes.check_number(put)
    if put.properties.get("primaryKey") or put.properties.get("secondaryKey"):
        raise NotModelledError("the sandbox makes the keys of subscriptions itself")
    root, scope = _root(put), str(put.properties["scope"])
    found = _below(put, scope, "products") or _below(put, scope, "apis")
    if found is None and scope.lower() not in ("/apis", f"{root}/apis".lower()):
        raise refuse("EntityNotFound", what="Product" if "/products/" in scope else "API")
    put.properties["scope"] = found.id if found else f"{root}/apis"
