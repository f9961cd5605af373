"""`make kills`: kill `pulumi up` at ten points, and lose the answer to each type of resource.

After each, the commands of docs/recovery.md must lead to a whole stack: nothing is lost, stray,
protected or open in the state, and nothing is left to change. After a kill the check must also
prove the stack.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness import kills
from harness.machine import Machine

POINTS = (0, 1, 2, 3, 5, 9, 15, 30, 45, 53)
"""Numbers of creations, of 55, after which `pulumi up` is killed."""
PLAIN_WIDTH = 140

console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False)


def main(arguments: list[str]) -> int:
    """Run the kills and the lost answers that are asked for; return 1 if one does not recover."""
    parser = argparse.ArgumentParser("python -m tools.kills", description=__doc__)
    parser.add_argument("--only", choices=("kills", "answers"), help="default: both")
    only = parser.parse_args(arguments).only
    table, failed = Table("what", "outcome", "seconds"), 0
    with tempfile.TemporaryDirectory() as folder:
        for title, recovered in _cases(Path(folder), only):
            begun = time.monotonic()
            try:
                outcome = recovered()
            except AssertionError as error:
                failed += 1
                outcome = f"[red]not recovered[/red]: {str(error)[-2_000:]}"
            console.print(f"{title}: {outcome}")
            table.add_row(title, outcome.partition("\n")[0], f"{time.monotonic() - begun:.1f}")
    console.print(table)
    return 1 if failed else 0


def _cases(folder: Path, only: str | None) -> Iterator[tuple[str, Callable[[], str]]]:
    if only != "answers":
        for creates in POINTS:
            machine = Machine(folder / f"kill-{creates}")
            yield f"killed after {creates} creations", partial(_killed, machine, creates)
    if only != "kills":
        machine = Machine(folder / "answers")
        machine.configure(alertEmails=["on-call@example.com"])
        machine.up()
        for kind, urn in sorted(_first_of_each_type(machine).items()):
            yield f"no answer: {kind}", partial(_unanswered, machine, urn)


def _killed(machine: Machine, creates: int) -> str:
    kills.kill_up(machine, kills.after(machine, creates))
    interrupted = len(kills.state(machine).get("pending_operations") or [])
    kills.recover(machine)
    kills.assert_whole(machine)
    kills.assert_proven(machine)
    shutil.rmtree(machine.cloud)
    return f"{interrupted} creations interrupted; whole and proven again"


def _unanswered(machine: Machine, urn: str) -> str:
    """Recover a resource, and what depends on it, that are in Azure and not in the state."""
    lost = kills.lose_and_recover(machine, urn)
    return f"{lost} orphan{'' if lost == 1 else 's'}; whole again"


def _first_of_each_type(machine: Machine) -> dict[str, str]:
    """Return one URN for each Azure type in the stack."""
    first: dict[str, str] = {}
    for resource in kills.state(machine)["resources"]:
        if resource["type"].startswith("azure-native"):
            first.setdefault(resource["type"].partition(":")[2], resource["urn"])
    return first


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
