"""`make healthy`: check whole deployments over and over; the check must prove every one.

Each run has its own seed, ingestion delay and order of rows; a third of the rows arrives twice.
The verdict must come within one pause and one look from when the last row could be read. How long
a look takes on this machine is measured first, on rows that arrive at once.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from harness.example import EMBEDDINGS
from harness.machine import Machine
from harness.sabotage.site import Site, deploy
from queries.check.watch import LONGEST_PAUSE

AT_ONCE = 2
MINUTES = 1.0
"""Timeout of the check, in minutes: far more than any run needs."""
DELAYS = (0.1, 3.0)
"""Shortest and longest ingestion delay, in seconds."""
TWICE = 1 / 3
"""Share of the rows that arrive twice."""
LATER = 2.0
"""Most seconds by which the second of two equal rows comes later."""
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the check over a whole deployment."""

    seed: int
    delay: float
    status: int
    verdict: str
    seconds: float
    """Seconds from the check's first call to its verdict."""
    overhead: float
    """Seconds from when the last row could be read to the verdict."""
    rows: int
    twice: int
    printed: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all; return 1 if one is not proven, or its verdict is late after the last row."""
    parser = argparse.ArgumentParser(prog="python -m tools.healthy", description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    given = parser.parse_args(arguments)
    seeds, began = range(given.first_seed, given.first_seed + given.runs), time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stacks = _stacks(folder)
        runs = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            at_once = [*pool.map(partial(_run, stacks, folder, delays=(0, 0)), range(AT_ONCE))]
            for run in pool.map(partial(_run, stacks, folder), seeds):
                runs.append(run)
                console.print(_line(run), markup=False)
    look = max(run.overhead for run in at_once)
    return _summary(runs, look, time.monotonic() - began)


def _stacks(folder: Path) -> list[Machine]:
    """Deploy two stacks: the example with ids as written, and one with embeddings and other ids."""
    example = deploy(folder / "example", seed=0)
    more = deploy(folder / "embeddings", seed=1, also=[EMBEDDINGS])
    return [example, more]


def _run(
    stacks: Sequence[Machine], folder: Path, seed: int, delays: tuple[float, float] = DELAYS
) -> Run:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice
    delay = round(chance.uniform(*delays), 2)
    site = Site(stacks[seed % len(stacks)], folder / f"run-{seed}")
    options = ("--seed", str(seed), "--ingestion-delay", str(delay), "--role-delay", "0")
    with _doubled(site.workspace_file, chance) as twice:
        done = site.check(minutes=MINUTES, depth="usual", options=options)
    ended = site.verdict_file.stat().st_mtime
    verdict = json.loads(site.verdict_file.read_text() or "{}")
    arrived = [row for row in _rows(site.workspace_file) if row not in twice]
    last = max((float(json.loads(row)[0]) for row in arrived), default=ended)
    shutil.rmtree(folder / f"run-{seed}")
    return Run(
        seed=seed,
        delay=delay,
        status=done.status,
        verdict=str(verdict.get("verdict", "error")),
        seconds=float(verdict.get("seconds", 0)),
        overhead=ended - last,
        rows=len(arrived),
        twice=len(twice),
        printed=done.text,
    )


def _rows(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@contextmanager
def _doubled(file: Path, chance: random.Random) -> Iterator[set[str]]:
    """Append a copy of some rows as they come, while the block runs; yield the copies."""
    copies: set[str] = set()
    known: set[str] = set()
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.02):
            for row in _whole_rows(file):
                if row in known | copies:
                    continue
                known.add(row)
                if chance.random() < TWICE:
                    copies.add(_append_later(file, row, chance.uniform(0, LATER)))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield copies
    finally:
        done.set()
        thread.join()


def _whole_rows(file: Path) -> list[str]:
    """Return the rows up to the last line break: the rest is still being written."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def _append_later(file: Path, row: str, seconds: float) -> str:
    """Append a row once more, to become visible that much later; return the copy."""
    visible, *rest = json.loads(row)
    copy = json.dumps([visible + seconds, *rest], ensure_ascii=False)
    with file.open("ab") as stream:
        stream.write(copy.encode() + b"\n")
    return copy


def _line(run: Run) -> str:
    return (
        f"{run.verdict:8} seed {run.seed}, rows up to {run.delay:.2f} s late, {run.rows} rows and "
        f"{run.twice} again: {run.seconds:.1f} s, {run.overhead:.1f} s after the last row"
    )


def _summary(runs: Sequence[Run], look: float, seconds: float) -> int:
    bad = [run for run in runs if run.status != 0]
    for run in bad:
        console.print(f"\nseed {run.seed}, exit {run.status}:\n{run.printed}", markup=False)
    counts = Counter(run.verdict for run in runs)
    counted = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    worst, allowed = max(runs, key=lambda run: run.overhead), LONGEST_PAUSE + look
    typical = statistics.median(run.overhead for run in runs)
    console.print(
        f"{len(runs)} runs of whole deployments: {counted}; from the last row to the verdict "
        f"{typical:.1f} s, at worst {worst.overhead:.1f} s (seed {worst.seed}), of {allowed:.1f} s "
        f"allowed (a pause of {LONGEST_PAUSE:g} s and a look of {look:.1f} s); {seconds:.0f} s "
        "in all"
    )
    return 1 if bad or worst.overhead > allowed else 0


if __name__ == "__main__":
    sys.exit(main())
