"""The commands of the workflows do what they are there for, word for word, on a whole stack."""

from __future__ import annotations

from harness.machine import Done, Machine
from sandbox.arm.base import WORKSPACE
from sandbox.cloud import Cloud
from tests.pipelines.files import WORKFLOWS, steps

SCRIPTS = {
    step["name"]: step["run"]
    for file in WORKFLOWS
    for step in steps(file)
    if "pulumi " in step.get("run", "")
}


def step(machine: Machine, name: str) -> Done:
    return machine.run("env", "STACK=dev", "bash", "-eo", "pipefail", "-c", SCRIPTS[name])


def test_preview_deploy_notice_a_change_by_hand_and_destroy(machine: Machine) -> None:
    preview = step(machine, "Preview")
    assert preview.status == 0, preview.text
    kept = (machine.project / "build" / "preview.txt").read_text()
    assert "to create" in kept
    assert "guardrails" in kept
    assert not machine.changes()

    up = step(machine, "Up")
    assert up.status == 0, up.text
    for name in ("Azure against what was deployed", "What was deployed against main"):
        (found,) = (full for full in SCRIPTS if full.startswith(name))
        still = step(machine, found)
        assert still.status == 0, still.text

    cloud = Cloud(machine.cloud)
    with cloud.change():
        (workspace,) = cloud.of_type(WORKSPACE)
        workspace.properties["retentionInDays"] = 90
    drifted = step(machine, "Azure against what was deployed")
    assert drifted.status != 0
    assert "retentionInDays" in drifted.text

    destroy = step(machine, "Destroy")
    assert destroy.status == 0, destroy.text
    assert machine.leftovers().status == 0
