"""The library's queries run beside the looks at the calls' rows."""

import subprocess
import sys
import threading
import time

import pytest

from queries.check import library_run
from queries.pages import Paged
from queries.workspace import NotYetError, Row
from tests.check.conftest import Run
from tests.check.reading import of


def test_rows_are_looked_for_while_queries_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_run, "PATIENCE", 0.01)
    all_seen, ask, columns = threading.Event(), run.azure.query, run.azure.columns
    run.azure.delay = 20

    def looked(query: str | Paged) -> list[Row]:
        if run.clock.time > run.azure.delay:
            all_seen.set()
        return ask(query)

    def slow(kql: str) -> list[str]:
        assert all_seen.wait(10), "no look was made while the query ran"
        return columns(kql)

    run.azure.query, run.azure.columns = looked, slow  # type: ignore[method-assign]

    assert run().verdict == "proven"


def test_a_query_that_had_no_table_is_run_again_once_rows_have_come(run: Run) -> None:
    asked, columns = [], run.azure.columns

    def at_first_not(kql: str) -> list[str]:
        asked.append(kql)
        if run.clock.time < run.azure.delay:
            raise NotYetError("the table has no rows yet")
        return columns(kql)

    run.azure.delay = 60
    run.azure.columns = at_first_not  # type: ignore[method-assign]

    assert of(run(), "queries")[0] == "seen"
    assert max(map(asked.count, asked)) == 2, "not at every look"


def test_a_new_workspace_is_not_asked_what_cannot_be_answered(run: Run) -> None:
    """Its tables come with their rows: until then the queries would all fail, look after look."""
    asked, columns = [], run.azure.columns

    def counted(kql: str) -> list[str]:
        asked.append(kql)
        return columns(kql)

    run.azure.no_table_until = run.azure.delay = 60
    run.azure.columns = counted  # type: ignore[method-assign]

    assert of(run(), "queries")[0] == "seen"
    of_gateway = [kql for kql in asked if "ApiManagementGatewayLogs" in kql]
    assert max(map(of_gateway.count, of_gateway)) == 1


def test_one_look_waits_for_the_queries(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--no-traffic` looks once unless told otherwise, and each query takes its time."""
    assert run().verdict == "proven"
    columns = run.azure.columns

    def slow(kql: str) -> list[str]:
        time.sleep(0.02)
        return columns(kql)

    monkeypatch.setattr(library_run, "PATIENCE", 0.01)
    run.azure.columns = slow  # type: ignore[method-assign]

    assert of(run("--no-traffic"), "queries")[0] == "seen"


ENDLESS = """
import threading
from queries.check import __main__ as program, library_run
from queries.check.evidence import Evidence
from queries.check.traffic import OthersTraffic
from queries.outputs import target
from tests.check.clock import FakeClock
from tests.check.stack import outputs

class Workspace:
    def columns(self, kql):
        threading.Event().wait()

library_run.PATIENCE = 0
now = FakeClock().now()
queries = library_run.LibraryRun(Workspace())
queries.look(Evidence(target=target(outputs()), traffic=OthersTraffic(until=now)))
queries.close()
print("the verdict")
program.leave(130)
"""


def test_a_query_under_way_does_not_keep_the_process() -> None:
    """It may take minutes, which nobody waits for who has pressed Ctrl-C."""
    ended = subprocess.run(
        [sys.executable, "-c", ENDLESS], check=False, timeout=60, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "the verdict\n", "")


def test_a_bug_in_a_query_is_not_swallowed(run: Run) -> None:
    def broken(kql: str) -> list[str]:
        raise ZeroDivisionError

    run.azure.columns = broken  # type: ignore[method-assign]

    with pytest.raises(ZeroDivisionError):
        run()
