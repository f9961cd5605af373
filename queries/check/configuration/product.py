"""Who may call: the API's keys, its product, and the consumer's subscription."""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import (
    Comparison,
    Deployed,
    differs,
    inside,
    last,
    missing,
    properties,
)
from queries.check.difference import REFRESH, Difference
from queries.outputs import Target


def api(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the API exists, at its path."""
    if deployed["api"] is None:
        yield missing("the API", target.api_id)
    else:
        found = properties(deployed["api"]).get("path")
        yield from differs(f"path of the API {target.api_id}", target.api_path, found)


def keys(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that a key is required, in the header that the clients send it in."""
    if deployed["api"] is None:
        return
    found, portal = properties(deployed["api"]), f"portal: API > Settings; {REFRESH}"
    required = found.get("subscriptionRequired", True)
    path = f"subscriptionRequired of the API {target.api_id}"
    yield from differs(path, "true", required, portal)
    header = inside(found, "subscriptionKeyParameterNames", "header") or "Ocp-Apim-Subscription-Key"
    path = f"key header of the API {target.api_id}"
    yield from differs(path, target.subscription_key_header, header, portal)


def consumers(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that every consumer is active, not only the one that the check calls as."""
    for name, found in deployed["consumers"].items():
        path = f"subscription of the consumer {name}"
        if found is None:
            yield missing(path, "active")
        else:
            fix = f"portal: API Management > Subscriptions > {name} > Activate; {REFRESH}"
            yield from differs(path, "active", properties(found).get("state"), fix)


def product(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the consumer's product is published and holds the API."""
    scope = properties(deployed["subscription"]).get("scope")
    if deployed["product"] is None:
        if deployed["subscription"] is None:
            yield missing(f"subscription of the consumer {target.caller}", "active")
        else:
            yield missing("the consumer's product", last(scope) or "published")
        return
    name, state = last(scope), properties(deployed["product"]).get("state")
    yield from differs(f"state of the product {name}", "published", state)
    linked = {last(one).lower() for one in deployed["product"].get("apis") or []}
    if target.api_id.lower() not in linked:
        fix = f"portal: API Management > Products > {name} > APIs > Add; {REFRESH}"
        yield missing(f"link of the product {name} to the API", target.api_id, fix)


CONSUMERS = Comparison(("consumers",), consumers)
COMPARISONS = (
    Comparison(("api",), api),
    Comparison(("api",), keys),
    CONSUMERS,
    Comparison(("subscription", "product"), product),
)
