"""What 10, 100 and 1,000 consumers cost: previews as a flat program's, `up` as Azure forces.

Preview: of the example stack with as many consumers, each with a budget, in turns with a program
that declares as many raw subscriptions below a product and nothing else. Up: its modelled duration
over the longest chain that Azure forces, among it a thousand subscriptions one after another. The
exponents are those of the time beyond that of ten consumers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from harness.machine import Machine
from tools import up_bench

SIZES = (10, 100, 1_000)
ROUNDS = {10: 3, 100: 3, 1_000: 2}
"""Previews of each size, of which the fastest counts: what else the machine does only adds."""
EXPONENT_BAR, FLAT_BAR = 1.1, 1.2
TIME_SCALE = {10: 0.02, 100: 0.02, 1_000: 0.005}
"""Seconds slept for each modelled one, by size.

A key is read beside the next creation, if that begins before the reading ends. With a thousand
resources engine and sandbox need longer for that than a key takes, so those keys stay unread.
"""
MOST_KEYS = 100
"""Consumers up to which their keys are outputs."""
FLAT = """
import pulumi
from pulumi_azure_native import apimanagement, resources

group = resources.ResourceGroup("group", resource_group_name="rg-flat", location="swedencentral")
service = apimanagement.ApiManagementService(
    "service",
    service_name="apim-flat-0123456",
    resource_group_name=group.name,
    location="swedencentral",
    publisher_email="platform@contoso.com",
    publisher_name="Platform",
    sku=apimanagement.ApiManagementServiceSkuPropertiesArgs(name="Developer", capacity=1),
)
inside = dict(service_name=service.name, resource_group_name=group.name)
product = apimanagement.Product("product", product_id="flat", display_name="Flat", **inside)
for number in range({size}):
    apimanagement.Subscription(
        f"subscription-{{number}}",
        sid=f"team-{{number}}",
        display_name=f"Team {{number}}",
        scope=product.id,
        **inside,
    )
"""


@dataclass(frozen=True)
class Row:
    """One line of the table: a measure that must not pass its bar."""

    name: str
    value: float
    bar: float
    said: str

    @property
    def over(self) -> bool:
        """Tell whether the bar is passed."""
        return self.value > self.bar


def consumers(number: int) -> list[dict[str, Any]]:
    """Return consumers as the stack file has them, each with a budget."""
    return [
        {"name": f"team-{one}", "displayName": f"Team {one}", "monthlyTokens": 1_000_000 + one}
        for one in range(number)
    ]


def measure() -> Iterator[Row]:
    """Measure all rows; it takes some ten minutes on two quiet cores."""
    with tempfile.TemporaryDirectory() as folder:
        yield from previews(Path(folder))
        yield from ups(Path(folder))


def previews(folder: Path) -> Iterator[Row]:
    """Measure the previews: how they grow, and over those of the flat program."""
    times = {size: _turns(folder / str(size), size) for size in SIZES}
    own = {size: min(taken["stack"]) for size, taken in times.items()}
    flat = {size: min(taken["flat"]) for size, taken in times.items()}
    said = ", ".join(f"{size:,}: {own[size]:.1f} s, flat {flat[size]:.1f} s" for size in SIZES)
    yield Row("preview by consumers, exponent", exponent(own), EXPONENT_BAR, said)
    most = max(SIZES)
    yield Row(f"preview of {most:,} consumers", own[most] / flat[most], FLAT_BAR, "over the flat")


def ups(folder: Path) -> Iterator[Row]:
    """Measure `up`: over what Azure forces at each size, and how that grows."""
    taken = {}
    for size in SIZES:
        machine = stack(folder / f"up-{size}", size)
        machine.configure(exportKeys=size <= MOST_KEYS)
        ratio, seconds, said = up_bench.up(
            folder / f"up-{size}", machine.project, scale=TIME_SCALE[size]
        )
        taken[size] = seconds
        yield Row(f"up of {size:,} consumers", ratio, up_bench.UP_BAR, said)
    said = ", ".join(f"{size:,}: {seconds:,.0f} s" for size, seconds in taken.items())
    yield Row("up by consumers, exponent", exponent(taken), EXPONENT_BAR, said)


def exponent(times: dict[int, float]) -> float:
    """Return the exponent by which time grows beyond that of the smallest size.

    >>> round(exponent({10: 13.0, 100: 22.0, 1_000: 112.0}), 2)
    1.0
    >>> round(exponent({10: 13.0, 100: 22.0, 1_000: 1_012.0}), 1)
    2.0
    """
    least, middle, most = sorted(times)
    grown = (times[most] - times[least]) / (times[middle] - times[least])
    return log(grown) / log((most - least) / (middle - least))


def stack(folder: Path, number: int) -> Machine:
    """Make a copy of the project whose stack has so many consumers."""
    machine = Machine(folder)
    machine.configure(consumers=consumers(number))
    return machine


def _turns(folder: Path, size: int) -> dict[str, list[float]]:
    """Return how long the previews of one size took, in turns in one session of the sandbox."""
    own = stack(folder / "stack", size).project
    flat = Machine(folder / "flat", program=FLAT.format(size=size)).project
    result = folder / "times.json"
    given = ["turns", str(ROUNDS[size]), str(own), str(flat), str(result)]
    up_bench.sandbox(
        ["--dir", str(folder / "cloud")], [sys.executable, "-m", "tools.consumers_bench", *given]
    )
    times: dict[str, list[float]] = json.loads(result.read_text())
    return times


def take_turns(rounds: int, places: dict[str, Path], result: Path) -> None:
    """Preview the programs in turns, inside the sandbox, and write how long each took."""
    times: dict[str, list[float]] = {name: [] for name in places}
    for place in places.values():
        select = ["pulumi", "stack", "select", "dev", "--create"]
        subprocess.run(select, cwd=place, check=True, capture_output=True)  # noqa: S603
    for _ in range(rounds):
        for name, place in places.items():
            began = time.perf_counter()
            command = ["pulumi", "preview", "--stack", "dev"]
            subprocess.run(command, cwd=place, check=True, capture_output=True)  # noqa: S603
            times[name].append(time.perf_counter() - began)
    result.write_text(json.dumps(times))


if __name__ == "__main__":
    if sys.argv[1:2] == ["turns"]:
        rounds, own, flat, result = sys.argv[2:]
        take_turns(int(rounds), {"stack": Path(own), "flat": Path(flat)}, Path(result))
        sys.exit()
    rows = list(measure())
    for row in rows:
        sys.stdout.write(f"{row.name}: {row.value:.3f} (at most {row.bar}): {row.said}\n")
    sys.exit(any(row.over for row in rows))
