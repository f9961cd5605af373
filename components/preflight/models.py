"""Models, their versions and life cycles: what a region gives this subscription."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from components.preflight.accounts import COGNITIVE, VERSION, Place, kind_of, place_of
from components.preflight.facts import Azure, Check, Read, guarded
from components.preflight.lines import Line, fine, unverified, wrong
from components.preflight.plan import AccountPlan, Plan
from components.settings.items import Deployment
from queries.check.configuration.connection import UnreadableError
from queries.contract import OPENAI

CLOSING, CLOSED = "Deprecating", "Deprecated"
"""Life cycles: no new deployments but of subscriptions that have had the version; none at all.

https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
"""
RIGHT = f"{COGNITIVE}/locations/models/read"
Json = Mapping[str, Any]


def region_reads(azure: Azure, place: Place) -> dict[str, Read]:
    """Return the reads of one region."""
    at = f"{azure.provider(COGNITIVE, place.subscription)}/locations/{place.region}"
    return {
        f"models {place}": partial(azure.manager.facts, f"{at}/models", VERSION),
        f"usages {place}": partial(azure.manager.facts, f"{at}/usages", VERSION),
    }


def places(plan: Plan, azure: Azure) -> set[Place]:
    """Return each region in which something is to be deployed, and Azure tells of it."""
    found: set[Place | None] = set()
    for part in plan.accounts:
        try:
            found |= {place_of(azure, part)} if part.deployments else set()
        except (UnreadableError, KeyError):
            continue
    return {one for one in found if one}


def reads(plan: Plan, azure: Azure) -> dict[str, Read]:
    """Return the reads of every region in which something is to be deployed."""
    all_ = (region_reads(azure, one) for one in sorted(places(plan, azure)))
    return {key: read for one in all_ for key, read in one.items()}


def offer(azure: Azure, place: Place, wanted: Deployment) -> list[Json]:
    """Return the version of a model that a region offers, once for each kind of account."""
    named = (wanted.format, wanted.model)
    return [
        one
        for one in (each["model"] for each in azure.fact(f"models {place}"))
        if (one["format"], one["name"]) == named and str(one["version"]) == wanted.version
    ]


def skus(offered: list[Json]) -> dict[str, Json]:
    """Return the SKUs of an offer by name."""
    return {str(sku["name"]): sku for model in offered for sku in model.get("skus") or ()}


def _judge(plan: Plan, azure: Azure) -> Iterator[Line]:
    for part in plan.accounts:
        if part.deployments:
            judge = partial(_judge_account, plan, azure, part)
            yield from guarded(part.line("models"), RIGHT, judge)


def _judge_account(plan: Plan, azure: Azure, part: AccountPlan) -> Iterable[Line]:
    place = place_of(azure, part)
    if not place:
        return []
    return [_Wanted(plan, azure, part, place, one).judged() for one in part.deployments]


@dataclass(frozen=True)
class _Wanted:
    """A deployment that is to be created, and where."""

    plan: Plan
    azure: Azure
    part: AccountPlan
    place: Place
    deployment: Deployment

    @property
    def said(self) -> str:
        """Name the version of the model, with its publisher if that is another."""
        one = self.deployment
        publisher = "" if one.format == OPENAI else f"{one.format} "
        return f"{publisher}{one.model} {one.version}"

    @property
    def see(self) -> str:
        """Say how to find what the region offers."""
        return (
            "name another model, version or SKU: az cognitiveservices model list --location "
            f"{self.place.region} --output table"
        )

    def _line(self, make: Callable[..., Line], detail: str, *fix: str) -> Line:
        name = self.part.line("model", self.deployment.name)
        return make(name, f"{self.part.said}{detail}", *fix)

    def judged(self) -> Line:
        """Judge by what the region offers."""
        wanted, at = self.deployment, self.place.region
        kind = kind_of(self.azure, self.part)
        if wanted.format != OPENAI and kind == OPENAI:
            fix = "upgrade it to AIServices, or deploy the model in an account of that kind"
            return self._line(wrong, f"an account of kind {kind} has no {self.said}", fix)
        offered = offer(self.azure, self.place, wanted)
        if not offered:
            return self._line(wrong, f"{at} does not offer {self.said}: {self._near()}", self.see)
        if wanted.sku not in skus(offered):
            there = ", ".join(sorted(skus(offered))) or "none"
            detail = f"{at} offers {self.said} not as {wanted.sku}; SKUs: {there}"
            return self._line(wrong, detail, self.see)
        return self._judge_life(offered)

    def _near(self) -> str:
        """Say what the region has instead: another version, or publisher."""
        found = [one["model"] for one in self.azure.fact(f"models {self.place}")]
        named = [one for one in found if one["name"] == self.deployment.model]
        same = {str(one["version"]) for one in named if one["format"] == self.deployment.format}
        if same:
            return f"it has version {', '.join(sorted(same))}"
        if others := sorted({str(one["format"]) for one in named}):
            return f"it has that name in format {', '.join(others)}"
        return "it has none of that name"

    def _judge_life(self, offered: list[Json]) -> Line:
        states = {str(one.get("lifecycleStatus")) for one in offered}
        of_model = (offered[0].get("deprecation") or {}).get("inference")
        of_sku = skus(offered)[self.deployment.sku].get("deprecationDate")
        ends = min(filter(None, (_day(of_model), _day(of_sku))), default="")
        until = f", which retires on {ends}" if ends else ""
        if CLOSED in states or (ends and ends <= f"{self.azure.manager.clock.now():%Y-%m-%d}"):
            return self._line(wrong, f"{self.said} is retired{until}", self.see)
        if CLOSING in states:
            return self._judge_closed(until)
        has = f"{self.place.region} offers {self.said} as {self.deployment.sku}{until}"
        return self._line(fine, has)

    def _judge_closed(self, until: str) -> Line:
        closed = f"{self.said} is closed to subscriptions that never deployed it"
        try:
            had = _deployed_somewhere(self.azure, self.place.subscription, self.deployment)
        except UnreadableError as error:
            return self._line(
                unverified,
                f"{closed}, and what this one has is not read: {error}",
                "name a model that is generally available, or read with the right "
                f"{COGNITIVE}/accounts/deployments/read",
            )
        if had:
            has = f"{self.said} is closed to newcomers, and this subscription has it{until}"
            return self._line(fine, has)
        if self.plan.had(self.deployment):
            detail = f"{closed}; this one has another version now{until}"
            return self._line(unverified, detail, self.see)
        return self._line(
            wrong,
            f"{closed}, and this one has no deployment of it{until}",
            f"{self.see}; if the subscription did have it once, set preflight false",
        )


def _deployed_somewhere(azure: Azure, subscription: str, wanted: Deployment) -> bool:
    """Tell whether any account of the subscription has a deployment of the version now.

    https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
    """
    read, at = azure.manager, f"{azure.provider(COGNITIVE, subscription)}/accounts"
    azure.learn({f"list {at}": partial(read.list, at, VERSION)})
    ids = [str(one["id"]) for one in azure.fact(f"list {at}")]
    azure.learn(
        {f"in {one.lower()}": partial(read.list, f"{one}/deployments", VERSION) for one in ids}
    )
    found = [
        (each.get("properties") or {}).get("model") or {}
        for one in ids
        for each in azure.fact(f"in {one.lower()}")
    ]
    return any(
        (one.get("name"), str(one.get("version"))) == (wanted.model, wanted.version)
        for one in found
    )


def _day(given: object) -> str:
    """Return the day of a time in UTC as `2027-05-15`; "" for none.

    Raises:
        ValueError: the text is no time.
    """
    if not given:
        return ""
    return datetime.fromisoformat(str(given)).astimezone(UTC).date().isoformat()


MODELS = Check(
    id="models",
    about="the region offers each model, version and SKU, and they take new deployments",
    right=RIGHT,
    applies=lambda plan: plan.deploys,
    reads=reads,
    judge=_judge,
)
