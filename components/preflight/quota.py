"""Quota: what is left of it in each region, and which regions have it instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from components.preflight.accounts import COGNITIVE, Place, place_of
from components.preflight.facts import Azure, Check, guarded
from components.preflight.lines import Line, fine, unverified, wrong
from components.preflight.models import offer, places, reads, region_reads, skus
from components.preflight.plan import AccountPlan, Plan
from components.preflight.regions import regions
from components.settings.items import Deployment
from queries.check.configuration.connection import UnreadableError

SUGGESTED = 5
"""Most regions that are named instead of one without quota."""
RIGHT = f"{COGNITIVE}/locations/usages/read"


@dataclass
class Draft:
    """What is drawn on one quota of a region: by the stack's own deployments, in all accounts."""

    drawn: list[tuple[AccountPlan, Deployment]] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        """Return the capacity of all."""
        return sum(one.capacity for _, one in self.drawn)

    @property
    def new(self) -> bool:
        """Tell whether one of the deployments is to be created, or grows."""
        return any(one in part.deployments for part, one in self.drawn)

    @property
    def parts(self) -> dict[AccountPlan, list[Deployment]]:
        """Return the deployments by account."""
        found: dict[AccountPlan, list[Deployment]] = {}
        for part, one in self.drawn:
            found.setdefault(part, []).append(one)
        return found

    @property
    def said(self) -> str:
        """Name the deployments, each with its account if there are several."""
        return ", ".join(
            "/".join(filter(None, (part.account.name, one.name))) for part, one in self.drawn
        )


def _free(azure: Azure, place: Place) -> dict[str, float]:
    """Return what is left of each quota of a region, by its name."""
    return {
        str(one["name"]["value"]): one["limit"] - one["currentValue"]
        for one in azure.fact(f"usages {place}")
    }


def _in(plan: Plan, azure: Azure, place: Place) -> list[AccountPlan]:
    """Return the accounts of one region; one of which Azure does not tell is in none."""
    found = []
    for part in plan.accounts:
        try:
            found += [part] if place_of(azure, part) == place else []
        except (UnreadableError, KeyError):
            continue
    return found


def _drafts(plan: Plan, azure: Azure, place: Place) -> dict[str, Draft]:
    """Return what is drawn on each quota of a region."""
    by_quota: dict[str, Draft] = defaultdict(Draft)
    for part in _in(plan, azure, place):
        for one in part.declared:
            sku = skus(offer(azure, place, one)).get(one.sku)
            if sku and sku.get("usageName"):
                by_quota[str(sku["usageName"])].drawn.append((part, one))
    return by_quota


def _own(plan: Plan, azure: Azure, place: Place, draft: Draft) -> int:
    """Return how much of a quota the stack has already in all accounts of a region."""
    drawn = [one for _, one in draft.drawn]
    return sum(part.own(drawn) for part in _in(plan, azure, place))


def _judge(plan: Plan, azure: Azure) -> Iterator[Line]:
    """Judge region by region; of an account whose region is not told nothing is known."""
    for place in sorted(places(plan, azure)):
        name = f"quota:{place.region}" if len(plan.accounts) > 1 else "quota"
        yield from guarded(name, RIGHT, partial(_judge_place, plan, azure, place))
    for part in plan.accounts:
        if part.deployments:
            yield from guarded(part.line("quota"), RIGHT, partial(_told, azure, part))


def _told(azure: Azure, part: AccountPlan) -> list[Line]:
    place_of(azure, part)
    return []


def _judge_place(plan: Plan, azure: Azure, place: Place) -> list[Line]:
    free, drafts = _free(azure, place), _drafts(plan, azure, place)
    return [
        _judge_draft(plan, azure, place, quota, draft, free)
        for quota, draft in drafts.items()
        if draft.new
    ]


def _judge_draft(
    plan: Plan, azure: Azure, place: Place, quota: str, draft: Draft, free: dict[str, float]
) -> Line:
    first, deployment = draft.drawn[0]
    name, own = first.line("quota", deployment.name), _own(plan, azure, place, draft)
    if quota not in free:
        detail = f"{place.region} does not tell the quota {quota}"
        return unverified(name, detail, _ask_for(place))
    if draft.wanted <= free[quota] + own:
        has = f"{quota} in {place.region} has {free[quota] + own:g} for {draft.wanted}"
        return fine(name, f"{has}: {draft.said}" if len(draft.drawn) > 1 else has)
    more = f", of which the stack has {own}" if own else ""
    said = f"{draft.said}: {draft.wanted} wanted{more}"
    elsewhere = _elsewhere(plan, azure, place, draft)
    return wrong(name, f"{quota} in {place.region} has {free[quota]:g} left; {said}", elsewhere)


def _ask_for(place: Place) -> str:
    return (
        f"lower capacity, or ask for quota in {place.region} (https://aka.ms/oai/stuquotarequest)"
    )


def _elsewhere(plan: Plan, azure: Azure, place: Place, draft: Draft) -> str:
    """Name, for each account to create, regions that have its models and quota, near ones first."""
    ask = _ask_for(place)
    movable = [part for part in draft.parts if part.new]
    if not movable:
        return f"{ask}; an existing account cannot move"
    try:
        groups = regions(azure)
    except (UnreadableError, KeyError) as error:
        return f"{ask}; other regions are not read: {error}"
    near = groups.get(place.region)
    others = sorted(set(groups) - {place.region}, key=lambda one: (groups[one] != near, one))
    there = [Place(one, azure.subscription.lower()) for one in others]
    azure.learn({key: read for one in there for key, read in region_reads(azure, one).items()})
    moves = []
    for part in movable:
        whose = f" of account {part.account.name}" if part.account.name else ""
        drawn = draft.parts[part]
        fit = [one.region for one in there if _fits(plan, azure, one, drawn)][:SUGGESTED]
        moves += [f"set location{whose} to one that has the quota: {', '.join(fit)}"] if fit else []
    if not moves:
        return f"{ask}; no other region that could be read has it"
    return f"{ask}; or {'; or '.join(moves)}"


def _fits(plan: Plan, azure: Azure, place: Place, drawn: list[Deployment]) -> bool:
    """Tell whether a region has room for deployments beside what the stack has there itself."""
    try:
        free, drafts = _free(azure, place), _drafts(plan, azure, place)
        wanted: dict[str, float] = defaultdict(float)
        for one in drawn:
            sku = skus(offer(azure, place, one)).get(one.sku)
            wanted[str((sku or {})["usageName"])] += one.capacity
        for quota in set(wanted) & set(drafts):
            wanted[quota] += drafts[quota].wanted - _own(plan, azure, place, drafts[quota])
        return all(free.get(quota, 0) >= need for quota, need in wanted.items())
    except (UnreadableError, AttributeError, KeyError, TypeError):
        return False


QUOTA = Check(
    id="quota",
    about="the subscription has the quota that the deployments take, all accounts together",
    right=RIGHT,
    applies=lambda plan: plan.deploys,
    reads=reads,
    judge=_judge,
)
