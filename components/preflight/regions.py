"""The regions of a subscription."""

from __future__ import annotations

from functools import partial

from components.preflight.facts import Azure, Read
from components.preflight.plan import region


def regions(azure: Azure) -> dict[str, str]:
    """Return the subscription's regions, each with the group of its geography.

    https://learn.microsoft.com/rest/api/resources/subscriptions/list-locations

    Raises:
        UnreadableError: they cannot be read.
    """
    azure.learn(location_reads(azure))
    return {
        region(one["name"]): str((one.get("metadata") or {}).get("geographyGroup") or "")
        for one in azure.fact("locations")
        if (one.get("metadata") or {}).get("regionType", "Physical") == "Physical"
    }


def location_reads(azure: Azure) -> dict[str, Read]:
    """Return the read of the subscription's regions."""
    return {"locations": partial(azure.manager.facts, f"{azure.root}/locations", "2022-12-01")}
