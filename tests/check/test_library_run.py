"""The library's queries run beside the looks at the calls' rows."""

import threading

import pytest

from queries.check import library_run
from queries.check.workspace import NotYetError, Row
from tests.check.conftest import Run
from tests.check.reading import of


def test_rows_are_looked_for_while_queries_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_run, "PATIENCE", 0.01)
    all_seen, query, columns = threading.Event(), run.azure.query, run.azure.columns
    run.azure.delay = 20

    def looked(kql: str) -> list[Row]:
        if run.clock.time > 2 * run.azure.delay:
            all_seen.set()
        return query(kql)

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
