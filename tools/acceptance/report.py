"""Report an acceptance run: on the terminal, as JSON, and as Markdown to keep."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.engine.operations import LATENCY
from tools.acceptance.compare import Difference
from tools.acceptance.events import Outcome
from tools.acceptance.plan import TIER

NO_BELIEF = "no belief is known to be behind it"
NOTICED = 5.0
"""Shortest duration, in seconds, that the report lists."""


def write(
    folder: Path,
    about: dict[str, Any],
    azure: list[Outcome],
    found: list[Difference],
    left: list[str],
) -> None:
    """Write FOLDER/report.json and FOLDER/report.md."""
    value = about | {
        "steps": [asdict(one) for one in azure],
        "differences": [asdict(one) for one in found],
        "durations": durations(azure),
        "left": left,
    }
    (folder / "report.json").write_text(json.dumps(value, indent=1) + "\n")
    (folder / "report.md").write_text(_markdown(about, azure, found, left))


def show(console: Console, azure: list[Outcome], found: list[Difference], left: list[str]) -> None:
    """Print the steps, what differs, and what is left."""
    steps = Table("step", "facts", "differ", "seconds")
    for one in azure:
        count = sum(difference.step == one.step for difference in found)
        steps.add_row(one.step, str(len(one.facts)), str(count or ""), f"{one.seconds:.1f}")
    console.print(steps)
    for difference in found:
        console.print(_lines(difference), markup=False, highlight=False, soft_wrap=True)
    for name in left:
        console.print(f"LEFT: {name}", markup=False, highlight=False, soft_wrap=True)


def _lines(one: Difference) -> str:
    beliefs = ", ".join(one.beliefs) or NO_BELIEF
    sides = f"  sandbox: {one.sandbox}\n  azure:   {one.azure}\n  belief:  {beliefs}"
    return f"{one.step}: {one.fact}\n{sides}"


def _row(one: Difference) -> str:
    beliefs = ", ".join(f"`{name}`" for name in one.beliefs) or NO_BELIEF
    return f"| {one.step} | {one.fact} | {one.sandbox} | {one.azure} | {beliefs} |"


def durations(azure: list[Outcome]) -> dict[str, dict[str, float | None]]:
    """Return the longest operation's seconds by kind, beside the sandbox's belief of them."""
    taken: dict[str, float] = {}
    for outcome in azure:
        for kind, seconds in outcome.operations.items():
            taken[kind] = max(taken.get(kind, 0.0), seconds)
    return {
        kind: {"azure": seconds, "sandbox": _believed(kind)}
        for kind, seconds in sorted(taken.items())
        if seconds >= NOTICED
    }


def _believed(kind: str) -> float | None:
    op, _, token = kind.partition(" ")
    table = LATENCY.get(f"{token} {TIER}") or LATENCY.get(token) or LATENCY["default"]
    entry = table.get(op) or LATENCY["default"].get(op)
    return float(entry["seconds"]) if entry else None


def _markdown(
    about: dict[str, Any], azure: list[Outcome], found: list[Difference], left: list[str]
) -> str:
    lines = ["# Acceptance", "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    lines += ["| step | facts | differ | seconds |", "|---|---|---|---|"]
    for one in azure:
        count = sum(difference.step == one.step for difference in found)
        lines.append(f"| {one.step} | {len(one.facts)} | {count} | {one.seconds:.1f} |")
    lines += ["", "## Where Azure and the sandbox differ", ""]
    if found:
        lines += ["| step | fact | sandbox | Azure | beliefs |", "|---|---|---|---|---|"]
    lines += map(_row, found)
    lines += [] if found else ["Nowhere."]
    lines += ["", "## Durations", "", "| operation | Azure | sandbox |", "|---|---|---|"]
    for kind, seconds in durations(azure).items():
        lines.append(f"| {kind} | {seconds['azure']} | {seconds['sandbox']} |")
    lines += ["", "## Left behind", "", *(f"- {name}" for name in left)]
    return "\n".join([*lines, *([] if left else ["Nothing."])]) + "\n"
