"""`make bench`: compare what the stack costs with the least that it could cost.

Preview: the example stack against a program that imports the same packages and declares nothing,
taken in turns. Up: its modelled duration under Azure's latencies against the longest chain of
operations that Azure itself forces. Query: the token question over a million calls against the
common query for it, see `tools.query_bench`. Policy: what it adds to a call with a large body, in
reads of that body, see `tools.policy_bench`. Growth: every query's time at ten times the calls, as
an exponent, see `tools.query_growth`. Consumers: ten, a hundred and a thousand, see
`tools.consumers_bench`. Each ratio is of one run on one machine.
"""

from __future__ import annotations

import ast
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.machine import Machine
from tools import consumers_bench, policy_bench, query_bench, query_growth
from tools.up_bench import TIME_SCALE_OF_MANY, UP_BAR, least_up_ratio, sandbox, up_ratio

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
    many = list(consumers_bench.measure())
    for row in many:
        table.add_row(row.name, f"{row.value:.3f}", f"{row.bar}", row.said)
    grown = list(query_growth.measure())
    for one in grown:
        name, exponent = f"growth of {one.name}", f"{one.exponent:.2f}"
        table.add_row(name, exponent, f"{query_growth.BAR}", query_growth.said(one))
    console.print(table)
    bars = ((preview, PREVIEW_BAR), (up, UP_BAR), (four, UP_BAR), (query, query_bench.BAR))
    over = any(one.over for one in grown) or any(cost.over for cost in costs)
    over = over or any(row.over for row in many)
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


if __name__ == "__main__":
    if sys.argv[1:2] == ["turns"]:
        sys.exit(take_turns(Path(sys.argv[2]), Path(sys.argv[3])))
    sys.exit(main())
