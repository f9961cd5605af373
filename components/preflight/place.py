"""The region: whether it is one, and which services and tiers this subscription has there."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from components.preflight.accounts import COGNITIVE
from components.preflight.facts import Azure, Check, Read
from components.preflight.lines import Line, fine, unverified, wrong
from components.preflight.plan import Plan, region
from components.preflight.regions import location_reads, regions

MANAGEMENT = "Microsoft.ApiManagement"
INSIGHTS = "Microsoft.Insights"
LOGS = "Microsoft.OperationalInsights"
NETWORK = "Microsoft.Network"
PROVIDERS = "2021-04-01"
"""https://learn.microsoft.com/rest/api/resources/providers/get"""
SERVICES = "2024-05-01"
"""https://learn.microsoft.com/rest/api/apimanagement/api-management-skus/list"""


def _region_reads(_: Plan, azure: Azure) -> dict[str, Read]:
    return location_reads(azure)


def _judge_region(plan: Plan, azure: Azure) -> Iterator[Line]:
    known = regions(azure)
    if not known:
        raise ValueError(known)
    yield _judge_location(known, plan.settings.location, "region", "")
    for part in plan.new_accounts:
        if part.location != plan.settings.location:
            yield _judge_location(known, part.location, part.line("region"), part.said)


def _judge_location(known: Collection[str], place: str, name: str, whose: str) -> Line:
    if place in known:
        return fine(name, f"{whose}{place} is a region of this subscription")
    close = difflib.get_close_matches(place, known, n=3) or sorted(known)
    detail = f"{whose}location {place} is no region of this subscription, which has {len(known)}"
    one = f"one of {', '.join(close)}"
    fix = f"give the account another location: {one}" if whose else _set_location(one)
    return wrong(name, detail, fix)


def _set_location(one: str) -> str:
    return f"pulumi config set location <{one}>"


def _wanted(plan: Plan) -> dict[str, str]:
    """Return the type of which something is to be created, by the service that has it; or ""."""
    wanted = {INSIGHTS: ""}
    wanted |= {LOGS: "workspaces"} if plan.workspace else {}
    wanted |= {COGNITIVE: "accounts"} if plan.new_accounts else {}
    wanted |= {MANAGEMENT: "service"} if plan.gateway else {}
    wanted |= {NETWORK: ""} if plan.settings.network.endpoints else {}
    return wanted


def _service_reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    return {
        f"provider {one}": partial(azure.manager.fact, azure.provider(one), PROVIDERS)
        for one in _wanted(plan)
    }


def _judge_services(plan: Plan, azure: Azure) -> Iterator[Line]:
    for namespace, kind in _wanted(plan).items():
        yield _judge_service(plan, namespace, kind, azure.fact(f"provider {namespace}") or {})


def _judge_service(plan: Plan, namespace: str, kind: str, found: Mapping[str, Any]) -> Line:
    name, places = f"service:{namespace}", _where(plan, namespace)
    state = found.get("registrationState")
    register = f"az provider register --namespace {namespace} --wait"
    if not isinstance(state, str):
        return unverified(name, f"Azure does not say whether {namespace} is registered", register)
    if state != "Registered":
        return wrong(name, f"{namespace} is not usable in this subscription: {state}", register)
    if not kind:
        return fine(name, f"{namespace} is registered")
    there = _places(
        one["locations"] for one in found["resourceTypes"] if one["resourceType"] == kind
    )
    lacking = [place for place in places if place not in there]
    if not lacking:
        return fine(name, f"{namespace} is registered, and has {kind} in {', '.join(places)}")
    if not there:
        return unverified(
            name, f"Azure does not say where {namespace} has {kind}", "see the portal"
        )
    one = f"one of {', '.join(sorted(there))}"
    fix = _set_location(one)
    if namespace == COGNITIVE and plan.settings.accounts:
        fix = f"give the account another location: {one}"
    return wrong(name, f"{namespace} has no {kind} in {', '.join(lacking)}", fix)


def _where(plan: Plan, namespace: str) -> list[str]:
    """Return the regions in which something of a service is to be created."""
    if namespace != COGNITIVE:
        return [plan.settings.location]
    return list(dict.fromkeys(part.location for part in plan.new_accounts))


def _places(lists: Iterable[Iterable[str]]) -> set[str]:
    return {region(one) for names in lists for one in names}


def _tier_reads(_: Plan, azure: Azure) -> dict[str, Read]:
    path = f"{azure.provider(MANAGEMENT)}/skus"
    return {"tiers": partial(azure.manager.facts, path, SERVICES)}


def _judge_tier(plan: Plan, azure: Azure) -> Iterator[Line]:
    """Judge by the list of tiers; a tier that it does not have at all says nothing."""
    place, tier = plan.settings.location, plan.settings.gateway_tier
    all_ = [one for one in azure.fact("tiers") if one.get("resourceType") == "service"]
    named = [one for one in all_ if one["name"] == tier]
    here = [one for one in all_ if place in _places([one["locations"]]) and not _barred(one, place)]
    if not named:
        why = f"Azure's list of tiers does not name {tier}"
        yield unverified("tier", why, "see Create a resource, API Management, in the portal")
    elif any(one["name"] == tier for one in here):
        yield from _judge_units(plan, [one for one in here if one["name"] == tier])
    else:
        others = ", ".join(sorted({str(one["name"]) for one in here})) or "none"
        yield wrong(
            "tier",
            f"tier {tier} is not to be had in {place}",
            f"set gatewayTier to one that is there ({others}), or another location",
        )


def _judge_units(plan: Plan, here: list[dict[str, Any]]) -> Iterator[Line]:
    tier, units = plan.settings.gateway_tier, plan.settings.gateway_units
    told = [(one.get("capacity") or {}).get("maximum") for one in here]
    most = max((int(one) for one in told if one), default=0)
    if most and units > most:
        yield wrong("tier", f"tier {tier} has at most {most} units", "lower gatewayUnits")
    else:
        yield fine("tier", f"{plan.settings.location} has tier {tier}")


def _barred(tier: Mapping[str, Any], place: str) -> bool:
    """Tell whether a restriction keeps this subscription from a tier in a region."""
    return any(
        one.get("type") == "Location" and place in _places([one.get("values") or ()])
        for one in tier.get("restrictions") or ()
    )


REGION = Check(
    id="region",
    about="the location is a region of the subscription",
    right="Microsoft.Resources/subscriptions/locations/read",
    applies=lambda plan: plan.creates,
    reads=_region_reads,
    judge=_judge_region,
)
SERVICE = Check(
    id="services",
    about="each service is registered in the subscription, and is in the region",
    right="Microsoft.Resources/subscriptions/providers/read",
    applies=lambda plan: plan.creates,
    reads=_service_reads,
    judge=_judge_services,
)
TIER = Check(
    id="tier",
    about="the region has the gateway's tier",
    right=f"{MANAGEMENT}/skus/read",
    applies=lambda plan: plan.gateway,
    reads=_tier_reads,
    judge=_judge_tier,
)
