"""Keys in a Key Vault on a deployed stack: handed out, rotated, and never in Pulumi's hands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.machine import CHECK, Machine
from queries.check.vault import BOTH
from queries.outputs import target
from queries.workspace import LogAnalytics
from sandbox.arm.base import SERVICE
from sandbox.cloud import Cloud
from sandbox.options import Options
from sandbox.rbac import TOOL
from sandbox.session import session
from tests.engine.stacks import QUICK
from tools.keys.used import used

PROVE = (*CHECK, "--settle", "0.1", "--timeout", "2")
ROTATE = ("python", "-m", "tools.rotate", "--stack", "dev", "--all")


def test_keys_are_handed_out_and_rotated_without_pulumi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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

    stack = target(machine.outputs())
    with session(Options(folder=machine.cloud)) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        workspace = LogAnalytics(stack.logs_endpoint, stack.workspace_customer_id)
        now = datetime.now(UTC)
        calls = used(workspace, stack, "aoai-test", now - timedelta(hours=1), now)
    assert [one.key for one in calls] == ["primary"]
    assert calls[0].calls > 3
    held = machine.pulumi("stack", "export", "--show-secrets")
    cloud = Cloud(machine.cloud)
    made = cloud.of_type(f"{SERVICE}/subscriptions")
    keys = [cloud.subscription_key(one, which) for one in made for which in BOTH]
    assert len(keys) >= 2
    assert not [key for key in keys if key in held + done.text + proven.text]

    waits = machine.run(*ROTATE, options=QUICK)
    assert (waits.status, "the vault holds the primary key since" in waits.text) == (3, True)
    rotated = machine.run(*ROTATE, "--force", options=QUICK)
    assert rotated.status == 0, rotated.text
    assert "the old key is refused, the new one accepted" in rotated.text

    machine.pulumi("preview", "--expect-no-changes", options=QUICK)
    proven = machine.run(*PROVE, options=QUICK)
    assert proven.status == 0, proven.text

    machine.pulumi("destroy", "--yes", "--skip-preview", "--run-program", options=QUICK)
    left = machine.run("python", "-m", "tools.leftovers", "--stack", "dev", options=QUICK)
    assert left.status == 1, left.text
    kept = [line for line in left.text.splitlines() if "Microsoft.KeyVault/vaults" in line]
    assert [line.startswith("kept until ") for line in kept] == [True], left.text
