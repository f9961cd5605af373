"""Content filters: those that stop what Azure's own stops pass, and no other does."""

from __future__ import annotations

from typing import Any

import pytest
from pack.content_filters import LEAST, Least
from pack.resource import UNKNOWN

from tests.policies.harness import Json, Said, Shown, added, changed, said

TYPE = "azure-native:cognitiveservices:RaiPolicy"
NAME = "content-filter-strict"
DEPLOYMENT, NAMED = "deployment-text-turbo", "properties/raiPolicyName"


def category(least: Least, **other: Any) -> Json:
    made = {"name": least.name, "source": least.source, "enabled": True, "blocking": least.blocks}
    return made | ({"severityThreshold": "Medium"} if least.thresholds else {}) | other


ENOUGH = [category(least) for least in LEAST]


def stack(filters: Any = ENOUGH, **properties: Any) -> Shown:
    """Make the example, its deployment with a filter of its own."""
    held = {"basePolicyName": "Microsoft.DefaultV2", "mode": "Default", "contentFilters": filters}
    props = {"raiPolicyName": "strict", "accountName": UNKNOWN, "resourceGroupName": "rg"}
    made = added(NAME, TYPE, {**props, "properties": held | properties})
    made[NAME]["links"] = {"accountName": ["openai-account"]}
    return changed(DEPLOYMENT, NAMED, "strict", made)


def only(told: Said) -> str:
    assert told.refused.keys() == {"content-filters"}
    (report,) = told.refused["content-filters"]
    return report


def test_a_filter_that_stops_what_azures_own_stops_passes() -> None:
    assert said(stack()).refused == {}
    stricter = [one | {"severityThreshold": "Low"} for one in ENOUGH if "severityThreshold" in one]
    more = {"name": "Indirect Attack", "source": "Prompt", "enabled": True, "blocking": True}
    assert said(stack([*stricter, *ENOUGH[8:], more])).refused == {}
    assert said(stack([*ENOUGH, {**more, "enabled": False}])).refused == {}
    assert said(stack(mode="Blocking")).refused == {}


@pytest.mark.parametrize("number", range(len(LEAST)), ids=lambda number: LEAST[number].name)
def test_each_category_is_needed(number: int) -> None:
    left = [one for at, one in enumerate(ENOUGH) if at != number]
    least = LEAST[number]
    named = f"{least.name} of {least.source}"
    assert f"contentFilters {named}\n" in only(said(stack(left)))
    off = [*left, category(least, enabled=False)]
    assert f"contentFilters {named}.enabled" in only(said(stack(off)))
    told = [*left, category(least, blocking=False)]
    assert bool(said(stack(told)).refused) is least.blocks
    if least.thresholds:
        for threshold in ("High", None):
            high = [*left, category(least, severityThreshold=threshold)]
            assert f"{named}.severityThreshold" in only(said(stack(high)))
    annotating = [*left, category(least, action="ANNOTATING")]
    assert f"{named}.action" in only(said(stack(annotating)))


def test_a_second_rule_for_a_category_cannot_weaken_it() -> None:
    assert "Jailbreak of Prompt.blocking" in only(
        said(stack([*ENOUGH, category(Least("Jailbreak", "Prompt"), blocking=False)]))
    )


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"mode": "Asynchronous_filter"}, "properties.mode"),
        ({"mode": "Deferred"}, "properties.mode"),
        ({"basePolicyName": "other"}, "properties.basePolicyName"),
        ({"customBlocklists": []}, "properties.customBlocklists"),
    ],
)
def test_the_rest_of_a_filter(properties: Json, path: str) -> None:
    assert f"property: {path}\n" in only(said(stack(**properties)))


def test_what_nobody_knows_of_a_category_is_refused() -> None:
    strange = [category(LEAST[0], exempt="*"), *ENOUGH[1:]]
    assert "Hate of Prompt.exempt" in only(said(stack(strange)))


@pytest.mark.parametrize("name", ["Microsoft.Default", "microsoft.defaultv2", "STRICT", None])
def test_a_deployment_names_azures_own_or_one_of_the_stack(name: str | None) -> None:
    assert said(changed(DEPLOYMENT, NAMED, name, stack())).refused == {}


def test_a_deployment_with_a_filter_that_nobody_judged() -> None:
    assert "raiPolicyName" in only(said(changed(DEPLOYMENT, NAMED, "strict")))
    elsewhere = stack()
    elsewhere[NAME]["links"] = {"accountName": ["another-account"]}
    assert "of this stack and account" in only(said(elsewhere))
    also = {"content-filters": {"also": ["Deployment.properties.raiPolicyName"]}}
    assert said(elsewhere, also).refused == {}


def test_filters_of_an_existing_account_are_those_of_its_name() -> None:
    shared = stack()
    for name in (NAME, DEPLOYMENT):
        shared[name]["links"] = {}
        changed(name, "accountName", "oai-shared", shared)
    changed(DEPLOYMENT, NAMED, "strict", shared)
    assert "content-filters" not in said(shared).refused
    changed(NAME, "accountName", "oai-another", shared)
    assert "of this stack and account" in str(said(shared).refused["content-filters"])


def test_what_is_unknown_is_never_a_pass() -> None:
    for broken in (stack(UNKNOWN), stack([category(LEAST[0], enabled=UNKNOWN), *ENOUGH[1:]])):
        assert "content-filters" in said(broken).unclear
    assert "content-filters" in said(changed(DEPLOYMENT, NAMED, UNKNOWN)).unclear


def test_a_weak_filter_may_be_named() -> None:
    also = {"content-filters": {"also": ["RaiPolicy.properties.contentFilters"]}}
    assert said(stack([]), also).refused == {}
