"""A column that a query names and its tables do not have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from queries.library import title
from queries.workspace import NoColumnError
from tests.check.arm import GATEWAY
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, lost, of

SAID = "the workspace knows no column 'Latncy': Failed to resolve scalar expression"


def lacking(run: Run, name: str) -> None:
    """The workspace refuses one query of the library."""
    columns: Callable[[str], list[str]] = run.azure.columns

    def refuse(kql: str) -> list[str]:
        if title(name) in kql:
            raise NoColumnError(SAID)
        return columns(kql)

    run.azure.columns = refuse  # type: ignore[method-assign]


@pytest.mark.parametrize("name", ["latency", "tokens-by-consumer", "recent-account-requests"])
def test_a_column_that_no_table_has_is_wrong(run: Run, name: str) -> None:
    lacking(run, name)

    report = run()

    assert (report.status, ends(report)["queries"]) == (1, "failed")
    assert f"{name}.kql: {SAID}" in of(report, "queries")[1]
    assert "correct the query" in of(report, "queries")[2]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("latency", LOGS),
        ("tokens-by-consumer", LLM),
        ("recent-account-requests", DIAGNOSTICS),
    ],
)
def test_columns_may_come_with_the_first_rows(run: Run, name: str, table: str) -> None:
    lacking(run, name)
    run.azure.change = {table: lost, GATEWAY: lost}

    report = run("--timeout", "2")

    assert ends(report)["queries"] == "timeout"
    assert "has no rows yet" in of(report, "queries")[2]
