"""One stack whose every operation fails once: made, changed, destroyed, each time to the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.example import example_config
from harness.faults.orphans import adopt
from harness.faults.strikes import Ended, Journal, ending, plan
from harness.machine import Machine

MOST_RUNS = 16
"""Runs of one command after which the stack counts as stuck."""
FLAGS = ("--yes", "--skip-preview", "--continue-on-error", "--suppress-outputs")
UP = ("up", *FLAGS)
DESTROY = ("destroy", "--run-program", *FLAGS)
CHANGES: dict[str, Any] = {
    "tags": {"environment": "dev", "workload": "activategenai", "owner": "platform-team"},
    "workspaceRetentionDays": 60,
    "gatewayUnits": 2,
    "bodyBytes": 4096,
    "apiPath": "models",
    "productDescription": "Models for all",
    "consumers": [{"name": "aoai-test", "displayName": "Tests"}],
    "deployments": [{**example_config()["deployments"][0], "capacity": 12}],
    "alerts": {"errors": {"severity": 0}},
}
"""Changes in place of whatever can be changed so."""


@dataclass
class Sweep:
    """What one turn found."""

    ended: list[Ended]
    problems: list[str]
    """Commands that did not do what they must, with what they printed."""


def sweep(machine: Machine, turn: int, *, check: bool = False) -> Sweep:
    """Fail each operation of the example stack once, the kinds of failure by turns.

    With `check`, what came of it is proven by the post-deploy check too.
    """
    found = Sweep([], [])
    planned = _planned(machine, "create")
    _drive(machine, UP, "create", planned, turn, found)
    _expect_no_changes(machine, found)
    if check:
        _prove(machine, found)
    machine.configure(**CHANGES)
    _drive(machine, UP, "update", _planned(machine, "update"), turn, found)
    _expect_no_changes(machine, found)
    _drive(machine, DESTROY, "delete", planned, turn, found)
    left = machine.leftovers()
    if left.status:
        found.problems.append(f"left in Azure: {left.text}")
    return found


def _planned(machine: Machine, op: str) -> list[dict[str, Any]]:
    """The operations of that kind that a preview foresees."""
    before = len(_entries(machine))
    machine.pulumi("preview", "--suppress-outputs")
    entries = _entries(machine)[before:]
    return [one for one in entries if one["simulated"] and one["op"] == op]


def _entries(machine: Machine) -> list[dict[str, Any]]:
    if not machine.journal_file.exists():
        return []
    return [json.loads(line) for line in machine.journal_file.read_text().splitlines()]


def _drive(
    machine: Machine,
    command: tuple[str, ...],
    op: str,
    operations: Sequence[dict[str, Any]],
    turn: int,
    found: Sweep,
) -> None:
    """Run a command until it ends with 0, as a person would, and adopt what is told to exist."""
    strikes = plan(op, operations, turn)
    spared = {_key(one) for one in operations} - {(one.type, one.name) for one in strikes}
    runs: list[Journal] = []
    faults, settled, text = machine.project / "faults.json", False, ""
    for _ in range(MOST_RUNS):
        waiting = [one for one in strikes if not any(one.struck(run) for run in runs)]
        faults.write_text(json.dumps([one.fault() for one in waiting]))
        before = len(_entries(machine))
        done = machine.run("pulumi", *command, options=("--faults", str(faults)))
        runs.append([one for one in _entries(machine)[before:] if not one["simulated"]])
        settled, text = done.status == 0, done.text
        if settled:
            break
        if orphans := [one for one in runs[-1] if one["code"] == "AlreadyExists"]:
            text += adopt(machine, orphans)
    if not settled:
        found.problems.append(f"pulumi {command[0]} does not end:\n{text}")
    ends = [ending(one, runs, settled=settled) for one in strikes]
    found.ended += [end for end in ends if end is not None]
    # An operation that was done and never failed: the sweep would count too few. A change that
    # replaces, as of the saved figures, deletes and creates beside the updates.
    struck = {(one.type, one.name) for one in strikes if any(one.struck(run) for run in runs)}
    ran = {_key(one) for run in runs for one in run if one["op"] == op}
    missed = sorted(ran - struck - spared)
    found.problems += [f"{op} of {name} never failed" for _, name in missed]


def _key(operation: dict[str, Any]) -> tuple[str, str]:
    return operation["type"], operation["urn"].rpartition("::")[2]


def _prove(machine: Machine, found: Sweep) -> None:
    done = machine.run("python", "-m", "queries.check", "--stack", "dev", "--timeout", "2")
    if done.status:
        found.problems.append(f"the check is not content:\n{done.text}")


def _expect_no_changes(machine: Machine, found: Sweep) -> None:
    done = machine.run("pulumi", "preview", "--expect-no-changes", "--suppress-outputs")
    if done.status:
        found.problems.append(f"the preview is not clean:\n{done.text}")
