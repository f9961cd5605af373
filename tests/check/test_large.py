"""A busy account: more rows than one answer holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queries.check import questions
from queries.pages import MOST_PAGES, Paged
from queries.workspace import NotYetError, Row, whole
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, ends, of, unknown_id
from tests.check.stack import KEY

pytestmark = pytest.mark.slow

QUERY = Paged(
    "let since = datetime(2026-03-01T12:00:00Z);\nlet until = datetime(2026-03-01T12:16:00Z);\n"
    "AzureDiagnostics\n| take 4"
)


def busy(run: Run, *, deployment: str = "theirs", rows: int = 3000) -> None:
    """Requests of others to the account, most of them newer than ours."""
    for number in range(rows):
        time = run.clock.now() + timedelta(seconds=number / 50 - 5)
        row = {"TimeGenerated": time, "CorrelationId": f"x-{number}", "ResultSignature": "200"}
        run.azure._add(DIAGNOSTICS, row | {"Deployment": deployment})


def test_a_busy_account_is_no_alarm(run: Run) -> None:
    busy(run, rows=6000)
    run.azure.change = {DIAGNOSTICS: unknown_id}

    assert run("--timeout", "2").verdict == "proven"


def test_a_key_behind_a_thousand_newer_rows_is_found(run: Run) -> None:
    busy(run)
    run.azure.change = {DIAGNOSTICS: lambda row: row | {"properties_s": f"api-key {KEY}"}}

    report = run("--timeout", "2")

    assert ends(report)["no-secrets"] == "failed"
    assert "AzureDiagnostics.properties_s holds the caller's key" in of(report, "no-secrets")[1]


def test_rows_that_cannot_all_be_read_prove_nothing(run: Run) -> None:
    for number in range(questions.MOST_ROWS):
        time = run.clock.now() + timedelta(microseconds=number)
        run.azure._add(DIAGNOSTICS, {"TimeGenerated": time, "CorrelationId": f"x-{number}"})

    report = run("--timeout", "1")

    assert ends(report)["no-secrets"] == "timeout"
    assert "more than 1000 rows in a second" in of(report, "no-secrets")[1]


def test_an_answer_that_is_full_is_asked_for_in_halves() -> None:
    asked: list[str] = []

    def ask(kql: str) -> list[Row]:
        asked.append(kql)
        full = "12:00:00" in kql and kql.count("12:0") == 1
        return [{"number": len(asked)}] * (4 if full else 2)

    assert len(whole(ask, QUERY)) == 4
    assert "let since = datetime(2026-03-01T12:00:00Z);" in asked[0]
    assert any("let until = datetime(2026-03-01T12:08:00.000000Z);" in kql for kql in asked[1:])
    assert any("let since = datetime(2026-03-01T12:08:00.000000Z);" in kql for kql in asked[1:])
    assert len(asked) == 3


def test_there_is_an_end_to_halving() -> None:
    asked: list[str] = []

    def ask(kql: str) -> list[Row]:
        asked.append(kql)
        return [{}] * 4

    with pytest.raises(NotYetError, match="more than 4 rows in a second"):
        whole(ask, QUERY)
    assert len(asked) < MOST_PAGES


def test_only_a_paged_query_is_read_in_pages() -> None:
    asked: list[str] = []

    def ask(kql: str) -> list[Row]:
        asked.append(kql)
        return [{}] * 4

    assert len(whole(ask, str(QUERY))) == 4
    assert len(asked) == 1
