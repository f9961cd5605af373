"""Mistakes that nobody listed: every property of every resource, changed in the deployed stack."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.machine import Machine
from harness.sabotage.generated import added, documents, mutations, operations, properties, strays
from harness.sabotage.generated.bench import Bench
from harness.sabotage.generated.mutation import Mutation, sampled, tell
from harness.sabotage.site import Site
from sandbox import changes
from sandbox.arm.base import WORKSPACE
from sandbox.cloud import Cloud

LEFT = (
    "kind-upgraded",
    "upgrade-scheduled",
    "default-subscription-removed",
    "keys-regenerated",
    "tag-added",
    "public-denied",
    "second-setting",
)
"""What happens without `pulumi up` and is no mistake."""
TOLD = {
    "model-replaced": "properties.model.name of the Deployment deployment-text-turbo",
    "role-deleted": "the RoleAssignment openai-api-role is missing",
    "sku-moved": "sku.name of the Deployment deployment-text-turbo is DataZoneStandard",
    "network-rules": "properties.networkAcls.defaultAction of the Account openai-account is Deny",
    "network-closed": "properties.publicNetworkAccess of the Account openai-account is Disabled",
}
"""What happens without `pulumi up` and keeps calls or their proofs from being as declared."""
UNEXPLAINED = {
    "version-moved": "properties.model.version of the Deployment deployment-text-turbo is",
    "default-subscription-made": "of the Product openai-api-product is there, declared by nobody",
}
"""What Azure or somebody else may have done: a version moved under NoAutoUpgrade, and a second
subscription without a name."""
MADE_BEFORE = {"logger-made"}
"""What has nothing to act on: the stack declares the logger."""


@pytest.fixture(scope="module")
def bench(deployed: Machine) -> Bench:
    return Bench.of(deployed)


@pytest.mark.parametrize(
    ("generator", "least"),
    [
        (properties.declared, 1500),
        (properties.undeclared, 250),
        (properties.gone, 50),
        (properties.unread, 300),
        (documents.documents, 60),
        (operations.operations, 90),
        (strays.strays, 8),
        (strays.lists, 5),
    ],
)
def test_every_generated_mistake_is_told_by_resource_and_property(
    bench: Bench, generator: Callable[[Bench], Iterator[Mutation]], least: int
) -> None:
    count = tell(generator(bench))
    assert count.faults == {}
    assert sum(count.made.values()) >= least, "the stack declares no less than that"


ONLY_THERE = ("apimanagement:Backend", "cognitiveservices:RaiPolicy")
"""Types of resources that the example stack lacks."""
SHARE = 1 / 10
"""Share of the mistakes in the stack of several accounts that this run makes; `make sabotage` makes
all of them."""


def test_every_mistake_in_what_only_several_accounts_have_is_told(several: Machine) -> None:
    whole = Bench.of(several)
    assert whole.judge().status == "seen"
    bench = Bench(whole.cloud, [one for one in whole.declared if one.kind in ONLY_THERE])
    assert {one.kind for one in bench.declared} == {*ONLY_THERE}
    for generator in (properties.declared, properties.undeclared, properties.gone):
        count = tell(generator(bench))
        assert count.faults == {}
        assert sum(count.made.values()) >= len(bench.declared)


def test_a_sample_of_all_mistakes_in_several_accounts_is_told(several: Machine) -> None:
    count = tell(sampled(mutations(several), SHARE))
    assert count.faults == {}
    assert sum(count.made.values()) >= 250


def test_a_sample_of_what_is_added_around_the_stack_is_told(deployed: Machine) -> None:
    count = tell(sampled(added.mutations(deployed), 2 * SHARE))
    assert count.faults == {}
    assert sum(count.made.values()) >= 30


def test_what_takes_no_call_and_changes_none_may_lie_beside_the_stack(deployed: Machine) -> None:
    told = dict(added.harmless(added.Beside.of(deployed)))
    assert {name: one.detail for name, one in told.items() if one.status != "seen"} == {}


def test_a_healthy_stack_is_seen_and_counted(bench: Bench) -> None:
    found = bench.judge()
    assert found.status == "seen", found.detail
    assert found.detail.startswith(f"{len(bench.declared)} resources with ")


def test_each_change_without_pulumi_is_here() -> None:
    assert {*LEFT, *TOLD, *UNEXPLAINED, *MADE_BEFORE} == set(changes.CHANGES)


@pytest.mark.parametrize("name", LEFT)
def test_what_azure_moves_by_itself_is_no_drift(bench: Bench, tmp_path: Path, name: str) -> None:
    found = changed(bench, tmp_path, name).judge()
    assert found.status == "seen", found.detail


@pytest.mark.parametrize("name", TOLD)
def test_what_keeps_calls_from_being_as_declared_is_told(
    bench: Bench, tmp_path: Path, name: str
) -> None:
    found = changed(bench, tmp_path, name).judge()
    assert (found.status, TOLD[name] in found.detail) == ("failed", True), found.detail


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_what_nobody_can_tell_apart_is_not_judged(bench: Bench, tmp_path: Path, name: str) -> None:
    found = changed(bench, tmp_path, name).judge()
    assert (found.status, UNEXPLAINED[name] in found.detail) == ("unjudged", True), found.detail


def test_the_whole_check_fails_by_a_property_that_no_call_shows(site: Site) -> None:
    site.edit(site.the(WORKSPACE), lambda body: body["properties"].update(retentionInDays=31))

    done = site.check(minutes=1)

    told = json.loads(site.verdict_file.read_text())
    assert done.status == 1, done.text
    ends = {proof["id"]: proof["status"] for proof in told["proofs"]}
    assert [name for name, end in ends.items() if end == "failed"] == ["drift"]
    assert "retentionInDays of the Workspace workspace is 31, declared 30" in done.text


def changed(bench: Bench, folder: Path, name: str) -> Bench:
    """The same stack after a change that happens without `pulumi up`."""
    shutil.copy(bench.cloud.folder / "cloud.json", folder)
    cloud = Cloud(folder)
    changes.apply(cloud, name)
    return Bench(cloud, bench.declared)
