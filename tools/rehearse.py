"""`make rehearse`: run the whole life of the stack on this machine.

Each phase is one command inside the sandbox, shown before it runs, so that it can be run alone.
What a phase proves is read from its exit status and from the journal of ARM operations.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from harness.example import EMBEDDINGS, ROOT, example_config

FOLDER = Path(".sandbox/rehearsal")
JOURNAL = FOLDER / "journal.jsonl"
EDITED = FOLDER / "edited" / "Pulumi.dev.yaml"
GROWN = FOLDER / "grown" / "Pulumi.dev.yaml"
VERDICT = FOLDER / "verdict.json"
REPORT = FOLDER / "report.html"
TRUTH = FOLDER / "traffic.json"
SANDBOX = [sys.executable, "-m", "sandbox"]
EDIT = {"bodyBytes": 4096}
CONSUMERS = {"claims-batch": 30_000_000, "document-search": 0, "experiments": 1_000_000}
"""Consumers that join the stack, with their budgets in tokens a month."""
MODEL = EMBEDDINGS | {"capacity": 10}
GROWTH = {
    *(f"subscription-{name}" for name in CONSUMERS),
    f"deployment-{MODEL['name']}",
    "alert-budget",
    "figures",
}
"""Resources that change when consumers and a model join: figures of budgets and capacities too."""

console = Console(highlight=False)


class PhaseError(Exception):
    """A phase proved nothing; `str()` says why, and its command has shown the cause."""


@dataclass(frozen=True)
class Phase:
    """One command, and what its success proves."""

    title: str
    command: str
    proven: Callable[[str], str]
    """Says what was proven; takes what the command printed, if `captured`."""
    captured: bool = False
    """Whether the command's output is kept for `proven`, and shown only at the end."""
    verb: str = "run"
    """The sandbox's verb; `run` takes a command, the others their own options."""


def main() -> int:
    """Run every phase; return 1 if one of them fails."""
    shutil.rmtree(ROOT / FOLDER, ignore_errors=True)
    _write_stack_files()
    results: list[tuple[str, str, float]] = []
    for phase in PHASES:
        console.rule(f"[bold]{phase.title}", align="left")
        began = time.monotonic()
        try:
            proven = _run(phase)
        except PhaseError as error:
            results.append((phase.title, f"[red]failed: {error}[/red]", time.monotonic() - began))
            _summary(results)
            console.print(f"Look around in it: {_shown(['shell', '--dir', str(FOLDER)])}")
            return 1
        results.append((phase.title, proven, time.monotonic() - began))
    _summary(results)
    return 0


def _run(phase: Phase) -> str:
    arguments = [phase.verb, "--dir", str(FOLDER)]
    if phase.verb == "run":
        arguments += ["--journal", str(JOURNAL), "--"]
    arguments += phase.command.split()
    console.print(f"[dim]$ {_shown(arguments)}[/dim]", soft_wrap=True)
    pipe = subprocess.PIPE if phase.captured else None
    done = subprocess.run(  # noqa: S603 the commands of PHASES
        [*SANDBOX, *arguments], cwd=ROOT, stdout=pipe, text=True, check=False
    )
    if phase.captured:
        sys.stdout.write(done.stdout)
    if done.returncode != 0:
        raise PhaseError(f"exit status {done.returncode}")
    return phase.proven(done.stdout or "")


def _shown(arguments: list[str]) -> str:
    return " ".join([".venv/bin/python -m sandbox", *arguments])


def _write_stack_files() -> None:
    """Write two files of the example stack outside the tree: one edited, one grown."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["name"]
    example = example_config()
    joined = [
        {"name": name, "displayName": name, "monthlyTokens": tokens}
        for name, tokens in CONSUMERS.items()
    ]
    grown = {
        "consumers": [*example["consumers"], *joined],
        "deployments": [*example["deployments"], MODEL],
    }
    for file, change in ((EDITED, EDIT), (GROWN, grown)):
        config = {f"{project}:{key}": value for key, value in {**example, **change}.items()}
        (ROOT / file).parent.mkdir(parents=True)
        (ROOT / file).write_text(yaml.safe_dump({"config": config}, sort_keys=False))


def _operations(op: str, *, simulated: bool) -> list[dict[str, Any]]:
    """Return the ARM operations of a kind so far: those of previews, or those that were done."""
    entries = map(json.loads, (ROOT / JOURNAL).read_text().splitlines())
    return [e for e in entries if e["op"] == op and e["simulated"] is simulated]


def _planned(_: str) -> str:
    count = len(_operations("create", simulated=True))
    return f"{count} Azure resources planned, none touched"


def _created(_: str) -> str:
    planned = {entry["urn"] for entry in _operations("create", simulated=True)}
    made = _operations("create", simulated=False)
    if {entry["urn"] for entry in made} != planned:
        raise PhaseError("what was created is not what the preview showed")
    return f"{len(made)} created, exactly those of the preview"


def _proven(_: str) -> str:
    proofs = json.loads((ROOT / VERDICT).read_text())["proofs"]
    seen = [proof["id"] for proof in proofs if proof["status"] == "seen"]
    left = [proof["id"] for proof in proofs if proof["status"] == "skipped"]
    return f"{len(seen)} proofs seen: {', '.join(seen)}" + (
        f"; not judged: {', '.join(left)}" if left else ""
    )


def _called(_: str) -> str:
    calls = json.loads((ROOT / TRUTH).read_text())["calls"]
    return f"{len(calls):,} calls of a fortnight, through gateway, policy and model"


def _reported(_: str) -> str:
    return f"{(ROOT / REPORT).stat().st_size / 1e6:.1f} MB, to be opened: {REPORT}"


def _unchanged(_: str) -> str:
    return "no change"


def _edited(output: str) -> str:
    updates = [e["name"] for e in _operations("update", simulated=True)]
    before, after = 8192, EDIT["bodyBytes"]
    if len(updates) != 1 or f"{before} => {after}" not in output:
        raise PhaseError(f"expected one update from {before} to {after}, found {updates}")
    return f"one update in place: {before} => {after} bytes of each request"


def _grown(_: str) -> str:
    first = len(_operations("create", simulated=True))
    new = {_logical(entry) for entry in _operations("create", simulated=False)[first:]}
    gone = {_logical(entry) for entry in _operations("delete", simulated=False)}
    if new != GROWTH or gone != {"figures"}:
        raise PhaseError(f"expected {sorted(GROWTH)} to be created, found {sorted(new | gone)}")
    return f"{len(CONSUMERS)} consumers, a model and budgets join; no other resource changes"


def _logical(entry: dict[str, Any]) -> str:
    """Return the program's name of a resource."""
    return str(entry["urn"]).rpartition("::")[2]


def _destroyed(_: str) -> str:
    return "every resource of the stack deleted"


def _clean(output: str) -> str:
    kept = [line.split()[-1] for line in output.splitlines() if line.startswith("  ")]
    return f"nothing is left; Azure keeps the names of {', '.join(kept)} for a while"


PHASES = (
    Phase("preview", "pulumi preview", _planned),
    Phase("up", "pulumi up --yes --skip-preview", _created),
    Phase("check", f"python -m queries.check --stack dev --timeout 2 --json {VERDICT}", _proven),
    Phase("preview again", "pulumi preview --suppress-outputs --expect-no-changes", _unchanged),
    Phase(
        "refresh",
        "pulumi refresh --yes --skip-preview --suppress-outputs --expect-no-changes",
        _unchanged,
    ),
    Phase("edit", f"pulumi preview --diff --config-file {EDITED}", _edited, captured=True),
    Phase(
        "grow",
        f"pulumi up --yes --skip-preview --suppress-outputs --config-file {GROWN}",
        _grown,
    ),
    Phase("traffic", "--days 14 --seed 7", _called, verb="traffic"),
    Phase("report", f"python -m queries.report --stack dev --days 14 --out {REPORT}", _reported),
    Phase("destroy", "pulumi destroy --yes --skip-preview --run-program", _destroyed),
    Phase("leftovers", "", _clean, captured=True, verb="leftovers"),
)


def _summary(results: list[tuple[str, str, float]]) -> None:
    table = Table("phase", "proven", "seconds")
    for title, proven, seconds in results:
        table.add_row(title, proven, f"{seconds:.1f}")
    console.print()
    console.print(table)
    console.print(f"{sum(seconds for _, _, seconds in results):.0f} seconds in all")


if __name__ == "__main__":
    sys.exit(main())
