"""A life that ends half way, by an error or by Ctrl-C, leaves nothing behind either."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness.example import ROOT
from sandbox.cloud import SUBSCRIPTION_ID, Cloud
from tools.acceptance.plan import Plan


def life(folder: Path, **faults: Any) -> subprocess.Popen[str]:
    """One life in a sandbox; with `faults`, one operation fails."""
    plan = Plan.new(location="eastus", subscription=SUBSCRIPTION_ID, email="a@b.example", timeout=3)
    plan.write(folder / "run")
    (folder / "run" / "known.json").write_text("[]")
    (folder / "faults.json").write_text(json.dumps([faults] if faults else []))
    given = ["--dir", str(folder / "azure"), "--faults", str(folder / "faults.json")]
    command = [sys.executable, "-m", "tools.acceptance.life", str(folder / "run")]
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "run", *given, "--", *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def facts(folder: Path) -> dict[str, dict[str, str]]:
    outcomes = json.loads((folder / "run" / "outcomes.json").read_text())
    return {one["step"]: one["facts"] for one in outcomes}


def nothing_is_left(folder: Path) -> None:
    cloud = Cloud(folder / "azure")
    assert (cloud.all(), cloud.deleted()) == ([], [])
    assert json.loads((folder / "run" / "left.json").read_text()) == []


def test_an_up_that_fails_is_purged(tmp_path: Path) -> None:
    token = "azure-native:apimanagement:Api"
    process = life(tmp_path, op="create", type=token, status=403, code="AuthorizationFailed")
    said, _ = process.communicate(timeout=300)

    assert process.returncode == 1, said
    found = facts(tmp_path)
    assert found["up"]["exit status"] != "0"
    assert found["up"][f"error {token} openai-api"] == "AuthorizationFailed"
    assert "check" not in found
    assert found["purge"]["purge gateway"] == "deleted"
    nothing_is_left(tmp_path)


def test_after_ctrl_c_what_destroy_could_not_delete_is_purged(tmp_path: Path) -> None:
    group = "azure-native:resources:ResourceGroup"
    process = life(tmp_path, op="delete", type=group, status=409, code="Conflict")
    _until_made(group, tmp_path / "run" / "up.jsonl", process)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)

    assert process.returncode == 130, said
    found = facts(tmp_path)
    assert found["destroy"]["exit status"] != "0"
    assert found["purge"]["delete group"] == "deleted"
    assert "check" not in found
    nothing_is_left(tmp_path)


def _until_made(kind: str, log: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the engine's log, written as it goes, has a resource of that type."""
    while process.poll() is None:
        lines = log.read_text().splitlines() if log.exists() else []
        if any("resOutputsEvent" in line and kind in line for line in lines):
            return
        time.sleep(0.05)
    raise AssertionError(process.stdout and process.stdout.read())
