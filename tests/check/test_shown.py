"""How verdicts are shown: the live table, the dated lines, the JUnit file, the last line."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from queries.check.display import Display
from queries.check.proofs.base import Verdict, failed, seen, skipped, waiting
from queries.check.report import Report
from tests.check.arm import GATEWAY
from tests.check.clock import FakeClock
from tests.check.conftest import Run
from tests.check.reading import LOGS, lost, without


def junit(run: Run, report: Report) -> dict[str, str]:
    """By name of a test case, the tag of its end."""
    report.write_junit(run.folder / "r.xml")
    suite = ET.parse(run.folder / "r.xml").getroot()
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(name) == str(len(list(suite.iter(tag))))
    assert suite.get("tests") == str(len(suite))
    return {str(case.get("name")): case[0].tag for case in suite}


def test_a_failed_proof_is_a_failure_of_junit(run: Run) -> None:
    run.azure.change = {LOGS: without(CallerIpAddress=""), GATEWAY: lost}

    ends = junit(run, run())

    assert ends["caller"] == "failure"
    assert ends["gateway-metrics"] == "skipped", "given up, as another failed"
    assert ends["prompt"] == "system-out"


def test_a_proof_that_timed_out_is_an_error_of_junit(run: Run) -> None:
    run.azure.change = {GATEWAY: lost}
    report = run("--timeout", "1")

    ends = junit(run, report)

    assert ends["gateway-metrics"] == "error"
    assert ends["long"] == "skipped"
    text = (run.folder / "r.xml").read_text()
    assert "must send AllMetrics" in text
    assert "raise a chat deployment's capacity" in text


def test_a_run_that_broke_down_is_an_error_of_junit(run: Run) -> None:
    report = Report()
    report.stop("no login", "az login")

    assert junit(run, report) == {"run": "error"}


@pytest.fixture
def live() -> tuple[Display, FakeClock, Console]:
    """A terminal."""
    clock = FakeClock()
    console = Console(force_terminal=True, width=120, record=True)
    return Display(console, clock), clock, console


def frame(made: tuple[Display, FakeClock, Console], **verdicts: Verdict) -> list[str]:
    """The lines that the live table shows now, each space once."""
    display, _, console = made
    with display:
        display.show(verdicts)
        assert display._live
        console.export_text()
        console.print(display._live.renderable)
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_the_live_table_tells_what_is_awaited_and_for_how_long(
    live: tuple[Display, FakeClock, Console],
) -> None:
    live[1].time = 7
    lines = frame(live, caller=waiting("no rows"), tokens=seen("1 + 1 = 2"), long=skipped("small"))
    assert lines[0] == "1 proof awaited, 7 s"
    assert "caller waiting for 7 s: no rows" in lines
    assert "tokens seen after 7 s: 1 + 1 = 2" in lines
    assert "long skipped after 7 s: not judged: small" in lines

    live[1].time = 30
    lines = frame(live, caller=failed("x", "y"), tokens=seen("1 + 1 = 2"), long=skipped("small"))
    assert lines[0] == "0 proofs awaited, 30 s"
    assert "caller failed after 30 s: x" in lines
    assert "tokens seen after 7 s: 1 + 1 = 2" in lines


def test_a_proof_that_is_awaited_again_is_timed_anew(
    live: tuple[Display, FakeClock, Console],
) -> None:
    """A further round is looked for in every log."""
    rest = {"tokens": seen("t"), "long": seen("l")}
    live[1].time = 7
    frame(live, caller=seen("c"), **rest)
    live[1].time = 600
    assert "caller waiting for 600 s: no rows" in frame(live, caller=waiting("no rows"), **rest)
    live[1].time = 660
    assert "caller seen after 660 s: c" in frame(live, caller=seen("c"), **rest)


def test_a_terminal_shows_the_table_while_rows_are_awaited(run: Run) -> None:
    run.terminal = True
    run.azure.delay = 3

    run()

    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", run.screen.getvalue())
    assert re.search(r"\d+ proofs awaited, 0 s", plain)
    assert re.search(r"0 proofs awaited, [3-9] s", plain)


def test_the_last_line_counts_what_could_be_judged(run: Run) -> None:
    run.azure.arm.denied = ("",)
    run.azure.change = {GATEWAY: lost}

    judged = len(run("--timeout", "1").proofs) - 1

    last = run.screen.getvalue().splitlines()[-2]
    assert last.startswith(
        f"timeout: {judged - 6} of {judged} proofs seen, 5 unjudged "
        "(audit, declared, drift, routes, access), 1 with nothing to judge in "
    )
