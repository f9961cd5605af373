"""`make faults`: fail every operation of the example stack in every way, and count recoveries.

With `--write` the counts go to docs/reliability.md too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.faults.strikes import KINDS, Ended
from harness.faults.sweep import Sweep, sweep
from harness.machine import Machine

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
OPERATIONS = ("create", "update", "delete")
ENDINGS = ("same run", "next run", "adopted", "stuck")
COLUMNS = ("operation", "failure", "struck", *ENDINGS)
HEAD = """\
# Every failure recovers

`make faults` lets each operation of the example stack fail once in each of four ways, and repeats
the command as a person would (`pulumi up`, `pulumi destroy --run-program`) until it ends with 0.
Only long operations (workspace, account, deployments, gateway, API) meet `accepted`. After each
`up` a preview must show no change; after the first the check must prove the stack; after each
`destroy` nothing may be left. `.venv/bin/python -m tools.faults --write` writes this page.

| failure | what it is |
|---|---|
| `before` | Azure refuses the request; by turns 429, 500, 503, 504 and 403 |
| `after` | Azure does the work, but the wait for its end fails: the state comes with the error |
| `accepted` | Azure accepts a long operation, then fails it: the resource is left `Failed` |
| `lost` | Azure does the work, but the answer never arrives: a created resource is in no state |

[docs/sandbox.md](sandbox.md#faults) says what the engine gets in each case.

- **same run**: a retry within the command succeeded (`components/azure/retry.py` repeats what time
  resolves, a bounded number of times, and prints each wait). No retry touches a resource that Azure
  has created in part.
- **next run**: the same command, run again, succeeded.
- **adopted**: the resource was in Azure and in no state; `python -m tools.adopt` imported it, and
  the next `up` succeeded.
- **stuck**: no command in docs/recovery.md helps.

| operation | failure | struck | same run | next run | adopted | stuck |
|---|---|---|---|---|---|---|
"""
TAIL = """
A resource that was added since then is like those that were struck if it is of one of their types.
Else it asks for a new sweep: {}.
"""
console = Console(highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Sweep once for each kind of failure; return 1 if anything is stuck or not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    given = parser.parse_args(arguments)
    found = [_turn(number) for number in range(len(KINDS))]
    ended = [end for one in found for end in one.ended]
    problems = [problem for one in found for problem in one.problems]
    table = Table(*COLUMNS)
    for row in counts(ended):
        table.add_row(*row)
    console.print(table)
    for problem in problems:
        console.print(problem, style="red", markup=False)
    if given.write:
        DOCUMENT.write_text(document(ended), encoding="utf-8")
    return 1 if problems or any(end.how == "stuck" for end in ended) else 0


def counts(ended: Sequence[Ended]) -> list[list[str]]:
    """Count endings: a row for each operation and kind of failure."""
    rows = []
    for op in OPERATIONS:
        for kind in KINDS:
            hows: list[str] = [
                end.how for end in ended if (end.strike.op, end.strike.kind) == (op, kind)
            ]
            numbers = [len(hows), *(hows.count(how) for how in ENDINGS)]
            rows.append([op, kind, *map(str, numbers)])
    return rows


def document(ended: Sequence[Ended]) -> str:
    """Write the page with these counts."""
    lines = [f"| {op} | `{kind}` | {' | '.join(rest)} |\n" for op, kind, *rest in counts(ended)]
    types = sorted({named(end.strike.type) for end in ended})
    return HEAD + "".join(lines) + TAIL.format(", ".join(types))


def named(token: str) -> str:
    """Write a Pulumi type without the package that it is of."""
    return f"`{token.partition(':')[2]}`"


def _turn(number: int) -> Sweep:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = sweep(Machine(Path(folder)), number, check=True)
    seconds = time.monotonic() - began
    console.print(
        f"turn {number + 1} of {len(KINDS)}: {len(found.ended)} failures, "
        f"{len(found.problems)} problems, {seconds:.0f} s"
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
