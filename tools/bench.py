"""`make bench`: compare what the stack costs with the least that it could cost.

Preview: the example stack against a program that imports the same packages and declares nothing,
taken in turns. Up: its modelled duration under Azure's latencies against the longest chain of
operations that Azure itself forces. Query: the token question over a million calls against the
common query for it, see `tools.query_bench`. Policy: what it adds to a call with a large body, in
reads of that body, see `tools.policy_bench`. Growth: every query's time at ten times the calls, as
an exponent, see `tools.query_growth`. Each ratio is of one run on one machine.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.machine import Machine
from tools import policy_bench, query_bench, query_growth

ROOT = Path(__file__).resolve().parent.parent
OWN = {"__future__", "components", "policies", "queries"}
"""What no empty program can import: rooms of the project, and what is no package."""
PREVIEWED = ("head.py", "plan.py")
"""Files of `components/preflight` that a preview loads too."""
LUNA = {"model": "gpt-5.6-luna", "version": "2026-07-09", "capacity": 10}
FOUR = [
    {
        "name": name,
        "location": region,
        "priority": rank,
        "deployments": [{"name": one, **LUNA} for one in ("text-turbo", "text-second")],
    }
    for rank, (name, region) in enumerate(
        {"weu": "westeurope", "swc": "swedencentral", "eus": "eastus", "eus2": "eastus"}.items(), 1
    )
]
"""Four accounts in three regions that share two deployments."""
ROUNDS = 7
PREVIEW_BAR = 1.5
UP_BAR = 1.05
UP_TRIES = 3
"""Most measures of `up`, of which the least counts: what else the machine does only adds to one."""
TIME_SCALE, TIME_SCALE_OF_MANY = 0.003, 0.08
"""Seconds slept for each modelled one: of one account, and of several, with many more resources."""
ONE_AT_A_TIME = ("/apis/", "/subscriptions/", "/deployments/")
"""Parts of ids below which Azure refuses parallel changes to one parent.

https://github.com/Azure/apiops-cli/issues/252
https://github.com/hashicorp/terraform-provider-azurerm/issues/8571
https://github.com/hashicorp/terraform-provider-azurerm/issues/22607
"""

console = Console(highlight=False)


def main() -> int:
    """Measure all ratios; return 1 if one is over its bar."""
    with tempfile.TemporaryDirectory() as folder:
        preview, lines = preview_ratio(Path(folder))
        up, chain = least_up_ratio(Path(folder) / "one")
        four, forced = up_ratio(
            Path(folder) / "four", of_four(Path(folder) / "four"), TIME_SCALE_OF_MANY
        )
    query, shares = query_bench.measure()
    table = Table("measure", "ratio", "bar", "of what")
    table.add_row("preview", f"{preview:.2f}", f"{PREVIEW_BAR}", lines)
    table.add_row("up", f"{up:.3f}", f"{UP_BAR}", chain)
    table.add_row("up of four accounts", f"{four:.3f}", f"{UP_BAR}", forced)
    table.add_row("query", f"{query:.2f}", f"{query_bench.BAR}", shares)
    costs = [cost for cost in policy_bench.measure() if cost.is_large]
    for cost in costs:
        said = f"{cost.own:.1f} ms, {cost.empty:.1f} ms under an empty policy"
        table.add_row(
            f"policy of a {cost.case.name}", f"{cost.reads:.1f}", f"{policy_bench.BAR}", said
        )
    grown = list(query_growth.measure())
    for one in grown:
        name, exponent = f"growth of {one.name}", f"{one.exponent:.2f}"
        table.add_row(name, exponent, f"{query_growth.BAR}", query_growth.said(one))
    console.print(table)
    bars = ((preview, PREVIEW_BAR), (up, UP_BAR), (four, UP_BAR), (query, query_bench.BAR))
    over = any(one.over for one in grown) or any(cost.over for cost in costs)
    kept = all(ratio <= bar for ratio, bar in bars) and not over
    return 0 if kept else 1


def preview_ratio(folder: Path) -> tuple[float, str]:
    """Measure a preview of the example stack over one of an empty program: the medians' ratio."""
    empty = folder / "empty"
    empty.mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", empty)
    shutil.copy(ROOT / "Pulumi.dev.yaml", empty)
    (empty / "__main__.py").write_text("".join(imports(program())))
    (empty / ".venv").symlink_to(ROOT / ".venv")
    places = {"example": ROOT, "empty": empty}
    # Both run by turns in one session, so that other load on the machine slows both.
    script = f"{sys.executable} -m tools.bench turns {empty} {folder / 'times.json'}"
    sandbox(["--dir", str(folder / "preview")], script.split())
    times = json.loads((folder / "times.json").read_text())
    medians = {name: statistics.median(times[name]) for name in places}
    said = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in medians.items())
    return medians["example"] / medians["empty"], f"{said} (median of {ROUNDS})"


def take_turns(empty: Path, result: Path) -> int:
    """Preview both programs in turns, inside the sandbox, and write how long each took."""
    times: dict[str, list[float]] = {"example": [], "empty": []}
    for _ in range(ROUNDS):
        for name, place in (("example", ROOT), ("empty", empty)):
            began = time.perf_counter()
            command = ["pulumi", "preview", "--stack", "dev"]
            subprocess.run(command, cwd=place, check=True, capture_output=True)  # noqa: S603
            times[name].append(time.perf_counter() - began)
    result.write_text(json.dumps(times))
    return 0


def program() -> list[Path]:
    """Return every file of the program's components that a preview loads: it asks Azure nothing."""
    files = sorted(ROOT.glob("components/**/*.py"))
    return [file for file in files if file.parent.name != "preflight" or file.name in PREVIEWED]


def imports(files: Iterable[Path]) -> list[str]:
    """Return the lines that import and use every package of these files, but none of the project.

    Use is needed, as the Azure SDK loads its modules only when they are first used.
    """
    lines, modules = set(), set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            source = node.module if isinstance(node, ast.ImportFrom) else None
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if str(source).partition(".")[0] not in OWN:
                lines.add(ast.unparse(node) + "\n")
            if source == "pulumi_azure_native":
                modules |= {alias.name for alias in node.names}
    return sorted(lines) + [f"{name}._utilities\n" for name in sorted(modules)]


def of_four(folder: Path) -> Path:
    """Make a copy of the project whose stack has four accounts in three regions."""
    machine = Machine(folder)
    machine.configure(accounts=FOUR, deployments=None)
    return machine.project


def least_up_ratio(folder: Path) -> tuple[float, str]:
    """Measure `up_ratio` of the example until it is within its bar, some times at most."""
    measured = list[tuple[float, str]]()
    while len(measured) < UP_TRIES and not any(ratio <= UP_BAR for ratio, _ in measured):
        place = folder / str(len(measured))
        place.mkdir(parents=True)
        measured.append(up_ratio(place))
    return min(measured)


def up_ratio(folder: Path, project: Path = ROOT, scale: float = TIME_SCALE) -> tuple[float, str]:
    """Measure the modelled duration of `pulumi up` over the longest chain that Azure forces.

    Of many operations at once each is slept for `scale` seconds a modelled second: long enough for
    the engine to begin the others, as it does while Azure works.
    """
    journal = folder / "journal.jsonl"
    options = ["--dir", str(folder / "up"), "--journal", str(journal), "--latency", "azure"]
    options += ["--time-scale", str(scale)]
    sandbox(options, ["pulumi", "up", "--yes", "--skip-preview"], project)
    done = [json.loads(line) for line in journal.read_text().splitlines()]
    creates = [entry for entry in done if entry["op"] == "create" and not entry["simulated"]]
    elapsed = max(entry["end"] for entry in done) - min(entry["start"] for entry in creates)
    length, chain = longest_chain(creates)
    return elapsed / length, f"{elapsed:.0f} s over {length:.0f} s: " + " > ".join(chain)


def longest_chain(creates: list[dict[str, Any]]) -> tuple[float, list[str]]:
    """Find the longest chain of creations of which Azure forces each to wait for the one before."""
    best: dict[str, tuple[float, list[str]]] = {}
    for entry in sorted(creates, key=lambda e: float(e["end"])):
        before = [
            best[other["id"]]
            for other in creates
            if other["id"] in best and is_forced_before(other, entry)
        ]
        length, chain = max(before, default=(0.0, []))
        seconds = float(entry["end"]) - float(entry["start"])
        best[entry["id"]] = (length + seconds, [*chain, entry["name"]])
    return max(best.values())


def is_forced_before(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    """Tell whether Azure cannot create `later` before `earlier` is done.

    So it is if `later` lies inside `earlier`, refers to it, is granted to its identity, is a policy
    that names it as a backend, or needs the same lock.
    https://learn.microsoft.com/azure/api-management/set-backend-service-policy
    """
    inside = later["id"].startswith(earlier["id"] + "/")
    inputs = json.dumps(later["inputs"])
    refers = any(f'"{earlier["id"]}{end}' in inputs for end in ('"', "/"))
    identity = later["type"].endswith(":RoleAssignment") and earlier["type"].endswith(
        ":ApiManagementService"
    )
    refers = refers or f'backend-id=\\"{earlier["name"]}\\"' in inputs
    return inside or refers or identity or bool(lock(earlier) and lock(earlier) == lock(later))


def lock(entry: dict[str, Any]) -> str:
    """Return the lock of a change: an API, a service's subscriptions, an account's deployments."""
    _, _, path = str(entry["id"]).partition("/providers/")
    for part in ONE_AT_A_TIME:
        if part in path:
            scope, _, rest = path.partition(part)
            return scope + part + (rest.split("/")[0] if part == "/apis/" else "")
    return ""


def sandbox(options: list[str], command: list[str], project: Path = ROOT) -> None:
    """Run a command in a sandbox of its own; its output is shown only if it fails."""
    done = subprocess.run(  # noqa: S603 commands of this file
        [sys.executable, "-m", "sandbox", "run", *options, "--", *command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["turns"]:
        sys.exit(take_turns(Path(sys.argv[2]), Path(sys.argv[3])))
    sys.exit(main())
