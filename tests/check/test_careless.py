"""Calls of careless callers: their tokens are known, or nobody could know them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.check.arm import ACCOUNT
from tests.check.conftest import Run
from tests.check.reading import LLM, LOGS, NO_BODIES, ends, of
from tests.check.stack import Row, deployment

pytestmark = pytest.mark.slow

VECTORS = deployment("vectors", "text-embedding-3-small", kind="embeddings", capacity=10)
HEADER = {"accountingHeader": "x-gateway-accounting"}
STACK: Row = {"deployments": [deployment(), VECTORS], **HEADER}
NAMED = "/v1/responses/{response-id}"
SHARED: Row = {
    "operations": {
        "POST /v1/responses": "V1_Responses_Create",
        f"GET {NAMED}": "V1_Responses_Get",
        f"DELETE {NAMED}": "V1_Responses_Delete",
    },
    "storedResponses": "share",
    **HEADER,
}
DOCUMENT = {"POST /v1/responses": "V1_Responses_Create"}


def asked(run: Run, *, inputs: int) -> list[Any]:
    """The bodies of embeddings of so many inputs."""
    bodies = [json.loads(r.content) for r in run.azure.requests if "embeddings" in r.url.path]
    return [body for body in bodies if len(body["input"]) == inputs]


def many(row: Row) -> bool:
    return int(row.get("RequestSize") or 0) > 8000


def test_embeddings_of_many_inputs_are_known_by_the_header(run: Run) -> None:
    run.azure.change = {LOGS: lambda row: NO_BODIES(row) if many(row) else row}
    report = run(**STACK)

    assert report.verdict == "proven", [line for line in report.proofs if line.status != "seen"]
    assert len(asked(run, inputs=2048)) == 1
    assert "in x-gateway-accounting" in of(report, "careless")[1]


def test_many_inputs_without_content_are_told_from_others_by_the_header(run: Run) -> None:
    report = run("--timeout", "20", **STACK, capture="metadata")

    assert ends(report)["careless"] == "seen"
    assert ends(report)["whole"] == "seen"


def test_a_header_that_is_not_logged_fails(run: Run) -> None:
    dropped = {**NO_BODIES({}), "ResponseHeaders": "{}"}
    run.azure.change = {LOGS: lambda row: row | (dropped if many(row) else {})}

    status, detail, _ = of(run("--timeout", "2", **STACK), "careless")
    assert (status, "x-gateway-accounting is not in ResponseHeaders" in detail) == ("failed", True)


@pytest.mark.parametrize(
    "changes", [{"capacity": 1}, {"model": "text-embedding-ada-002"}, {"kind": "chat"}]
)
def test_a_deployment_that_is_not_fit_gets_no_many_inputs(run: Run, changes: Row) -> None:
    report = run(deployments=[deployment(), VECTORS | changes], **HEADER)

    assert report.verdict == "proven"
    assert not asked(run, inputs=2048)


@pytest.mark.parametrize(
    ("logged", "said"),
    [
        ({"LastErrorReason": "ClientConnectionFailure"}, "200 ClientConnectionFailure"),
        ({"ResponseCode": 499}, "logged as its caller's (499)"),
        ({"ResponseCode": 0, "LastErrorReason": "ClientConnectionFailure"}, "0 Client"),
        ({}, "hang-up: 28 tokens in"),
    ],
)
@pytest.mark.parametrize("capture", ["full", "metadata"])
def test_a_caller_that_hangs_up_is_told(run: Run, logged: Row, said: str, capture: str) -> None:
    run.azure.left = logged
    report = run("--timeout", "20", capture=capture)

    assert report.verdict == "proven", [line for line in report.proofs if line.status != "seen"]
    assert of(report, "careless")[0] == "seen"
    assert said in of(report, "careless")[1]


def test_a_hang_up_that_no_log_tells_is_not_judged(run: Run) -> None:
    run.azure.left = {"LastErrorReason": ""}
    report = run()

    assert of(report, "careless")[0] == "unjudged"
    assert report.verdict == "unjudged"
    assert run("--allow", "careless/hang-up").verdict == "proven"


def test_a_hang_up_that_is_not_logged_is_waited_for(run: Run) -> None:
    run.azure.change = {
        LOGS: lambda row: None if row["CorrelationId"] == "corr-3" else row,
        LLM: lambda row: None if row["CorrelationId"] == "corr-3" else row,
    }

    status, detail, _ = of(run("--timeout", "2"), "careless")
    assert (status, detail.partition(":")[0]) == ("timeout", "hang-up")


def test_tokens_beside_what_a_hang_up_may_cost_are_an_alarm(run: Run) -> None:
    def more(row: Row) -> Row:
        return row | ({"Total": 9000.0} if row.get("MetricName") == "GeneratedTokens" else {})

    run.azure.change = {ACCOUNT: more}
    assert ends(run("--timeout", "40"))["reconciled"] == "failed"


def test_a_response_in_the_background_is_refused(run: Run) -> None:
    report = run(operations=DOCUMENT)

    assert report.verdict == "proven", [line for line in report.proofs if line.status != "seen"]
    assert "background response: 403" in of(report, "careless")[1]


def test_a_response_in_the_background_is_known_once_it_was_read(run: Run) -> None:
    run.azure.keeps_apart = False
    report = run(**SHARED)

    assert report.verdict == "proven", [line for line in report.proofs if line.status != "seen"]
    assert "(in the background): " in of(report, "careless")[1]
    assert "in x-gateway-accounting" in of(report, "careless")[1]
    assert not run.azure.stored.kept, "the check leaves nothing behind"
    assert "as callers were told" in of(report, "reconciled")[1]


def test_tokens_of_the_background_that_no_header_tells_are_missed(run: Run) -> None:
    run.azure.keeps_apart = False
    run.azure.change = {
        LOGS: lambda row: row | ({"ResponseHeaders": "{}"} if "resp_" in row["Url"] else {})
    }
    status, detail, _ = of(run("--timeout", "2", **SHARED), "careless")

    assert (status, "(in the background): no row" in detail) == ("timeout", True)


def test_other_tokens_of_the_background_than_were_told_fail(run: Run) -> None:
    def wrong(row: Row) -> Row:
        told = str(row.get("ResponseHeaders")).replace("total_tokens:", "total_tokens:9")
        return row | ({"ResponseHeaders": told} if "background" in told else {})

    run.azure.keeps_apart = False
    run.azure.change = {LOGS: wrong}

    status, detail, _ = of(run("--timeout", "20", **SHARED), "careless")
    assert (status, "but the caller was told" in detail) == ("failed", True)


def test_a_response_that_does_not_end_in_time_is_not_judged(run: Run) -> None:
    run.azure.keeps_apart, run.azure.stored.ends = False, False
    report = run(**SHARED)

    assert of(report, "careless")[0] == "unjudged"
    assert "no response in the background ended while it was read" in of(report, "careless")[1]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("fault", [500, 403, 0])
def test_what_the_check_has_stored_is_deleted_or_named(run: Run, method: str, fault: int) -> None:
    run.azure.keeps_apart, handle = False, run.azure.handle

    def failing(request: httpx.Request) -> httpx.Response:
        if request.method != method or "/responses/resp_" not in request.url.path:
            return handle(request)
        if not fault:
            raise httpx.ConnectError("reset")
        return httpx.Response(fault, json={"error": {"message": "no"}})

    run.azure.handle = failing  # type: ignore[method-assign]
    run(**SHARED)

    said = " ".join(run.screen.getvalue().split())
    if method == "GET":
        assert not run.azure.stored.kept
        return
    (left,) = run.azure.stored.kept
    assert f"{left} is still stored" in said
    assert ("ConnectError" if not fault else f"HTTP {fault}") in said


def test_a_policy_that_lets_responses_run_in_the_background_fails(run: Run) -> None:
    run.azure.keeps_apart = False

    status, detail, fix = of(run(operations=DOCUMENT), "careless")
    assert status == "failed"
    assert "background response: not refused with 403" in detail
    assert "must refuse them" in fix
