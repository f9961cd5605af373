"""What Azure, a colleague or a policy changes: nothing that holds state is ever lost by it.

Changes that do not meet happen together. Each is seen by the check, a preview with refresh, an `up`
with refresh, and a refresh before an `up`: it is left as it is, mended, or named with its remedy.
What an `up` alone does not mend is in `test_azure_remedies.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.arm.base import ACCOUNT, SERVICE, SETTING
from sandbox.changes import CHANGES
from sandbox.changes.people import ROLE_ASSIGNMENTS, SETTING_NAME, TAG
from sandbox.cloud import Cloud, Resource
from tests.engine.stacks import Stack
from tests.engine.test_azure_remedies import ALONE

ACCOUNT_STEP = frozenset({"update openai-account"})
DEPLOYMENT_STEP = frozenset({"update deployment-text-turbo"})
ALERTS = (
    "bypass",
    "capacity",
    "errors",
    "harmful-calls",
    "latency",
    "llm-silence",
    "reconcile",
    "retirement",
    "silence",
    "throttling",
    "token-usage",
    "unaccounted",
)
TRACKED = frozenset(
    f"update {name}"
    for name in (
        "workspace",
        "gateway",
        "openai-account",
        "workbook",
        *(f"alert-{alert}" for alert in ALERTS),
    )
)
"""What takes tags, and states some."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How a change shows: `steps` both of a preview and of an `up` with refresh.

    `left`: whether an `up` with refresh leaves it as it is. `told`: what the check says of it; of
    what is left, once nothing else is wrong.
    """

    steps: frozenset[str] = frozenset()
    told: str = ""
    left: bool = False


VIEWS = {
    "kind-upgraded": Seen(told="kind AIServices, to which it was upgraded", left=True),
    "version-moved": Seen(steps=DEPLOYMENT_STEP, told="is 2027-01-15, declared"),
    "default-subscription-made": Seen(told="declared by nobody", left=True),
    "tag-added": Seen(steps=TRACKED, left=True),
    "second-setting": Seen(left=True),
    "upgrade-scheduled": Seen(
        told="Azure plans to turn it into a Foundry resource (AIServices) on 2027-01-15", left=True
    ),
    "default-subscription-removed": Seen(left=True),
    "sku-moved": Seen(
        steps=DEPLOYMENT_STEP, told="SKU of the deployment text-turbo is DataZoneStandard"
    ),
    "network-rules": Seen(
        steps=ACCOUNT_STEP, told="networkAcls.defaultAction of the Account openai-account is Deny"
    ),
    "role-deleted": Seen(
        steps=frozenset({"create openai-api-role"}),
        told="role of the gateway's identity on the account is missing",
    ),
    "network-closed": Seen(
        steps=ACCOUNT_STEP, told="publicNetworkAccess of the Account openai-account is Disabled"
    ),
    "keys-regenerated": Seen(told="pulumi up reads the keys again"),
}
HARMLESS = ("kind-upgraded", "tag-added", "second-setting")
"""The check is content with them."""
UNEXPLAINED = ("version-moved", "default-subscription-made")
"""The check cannot tell whether Azure did them, or somebody else."""
VERDICTS = {HARMLESS: "proven", UNEXPLAINED: "unjudged"}
TOGETHER = (
    HARMLESS,
    UNEXPLAINED,
    (
        "upgrade-scheduled",
        "default-subscription-removed",
        "sku-moved",
        "network-rules",
        "role-deleted",
    ),
    ("network-closed", "keys-regenerated"),
)
"""No two of a line touch the same resource, but for the account and its tag."""


def happened(stack: Stack, name: str) -> bool:
    """Whether Azure is as the change made it."""
    cloud = Cloud(stack.machine.cloud)
    (account,) = cloud.of_type(ACCOUNT)
    (deployment,) = cloud.of_type(f"{ACCOUNT}/deployments")
    unnamed = [
        one
        for one in cloud.of_type(f"{SERVICE}/subscriptions")
        if one.properties.get("displayName") is None
    ]
    settings = [one for one in cloud.of_type(SETTING) if one.name == SETTING_NAME]
    states: dict[str, bool] = {
        "kind-upgraded": account.body["kind"] == "AIServices"
        and account.properties.get("allowProjectManagement") is True,
        "version-moved": deployment.properties["model"]["version"] == "2027-01-15",
        "default-subscription-made": len(unnamed) == 2,
        "tag-added": all(TAG.items() <= one.body["tags"].items() for one in tracked(cloud)),
        "second-setting": len(settings) == 2,
        "upgrade-scheduled": "foundryAutoUpgrade" in account.properties,
        "default-subscription-removed": not unnamed,
        "sku-moved": deployment.body["sku"]["name"] == "DataZoneStandard",
        "network-rules": (account.properties.get("networkAcls") or {}).get("defaultAction")
        == "Deny",
        "role-deleted": not cloud.of_type(ROLE_ASSIGNMENTS),
        "network-closed": account.properties.get("publicNetworkAccess") == "Disabled",
    }
    return states[name]


def tracked(cloud: Cloud) -> list[Resource]:
    """What takes tags, but for the group itself and what Azure made in another one."""
    return [one for one in cloud.all() if "tags" in one.body and "/providers/" in one.id.lower()]


def test_each_change_has_its_views() -> None:
    assert {*VIEWS, *ALONE} == set(CHANGES)
    assert sorted(name for names in TOGETHER for name in names) == sorted(VIEWS)


@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[0])
def test_a_change_loses_nothing_and_is_left_or_mended(
    example: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    stack = Stack(example, tmp_path).changed(*names)
    steps = {step for name in names for step in VIEWS[name].steps}

    verdict, said = stack.check(5 if names in VERDICTS else 0.2)
    assert verdict == VERDICTS.get(names, "failed"), said
    for name in names:
        assert VIEWS[name].left or VIEWS[name].told in said, name
        assert name == "keys-regenerated" or happened(stack, name), name

    assert stack.preview() == steps
    other = Stack(stack.machine.cloud, tmp_path / "other")
    assert stack.up("--refresh") == steps
    other.pulumi("refresh", "--yes", "--skip-preview")
    assert other.up() == steps
    assert without_dates(other) == without_dates(stack)
    stack.pulumi("preview", "--refresh", "--expect-no-changes")
    if names != HARMLESS:
        verdict, said = stack.check()
        assert verdict == ("unjudged" if names == UNEXPLAINED else "proven"), said
    for name in names:
        assert not VIEWS[name].left or VIEWS[name].told in said, name
        assert name == "keys-regenerated" or happened(stack, name) is VIEWS[name].left, name


def without_dates(stack: Stack) -> str:
    """What is in Azure, without the random name of a role assignment."""
    found: dict[str, Any] = stack.resources()
    return json.dumps(
        {key.rpartition("/roleassignments/")[0] or key: body for key, body in found.items()},
        sort_keys=True,
    )
