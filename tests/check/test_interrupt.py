"""Ctrl-C: what is known by then is kept, and told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from queries.check import __main__ as program
from queries.check import results
from queries.check.report import Report
from tests.check.arm import GATEWAY
from tests.check.conftest import Run
from tests.check.reading import LOGS, ends, lost, of, without


def test_during_the_calls_each_proof_is_told_as_awaited(run: Run) -> None:
    handle = run.azure.handle

    def second_never(request: httpx.Request) -> httpx.Response:
        if len(run.azure.requests) == 1:
            raise KeyboardInterrupt
        return handle(request)

    run.azure.handle = second_never  # type: ignore[method-assign]
    report = run()
    report.write_json(run.folder / "r.json")

    value = json.loads((run.folder / "r.json").read_text())
    assert (report.status, value["verdict"], value["error"]) == (130, "error", "interrupted")
    assert of(report, "caller")[::2] == ("waiting", "")
    assert of(report, "audit")[0] == "waiting", "the configuration was not read yet"
    assert "200 from text-turbo" in of(report, "call")[1]
    assert run.screen.getvalue().splitlines()[-1].startswith("Next: run the check again; with --no")


def test_a_proof_that_has_failed_stays_the_verdict(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.azure.change = {LOGS: without(CallerIpAddress=""), GATEWAY: lost}

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run.clock, "sleep", interrupt)
    report = run()

    assert (report.verdict, report.status) == ("failed", 130)
    assert ends(report)["gateway-metrics"] == "waiting"
    assert run.screen.getvalue().splitlines()[-1].startswith("Next: fix what is listed above")


def test_the_files_are_written_and_the_status_is_130(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Report:
        report = Report()
        report.interrupt()
        return report

    monkeypatch.setattr(program, "check", interrupted)
    files = [run.folder / "r.json", run.folder / "r.xml"]

    status = program.main(["--json", str(files[0]), "--junit", str(files[1])])

    assert status == 130
    assert all("interrupted" in file.read_text() for file in files)


PRESSED = """
import os, runpy, signal, sys

class Pressed:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            sys.meta_path.remove(self)
            sys.argv.pop(1)
            os.kill(os.getpid(), getattr(signal, sys.argv.pop(1)))

sys.meta_path.insert(0, Pressed())
runpy.run_module("queries.check", run_name="__main__", alter_sys=True)
"""
"""Sends a signal at the moment in which the check loads a module: its first two arguments."""


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    "module", ["queries.check.results", "azure.identity", "rich.table", "queries.check.run"]
)
def test_while_the_check_is_being_loaded(tmp_path: Path, module: str, signal: str) -> None:
    files = [tmp_path / "r.json", tmp_path / "r.xml"]
    for file in files:
        file.write_text("proven, long ago")
    given = ["--outputs", "none.json", "--json", str(files[0]), "--junit", str(files[1])]
    done = subprocess.run(
        [sys.executable, "-c", PRESSED, module, signal, *given],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(files[0].read_text())["error"] == "interrupted"
    assert "interrupted" in files[1].read_text()


MISSING = """
import runpy, sys
sys.modules["httpx"] = None
runpy.run_module("queries.check", run_name="__main__", alter_sys=True)
"""
"""Loads the check where a package is not installed."""


@pytest.mark.parametrize(
    ("code", "more"),
    [(PRESSED.replace("sys.argv[1]:", "0:"), ["--nope"]), (MISSING, [])],
    ids=["wrong arguments", "a package is missing"],
)
def test_a_run_that_cannot_begin_leaves_no_older_result(
    tmp_path: Path, code: str, more: list[str]
) -> None:
    files = [tmp_path / "r.json", tmp_path / "r.xml"]
    for file in files:
        file.write_text("proven, long ago")
    outputs = tmp_path / "o.json"
    outputs.write_text("{}")
    given = ["--outputs", str(outputs), "--json", str(files[0]), f"--junit={files[1]}", *more]
    done = subprocess.run(
        [sys.executable, "-c", code, *given], capture_output=True, timeout=60, check=False
    )

    assert done.returncode in {1, 2}
    assert [file.read_text() for file in files] == ["", ""]
    assert outputs.read_text() == "{}"


@pytest.mark.parametrize("more", [["--json"], ["--json", "--list"], ["--list"], ["-h"]])
def test_no_file_is_emptied_that_is_not_a_results(tmp_path: Path, more: list[str]) -> None:
    outputs = tmp_path / "o.json"
    outputs.write_text("{}")
    linked = tmp_path / "linked.json"
    linked.symlink_to(outputs)

    results.empty(["--outputs", str(outputs), "--junit", str(linked), *more])

    assert outputs.read_text() == "{}"


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    twice = PRESSED.replace("            os.kill", "            for _ in 'ab': os.kill")
    twice = twice.replace("sys.argv.pop(1)))", "sys.argv[1]))")
    done = subprocess.run(
        [sys.executable, "-c", twice, "rich.table", "SIGTERM"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert (done.returncode, done.stderr) == (130, "")
