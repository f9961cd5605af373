"""Runs of the check against Azure in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from rich.console import Console

from queries.check.arguments import parse
from queries.check.configuration.manager import Manager
from queries.check.copied import Reader
from queries.check.display import summary
from queries.check.report import Report
from queries.check.run import World, check
from queries.workspace import LogAnalytics
from tests.check.arm import LOGGER, Credential
from tests.check.azure import Azure
from tests.check.clock import FakeClock
from tests.check.stack import key_of, outputs
from tests.check.states import declared, state


def _no_blobs(endpoint: str) -> Reader:
    raise AssertionError(f"nothing is to be read from {endpoint}")


class Run:
    """One stack, one Azure, and what the check prints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.azure = Azure(self.clock)
        self._screen = io.StringIO()
        self._untold: list[tuple[Console, Report]] = []
        self.terminal = False
        self.outputs: dict[str, Any] = {}
        self.workspace: LogAnalytics | None = None
        """The real client, in place of `azure`."""
        self.released: Callable[[float], AbstractContextManager[None]] = lambda _: nullcontext()
        """What breaks the run off once its time is up; nothing, where time is no real one."""
        self.blobs: Callable[[str], Reader] = _no_blobs
        """What opens a storage account with a second copy of the logs."""
        self.deployed_otherwise = False
        """The API's diagnostic is that of `capture: full`, whatever is declared."""

    @property
    def screen(self) -> io.StringIO:
        """What the runs printed; each one's summary once somebody looks."""
        while self._untold:
            summary(*self._untold.pop(0))
        return self._screen

    def __call__(self, *arguments: str, **proof: Any) -> Report:
        file = self.folder / "outputs.json"
        file.write_text(json.dumps(outputs(**proof) | self.outputs))
        for made in proof.get("deployments", ()):
            self.azure.arm.deploy(made["name"], made["model"])
            self.azure.models[made["name"]] = made["model"]
        for name in proof.get("consumers", ()):
            self.azure.consumers[key_of(name)] = name
        self.azure.capture = proof.get("capture", "full")
        if self.azure.capture == "metadata" and not self.deployed_otherwise:
            self.azure.arm.log_no_content()
        self.azure.body_bytes = proof.get("bodyBytes", 8192)
        self.azure.told = proof.get("accountingHeader", "")
        if self.azure.told and not self.deployed_otherwise:
            self.azure.arm.tell(self.azure.told)
        if not proof.get("logResponseBodies", True) and not self.deployed_otherwise:
            self.azure.response_bodies = False
            self.azure.arm.log_no_responses(self.azure.told)
        world = self.world()
        given = ["--outputs", str(file), "--state", str(self._state()), "--depth", "quick"]
        report = check(parse([*given, *arguments]), world)
        self._untold.append((world.console, report))
        return report

    def world(self) -> World:
        """Return what lies outside a run: the screen, and all that is in memory."""
        console = Console(file=self._screen, force_terminal=self.terminal, width=200)
        return World(
            console=console,
            clock=self.clock,
            client=lambda: httpx.Client(transport=httpx.MockTransport(self.azure.handle)),
            workspace=lambda _: self.workspace or cast("LogAnalytics", self.azure),
            manager=lambda target: Manager(
                endpoint=target.management_endpoint,
                client=lambda: httpx.Client(transport=httpx.MockTransport(self.azure.arm.handle)),
                credential=Credential,
                clock=self.clock,
            ),
            blobs=self.blobs,
            released=self.released,
        )

    def _state(self) -> Path:
        """A state that declares no more than the logger, as it is in Azure."""
        file = self.folder / "state.json"
        logger = self.azure.arm.resources.get(LOGGER, {}).get("properties", {})
        file.write_text(state(declared(LOGGER, "apimanagement:Logger", logger)))
        return file


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)
