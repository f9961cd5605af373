"""Estimate what a run costs from the gateway's price in Azure's own list.

https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices
"""

from __future__ import annotations

import httpx

from tools.acceptance.plan import TIER

URL = "https://prices.azure.com/api/retail/prices"
PAGE = "https://azure.microsoft.com/pricing/details/api-management/"


def gateway_hour(location: str) -> float | None:
    """Return a Basic v2 unit's US dollars an hour; None if Azure's list cannot be read."""
    wanted = f"serviceName eq 'API Management' and armRegionName eq '{location}'"
    wanted += " and priceType eq 'Consumption'"
    try:
        answer = httpx.get(URL, params={"$filter": wanted}, timeout=20)
        items = answer.json()["Items"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    tier = TIER.replace("V2", " v2").lower()  # as the list writes it
    hours = [
        float(one["retailPrice"])
        for one in items
        if tier in f"{one.get('skuName')} {one.get('meterName')}".lower()
        and "hour" in str(one.get("unitOfMeasure")).lower()
        and one.get("retailPrice")
    ]
    return max(hours, default=None)


def describe_cost(location: str, hours: float) -> str:
    """Describe the cost of a run of so many hours."""
    hour = gateway_hour(location)
    if hour is None:
        return f"the gateway bills by the hour; its price could not be read: {PAGE}"
    return (
        f"usually {hour * hours:.2f} US dollars for the gateway ({hour:.2f} an hour, Azure's list)"
    )
