"""Every query of the check, never answered or answered with no rows: nothing is proven by it."""

from __future__ import annotations

import pytest

from queries.pages import Paged
from queries.workspace import NO_ANSWER, NoTableError, NotYetError, Row
from tests.check.conftest import Run
from tests.check.reading import of

pytestmark = pytest.mark.slow

REASONS = {
    "no answer": NotYetError(NO_ANSWER),
    "throttled": NotYetError("the workspace answered 429"),
    "in part": NotYetError("the workspace answered only in part"),
    "no table": NoTableError(),
    "no rows": None,
}
MODES = {"own": (), "others": ("--no-traffic",)}


def kind(kql: str) -> str:
    """Name what a query asks for, by what stands in it and in no other."""
    if kql.startswith("search "):
        return "every-table"
    if "AzureMetrics" in kql:
        return "gateway-metrics" if "Microsoft.ApiManagement" in kql else "account-metrics"
    table = next(line for line in kql.splitlines() if line[:3] in {"Api", "Azu"})
    every_column = not kql.startswith("// ")
    return table + (" whole" if every_column else "")


def unanswered(run: Run, what: str, reason: Exception | None) -> None:
    ask = run.azure.query

    def answer(query: str | Paged) -> list[Row]:
        kql = query.kql if isinstance(query, Paged) else query
        if kind(kql) != what:
            return ask(query)
        if reason:
            raise reason
        return []

    run.azure.query = answer  # type: ignore[method-assign]  # one query has another answer


KINDS = (
    "ApiManagementGatewayLogs",
    "ApiManagementGatewayLlmLog",
    "AzureDiagnostics",
    "gateway-metrics",
    "account-metrics",
    "ApiManagementGatewayLogs whole",
    "ApiManagementGatewayLlmLog whole",
    "AzureDiagnostics whole",
)


@pytest.mark.parametrize("capture", ["full", "metadata"])
@pytest.mark.parametrize("mode", MODES)
def test_the_list_of_queries_is_whole(run: Run, mode: str, capture: str) -> None:
    assert run(capture=capture).verdict == "proven"
    before = len(run.azure.queries)
    assert run(*MODES[mode], capture=capture).verdict == "proven"

    asked = {kind(kql) for kql in run.azure.queries[before:]}
    assert asked <= {*KINDS, "every-table"}
    assert set(KINDS) <= asked


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_no_query_without_an_answer_ends_proven(
    run: Run, mode: str, what: str, reason: str
) -> None:
    assert run().verdict == "proven"
    unanswered(run, what, REASONS[reason])

    report = run(*MODES[mode], "--timeout", "1")

    assert report.status in {1, 3, 4}, run.screen.getvalue()


@pytest.mark.parametrize("reason", ["no answer", "throttled", "in part"])
def test_where_no_content_may_be_logged_every_table_is_asked(run: Run, reason: str) -> None:
    unanswered(run, "every-table", REASONS[reason])

    assert run("--timeout", "10", capture="metadata").status in {3, 4}


@pytest.mark.parametrize("mode", MODES)
def test_a_query_of_the_library_that_gets_no_answer_is_not_judged(run: Run, mode: str) -> None:
    assert run().verdict == "proven"
    columns = run.azure.columns

    def sometimes(kql: str) -> list[str]:
        if kql.startswith("// Share of failed"):
            raise NotYetError("the workspace answered 503")
        return columns(kql)

    run.azure.columns = sometimes  # type: ignore[method-assign]  # some queries have no answer

    report = run(*MODES[mode], "--timeout", "1")

    status, detail, fix = of(report, "queries")
    assert (report.status, status) == (4, "unjudged")
    assert "answered 503" in detail
    assert "by hand" in fix
