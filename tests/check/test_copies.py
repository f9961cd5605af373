"""The second copies of the logs: what the workspace has of a call, each copy has too."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from queries.blobs import NoBlobsError, Record
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, of
from tests.check.stack import Row

TABLES = {"GatewayLogs": LOGS, "GatewayLlmLogs": LLM, "RequestResponse": DIAGNOSTICS}
ARCHIVE = {"name": "archive", "blobEndpoint": "https://starchive.blob.core.windows.net"}
HUB = {"name": "siem", "eventHub": "/subscriptions/s/…/authorizationRules/Root"}


class Storage:
    """Holds a record of each row that the workspace has, as `change` leaves it."""

    def __init__(self, run: Run, change: Callable[[str, Row], Row | None] | None = None) -> None:
        self.run, self.change = run, change or (lambda _, row: row)
        self.asked: list[tuple[str, str, frozenset[datetime]]] = []
        self.problem: NoBlobsError | None = None

    def records(self, category: str, resource_id: str, hours: frozenset[datetime]) -> list[Record]:
        self.asked.append((category, resource_id, hours))
        if self.problem:
            raise self.problem
        rows = [row for _, table, row in self.run.azure._rows if table == TABLES[category]]
        kept = [self.change(category, row) for row in rows]
        return [_record(row) for row in kept if row is not None]


def _record(row: Row) -> Record:
    names = {name: name[0].lower() + name[1:] for name in row.keys() - {"Request", "Response"}}
    fields = {written: row[name] for name, written in names.items()}
    properties = json.dumps(fields, default=str)
    return {"correlationId": row["CorrelationId"], "properties": json.loads(properties)}


def storage(run: Run, change: Callable[[str, Row], Row | None] | None = None) -> Storage:
    made = Storage(run, change)
    run.blobs = lambda endpoint: {ARCHIVE["blobEndpoint"]: made}[endpoint]
    return made


def test_a_whole_copy_is_seen(run: Run) -> None:
    made = storage(run)
    report = run("--sink", copies=[ARCHIVE])
    assert (report.status, ends(report)["copies"]) == (0, "seen"), of(report, "copies")
    said = of(report, "copies")[1]
    for part in ("GatewayLogs of gateway", "GatewayLlmLogs of gateway", "RequestResponse of acc"):
        assert f"archive: {part}" in said
    assert {(category, one) for category, one, _ in made.asked} == {
        ("GatewayLogs", GATEWAY),
        ("GatewayLlmLogs", GATEWAY),
        ("RequestResponse", ACCOUNT),
    }
    this = run.clock.now().replace(minute=0, second=0, microsecond=0)
    assert all(this in hours for _, _, hours in made.asked)


def test_nobody_reads_a_copy_unasked(run: Run) -> None:
    report = run(copies=[ARCHIVE])
    assert (report.status, ends(report)["copies"]) == (0, "skipped")
    assert "--sink" in of(report, "copies")[2]
    assert "copies" not in ends(run())


def test_a_stack_without_a_copy_cannot_be_asked_for_it(run: Run) -> None:
    report = run("--sink")
    assert (report.status, report.error) == (2, "the stack has no second copy")


def _without(**columns: Any) -> Callable[[str, Row], Row]:
    return lambda _, row: {**row, **{name: value for name, value in columns.items() if name in row}}


def _less(lost: str) -> Callable[[str, Row], Row | None]:
    return lambda found, row: None if found == lost else row


LOSSES: dict[str, Callable[[str, Row], Row | None]] = {
    **{f"no {category}": _less(category) for category in TABLES},
    "other ids": lambda _, row: {**row, "CorrelationId": "other"},
    "no bodies": _without(RequestBody="", BackendRequestBody=""),
    "no messages": _without(Request="", RequestMessages=""),
    "no tokens": _without(TotalTokens=0),
    "one call alone": lambda _, row: row if row["CorrelationId"].endswith("-1") else None,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_lost_on_the_way_to_a_copy_is_missed(run: Run, loss: str) -> None:
    storage(run, LOSSES[loss])
    report = run("--sink", "--timeout", "5", copies=[ARCHIVE])
    status, detail, fix = of(report, "copies")
    assert (report.status, status) == (3, "timeout"), detail
    assert "archive: " in detail
    assert "trusted Microsoft services" in fix
    assert {status for name, status in ends(report).items() if name != "copies"} <= {
        "seen",
        "skipped",
    }


def test_other_tokens_than_the_workspace_has_fail(run: Run) -> None:
    storage(run, _without(TotalTokens=7))
    report = run("--sink", copies=[ARCHIVE])
    status, detail, _ = of(report, "copies")
    assert (report.status, status) == (1, "failed")
    assert "7 tokens, where the workspace has" in detail


def test_a_prompt_in_a_copy_of_metadata_fails(run: Run) -> None:
    run.azure.capture = "metadata"

    def leak(category: str, row: Row) -> Row:
        body = " ".join(json.loads(one.content)["messages"][0]["content"] for one in sent(run))
        return {**row, "RequestBody": body} if category == "GatewayLogs" else row

    storage(run, leak)
    report = run("--sink", capture="metadata", copies=[ARCHIVE])
    assert of(report, "copies")[:2][0] == "failed", of(report, "copies")
    assert "holds the prompt" in of(report, "copies")[1]


def sent(run: Run) -> list[Any]:
    return [one for one in run.azure.requests if b'"messages"' in one.content]


def test_a_late_record_is_waited_for(run: Run) -> None:
    made = storage(run)
    made.problem = NoBlobsError("no record has come yet", later=True)
    sleep = run.clock.sleep

    def slept(seconds: float) -> None:
        sleep(seconds)
        if len(made.asked) > 8:
            made.problem = None

    run.clock.sleep = slept  # type: ignore[method-assign]
    assert run("--sink", copies=[ARCHIVE]).status == 0
    assert len(made.asked) > 8


def test_what_cannot_be_read_is_no_pass(run: Run) -> None:
    made = storage(run)
    made.problem = NoBlobsError("not read: 400", fix="mend it")
    report = run("--sink", copies=[ARCHIVE])
    assert (report.status, *of(report, "copies")[::2]) == (4, "unjudged", "mend it")
    assert run("--sink", "--allow", "copies/archive", copies=[ARCHIVE]).status == 0


def test_an_event_hub_is_not_judged(run: Run) -> None:
    storage(run)
    report = run("--sink", copies=[ARCHIVE, HUB])
    assert (report.status, ends(report)["copies"]) == (4, "unjudged")
    assert run("--sink", "--allow", "copies/siem", copies=[ARCHIVE, HUB]).status == 0


def test_a_copy_of_the_gateway_alone_has_nothing_of_the_account(run: Run) -> None:
    made = storage(run)
    report = run("--sink", copies=[{**ARCHIVE, "of": ["gateway"]}])
    assert report.status == 0
    assert {category for category, _, _ in made.asked} == {"GatewayLogs", "GatewayLlmLogs"}


def test_calls_of_others_are_found_in_a_copy(run: Run) -> None:
    run()
    storage(run)
    assert run("--no-traffic", "--sink", copies=[ARCHIVE]).status == 0
    storage(run, LOSSES["no GatewayLogs"])
    assert of(run("--no-traffic", "--sink", copies=[ARCHIVE]), "copies")[0] == "timeout"
