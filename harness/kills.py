"""Kill `pulumi up` half way or lose its answers, and recover as docs/recovery.md says."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.example import ROOT
from harness.machine import CHECK, Done, Machine

TIME_SCALE = 0.001
"""Real seconds for each modelled second: the gateway's 45 minutes take 2.7 seconds."""
SLOW = ("--latency", "azure", "--time-scale", str(TIME_SCALE))
POLL_SECONDS = 0.005
LONGEST_SECONDS = 170.0
RECOVERY = ROOT / "docs" / "recovery.md"
HEADING = "## If it stops half way"
KEPT = (
    *("id", "custom", "type", "parent", "provider"),
    *("protect", "retainOnDelete", "deletedWith", "replaceWith", "ignoreChanges"),
)
"""Keys of a resource's state that must not depend on how the resource came into the state."""


def recovery_commands() -> list[list[str]]:
    """Return the commands of docs/recovery.md in their order, each as a list of words."""
    text = RECOVERY.read_text()
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    block = re.search(r"\n\n((?: {4}\S.*\n)+)", section)
    assert block, HEADING
    lines = [line.partition(" #")[0].split() for line in block[1].splitlines()]
    return [[sys.executable if word.endswith("/python") else word for word in one] for one in lines]


def recover(machine: Machine, *also: str) -> str:
    """Run the commands of docs/recovery.md in one go, without questions; return what they printed.

    `also` are names that a person would give to `tools.adopt`.
    """
    words = [word for name in also for word in ("--also", name)]
    script = " && ".join(
        shlex.join([*command, "--yes", *(words if "tools.adopt" in command else ())])
        for command in recovery_commands()
    )
    done = machine.run("sh", "-c", script)
    assert done.status == 0, done.text
    return done.text


def kill_up(machine: Machine, ready: Callable[[], bool]) -> Done:
    """Kill `pulumi up` with signal 9 once it holds the stack's lock and `ready()` is true."""
    file = machine.project / "up.pid"
    file.unlink(missing_ok=True)
    script = f"echo $$ > {file} && exec pulumi up --yes --skip-preview"
    given = ["--dir", str(machine.cloud), "--journal", str(machine.journal_file), *SLOW]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "run", *given, "--", "sh", "-c", script],
        cwd=machine.project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = time.monotonic() + LONGEST_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if file.exists() and _locked(machine) and ready():
            os.kill(int(file.read_text()), signal.SIGKILL)
            break
        time.sleep(POLL_SECONDS)
    text, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 128 + signal.SIGKILL, f"up ended before it was killed:\n{text}"
    return Done(process.returncode, text)


def after(machine: Machine, creates: int) -> Callable[[], bool]:
    """Return a function that tells whether so many more resources have been created by now."""
    begun = _created(machine)
    return lambda: _created(machine) - begun >= creates


def exists(machine: Machine, name: str) -> Callable[[], bool]:
    """Return a function that tells whether Azure has a resource of that name, ready or not."""
    file = machine.cloud / "cloud.json"
    return lambda: file.exists() and f'"name": "{name}"' in file.read_text()


def state(machine: Machine) -> dict[str, Any]:
    """Export the stack's state; return the deployment in it."""
    found: dict[str, Any] = json.loads(machine.pulumi("stack", "export"))["deployment"]
    return found


def forget(machine: Machine, *urns: str) -> None:
    """Take resources, and all that depend on them, out of the state, as after a lost answer."""
    document = json.loads(machine.pulumi("stack", "export"))
    gone = set(urns)
    kept = []
    for one in document["deployment"]["resources"]:
        if one["urn"] in gone or gone & set(one.get("dependencies") or []):
            gone.add(one["urn"])
        else:
            kept.append(one)
    document["deployment"]["resources"] = kept
    file = machine.project / "state.json"
    file.write_text(json.dumps(document))
    machine.pulumi("stack", "import", "--file", str(file))


def lose_and_recover(machine: Machine, urn: str) -> int:
    """Lose the answer to a creation and all after it, and recover; return the number of orphans."""
    before = state(machine)
    forget(machine, urn)
    lost = len(before["resources"]) - len(state(machine)["resources"])
    stopped = machine.up(fails=True)
    assert "cannot create already existing" in stopped or "RoleAssignmentExists" in stopped
    # Only a person can tell whose resource group it is that no state knows.
    whole_group = "resources:ResourceGroup" in urn
    recover(machine, *([urn.rpartition("::")[2]] if whole_group else []))
    assert_whole(machine, {one["urn"] for one in before["resources"]})
    assert not differences(before, state(machine))
    return lost


def assert_whole(machine: Machine, urns: set[str] | None = None) -> None:
    """Assert that the state lacks nothing and has nothing stray, protected, open or to change."""
    machine.pulumi("preview", "--expect-no-changes")
    found = state(machine)
    assert not found.get("pending_operations")
    assert not [one["urn"] for one in found["resources"] if one.get("protect")]
    if urns is not None:
        assert {one["urn"] for one in found["resources"]} == urns
    lost = [e for e in machine.changes() if e["op"] == "delete"]
    assert not lost, [entry["urn"] for entry in lost]


def assert_proven(machine: Machine) -> None:
    """Assert that the post-deploy check proves the stack."""
    verdict = machine.run(*CHECK, "--timeout", "2")
    assert verdict.status == 0, verdict.text


def _comparable(deployment: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each resource's part of a state that must not depend on its history, by URN.

    The provider's own notes among the inputs are left out: a name that the provider made up counts
    as given after an import. So is what the logger's properties depend on, which a transform of the
    SDK loses.
    """
    found = {}
    for one in deployment["resources"]:
        lost = one["type"] == "azure-native:apimanagement:Logger"
        properties = {} if lost else one.get("propertyDependencies") or {}
        found[one["urn"]] = {
            **{key: one.get(key) for key in KEPT},
            "inputs": {k: v for k, v in (one.get("inputs") or {}).items() if k[:2] != "__"},
            "dependencies": sorted(one.get("dependencies") or []),
            "propertyDependencies": {key: sorted(urns or []) for key, urns in properties.items()},
        }
    return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Compare two deployments; return a line for each property of a resource that differs."""
    old, new = _comparable(before), _comparable(after)
    return [
        f"{urn} {key}: {old.get(urn, {}).get(key)} -> {new.get(urn, {}).get(key)}"
        for urn in sorted(old.keys() | new.keys())
        for key in sorted(old.get(urn, {}).keys() | new.get(urn, {}).keys())
        if old.get(urn, {}).get(key) != new.get(urn, {}).get(key)
    ]


def _created(machine: Machine) -> int:
    return sum(entry["op"] == "create" for entry in _entries(machine.journal_file))


def _entries(journal: Path) -> list[dict[str, Any]]:
    """Read the journal so far, without a line that is still being written."""
    if not journal.exists():
        return []
    lines = journal.read_text().split("\n")[:-1]
    return [entry for entry in map(json.loads, lines) if not entry["simulated"]]


def _locked(machine: Machine) -> bool:
    """Tell whether the engine holds the lock: before that there is nothing to recover."""
    locks = machine.cloud / "state" / ".pulumi" / "locks"
    return any(file.is_file() for file in locks.rglob("*"))
