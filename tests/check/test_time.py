"""`--timeout` bounds everything: whatever hangs, the run ends in time and says what did not."""

from __future__ import annotations

import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from queries.check import arguments
from queries.check import run as running
from queries.check.configuration import connection
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.report import Report
from queries.clock import Clock
from queries.interrupts import released
from queries.pages import Paged
from queries.workspace import NotYetError, Row
from tests.check.arm import DIAGNOSTIC, Credential
from tests.check.conftest import Run
from tests.check.reading import ends, of

pytestmark = pytest.mark.slow

GRACE = 2.0
"""Seconds, instead of a minute."""
MOST = 30.0
"""Seconds that a run of nothing and the grace may take on a busy machine."""
NOW = ("--timeout", "0")


class Bounded:
    """A run whose time is real, and how long it took."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __call__(self, *given: str, **proof: Any) -> tuple[Report, float]:
        begun = time.monotonic()
        report = self.run(*given, **proof)
        return report, time.monotonic() - begun


over = threading.Event()
"""Set after each test, for threads that still hang would keep the process for ever."""


@pytest.fixture
def bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bounded]:
    monkeypatch.setattr(arguments, "GRACE", GRACE)
    monkeypatch.setattr(running, "LAST_WORDS", 1.5)
    run.released = released
    yield Bounded(run)
    over.set()
    over.clear()


def hang(*_: object, **__: object) -> Any:
    """Wait as long as the test lasts."""
    over.wait()
    raise ConnectionError


def in_looks(run: Run) -> None:
    run.azure.query = hang  # type: ignore[method-assign]  # never answers


def in_configuration(run: Run) -> None:
    run.azure.arm.handle = hang  # type: ignore[method-assign]  # never answers


def in_calls(run: Run) -> None:
    run.azure.handle = hang  # type: ignore[method-assign]  # never answers


def in_library(run: Run) -> None:
    run.azure.columns = hang  # type: ignore[method-assign]  # never answers


HANGS: dict[str, tuple[Callable[[Run], None], int, str]] = {
    "the workspace": (in_looks, 3, "asking the workspace for the first time"),
    "Resource Manager": (in_configuration, 3, ""),
    "the gateway": (in_calls, 3, "calling the deployments"),
    "a query of the library": (in_library, 3, ""),
}


@pytest.mark.parametrize("what", HANGS)
def test_whatever_hangs_the_run_ends(bounded: Bounded, what: str) -> None:
    spoil, status, doing = HANGS[what]
    spoil(bounded.run)

    report, seconds = bounded(*NOW)

    assert (seconds < MOST, report.status in {status, 4}) == (True, True), report
    assert doing in report.error
    assert report.proofs, "each is told as far as it is known"
    assert all(line.detail for line in report.proofs)


def test_a_hang_after_some_rows_keeps_what_is_known(bounded: Bounded) -> None:
    ask, asked = bounded.run.azure.query, list[object]()

    def third_never(query: str | Paged) -> list[Row]:
        asked.append(query)
        return ask(query) if len(asked) < 9 else hang()

    bounded.run.azure.query = third_never  # type: ignore[method-assign]  # some never answer
    bounded.run.azure.delay = 1

    report, seconds = bounded("--timeout", "0.05")

    assert (seconds < 3 + MOST, report.verdict) == (True, "timeout")
    assert "waiting for an answer of the workspace" in report.error
    assert ends(report)["call"] == "seen"


def test_an_answer_in_part_for_ever_ends_at_the_timeout(run: Run) -> None:
    def in_part(query: str | Paged) -> list[Row]:
        raise NotYetError(f"the workspace answered only in part: {type(query).__name__}")

    run.azure.query = in_part  # type: ignore[method-assign]  # never whole

    report = run("--timeout", "5")

    assert (report.verdict, run.clock.time <= 5 * 60 + arguments.GRACE) == ("timeout", True)
    assert "only in part" in of(report, "caller")[1]


@pytest.mark.parametrize("seconds", [300, 3600])
def test_resource_manager_may_ask_for_any_wait(run: Run, seconds: int) -> None:
    handle = run.azure.arm.handle

    def throttled(request: httpx.Request) -> httpx.Response:
        if request.url.path == DIAGNOSTIC:
            return httpx.Response(429, headers={"Retry-After": str(seconds)})
        return handle(request)

    run.azure.arm.handle = throttled  # type: ignore[method-assign]  # one is throttled

    report = run("--timeout", "1")

    assert report.status == 4
    assert run.clock.time < 1, "nobody waits for what comes too late"
    assert f"HTTP 429, to be asked again in {seconds} s" in of(report, "declared")[1]
    assert ends(report)["audit"] == "seen", "what was asked before is not spoilt"


@pytest.mark.parametrize("seconds", [300, 3600])
def test_the_gateway_may_ask_for_any_wait(run: Run, seconds: int) -> None:
    busy = httpx.Response(429, headers={"Retry-After": str(seconds)}, json={"message": "slow"})
    run.azure.refusals = [busy] * 1000

    report = run("--timeout", "2")

    assert (report.status, of(report, "call")[0]) == (1, "failed")
    assert run.clock.time <= 120 + arguments.GRACE
    assert "HTTP 429" in of(report, "call")[1]


def test_outputs_that_pulumi_does_not_give_end_the_run(
    bounded: Bounded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\nsleep 100 &\nwait\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    begun = time.monotonic()

    options = arguments.parse(["--stack", "dev", *NOW])
    report = running.check(options, bounded.run.world())

    assert time.monotonic() - begun < MOST
    assert report.status == 2
    assert "stack" in report.error


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer each connection in a thread of its own; at the end cut all off that still hang."""
    listening = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def silent(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(60)


def trickle(connection: socket.socket, first: bytes = b"HTTP/1.1 200 OK\r\nX-A: ") -> None:
    connection.recv(65536)
    connection.sendall(first)
    try:
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)
    except OSError:
        return


def trickled_body(connection: socket.socket) -> None:
    trickle(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")


def cut_off(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"id": "/a"')
    connection.close()


@pytest.mark.parametrize("answer", [silent, trickle, trickled_body, cut_off])
def test_a_connection_that_hangs_or_trickles_costs_that_read(
    answer: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.5)

    class Signed(Credential):
        def get_token(self, *_: str) -> Credential:
            return self

    with server(answer) as url:
        clock = Clock()
        arm = Manager(
            endpoint=url,
            client=httpx.Client,
            credential=Signed,
            clock=clock,
            deadline=clock.elapsed() + 4,
        )
        begun = time.monotonic()
        found = arm.many(["/a", "/b"], "1")

    assert time.monotonic() - begun < MOST
    assert all(isinstance(one, UnreadableError) for one in found.values()), found
