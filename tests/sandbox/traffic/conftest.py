"""The example stack with four consumers and an embedding model, and three days of its traffic."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from harness.example import EMBEDDINGS, example_config
from harness.machine import Machine
from queries import library
from sandbox.__main__ import main
from sandbox.cloud import Cloud
from sandbox.logs import Workspaces
from sandbox.options import Options

UNTIL = "2026-01-16T18:00:00+00:00"
NAMES = ("aoai-test", "reports", "search", "lab")


@dataclass
class Traffic:
    """A filled cloud: the truth, and questions to its workspace."""

    folder: Path

    @property
    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "traffic.json").read_text())
        return found

    @property
    def through(self) -> list[dict[str, Any]]:
        """The calls through the gateway that were logged."""
        calls = self.truth["calls"]
        return [one for one in calls if one["through"] == "gateway" and one["logged"]]

    def ask(self, name: str, **values: Any) -> list[dict[str, Any]]:
        span = {key: datetime.fromisoformat(self.truth[key]) for key in ("from", "until")}
        text = library.render(name, since=span["from"], until=span["until"], **values)
        return self.query(text)

    def query(self, text: str) -> list[dict[str, Any]]:
        (file,) = (self.folder / "workspaces").iterdir()
        table = Workspaces(self.folder, Options()).query(file.stem, text)
        names = [column["name"] for column in table["columns"]]
        return [dict(zip(names, row, strict=True)) for row in table["rows"]]

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.folder)


def fill(folder: Path, *more: str) -> int:
    """The verb as a person gives it, for three days of a fixed past."""
    given = ("--days", "3", "--calls-per-day", "60", "--until", UNTIL, "--seed", "7", *more)
    return main(["traffic", "--dir", str(folder), *given])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cloud with a deployed stack and no traffic."""
    machine = Machine(tmp_path_factory.mktemp("traffic"))
    consumers = [{"name": name, "displayName": name} for name in NAMES]
    deployments = [*example_config()["deployments"], EMBEDDINGS]
    machine.configure(deployments=deployments, consumers=consumers)
    machine.up()
    return machine.cloud


@pytest.fixture
def fresh(stack: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(stack, tmp_path / "cloud"))


@pytest.fixture(scope="session")
def traffic(stack: Path, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    folder = Path(shutil.copytree(stack, tmp_path_factory.mktemp("filled") / "cloud"))
    assert fill(folder) == 0
    return Traffic(folder)


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the verb where it must refuse; the one line that it says."""

    def run(folder: Path, *more: str) -> str:
        capsys.readouterr()
        assert fill(folder, *more) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return run
