"""Models, their versions and life cycles, and quota: what a region gives this subscription."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from components.preflight.facts import Azure, Check, Read
from components.preflight.lines import Line, fine, unverified, wrong
from components.preflight.plan import Plan, region
from components.settings.items import Deployment
from queries.check.configuration.connection import UnreadableError

COGNITIVE = "Microsoft.CognitiveServices"
VERSION = "2025-06-01"
"""API version of models, usages and accounts.

https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/models/list
https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/usages/list
"""
CLOSING, CLOSED = "Deprecating", "Deprecated"
"""Life cycles: no new deployments but of subscriptions that have had the version; none at all.

https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
"""
SUGGESTED = 5
"""Most regions that are named instead of one without quota."""
Json = Mapping[str, Any]


def _of(azure: Azure, place: str) -> dict[str, Read]:
    """Return the reads of one region."""
    at = f"{azure.provider(COGNITIVE)}/locations/{place}"
    return {
        f"models {place}": partial(azure.manager.facts, f"{at}/models", VERSION),
        f"usages {place}": partial(azure.manager.facts, f"{at}/usages", VERSION),
    }


def _reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    return _of(azure, plan.settings.location)


def _offer(azure: Azure, place: str, wanted: Deployment) -> list[Json]:
    """Return the version of a model that a region offers, once for each kind of account."""
    models = [one["model"] for one in azure.fact(f"models {place}")]
    return [
        one
        for one in models
        if (one["format"], one["name"]) == ("OpenAI", wanted.model)
        and str(one["version"]) == wanted.version
    ]


def _skus(offer: list[Json]) -> dict[str, Json]:
    """Return the SKUs of an offer by name."""
    return {str(sku["name"]): sku for model in offer for sku in model.get("skus") or ()}


def _judge_models(plan: Plan, azure: Azure) -> Iterator[Line]:
    for wanted in plan.deployments:
        yield _judge_model(plan, azure, wanted)


def _judge_model(plan: Plan, azure: Azure, wanted: Deployment) -> Line:
    place, name = plan.settings.location, f"model:{wanted.name}"
    offer = _offer(azure, place, wanted)
    said = f"{wanted.model} {wanted.version}"
    if not offer:
        versions = sorted(
            {
                str(one["model"]["version"])
                for one in azure.fact(f"models {place}")
                if one["model"]["name"] == wanted.model
            }
        )
        there = f"it has version {', '.join(versions)}" if versions else "it has none of that name"
        return wrong(name, f"{place} does not offer {said}: {there}", _see(place))
    if wanted.sku not in _skus(offer):
        there = ", ".join(sorted(_skus(offer))) or "none"
        return wrong(name, f"{place} offers {said} not as {wanted.sku}; SKUs: {there}", _see(place))
    return _judge_life(plan, azure, offer, wanted)


def _judge_life(plan: Plan, azure: Azure, offer: list[Json], wanted: Deployment) -> Line:
    place, name = plan.settings.location, f"model:{wanted.name}"
    said = f"{wanted.model} {wanted.version}"
    states = {str(one.get("lifecycleStatus")) for one in offer}
    of_model = (offer[0].get("deprecation") or {}).get("inference")
    days = (_day(of_model), _day(_skus(offer)[wanted.sku].get("deprecationDate")))
    ends = min(filter(None, days), default="")
    until = f", which retires on {ends}" if ends else ""
    if CLOSED in states or (ends and ends <= f"{azure.manager.clock.now():%Y-%m-%d}"):
        return wrong(name, f"{said} is retired{until}", _see(place))
    if CLOSING not in states:
        return fine(name, f"{place} offers {said} as {wanted.sku}{until}")
    return _judge_closed(plan, azure, wanted, until)


def _judge_closed(plan: Plan, azure: Azure, wanted: Deployment, until: str) -> Line:
    name, said = f"model:{wanted.name}", f"{wanted.model} {wanted.version}"
    closed = f"{said} is closed to subscriptions that never deployed it"
    try:
        had = _deployed_somewhere(azure, wanted)
    except UnreadableError as error:
        return unverified(
            name,
            f"{closed}, and what this one has is not read: {error}",
            "name a model that is generally available, or read with the right "
            f"{COGNITIVE}/accounts/deployments/read",
        )
    if had:
        return fine(name, f"{said} is closed to newcomers, and this subscription has it{until}")
    see = _see(plan.settings.location)
    if plan.had(wanted):
        return unverified(name, f"{closed}; this one has another version now{until}", see)
    return wrong(
        name,
        f"{closed}, and this one has no deployment of it{until}",
        f"{see}; if the subscription did have it once, set preflight false",
    )


def _deployed_somewhere(azure: Azure, wanted: Deployment) -> bool:
    """Tell whether any account of the subscription has a deployment of the version now.

    https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
    """
    read = azure.manager
    azure.learn({"accounts": partial(read.list, f"{azure.provider(COGNITIVE)}/accounts", VERSION)})
    ids = [str(one["id"]) for one in azure.fact("accounts")]
    azure.learn({f"in {one}": partial(read.list, f"{one}/deployments", VERSION) for one in ids})
    found = [
        (each.get("properties") or {}).get("model") or {}
        for one in ids
        for each in azure.fact(f"in {one}")
    ]
    return any(
        (one.get("name"), str(one.get("version"))) == (wanted.model, wanted.version)
        for one in found
    )


def _see(place: str) -> str:
    return (
        f"name another model, version or SKU: az cognitiveservices model list --location {place} "
        "--output table"
    )


def _day(given: object) -> str:
    """Return the day of a time in UTC as `2027-05-15`; "" for none.

    Raises:
        ValueError: the text is no time.
    """
    if not given:
        return ""
    return datetime.fromisoformat(str(given)).astimezone(UTC).date().isoformat()


def _free(azure: Azure, place: str) -> dict[str, float]:
    """Return what is left of each quota of a region, by its name."""
    return {
        str(one["name"]["value"]): one["limit"] - one["currentValue"]
        for one in azure.fact(f"usages {place}")
    }


def _demand(plan: Plan, azure: Azure) -> dict[str, list[Deployment]]:
    """Return the deployments that draw on each quota of which one is to be created or grows."""
    place = plan.settings.location
    by_quota: dict[str, list[Deployment]] = defaultdict(list)
    for one in plan.settings.deployments:
        sku = _skus(_offer(azure, place, one)).get(one.sku)
        if sku and sku.get("usageName"):
            by_quota[str(sku["usageName"])].append(one)
    return {name: all_ for name, all_ in by_quota.items() if set(all_) & set(plan.deployments)}


def _judge_quota(plan: Plan, azure: Azure) -> Iterator[Line]:
    place, free = plan.settings.location, _free(azure, plan.settings.location)
    demand = _demand(plan, azure)
    for quota, drawn in demand.items():
        name = f"quota:{drawn[0].name}"
        names = {one.model for one in drawn}
        own = sum(held for model, sku, held in plan.own() if model in names and sku == drawn[0].sku)
        wanted = sum(one.capacity for one in drawn)
        if quota not in free:
            yield unverified(name, f"{place} does not tell the quota {quota}", _ask_for(place))
        elif wanted > free[quota] + own:
            more = f", of which the stack has {own}" if own else ""
            said = f"{', '.join(one.name for one in drawn)}: {wanted} wanted{more}"
            elsewhere = _elsewhere(plan, azure, drawn)
            yield wrong(name, f"{quota} in {place} has {free[quota]:g} left; {said}", elsewhere)
        else:
            yield fine(name, f"{quota} in {place} has {free[quota] + own:g} for {wanted}")


def _ask_for(place: str) -> str:
    return f"lower capacity, or ask for quota in {place} (https://aka.ms/oai/stuquotarequest)"


def _elsewhere(plan: Plan, azure: Azure, drawn: list[Deployment]) -> str:
    """Name regions that have the models and the quota, those of the same geography first."""
    place, wanted = plan.settings.location, sum(one.capacity for one in drawn)
    try:
        groups = regions(azure)
    except (UnreadableError, KeyError) as error:
        return f"{_ask_for(place)}; other regions are not read: {error}"
    others = sorted(set(groups) - {place}, key=lambda one: (groups[one] != groups.get(place), one))
    azure.learn({key: read for one in others for key, read in _of(azure, one).items()})
    found = [one for one in others if _fits(azure, one, drawn, wanted)][:SUGGESTED]
    if not found:
        return f"{_ask_for(place)}; no other region that could be read has it"
    return f"{_ask_for(place)}; or set location to one that has the quota: {', '.join(found)}"


def _fits(azure: Azure, place: str, drawn: list[Deployment], wanted: int) -> bool:
    try:
        skus = [_skus(_offer(azure, place, one)).get(one.sku) for one in drawn]
        free = _free(azure, place)
        return all(sku and free.get(str(sku.get("usageName")), 0) >= wanted for sku in skus)
    except (UnreadableError, AttributeError, KeyError, TypeError):
        return False


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


def _new(plan: Plan) -> bool:
    return bool(plan.deployments)


MODELS = Check(
    id="models",
    about="the region offers each model, version and SKU, and they take new deployments",
    right=f"{COGNITIVE}/locations/models/read",
    applies=_new,
    reads=_reads,
    judge=_judge_models,
)
QUOTA = Check(
    id="quota",
    about="the subscription has the quota that the deployments take",
    right=f"{COGNITIVE}/locations/usages/read",
    applies=_new,
    reads=_reads,
    judge=_judge_quota,
)
