"""Parts of one gateway that fronts a model, for the rules that look at all of them."""

from __future__ import annotations

from typing import Any

from rules.resource import UNKNOWN, Resource

from tests.policies.harness import resource

HOST = "https://contoso.openai.azure.com/openai"
ACCOUNT = resource("cognitiveservices:Account", name="account")
IDENTITY = '<authentication-managed-identity resource="https://cognitiveservices.azure.com" />'
TO_MODEL = f'<set-backend-service base-url="{HOST}" />'
KEYS = {"header": "api-key", "query": "subscription-key"}
DELETES = (
    '<set-header name="api-key" exists-action="delete" />',
    '<set-query-parameter name="subscription-key" exists-action="delete" />',
    '<set-header name="Authorization" exists-action="delete" />',
)


def api(name: str = "chat", gateway: Any = "gw", **props: Any) -> Resource:
    given = {"apiId": name, "serviceName": gateway, "subscriptionKeyParameterNames": KEYS, **props}
    return resource("apimanagement:Api", given, name)


API = api()


def text(*inbound: str) -> str:
    return f"<policies><inbound>{''.join(inbound)}</inbound><backend><base /></backend></policies>"


def policy(*inbound: str, level: str = "Api", gateway: Any = "gw", **props: Any) -> Resource:
    """A policy of that level: Api, ApiOperation, Product, "" for the gateway's own."""
    names = {
        "Api": {"apiId": "chat"},
        "ApiOperation": {"apiId": "chat", "operationId": "post"},
        "Product": {"productId": "clients"},
    }
    given = {"serviceName": gateway, "format": "rawxml", "value": text(*inbound)}
    return resource(
        f"apimanagement:{level}Policy",
        {**given, **names.get(level, {}), **props},
        f"{level.lower()}-policy",
    )


def fragment(*steps: str, name: str = "strip", gateway: Any = "gw") -> Resource:
    value = f"<fragment>{''.join(steps)}</fragment>"
    props = {"id": name, "serviceName": gateway, "format": "rawxml", "value": value}
    return resource("apimanagement:PolicyFragment", props, name)


def backend(url: Any = HOST, name: str = "openai", gateway: Any = "gw", **props: Any) -> Resource:
    given = {"backendId": name, "serviceName": gateway, "url": url, **props}
    return resource("apimanagement:Backend", given, name)


def named(name: str, value: Any, gateway: Any = "gw", **props: Any) -> Resource:
    given = {"displayName": name, "value": value, "serviceName": gateway, **props}
    return resource("apimanagement:NamedValue", given, name)


def product_link(product: str = "clients", gateway: Any = "gw") -> Resource:
    props = {"apiId": "chat", "productId": product, "serviceName": gateway}
    return resource("apimanagement:ProductApi", props, "link")


def subscription(scope: Any, gateway: Any = "gw") -> Resource:
    props = {"scope": scope, "serviceName": gateway}
    return resource("apimanagement:Subscription", props, "subscription")


def unknown_policy(**more: Any) -> Resource:
    """A policy whose text is not known yet."""
    props = {"apiId": "chat", "serviceName": "gw", "value": UNKNOWN}
    return resource("apimanagement:ApiPolicy", props, "api-policy", **more)
