"""`make sabotage`: break a deployed stack in every known way, and print what the check says.

Then make every mistake that can be generated from the stack itself, and from one of several
accounts, and count those that the check tells with their names.

With `--write` the table is written to docs/sabotage.md too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.machine import Machine
from harness.sabotage import several
from harness.sabotage.generated import losses, mutations
from harness.sabotage.generated.mutation import Count, tell
from harness.sabotage.mistakes import MISTAKES
from harness.sabotage.outcome import Outcome, outcomes
from harness.sabotage.site import deploy

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "sabotage.md"
HEAD = """\
# What the check says of a broken deployment

Each line is a deployment of the example stack, broken by one mistake: a portal edit, an edit of
the stack file, or a file gone stale. The check has to end with status 1 (a proof failed) or 3 (rows
did not arrive), and its message has to name that cause. `make sabotage` breaks and checks them all;
`.venv/bin/python -m tools.sabotage --write` writes this page anew.

| Mistake | How it happens | Exit | What the check says |
|---|---|---|---|
"""
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite; return 1 if a mistake passes, or its cause is not named."""
    parser = argparse.ArgumentParser(prog="python -m tools.sabotage", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/sabotage.md")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only mistakes with it")
    given = parser.parse_args(arguments)
    if given.write and given.words:
        parser.error("--write writes the page of all mistakes")
    chosen = [one for one in MISTAKES if all(word in one.name for word in given.words)]
    began, found = time.monotonic(), list[Outcome]()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        deployed = deploy(folder / "deployed")
        for one in outcomes(deployed, folder, chosen):
            found.append(one)
            console.print(_progress(one), markup=False)
        counts = {} if given.words else _generated(deployed, folder)
    _summary(found, time.monotonic() - began)
    for stack, count in counts.items():
        _tell_generated(stack, count)
    if given.write:
        DOCUMENT.write_text(document(found), encoding="utf-8")
    return 1 if any(one.faults for one in counts.values()) or any(one.fault for one in found) else 0


def _generated(deployed: Machine, folder: Path) -> dict[str, Count]:
    """Make every generated mistake of the example, and of a stack of several accounts."""
    accounts = several.deploy(folder / "accounts")
    allowed = ("--allow", "accounts")
    rows = losses.recorded(accounts, folder / "accounts.pickle", *allowed)
    return {
        "the example": tell(mutations(deployed)),
        "rows of the example": losses.count(losses.recorded(deployed, folder / "evidence.pickle")),
        "several accounts": tell(mutations(accounts)),
        "rows of several accounts": losses.count(rows),
    }


def document(found: Sequence[Outcome]) -> str:
    """Write the page of all mistakes."""
    lines = [(one.mistake.name, one.mistake.how, str(one.status), one.shown) for one in found]
    return HEAD + "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _progress(one: Outcome) -> str:
    return f"{'FAULT' if one.fault else 'named'}  {one.mistake.name}"


def _summary(found: Sequence[Outcome], seconds: float) -> None:
    table = Table("mistake", "exit", "message")
    for one in found:
        fault = f"[red]{escape(one.fault)}[/red]\n" if one.fault else ""
        table.add_row(
            one.mistake.name, str(one.status), fault + escape(one.message if fault else one.shown)
        )
    console.print(table)
    faults = sum(bool(one.fault) for one in found)
    console.print(f"{len(found)} mistakes, {faults} faults of the check, {seconds:.0f} s")


def _tell_generated(stack: str, count: Count) -> None:
    """Print how many of how many generated mistakes the check tells, and each that it does not."""
    for line in count.lines:
        console.print(f"generated in {stack}: {line}", markup=False)
    for name, fault in count.faults.items():
        console.print(f"FAULT  {stack}: {name}: {fault}", markup=False)
    told = count.made.total() - len(count.faults)
    console.print(f"generated in {stack}: {told} of {count.made.total()} in all", markup=False)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


if __name__ == "__main__":
    sys.exit(main())
