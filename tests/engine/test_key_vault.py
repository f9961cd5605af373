"""Keys in a Key Vault on a deployed stack: handed out, rotated, and never in Pulumi's hands."""

from __future__ import annotations

from pathlib import Path

from harness.machine import CHECK, Machine
from sandbox.cloud import Cloud
from sandbox.rbac import TOOL
from tests.engine.stacks import QUICK

SECRET = "Microsoft.KeyVault/vaults/secrets"
PROVE = (*CHECK, "--settle", "0.1", "--timeout", "2")
ROTATE = ("python", "-m", "tools.rotate", "--stack", "dev", "--all")


def test_keys_are_handed_out_and_rotated_without_pulumi(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    readers = [{"name": TOOL}]
    consumer = {"name": "aoai-test", "displayName": "x", "keyReaders": readers}
    machine.configure(keyVault="create", consumers=[consumer])
    machine.up(options=QUICK)
    assert "subscriptionKeys" not in machine.outputs()

    lacking = machine.run(*PROVE, options=QUICK)
    assert lacking.status == 1, lacking.text
    assert "make keys" in " ".join(lacking.text.split())

    done = machine.run("python", "-m", "tools.keys", "--stack", "dev", options=QUICK)
    assert (done.status, "aoai-test: put into the vault" in done.text) == (0, True), done.text
    proven = machine.run(*PROVE, options=QUICK)
    assert proven.status == 0, proven.text

    waits = machine.run(*ROTATE, options=QUICK)
    assert (waits.status, "the vault holds the primary key since" in waits.text) == (3, True)
    used = machine.run(*ROTATE, "--quiet", "0.0001", options=QUICK)
    assert used.status in (0, 3), used.text
    first = {one.incarnation for one in Cloud(machine.cloud).of_type(SECRET)}
    rotated = machine.run(*ROTATE, "--force", options=QUICK)
    assert rotated.status == 0, rotated.text
    assert "the old key is refused, the new one accepted" in rotated.text
    assert first

    machine.pulumi("preview", "--expect-no-changes", options=QUICK)
    proven = machine.run(*PROVE, options=QUICK)
    assert proven.status == 0, proven.text

    machine.pulumi("destroy", "--yes", "--skip-preview", "--run-program", options=QUICK)
    left = machine.run("python", "-m", "tools.leftovers", "--stack", "dev", options=QUICK)
    assert left.status == 1, left.text
    kept = [line for line in left.text.splitlines() if "Microsoft.KeyVault/vaults" in line]
    assert [line.startswith("kept until ") for line in kept] == [True], left.text
