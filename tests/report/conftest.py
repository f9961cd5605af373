"""The page of a fortnight of which all is known, and a browser to read it in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console

from queries.clock import Clock
from queries.report.__main__ import main
from queries.report.run import World
from tests.report.everybody import STACK, Asking, made
from tests.report.fortnight import DAYS, OUTPUTS, UNTIL, Stored, Timed, fortnight, workspace

CHROMIUM = Path(__file__).parents[2] / ".venv" / "bin" / "chromium"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--headless=shell"]


@pytest.fixture(scope="session")
def calls() -> list[Timed]:
    return fortnight()


@pytest.fixture(scope="session")
def stored(calls: list[Timed]) -> Stored:
    return Stored(workspace(calls))


@pytest.fixture(scope="session")
def report(stored: Stored, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return make(stored, folder, OUTPUTS)


def make(stored: Stored, folder: Path, outputs: object, *options: str) -> Path:
    """The page that the command writes."""
    given, page = folder / "outputs.json", folder / "report.html"
    given.write_text(json.dumps(outputs))
    world = World(console=Console(quiet=True), clock=Clock(), workspace=lambda _: stored)
    arguments = ["--outputs", str(given), "--out", str(page), "--until", UNTIL.isoformat()]
    assert main([*arguments, "--days", str(DAYS), *options], world) == 0
    return page


@pytest.fixture(scope="session")
def everybody() -> list[Timed]:
    return made()


@pytest.fixture(scope="session")
def kept(everybody: list[Timed]) -> Stored:
    return Stored(workspace(everybody))


@pytest.fixture(scope="session")
def pages(kept: Stored, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return Asking(tmp_path_factory.mktemp("pages"), kept).all(STACK)


@pytest.fixture
def asking(tmp_path: Path, kept: Stored) -> Asking:
    return Asking(tmp_path, kept)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM.exists(), "no headless browser: `make setup` says what is missing"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        yield opened
        opened.close()
