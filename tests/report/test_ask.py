"""Asking the workspace: what is tried again, what is told, what ends the run."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from rich.console import Console

from queries import library, outputs
from queries.clock import Clock
from queries.errors import CannotRunError
from queries.pages import Paged
from queries.report import headlines, questions
from queries.report.__main__ import main
from queries.report.ask import PAUSES
from queries.report.period import of
from queries.report.run import World
from queries.workspace import NO_ANSWER, NoTableError, NotYetError, RefusedError, _meaning, whole
from tests.queries.test_analyzer import analyze
from tests.queries.truth import Call
from tests.report.fortnight import (
    BUDGETS,
    OUTPUTS,
    PRICES,
    TARGET,
    UNTIL,
    Cutting,
    Stored,
    target,
    workspace,
)

Reply = Callable[[str], list[dict[str, Any]]]


class Still(Clock):
    """A clock that waits for nobody, and remembers."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Answering:
    """A workspace whose every query has the reply's answer, read as the real one's are."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    def query(self, query: str | Paged) -> list[dict[str, Any]]:
        return whole(self.reply, query)


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def report(tmp_path: Path, clock: Still) -> Callable[..., tuple[int, str, str]]:
    """Run the command against a workspace; its status, its page, what it said."""

    def run(reply: Reply, outputs: object = OUTPUTS) -> tuple[int, str, str]:
        (tmp_path / "outputs.json").write_text(json.dumps(outputs))
        said, page = io.StringIO(), tmp_path / "report.html"
        world = World(console=Console(file=said), clock=clock, workspace=lambda _: Answering(reply))
        given = ["--outputs", str(tmp_path / "outputs.json"), "--out", str(page)]
        status = main([*given, "--days", "14", "--until", UNTIL.isoformat()], world)
        assert {file.name for file in tmp_path.iterdir()} <= {"outputs.json", "report.html"}
        return status, page.read_text() if page.exists() else "", said.getvalue()

    return run


def raising(error: Exception) -> Reply:
    def reply(kql: str) -> list[dict[str, Any]]:
        raise error

    return reply


def test_a_throttled_query_is_asked_again(report: Any, stored: Stored, clock: Still) -> None:
    seen: set[str] = set()

    def reply(kql: str) -> list[dict[str, Any]]:
        if "| top 15 by TotalTokens" in kql and kql not in seen:
            seen.add(kql)
            raise NotYetError("the workspace answered 429")
        return stored.query(kql)

    status, page, _ = report(reply)

    assert (status, clock.slept) == (0, [PAUSES[0]])
    assert 'class="warnings"' not in page


def test_what_stays_unanswered_is_told_at_the_top(report: Any, stored: Stored) -> None:
    def reply(kql: str) -> list[dict[str, Any]]:
        if kql.startswith("// Tokens by caller address"):
            raise NotYetError("the workspace answered only in part")
        return stored.query(kql)

    status, page, said = report(reply)

    assert status == 4
    aside = page.partition('class="warnings"')[2].partition("</aside>")[0]
    assert "tokens-by-caller-ip.kql had no answer: the workspace answered only in part" in aside
    assert "without an answer, as the page says: tokens-by-caller-ip" in said


def tiles(page: str) -> dict[str, str]:
    """Return the text of each figure at the top by its label."""
    parts = re.findall(r'<div class="tile[^>]*>\n<h2>([^<]+)</h2>(.*?)</div>', page, re.DOTALL)
    assert len(parts) >= 6
    return dict(parts)


@pytest.mark.parametrize("lost", [1, 3, 15])
def test_a_page_of_a_proxy_is_no_answer_to_report_and_is_never_all(
    report: Any, stored: Stored, lost: int
) -> None:
    """Whichever questions it is, each figure that needs one is unknown, and no other is."""
    asked = questions.of(outputs.target(OUTPUTS), of(14, UNTIL))
    known = {kql: stored.query(kql) for kql in {one.kql for one in asked.values()}}
    keys = list(asked)
    for first in range(0, len(keys), lost):
        gone = set(keys[first : first + lost])
        texts = {asked[key].kql for key in gone}

        def reply(kql: str, texts: set[str] = texts) -> list[dict[str, Any]]:
            if kql in texts:
                raise NotYetError(NO_ANSWER)
            return known[kql] if kql in known else stored.query(kql)

        status, page, said = report(reply)

        assert status == 4, gone
        assert "without an answer, as the page says" in said
        for label, text in tiles(page).items():
            unknown = bool(gone & set(headlines.NEEDS[label]))
            assert ("not known" in text) == unknown, (label, gone)
            assert not (unknown and "100" in text)


def test_an_interrupt_waits_for_no_query(report: Any, capsys: pytest.CaptureFixture[str]) -> None:
    begun, over = [], threading.Event()

    def reply(kql: str) -> list[dict[str, Any]]:
        begun.append(kql)
        if len(begun) == 2:
            raise KeyboardInterrupt
        over.wait(60)
        return []

    started = time.monotonic()
    status, page, _ = report(reply)
    took = time.monotonic() - started
    over.set()

    assert (status, page, took < 30) == (130, "", True)
    assert capsys.readouterr().err == "queries.report: interrupted\n"


def test_where_every_answer_is_a_page_of_a_proxy_there_is_no_report(report: Any) -> None:
    status, page, _ = report(raising(NotYetError(NO_ANSWER)))

    assert (status, page) == (2, "")


def test_tables_without_rows_leave_a_page_that_says_so(report: Any, clock: Still) -> None:
    status, page, _ = report(raising(NoTableError()))

    assert (status, clock.slept) == (0, [])
    assert page.count("a table that this query reads has no rows yet") > 15
    assert "<figure" not in page
    for part in ("usage", "callers", "latency", "errors", "unknown", "safety"):
        assert f'<section class="part" id="{part}"' in page


def test_a_percentile_of_nothing_is_not_known(report: Any) -> None:
    row = {"Deployment": "d", "Calls": 0, "P50": float("nan"), "P95": float("nan")}

    def reply(kql: str) -> list[dict[str, Any]]:
        return [{"Time": UNTIL, **row}] if kql.startswith("// Latency over time") else []

    status, page, _ = report(reply)

    assert status == 0
    assert "nan" not in page.partition('id="latency"')[2].partition("</section>")[0].lower()


def test_no_table_is_what_the_workspace_client_calls_it() -> None:
    error = HttpResponseError(message="Failed to resolve table or column expression")
    error.status_code = 400

    assert isinstance(_meaning(error), NoTableError)


def test_with_metadata_only_the_parts_say_why_texts_are_missing(
    report: Any, stored: Stored
) -> None:
    _, page, _ = report(stored.ask, {"proof": TARGET | {"capture": "metadata"}})

    assert page.count("The stack captures metadata only") == 2
    assert "queries/not-captured.kql" not in page
    assert 'id="budgets"' not in page


def test_a_sample_is_called_a_sample(report: Any, stored: Stored) -> None:
    _, page, _ = report(stored.ask, {"proof": TARGET | {"samplingPercentage": 25}})

    assert "The gateway logs 25 % of its calls" in page.partition("</aside>")[0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RefusedError("the workspace refuses to be read (403)", "give a role"), "give a role"),
        (CannotRunError("no identity to read the workspace with", "az login"), "az login"),
        (NotYetError("the workspace answered 503"), "no query was answered"),
        (CannotRunError("the workspace refuses a query: bad"), "no query was answered"),
    ],
)
def test_without_any_answer_there_is_no_page(
    report: Any, capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    status, page, _ = report(raising(error))

    told = capsys.readouterr().err
    assert (status, page) == (2, "")
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "proof",
    [
        None,
        {},
        TARGET | {"budgets": 3},
        TARGET | {"prices": [1]},
        TARGET | {"gatewayPrincipalId": 3},
        TARGET | {"deployments": [{"name": "d", "model": "m", "kind": "chat", "sku": 3}]},
    ],
)
def test_outputs_of_another_shape_are_refused(
    report: Any, capsys: pytest.CaptureFixture[str], proof: object
) -> None:
    status, _, _ = report(raising(AssertionError()), {"proof": proof})

    assert status == 2
    assert "proof" in capsys.readouterr().err


@pytest.mark.parametrize("days", [1, 365])
def test_every_question_is_accepted_and_returns_what_the_page_needs(
    stored: Stored, days: int
) -> None:
    asked = questions.of(target(prices=PRICES, budgets=BUDGETS), of(days, UNTIL))

    found = analyze({key: question.kql for key, question in asked.items()})
    assert not [wrong for wrong in found.values() if wrong]
    for question in asked.values():
        stored.query(question.kql)
        assert "| take" not in question.kql
        if not question.then:
            columns, _ = stored.database.answer(question.kql)
            assert tuple(columns) == library.columns(question.file)


def test_a_text_that_one_log_holds_whole_is_not_said_to_be_missing() -> None:
    """The gateway log cuts each long body; the LLM log has it whole unless a row of it is lost."""
    whole = Call(id="whole", prompt="all work and no play " * 600)
    lost = replace(whole, id="lost", lost=frozenset(range(9)))
    time = UNTIL - timedelta(hours=1)
    stored = Stored(workspace([(time, 1, whole), (time, 1, lost)]))

    (row,) = stored.query(questions.of(target(), of(1, UNTIL))["cut"].kql)

    assert row["Calls"] == 1
    assert "request body cut" in row["Why"]


def test_one_kind_of_failure_is_one_row(stored: Stored) -> None:
    rows = stored.query(questions.of(target(), of(14, UNTIL))["errors"].kql)

    kinds = [tuple(row[key] for key in row if key not in {"Calls", "Last"}) for row in rows]
    assert len(set(kinds)) == len(kinds) > 1


def test_a_month_of_a_budget_is_that_in_which_the_period_ends() -> None:
    for until, month in ((UNTIL, "2026-03"), (datetime(2026, 3, 1, tzinfo=UTC), "2026-02")):
        asked = questions.of(target(budgets=BUDGETS), of(7, until))
        assert f"let since = datetime({month}-01T00:00:00" in asked["budgets"].kql


def test_progress_names_each_question_and_its_time(report: Any, stored: Stored) -> None:
    _, _, said = report(stored.ask)

    assert " s  traffic (traffic.kql): " in said
    assert said.count(".kql): ") == 17
    assert said.splitlines()[-1].startswith("written: ")


def test_a_page_of_answers_that_were_cut_by_their_size_is_the_same(
    report: Any, stored: Stored
) -> None:
    """As with a thousand consumers, whose costs by day may be more than Azure answers at once."""
    asked = questions.of(target(), of(14, UNTIL))
    rows = {key: len(stored.query(one.kql)) for key, one in asked.items()}
    most = max(number for key, number in rows.items() if not asked[key].paged)
    assert min(number for key, number in rows.items() if asked[key].paged) > most
    cutting = Cutting(stored.database, most)

    status, page, _ = report(cutting.ask)

    assert (status, cutting.cut > 0) == (0, True)
    assert _rounded(page) == _rounded(report(stored.ask)[1])


def _rounded(page: str) -> str:
    """A page without its minute and waits, and sums without what the order of adding does."""
    undated = re.sub(r"Made.{0,60}?\d\d:\d\d|\d+\.\d s</td>", "", page, flags=re.DOTALL)
    return re.sub(r"\d+\.\d{3,}", lambda found: f"{float(found[0]):.4f}", undated)
