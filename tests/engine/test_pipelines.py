"""The commands of the pipelines do what they are there for, word for word, on a whole stack."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from harness.example import ROOT
from harness.machine import Done, Machine
from sandbox.arm.base import WORKSPACE
from sandbox.cloud import Cloud
from tests.engine.test_existing import PLATFORM

GUIDE = (ROOT / "docs" / "pipelines.md").read_text()


def stack(machine: Machine, command: str) -> Done:
    (machine.project / ".ci").mkdir(exist_ok=True)
    shutil.copy(ROOT / ".ci" / "stack", machine.project / ".ci")
    return machine.run("env", "STACK=dev", ".ci/stack", command)


def asked(machine: Machine, before: int) -> set[str]:
    """The rights that what was asked of Azure since then took, in Azure's words."""
    found = set()
    for entry in machine.journal()[before:]:
        assert entry["op"] in {"invoke", "read"}
        *_, path = entry["id"].rpartition("/providers/")
        provider, *rest = path.split("/")
        what = "/".join([provider, *rest[::2]])
        if what.startswith("/subscriptions") or not what:
            what = "Microsoft.Resources/subscriptions/resourceGroups"
        found.add(f"{what}/{'listSecrets/action' if ':list' in entry['type'] else 'read'}")
    return found


def rights() -> set[str]:
    """What the role for previews allows, as the guide gives it."""
    (role,) = re.findall(r"```json\n(.+?)```", GUIDE, re.DOTALL)
    allowed: list[str] = json.loads(role)["Actions"]
    return set(allowed)


def test_the_role_for_previews_reads_no_prompts_and_no_keys() -> None:
    """A wildcard, such as Reader's, reads the logs too; a listing gives keys."""
    for right in rights():
        assert re.fullmatch(r"Microsoft\.[\w./]+/read", right)
        assert not re.search(r"query|logs|tables|data|key|secret", right, re.IGNORECASE)


def test_preview_deploy_notice_a_change_by_hand_and_destroy(machine: Machine) -> None:
    preview = stack(machine, "preview")
    assert preview.status == 0, preview.text
    kept = (machine.project / "build" / "preview.txt").read_text()
    assert "to create" in kept
    assert "guardrails" in kept
    assert not machine.journal()

    up = stack(machine, "up")
    assert up.status == 0, up.text
    assert machine.outputs()["subscriptionKeys"], "a preview's setting stayed"
    before = len(machine.journal())
    again = stack(machine, "preview")
    assert "unchanged" in again.text
    assert asked(machine, before) == set(), "a preview of its own stack asks Azure for nothing"
    still = stack(machine, "drift")
    assert still.status == 0, still.text

    cloud = Cloud(machine.cloud)
    with cloud.change():
        (workspace,) = cloud.of_type(WORKSPACE)
        workspace.properties["retentionInDays"] = 90
    drifted = stack(machine, "drift")
    assert drifted.status != 0
    assert "retentionInDays" in drifted.text

    destroy = stack(machine, "destroy")
    assert destroy.status == 0, destroy.text
    assert machine.leftovers().status == 0


def test_a_preview_beside_what_exists_needs_the_role_for_previews_and_nothing_more(
    tmp_path: Path,
) -> None:
    platform = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=PLATFORM)
    platform.up()
    mine = Machine(tmp_path / "mine", cloud=platform.cloud)
    mine.configure(
        **platform.outputs(),
        resourceGroupName="rg-platform",
        useExistingResourceGroup=True,
        administratorEmail=None,
        gatewayDiagnosticSettingName="",
    )
    assert stack(mine, "up").status == 0
    before = len(mine.journal())
    preview = stack(mine, "preview")
    assert preview.status == 0, preview.text
    assert asked(mine, before) == rights()
