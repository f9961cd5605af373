"""Create, change and destroy one stack, each of whose operations fails once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.example import example_config
from harness.faults.orphans import adopt
from harness.faults.strikes import Ended, Journal, ending, plan
from harness.machine import CHECK, Machine

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
"""A change in place of every resource that can be changed in place."""


@dataclass
class Sweep:
    """What one turn of a sweep came to."""

    ended: list[Ended]
    problems: list[str]
    """What went wrong, with the output of the command."""


def sweep(machine: Machine, turn: int, *, check: bool = False) -> Sweep:
    """Fail each operation of the example stack once, with kinds of failure that change by turn.

    With `check`, the post-deploy check must prove the stack after the first `up`.
    """
    result = Sweep([], [])
    planned = _planned(machine, "create")
    _drive(machine, UP, "create", planned, turn, result)
    _expect_no_changes(machine, result)
    if check:
        _prove(machine, result)
    machine.configure(**CHANGES)
    _drive(machine, UP, "update", _planned(machine, "update"), turn, result)
    _expect_no_changes(machine, result)
    _drive(machine, DESTROY, "delete", planned, turn, result)
    left = machine.leftovers()
    if left.status:
        result.problems.append(f"left in Azure: {left.text}")
    return result


def _planned(machine: Machine, op: str) -> list[dict[str, Any]]:
    """Return the operations of a kind that a preview foresees."""
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
    result: Sweep,
) -> None:
    """Run a command until it ends with 0, as a person would; adopt what it says exists already."""
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
        result.problems.append(f"pulumi {command[0]} failed {MOST_RUNS} times:\n{text}")
    ends = [ending(one, runs, settled=settled) for one in strikes]
    result.ended += [end for end in ends if end is not None]
    # An operation that never failed would be missing from the counts. Only operations of kind `op`
    # are compared: a change that replaces, as that of the saved figures, has others beside it.
    struck = {(one.type, one.name) for one in strikes if any(one.struck(run) for run in runs)}
    ran = {_key(one) for run in runs for one in run if one["op"] == op}
    missed = sorted(ran - struck - spared)
    result.problems += [f"{op} of {name} never failed" for _, name in missed]


def _key(operation: dict[str, Any]) -> tuple[str, str]:
    return operation["type"], operation["urn"].rpartition("::")[2]


def _prove(machine: Machine, result: Sweep) -> None:
    done = machine.run(*CHECK, "--timeout", "2")
    if done.status:
        result.problems.append(f"the check did not prove the stack:\n{done.text}")


def _expect_no_changes(machine: Machine, result: Sweep) -> None:
    done = machine.run("pulumi", "preview", "--expect-no-changes", "--suppress-outputs")
    if done.status:
        result.problems.append(f"a preview after the command shows changes:\n{done.text}")
