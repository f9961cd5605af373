"""Consumers of whom each value is their own, and the command run for them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from queries.clock import Clock
from queries.pages import Paged
from queries.report.__main__ import main
from queries.report.run import World
from tests.queries.truth import EMBEDDINGS, FILTERED, Call
from tests.report.fortnight import PRICES, TARGET, UNTIL, Timed

QUOTE = 'q" or 1==1 | union * //'
CALLERS = ("aoai-search", "Sales", QUOTE, "<b>&amp;{{ 7*7 }}", "../up\\x'y", "con", "gone")
IDLE = "idle"
"""A consumer that makes no call; `gone` makes some and is not in the stack any more."""
CHAT, EMBED = TARGET["deployments"]
DEPLOYMENTS = [
    *TARGET["deployments"],
    *(CHAT | {"name": f"own-{n}", "sku": f"Sku{n}"} for n in range(len(CALLERS))),
]
BUDGETS = {
    name: {"tokens": 9_000_000 + n, "cost": 60 + n}
    for n, name in enumerate(("aoai-search", "Sales"))
}
STACK = TARGET | {
    "consumers": [*(name for name in CALLERS if name != "gone"), IDLE],
    "deployments": DEPLOYMENTS,
    "budgets": BUDGETS | {IDLE: {"tokens": 5}},
    "prices": PRICES | {f"model-{n}": {"input": n + 1.0, "output": 9.0} for n in range(9)},
}


class Fixed(Clock):
    """A clock by which every page is made at the same time."""

    def now(self) -> datetime:
        return UNTIL

    def sleep(self, seconds: float) -> None:
        """Wait for nobody."""


def made() -> list[Timed]:
    """Calls of every kind by each consumer, in which each value is the consumer's own."""
    found: list[Timed] = []
    for number, consumer in enumerate(CALLERS):
        for index in range(9 + number):
            call = Call(
                id=f"id-{number}-{index}",
                consumer=consumer if index % 2 else consumer.upper(),
                ip=f"10.{number + 1}.{index}.77",
                prompt=f"prompt-{number}-{index}-x",
                answers=(f"answer-{number}-{index}-x",),
                deployment=("chat", f"own-{number}", f"invented-{number}")[index % 3],
                tokens=(1_000 * number + 10 * index + 7, 3 * index + number),
                stream=index % 4 == 0,
            )
            call = {
                1: replace(call, status=429, tokens=(0, 0)),
                2: replace(
                    call, status=503, error={"error": {"code": f"odd-{number}"}}, tokens=(0, 0)
                ),
                4: replace(call, status=400, backend=400, error=FILTERED),
                5: replace(call, usage=False, stream=True),
                6: replace(
                    call, operation=EMBEDDINGS, stream=False, deployment="embed", tokens=(60, 0)
                ),
                7: replace(call, deployment=f"invented-{number}", status=404, tokens=(0, 0)),
            }.get(index, call)
            time = UNTIL - timedelta(days=index % 5, hours=1 + number, minutes=index)
            found.append((time, 500 + 100 * number + index, call))
    nobody = Call(id="id-nobody", consumer="", status=401, tokens=(0, 0), ip="10.99.9.9")
    lost = Call(id="id-lost", prompt="of-nobody", tokens=(77_777, 1), in_gateway_log=False)
    return [*found, *((UNTIL - timedelta(hours=3), 9, call) for call in (nobody, lost))]


def of_one(calls: Iterable[Timed], name: str) -> list[Timed]:
    return [one for one in calls if one[2].consumer.lower() == name.lower()]


def stack_of(name: str, calls: Iterable[Timed]) -> dict[str, Any]:
    """A stack of which this consumer alone uses what there is."""
    used = {call.deployment for _, _, call in calls} | {"chat"}
    return STACK | {
        "consumers": [name] if name in STACK["consumers"] else [],
        "deployments": [one for one in DEPLOYMENTS if one["name"] in used],
        "budgets": {key: value for key, value in STACK["budgets"].items() if key == name},
        "prices": PRICES,
    }


class Asking:
    """The command, against a workspace that notes what is asked."""

    def __init__(self, folder: Path, stored: Any) -> None:
        self.folder, self.stored = folder, stored
        self.asked: list[str] = []
        self.said = io.StringIO()

    def query(self, query: str | Paged) -> list[dict[str, Any]]:
        self.asked.append(query if isinstance(query, str) else query.kql)
        found: list[dict[str, Any]] = self.stored.query(query)
        return found

    def run(self, stack: Mapping[str, Any], *options: str) -> int:
        given = self.folder / "outputs.json"
        given.write_text(json.dumps({"proof": stack}))
        console = Console(file=self.said)
        world = World(console=console, clock=Fixed(), workspace=lambda _: self)
        source = ["--outputs", str(given), "--days", "14", "--until", UNTIL.isoformat()]
        return main([*source, *options], world)

    def one(self, stack: Mapping[str, Any], name: str) -> str:
        file = self.folder / "own.html"
        assert self.run(stack, "--consumer", name, "--out", str(file)) == 0
        return file.read_text()

    def all(self, stack: Mapping[str, Any]) -> dict[str, str]:
        folder = self.folder / "pages"
        assert self.run(stack, "--consumers", str(folder)) == 0
        return {file.name: file.read_text() for file in folder.iterdir()}


class Same:
    """A workspace that answers every question with these rows."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def query(self, _: str | Paged) -> list[dict[str, Any]]:
        return self.rows
