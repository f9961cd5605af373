"""Nobody calls without a subscription."""

from __future__ import annotations

from collections.abc import Iterator

from rules.finding import Finding, expect
from rules.parameters import Config
from rules.resource import Resource

PRODUCTS = "Microsoft.ApiManagement/service/products"


def required(thing: Resource, _config: Config) -> Iterator[Finding]:
    """A call without a subscription is nobody's; an open product lets such calls in.

    A product requires one unless it says otherwise.
    https://learn.microsoft.com/azure/api-management/api-management-subscriptions
    """
    unsaid = thing.is_a(PRODUCTS)
    yield from expect(
        thing,
        "subscriptionRequired",
        lambda found: found is True or (unsaid and found is None),
        wanted="true",
        fix="set subscriptionRequired to true, and give each caller a subscription",
    )
