"""How long a look of the check takes with its questions asked one by one, and at once.

    .venv/bin/python -m tools.look_bench [--rounds N] [--seconds S]

Both ways take turns on the same deployed stack, so a busy machine slows both down. A look is the
longest of its run: the one that finds the rows. `--seconds` is what each question takes beside its
work, as a service on the network does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from harness.machine import Machine
from harness.sabotage.site import QUICK, deploy
from queries.check.asking import AT_ONCE

console = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print both medians and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m tools.look_bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3)
    given = parser.parse_args(arguments)
    widths = (1, AT_ONCE)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        deployed = deploy(folder / "deployed")
        _look(deployed, folder, AT_ONCE, 0)  # the sandbox keeps what it has parsed
        for seconds in (0.0, given.seconds):
            took: dict[int, list[float]] = {width: [] for width in widths}
            for _ in range(given.rounds):
                for width in widths:
                    took[width].append(_look(deployed, folder, width, seconds))
            one, several = (statistics.median(took[width]) for width in widths)
            console.print(
                f"each question {seconds:g} s longer: a look takes {one:.2f} s one by one, "
                f"{several:.2f} s with {AT_ONCE} at once, {several / one:.2f} of it"
            )
    return 0


def _look(deployed: Machine, folder: Path, width: int, seconds: float) -> float:
    """Check the stack, and return the seconds of the longest look."""
    file = folder / "looks.json"
    command = ("python", "-m", "harness.looks", str(file), str(width), str(seconds))
    arguments = ("--stack", "dev", "--timeout", "2", "--depth", "quick", "--settle", "0.1")
    done = deployed.run(*command, *arguments, options=QUICK)
    if done.status:
        raise SystemExit(done.text)
    took: list[float] = json.loads(file.read_text())
    return max(took)


if __name__ == "__main__":
    sys.exit(main())
