"""How long `pulumi up` takes under Azure's durations, over the longest chain that Azure forces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UP_BAR = 1.05
UP_TRIES = 3
"""Most measures of `up`, of which the least counts: what else the machine does only adds to one."""
TIME_SCALE, TIME_SCALE_OF_MANY = 0.003, 0.08
"""Seconds slept for each modelled one: of one account, and of several, with many more resources."""
LONGEST_SHOWN = 12
"""Operations of a chain that are named."""
ONE_AT_A_TIME = ("/apis/", "/subscriptions/", "/deployments/")
"""Parts of ids below which Azure refuses parallel changes to one parent.

https://github.com/Azure/apiops-cli/issues/252
https://github.com/hashicorp/terraform-provider-azurerm/issues/8571
https://github.com/hashicorp/terraform-provider-azurerm/issues/22607
"""


def least_up_ratio(folder: Path) -> tuple[float, str]:
    """Measure `up_ratio` of the example until it is within its bar, some times at most."""
    measured = list[tuple[float, str]]()
    while len(measured) < UP_TRIES and not any(ratio <= UP_BAR for ratio, _ in measured):
        place = folder / str(len(measured))
        place.mkdir(parents=True)
        measured.append(up_ratio(place))
    return min(measured)


def up_ratio(folder: Path, project: Path = ROOT, scale: float = TIME_SCALE) -> tuple[float, str]:
    """Measure the modelled duration of `pulumi up` over the longest chain that Azure forces."""
    ratio, _, said = up(folder, project, scale=scale)
    return ratio, said


def up(folder: Path, project: Path, *, scale: float) -> tuple[float, float, str]:
    """Return the ratio, the modelled seconds, and what they are of.

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
    return elapsed / length, elapsed, f"{elapsed:.0f} s over {length:.0f} s: {_shown(chain)}"


def _shown(chain: list[str]) -> str:
    """Write a chain, the middle of a long one as a number."""
    if len(chain) > LONGEST_SHOWN:
        chain = [*chain[:3], f"{len(chain) - 4} more", chain[-1]]
    return " > ".join(chain)


def longest_chain(creates: list[dict[str, Any]]) -> tuple[float, list[str]]:
    """Find the longest chain of creations of which Azure forces each to wait for the one before."""
    best: dict[str, tuple[float, list[str]]] = {}
    for entry in sorted(creates, key=lambda e: float(e["end"])):
        inputs = json.dumps(entry["inputs"])
        before = [
            best[other["id"]]
            for other in creates
            if other["id"] in best and is_forced_before(other, entry, inputs)
        ]
        length, chain = max(before, default=(0.0, []))
        seconds = float(entry["end"]) - float(entry["start"])
        best[entry["id"]] = (length + seconds, [*chain, entry["name"]])
    return max(best.values())


def is_forced_before(earlier: dict[str, Any], later: dict[str, Any], given: str = "") -> bool:
    """Tell whether Azure cannot create `later` before `earlier` is done.

    So it is if `later` lies inside `earlier`, refers to it, is granted to its identity, is a policy
    that names it as a backend, or needs the same lock. `given` are its inputs, written as JSON.
    https://learn.microsoft.com/azure/api-management/set-backend-service-policy
    """
    inside = later["id"].startswith(earlier["id"] + "/")
    inputs = given or json.dumps(later["inputs"])
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
