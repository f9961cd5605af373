"""With `capture: metadata` no table of the workspace may hold a prompt."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from queries.workspace import NotYetError
from tests.check.arm import DIAGNOSTIC
from tests.check.conftest import Run
from tests.check.query import Query
from tests.check.reading import LLM, ends, of
from tests.check.stack import Row

pytestmark = pytest.mark.slow


def copied(run: Run, table: str, *, late: float = 0.0, **columns: str) -> None:
    """Whatever is said to a model comes to another table too."""
    handle = run.azure.handle

    def and_copy(request: httpx.Request) -> httpx.Response:
        answer = handle(request)
        before, run.azure.delay = run.azure.delay, run.azure.delay + late
        run.azure._add(table, columns or {"Message": json.loads(request.content)})
        run.azure.delay = before
        return answer

    run.azure.handle = and_copy  # type: ignore[method-assign]


@pytest.mark.parametrize("late", [0, 60, 240])
def test_a_prompt_in_any_other_table_fails(run: Run, late: float) -> None:
    copied(run, "AppTraces", late=late)

    report = run(capture="metadata")

    assert (report.status, ends(report)["no-content"]) == (1, "failed")
    assert "a prompt of this check is in AppTraces" in of(report, "no-content")[1]


def test_the_name_of_an_unknown_deployment_is_no_prompt(run: Run) -> None:
    assert run(capture="metadata").verdict == "proven"

    searched = [kql for kql in run.azure.queries if kql.startswith("search ")]
    assert searched
    assert all('| where $table != "LAQueryLogs"' in kql for kql in searched)


def test_content_that_comes_after_its_header_is_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of one table need not come together."""

    log_llm, add = run.azure._log_llm, run.azure._add

    def whole(*given: Any) -> None:
        run.azure.capture = "full"
        log_llm(*given)
        run.azure.capture = "metadata"

    def headers_first(table: str, row: Row) -> None:
        run.azure.delay = 60 if table == LLM and row.get("SequenceNumber") else 0
        add(table, row)

    monkeypatch.setattr(run.azure, "_log_llm", whole)
    monkeypatch.setattr(run.azure, "_add", headers_first)

    report = run(capture="metadata")

    assert ends(report)["no-content"] == "failed"
    assert "ApiManagementGatewayLlmLog" in of(report, "no-content")[1]


def test_silence_counts_after_minutes(run: Run) -> None:
    run.azure.delay = 30

    assert run(capture="metadata").verdict == "proven"
    assert 330 <= run.clock.time <= 340
    assert len(run.azure.requests) == 2, "waiting for silence is no reason to call again"


def test_tables_that_cannot_be_searched_prove_nothing(run: Run) -> None:
    answer = run.azure._searched

    def refuse(asked: Query) -> list[Row]:
        answer(asked)
        raise NotYetError("the workspace answered 504")

    run.azure._searched = refuse  # type: ignore[method-assign]

    report = run("--timeout", "20", capture="metadata")

    assert ends(report)["no-content"] == "timeout"
    assert "not searched yet (the workspace answered 504)" in of(report, "no-content")[1]


def test_a_deployed_diagnostic_that_logs_content_is_not_as_declared(run: Run) -> None:
    run.azure.arm.log_no_content()
    run.deployed_otherwise = True
    run.azure.arm.set(DIAGNOSTIC, "largeLanguageModel.requests", {"messages": "all"})

    report = run(capture="metadata")

    assert (report.status, ends(report)["declared"]) == (1, "failed")
    assert "largeLanguageModel.requests of the stack's API" in of(report, "declared")[1]


def test_no_marker_means_nothing_to_search_for(run: Run) -> None:
    run(capture="metadata")
    run.azure.queries.clear()

    assert run("--no-traffic", capture="metadata").verdict == "proven"
    assert not [kql for kql in run.azure.queries if kql.startswith("search ")]
