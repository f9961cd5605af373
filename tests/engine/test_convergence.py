"""What goes wrong half way is mended by the next `pulumi up`, or retried within it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.machine import Machine

NATIVE = "azure-native:"
PREVIEW = "azure-native_apimanagement_v20240601preview:"
IN_PROGRESS = {
    "status": 409,
    "code": "PessimisticConcurrencyConflict",
    "message": "Operation on the API is in progress",
}
CONFLICTS = {
    NATIVE + "apimanagement:Logger": IN_PROGRESS,
    NATIVE + "apimanagement:Api": IN_PROGRESS,
    NATIVE + "apimanagement:ApiPolicy": IN_PROGRESS,
    PREVIEW + "apimanagement:ApiDiagnostic": IN_PROGRESS,
    NATIVE + "apimanagement:Product": IN_PROGRESS,
    NATIVE + "apimanagement:ProductApiLink": IN_PROGRESS,
    NATIVE + "apimanagement:Subscription": {"status": 412, "code": "PreconditionFailed"},
    NATIVE + "cognitiveservices:Deployment": {"status": 409, "code": "RequestConflict"},
}
"""What Azure answers to the creation of each child while another change is under way."""


def faults(machine: Machine, *items: dict[str, Any]) -> tuple[str, ...]:
    """Options that make these operations fail."""
    file = machine.project / "faults.json"
    file.write_text(json.dumps([{"op": "create", "when": "before", **item} for item in items]))
    return ("--faults", str(file))


def test_conflict_on_each_child_is_retried(machine: Machine) -> None:
    items = [{"type": name, **answer} for name, answer in CONFLICTS.items()]
    machine.up(options=faults(machine, *items))
    for name, answer in CONFLICTS.items():
        creates = [e for e in machine.journal() if (e["op"], e["type"]) == ("create", name)]
        assert [e["status"] for e in creates] == [answer["status"], 201], name
    machine.pulumi("preview", "--expect-no-changes")


def test_conflict_on_a_deletion_is_retried_when_the_program_runs(machine: Machine) -> None:
    machine.up()
    busy = {"type": NATIVE + "cognitiveservices:Deployment", "status": 409}
    options = faults(machine, {**busy, "op": "delete", "code": "RequestConflict"})
    machine.pulumi("destroy", "--yes", "--run-program", options=options)
    assert machine.leftovers().status == 0


@pytest.mark.parametrize(
    ("failing", "when"),
    [
        ("operationalinsights:Workspace", "before"),
        ("apimanagement:ApiManagementService", "after"),
        ("apimanagement:Api", "before"),
        ("authorization:RoleAssignment", "before"),
        ("monitor:DiagnosticSetting", "before"),
    ],
)
def test_next_up_converges_after_a_failure_half_way(
    machine: Machine, failing: str, when: str
) -> None:
    broken = {"type": NATIVE + failing, "when": when, "status": 403, "code": "AuthorizationFailed"}
    text = machine.up(options=faults(machine, broken), fails=True)
    assert "AuthorizationFailed" in text
    assert "Traceback" not in text
    machine.up()
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("destroy", "--yes")
    assert machine.leftovers().status == 0
