"""The report of a simulated week says what its callers were told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.example import ROOT
from harness.machine import Machine
from queries.library import price_list

LEAST_CACHED = 1024
"""Tokens below which no prompt is cached.

https://learn.microsoft.com/azure/foundry/openai/how-to/prompt-caching
"""

CONSUMERS = [
    {"name": name, "displayName": name.title(), "monthlyTokens": 1_000_000}
    for name in ("team-a", "team-b", "team-c")
]


def headline(page: str, title: str) -> float:
    """The number of a tile."""
    found = re.search(rf'data-value="([\d.]+)">\s*<h2>{title}</h2>', page)
    assert found, f"no tile {title}"
    return float(found[1])


def cost(call: dict[str, Any]) -> float:
    """US dollars that a call costs, or at most: then nothing came from the cache, and all went in.

    The LLM log does not tell what a stream read from the cache or wrote to it.
    """
    models = price_list()["models"]
    rates = next(
        rates for name, rates in models.items() if re.fullmatch(rf"{name}(-[\d-]+)?", call["model"])
    )
    changes = [one for one in rates.get("changes", []) if one["since"] <= call["time"]]
    rates = changes[-1] if changes else rates
    cached, written = call["cached"] or 0, call["written"] or 0
    if call["streamed"] and call["prompt"] >= LEAST_CACHED:
        cached, written = 0, call["prompt"]
    amount = (call["prompt"] - cached - written) * rates["input"]
    amount += cached * rates.get("cachedInput", 0) + written * rates.get("cacheWrite", 0)
    return float(amount + call["completion"] * rates["output"]) / 1_000_000


def test_report_of_simulated_traffic_equals_its_truth(machine: Machine, tmp_path: Path) -> None:
    machine.configure(consumers=CONSUMERS, alertEmails=["oncall@example.com"])
    machine.up()
    traffic = ["traffic", "--dir", str(machine.cloud), "--days", "3", "--calls-per-day", "60"]
    subprocess.run([sys.executable, "-m", "sandbox", *traffic], cwd=ROOT, check=True)
    truth = json.loads((machine.cloud / "traffic.json").read_text())
    logged = [c for c in truth["calls"] if c["logged"] and c["through"] == "gateway"]
    told = [c for c in logged if c["usage_told"]]
    file = tmp_path / "report.html"

    command = ["python", "-m", "queries.report", "--stack", "dev", "--days", "4"]
    done = machine.run(*command, "--out", str(file))

    assert done.status == 0, done.text
    page = file.read_text()
    assert headline(page, "Calls") == len(logged)
    assert headline(page, "Tokens") == sum(c["prompt"] + c["completion"] for c in told)
    assert headline(page, "Cost") == pytest.approx(sum(map(cost, told)), abs=0.005)
    ended = [c for c in logged if c["status"] >= 400 and c["filtered"] == "prompt"]
    answered = [c for c in logged if c["status"] < 400]
    assert headline(page, "Accounted for") == 100 * len(told) / len(answered) == 100
    assert f"{len(ended)} calls more" in page
    assert len(told) < len(logged), "some tokens are unknown, and are said to be"
    around = [c for c in truth["calls"] if c["through"] == "account" and c["status"] < 400]
    assert around
    assert f"{len(around)} requests around the gateway" in page
    for name in ("team-a", "team-b", "team-c", "Budgets"):
        assert name in page
