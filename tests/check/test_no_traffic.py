"""`--no-traffic`: calls of others, of which the newest tells how things stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queries.check.proofs import PROOFS
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, NO_BODIES, ends, lost, of
from tests.check.stack import Row, deployment

pytestmark = pytest.mark.slow

DOCUMENT = {
    "POST /v1/responses": "V1_Responses_Create",
    "POST /deployments/{deployment-id}/chat/completions": "ChatCompletions_Create",
}


def test_a_stale_row_is_not_what_the_newest_call_is_judged_by(run: Run) -> None:
    """Twenty hours ago all was well; since then no body is logged."""
    run()
    run.clock.time += 20 * 3600
    run.azure.change = {LOGS: NO_BODIES}
    run("--timeout", "1")

    report = run("--no-traffic")

    assert (report.status, of(report, "prompt")[0]) == (1, "failed")
    assert "without any body" in of(report, "prompt")[1]


def test_rows_that_are_lost_since_are_missed(run: Run) -> None:
    run()
    run.clock.time += 3600
    run.azure.change = {LLM: lost, DIAGNOSTICS: lost}
    run("--timeout", "1")
    run.clock.time += 16 * 60

    report = run("--no-traffic")

    assert report.status == 3
    assert (ends(report)["messages"], ends(report)["account"]) == ("timeout", "timeout")


def test_rows_under_way_are_no_alarm(run: Run) -> None:
    """The newest call's rows of the LLM log and the account are not there yet."""
    run()
    run.clock.time += 3600
    run.azure.change = {LLM: lost, DIAGNOSTICS: lost}
    run("--timeout", "1")

    assert run("--no-traffic").verdict == "proven"


def test_each_deployment_is_judged_by_its_own_newest_call(run: Run) -> None:
    """Only one of two deployments is logged without bodies, and it is not the newest."""
    other = [deployment(), deployment("b")]
    run.azure.change = {LOGS: lambda r: NO_BODIES(r) if "/text-turbo/" in r["Url"] else r}
    run("--timeout", "1", deployments=other)
    run.clock.time += 60
    run(deployments=[deployment("b")])

    detail = of(run("--no-traffic", deployments=other), "prompt")[1]

    assert detail.startswith("text-turbo: the row came without any body")


def test_a_deployment_that_nobody_called_is_not_judged(run: Run) -> None:
    run()

    report = run("--no-traffic", deployments=[deployment(), deployment("b"), deployment("c")])

    called = {name: end for name, end in ends(report).items() if name.startswith("call:")}
    assert called == {"call:text-turbo": "seen", "call:b": "skipped", "call:c": "skipped"}
    assert "run without --no-traffic" in of(report, "call:b")[2]
    assert (report.status, "call" in ends(report)) == (0, False)
    assert "4 with nothing to judge" in run.screen.getvalue().splitlines()[-2]


def test_a_busy_deployment_does_not_hide_another(run: Run) -> None:
    other = [deployment(), deployment("b")]
    run(deployments=[other[1]])
    for _ in range(4):
        run.clock.time += 60
        run(deployments=[other[0]])

    report = run("--no-traffic", deployments=other)

    assert report.verdict == "proven"
    assert of(report, "call:b")[:2] == ("seen", "answered a call at 2026-03-01 12:00:30")


def test_every_proof_but_that_of_ones_own_calls_is_judged(run: Run) -> None:
    run()

    report = run("--no-traffic")

    assert {name for name, end in ends(report).items() if end == "skipped"} == {"long", "streams"}
    assert {name.partition(":")[0] for name in ends(report)} == {p.id for p in PROOFS} - {
        "account-closed",
        "accounts",
        "apart",
        "careless",
        "copies",
        "expires",
        "gateway-closed",
        "limits",
        "no-content",
        "reconciled",
    }


def only_v1(run: Run) -> None:
    rows = run.azure._rows
    run.azure._rows = [r for r in rows if not (r[1] == LOGS and "/deployments/" in r[2]["Url"])]


def test_calls_of_the_v1_surface_count(run: Run) -> None:
    run(operations=DOCUMENT)
    only_v1(run)

    report = run("--no-traffic", operations=DOCUMENT)

    assert report.verdict == "proven"
    assert ends(report)["call:text-turbo"] == "seen"
    assert of(report, "operation")[1] == "text-turbo (responses): V1_Responses_Create"
    assert of(report, "messages")[:2] == (
        "skipped",
        "not judged: no answered call of the kind that this proof is about",
    )


V1_OPERATIONS = DOCUMENT | {"POST /v1/chat/completions": "V1_ChatCompletions_Create"}


def as_v1(row: Row) -> Row:
    url = "https://apim-x.azure-api.net/openai/v1/chat/completions"
    bodies: Row = {}
    if row["RequestBody"]:
        # A long one: cut behind the model's name.
        body = json.dumps({"model": "text-turbo"} | json.loads(row["RequestBody"]))[:-9]
        bodies = dict.fromkeys(("RequestBody", "BackendRequestBody"), body)
    return row | {"Url": url, "OperationId": "V1_ChatCompletions_Create"} | bodies


@pytest.mark.parametrize("capture", ["full", "metadata"])
def test_the_v1_surface_names_its_deployment_in_the_body(run: Run, capture: str) -> None:
    """Without bodies the LLM log names it."""
    stack: dict[str, Any] = {"operations": V1_OPERATIONS, "capture": capture}
    logged = "text-turbo" if capture == "metadata" else ""
    run.azure.change = {LOGS: as_v1, LLM: lambda row: row | {"DeploymentName": logged}}
    run("--timeout", "0", **stack)
    run.azure._rows = [r for r in run.azure._rows if r[2].get("ResponseCode") in {None, 200}]

    report = run("--no-traffic", **stack)

    assert report.verdict == "proven", [line for line in report.proofs if line.status != "seen"]
    assert "text-turbo (v1/chat/completions): " in of(report, "caller")[1]


def test_a_v1_call_whose_deployment_no_log_names_is_not_guessed(run: Run) -> None:
    run(operations=DOCUMENT, capture="metadata")
    only_v1(run)

    report = run("--no-traffic", operations=DOCUMENT, capture="metadata")

    assert (report.status, ends(report)["call:text-turbo"]) == (3, "timeout")
