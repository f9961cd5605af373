"""What goes wrong half way is mended by the next `pulumi up`, or retried within it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.machine import Machine
from sandbox.arm.base import SERVICE
from sandbox.cloud import Cloud
from tests.engine.stacks import Stack

NATIVE = "azure-native:"
PREVIEW = "azure-native_apimanagement_v20240601preview:"
IN_PROGRESS = {
    "status": 409,
    "code": "PessimisticConcurrencyConflict",
    "message": "Operation on the API is in progress",
}
NEWER = {
    "status": 409,
    "code": "Conflict",
    "message": "Newer data exists in the Customer Configuration Store.",
}
THROTTLED = {
    "status": 429,
    "code": "SubscriptionRequestsThrottled",
    "message": "Number of requests exceeded the limit. Please try again after '1' seconds.",
}
BUSY = {"status": 503, "code": "ServiceUnavailable"}
CONFLICTS = {
    NATIVE + "resources:ResourceGroup": THROTTLED,
    NATIVE + "operationalinsights:Workspace": BUSY,
    NATIVE + "operationalinsights:SavedSearch": NEWER,
    NATIVE + "cognitiveservices:Account": {"status": 409, "code": "RequestConflict"},
    NATIVE + "cognitiveservices:Deployment": {"status": 409, "code": "RequestConflict"},
    NATIVE + "apimanagement:ApiManagementService": {"status": 409, "code": "ServiceLocked"},
    NATIVE + "apimanagement:Logger": IN_PROGRESS,
    NATIVE + "apimanagement:Api": IN_PROGRESS,
    NATIVE + "apimanagement:ApiPolicy": IN_PROGRESS,
    PREVIEW + "apimanagement:ApiDiagnostic": IN_PROGRESS,
    NATIVE + "apimanagement:Product": IN_PROGRESS,
    NATIVE + "apimanagement:ProductApiLink": IN_PROGRESS,
    NATIVE + "apimanagement:Subscription": {"status": 412, "code": "PreconditionFailed"},
    NATIVE + "authorization:RoleAssignment": {"status": 400, "code": "PrincipalNotFound"},
    NATIVE + "monitor:DiagnosticSetting": BUSY,
    NATIVE + "monitor:ScheduledQueryRule": THROTTLED,
    NATIVE + "monitor:MetricAlert": THROTTLED,
    NATIVE + "applicationinsights:Workbook": {"status": 0, "code": "", "message": "EOF"},
}
"""What Azure answers to the creation of each while it is busy."""


def faults(machine: Machine, *items: dict[str, Any]) -> tuple[str, ...]:
    """Options that make these operations fail."""
    file = machine.project / "faults.json"
    file.write_text(json.dumps([{"op": "create", "when": "before", **item} for item in items]))
    return ("--faults", str(file))


def operations(machine: Machine) -> int:
    """How many operations the API has by now."""
    return len(Cloud(machine.cloud).of_type(f"{SERVICE}/apis/operations"))


def test_what_time_resolves_is_retried_on_each_type_and_told(machine: Machine) -> None:
    items = [{"type": name, **answer} for name, answer in CONFLICTS.items()]
    text = machine.up(options=faults(machine, *items))
    told = re.findall(r"[\w-]+: create waits 1 s for attempt 2 of (?:4|10): .+", text)
    assert len(set(told)) == len(CONFLICTS), text
    for name, answer in CONFLICTS.items():
        creates = [e for e in machine.journal() if (e["op"], e["type"]) == ("create", name)]
        failed = [e["status"] for e in creates if e["status"] != 201]
        assert failed == [answer["status"]], name
    assert {e["type"] for e in machine.changes()} == set(CONFLICTS)
    machine.pulumi("preview", "--expect-no-changes")


@pytest.mark.parametrize("when", ["accepted", "after"])
def test_what_azure_made_in_part_is_kept_and_mended_by_the_next_up(
    machine: Machine, when: str
) -> None:
    broken = {"type": NATIVE + "apimanagement:Api", "when": when, **IN_PROGRESS}
    text = machine.up(options=faults(machine, broken), fails=True)
    assert "PessimisticConcurrencyConflict" in text
    assert "already existing" not in text
    left = operations(machine)
    machine.up()
    assert (operations(machine) > left) is (when == "accepted")
    machine.pulumi("preview", "--expect-no-changes")


def test_what_time_does_not_resolve_stands_at_once(machine: Machine) -> None:
    short = {"status": 429, "code": "InsufficientQuota", "message": "This exceeds the quota."}
    broken = {"type": NATIVE + "cognitiveservices:Deployment", **short}
    text = machine.up(options=faults(machine, broken), fails=True)
    assert "InsufficientQuota" in text
    assert "waits" not in text


def test_conflict_on_a_deletion_is_retried_when_the_program_runs(
    example: Path, tmp_path: Path
) -> None:
    machine = Stack(example, tmp_path).selected()
    busy = {"type": NATIVE + "cognitiveservices:Deployment", "status": 409}
    options = faults(machine, {**busy, "op": "delete", "code": "RequestConflict"})
    machine.pulumi("destroy", "--yes", "--run-program", options=options)
    assert machine.leftovers().status == 0


def test_what_waits_gets_its_attempt_beside_what_failed_for_good(machine: Machine) -> None:
    """The program's hooks answer until the last operation is done, though much fails before."""
    kinds = "operationalinsights:Workspace", "cognitiveservices:Account"
    busy = [{**BUSY, "type": NATIVE + kind} for kind in kinds]
    refused = {"type": NATIVE + "apimanagement:ApiManagementService", "status": 403, "code": "No"}
    words = ("up", "--yes", "--skip-preview", "--continue-on-error")
    text = machine.pulumi(*words, options=faults(machine, refused, *busy), fails=True)
    assert text.count("for attempt 2 of 4") >= len(busy)
    made = {entry["type"] for entry in machine.changes()}
    assert made >= {one["type"] for one in busy}
    assert refused["type"] not in made


@pytest.mark.parametrize(
    ("failing", "when"),
    [
        ("apimanagement:ApiManagementService", "after"),
        ("authorization:RoleAssignment", "before"),
    ],
)
def test_next_up_converges_after_a_failure_half_way(
    machine: Machine, failing: str, when: str
) -> None:
    """Two of what the sweep of `harness/faults` makes of every operation, with a plain destroy."""
    broken = {"type": NATIVE + failing, "when": when, "status": 403, "code": "AuthorizationFailed"}
    text = machine.up(options=faults(machine, broken), fails=True)
    assert "AuthorizationFailed" in text
    assert "Traceback" not in text
    machine.up()
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("destroy", "--yes")
    assert machine.leftovers().status == 0
