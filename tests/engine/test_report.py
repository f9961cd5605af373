"""The report of a simulated week says what its callers were told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
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
    _consumers_pages_tell_of_nobody_else(machine, tmp_path, page, truth["calls"])


def _consumers_pages_tell_of_nobody_else(
    machine: Machine, folder: Path, whole: str, calls: list[dict[str, Any]]
) -> None:
    """Whatever the logs hold of others, names, addresses, ids, texts, is in no page but theirs."""
    command = ["python", "-m", "queries.report", "--stack", "dev", "--days", "4"]
    done = machine.run(*command, "--consumers", str(folder / "pages"))
    assert done.status == 0, done.text
    pages = {file.stem: file.read_text() for file in (folder / "pages").iterdir()}
    rows = list(_rows(machine.cloud))
    callers = {
        row["CorrelationId"]: row["ApimSubscriptionId"]
        for row in rows
        if "ApimSubscriptionId" in row
    }
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[callers.get(row.get("CorrelationId", ""), "")] |= _texts(row)

    assert {one["name"] for one in CONSUMERS} <= pages.keys()
    assert "" in found, "some calls are nobody's"
    for name, page in pages.items():
        plain = unescape(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
        others = set().union(*(texts for caller, texts in found.items() if caller != name))
        others |= {call["ip"] for call in calls} | (pages.keys() - {name})
        others -= found[name] - {call["ip"] for call in calls}
        assert len(others) > 100
        assert [one for one in others if _stands_in(one, plain)] == []
    nobodys = [
        call
        for call in calls
        if call["logged"] and call["through"] == "gateway" and not call["consumer"]
    ]
    tokens = sum((call["prompt"] or 0) + (call["completion"] or 0) for call in nobodys)
    for title, less in (("Calls", len(nobodys)), ("Tokens", tokens)):
        total = sum(headline(page, title) for page in pages.values())
        assert total == headline(whole, title) - less


def _rows(cloud: Path) -> Iterator[dict[str, Any]]:
    """Every row of every log."""
    for file in (cloud / "workspaces").iterdir():
        for line in file.read_text().splitlines():
            yield json.loads(line)[2]


def _texts(value: Any) -> set[str]:
    """Every text in a row, and every word of it that could only be its own."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return set().union(*map(_texts, inner)) if inner else set()
    if not isinstance(value, str):
        return set()
    return {value, *re.findall(r"[\w.-]{16,}", value)}


def _stands_in(text: str, page: str) -> bool:
    return len(text) > 3 and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", page) is not None
