"""Rows that are not of the check's own calls never stand in for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.machine import Done, Machine
from harness.sabotage.mistake import Apply, deleted, setting_of, the_only
from harness.sabotage.mistakes.route import answered_elsewhere, copied_api
from harness.sabotage.site import CONSUMER, DIAGNOSTIC, PRODUCT, Site
from sandbox.arm.base import ACCOUNT, SERVICE

SILENCES: dict[str, tuple[Apply, str, str]] = {
    "the gateway's setting": (deleted(setting_of(SERVICE)), "caller", "account"),
    "the account's setting": (deleted(setting_of(ACCOUNT)), "account", "caller"),
    "the API's diagnostic": (deleted(the_only(DIAGNOSTIC)), "caller", "account"),
}
"""What is broken, a proof that must not be seen for it, and one that is seen nevertheless."""
MINUTES = 0.25
"""Enough for a look at all rows, so that it is not haste that keeps the check from passing."""


def unproven(site: Site, done: Done) -> list[str]:
    """The proofs that were not seen; the check must not have passed, nor broken down."""
    assert done.status in {1, 3}, done.text
    proofs = json.loads(site.verdict_file.read_text())["proofs"]
    return [proof["id"] for proof in proofs if proof["status"] != "seen"]


def test_empty_workspace_is_no_pass(site: Site) -> None:
    for kind in (SERVICE, ACCOUNT):
        site.delete(site.setting_of(kind))
    missing = unproven(site, site.check(minutes=MINUTES))
    assert {"prompt", "completion", "caller", "tokens", "account"} <= set(missing)
    assert {"gateway-metrics", "account-metrics"} <= set(missing)


@pytest.fixture(scope="module")
def proven(deployed: Machine, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A whole deployment, checked a moment ago: its workspace holds the rows of that run."""
    made = Site(deployed, tmp_path_factory.mktemp("proven") / "site")
    done = made.check(minutes=0.5)
    assert done.status == 0, done.text
    return made


@pytest.mark.parametrize("silence", SILENCES)
def test_stale_rows_of_an_earlier_run_are_no_pass(
    proven: Site, tmp_path: Path, silence: str
) -> None:
    site = Site(proven.machine, tmp_path / "site")
    rows = site.workspace_file.read_text()
    mistake, lacking, still_seen = SILENCES[silence]
    mistake(site)
    missing = unproven(site, site.check(minutes=MINUTES))
    assert lacking in missing
    assert still_seen not in missing
    assert site.workspace_file.read_text().startswith(rows)


def bystander(site: Site) -> tuple[str, ...]:
    """Another consumer of another API of the same gateway, whose calls are all logged."""
    api = copied_api(site, "elsewhere")
    site.again(site.the(DIAGNOSTIC, "/miyagi-api/"), f"{api.id}/diagnostics/azuremonitor")
    product = site.the(PRODUCT)
    other = site.again(product, f"{product.id}-theirs", displayName="Theirs")
    site.put(f"{other.id}/apiLinks/theirs", {"properties": {"apiId": api.id}})
    theirs = site.again(site.consumer, f"{site.consumer.id}-theirs", scope=other.id)
    assert theirs.type == CONSUMER
    url = f"{site.the(SERVICE).properties['gatewayUrl']}/elsewhere/text-turbo/chat/completions"
    key = site.cloud.subscription_key(theirs, "primary")
    header = "api-key"
    command = ("python", "-m", "harness.sabotage.bystander")
    return (*command, f"{url}?api-version=2024-12-01-preview", header, key, "--")


def test_traffic_of_somebody_else_is_no_pass_where_ours_is_not_logged(site: Site) -> None:
    before = bystander(site)
    site.delete(site.the(DIAGNOSTIC, "/miyagi-api/"))
    missing = unproven(site, site.check(before=before, minutes=MINUTES))
    assert {"caller", "tokens", "prompt", "completion"} <= set(missing)


def test_traffic_of_somebody_else_is_no_pass_where_ours_goes_elsewhere(site: Site) -> None:
    before = bystander(site)
    answered_elsewhere(site)
    missing = unproven(site, site.check(before=before, minutes=2 * MINUTES))
    assert "account" in missing
    assert "prompt" not in missing
