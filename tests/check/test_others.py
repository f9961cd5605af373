"""`--no-traffic`: long texts, streams and refusals among the calls that others made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.check.conftest import Run
from tests.check.reading import BODIES, LLM, LOGS, ends, lost, of, without
from tests.check.stack import Row, deployment

pytestmark = pytest.mark.slow

ROOMY: dict[str, Any] = {"deployments": [deployment(capacity=10)]}
"""One deployment that the check calls with long texts."""
ATTEMPTS = ("refused", "error")


def later(run: Run) -> None:
    """Rows that have not come by now never will."""
    run.clock.time += 20 * 60


def test_long_texts_of_others_are_cut_in_one_log_and_complete_in_the_other(run: Run) -> None:
    run(**ROOMY)

    status, detail, _ = of(run("--no-traffic", **ROOMY), "long")

    assert status == "seen"
    assert "RequestBody is cut at 8192 bytes; RequestMessages are complete" in detail
    assert "ResponseBody is cut at 8192 bytes; ResponseMessages are complete" in detail


def test_long_texts_behind_many_short_ones_are_found(run: Run) -> None:
    run(**ROOMY)
    for _ in range(4):
        run.clock.time += 60
        run()

    assert of(run("--no-traffic", **ROOMY), "long")[0] == "seen"


def test_one_side_alone_is_judged_in_part(run: Run) -> None:
    run(**ROOMY)
    run.azure._rows = [r for r in run.azure._rows if " words about" not in str(r[2])]

    report = run("--no-traffic", **ROOMY)

    assert of(report, "long")[0] == "seen"
    assert "no completion over the body limit" in of(report, "long")[1]
    assert "proofs seen, 1 with nothing to judge, long, refused in part in" in run.screen.getvalue()


@pytest.mark.parametrize("side", ["Request", "Response"])
def test_a_long_text_with_a_chunk_too_few_is_missed(run: Run, side: str) -> None:
    run.azure.change = {LLM: lambda row: row | {side: ""} if row["SequenceNumber"] == 5 else row}
    run("--timeout", "0", **ROOMY)
    later(run)

    report = run("--no-traffic", **ROOMY)

    assert (report.status, ends(report)["long"]) == (3, "timeout")
    assert "bytes so far, not all of them" in of(report, "long")[1]


def test_a_long_text_that_the_llm_log_lacks_is_missed(run: Run) -> None:
    run.azure.change = {LLM: lost}
    run("--timeout", "0", **ROOMY)
    later(run)

    assert ends(run("--no-traffic", **ROOMY))["long"] == "timeout"


def test_fewer_bytes_of_a_body_than_declared_are_told(run: Run) -> None:
    run(bodyBytes=100, **ROOMY)

    status, detail, _ = of(run("--no-traffic", **ROOMY), "long")

    assert status == "failed"
    assert "Body holds 100 bytes of the 8192 it should" in detail


def test_a_long_stream_of_others_is_cut_in_one_log_and_complete_in_the_other(run: Run) -> None:
    body = 'data: {"id": "chatcmpl-1", "choices": []}\n\n' * 300
    run.azure.change = {LOGS: without(ResponseBody=body[:8192], ResponseSize=len(body))}
    run("--timeout", "0")

    status, detail, _ = of(run("--no-traffic"), "long")

    assert status == "seen"
    assert "ResponseBody is cut at 8192 bytes; ResponseMessages are complete" in detail


def test_an_answer_that_was_broken_off_is_no_alarm(run: Run) -> None:
    def broken_off(row: Row) -> Row:
        body = row["ResponseBody"]
        cut = body[: body.find("[DONE]")] if body.startswith("data:") else body
        return row | {"ResponseBody": cut, "BackendResponseBody": cut}

    run.azure.change = {LOGS: broken_off}
    run()

    report = run("--no-traffic")

    assert (report.verdict, of(report, "long")[0]) == ("proven", "skipped")
    assert "no completion over the body limit" in of(report, "long")[1]


def test_a_long_answer_that_the_llm_log_is_not_for_is_no_alarm(run: Run) -> None:
    """Vectors of full size pass the body limit, and have no entry in the LLM log."""
    vectors = deployment("vectors", "text-embedding-3-small", kind="embeddings")
    run.azure.change = {LOGS: without(ResponseBody="{" + "0" * 8191, ResponseSize=40000)}
    run("--timeout", "0", deployments=[deployment(), vectors])
    run.azure._rows = [r for r in run.azure._rows if "chat" not in str(r[2].get("Url"))]
    later(run)

    assert ends(run("--no-traffic", deployments=[deployment(), vectors]))["long"] == "skipped"


def test_texts_as_long_as_the_llm_log_takes_are_not_judged(run: Run) -> None:
    run(**ROOMY)
    (long,) = (r for r in run.azure.requests if len(r.content) > 8192)
    size = len(json.dumps(json.loads(long.content)["messages"]))

    status, detail, _ = of(run("--no-traffic", llmMessageBytes=size, **ROOMY), "long")

    assert status == "skipped"
    assert "RequestMessages are as long as llmMessageBytes" in detail


def test_an_entry_over_32_kb_is_no_alarm_where_the_llm_log_has_the_texts(run: Run) -> None:
    """Callers may be long on both sides, which the check itself never is."""
    empty = dict.fromkeys(BODIES, "")
    run.azure.change = {LOGS: without(RequestSize=30000, ResponseSize=30000, **empty)}
    run("--timeout", "0")
    stack: dict[str, Any] = {"llmLogging": False}

    report = run("--no-traffic")
    blind = run("--no-traffic", **stack)

    assert [of(report, name)[0] for name in ("prompt", "completion")] == ["skipped", "skipped"]
    assert "exceeded 32 KB, so Azure dropped its bodies" in of(report, "prompt")[1]
    assert ends(report)["long"] == "skipped", "what is lost is not cut"
    assert "lower bodyBytes" in of(blind, "prompt")[2]
    assert of(blind, "prompt")[0] == "failed"


def test_an_entry_over_32_kb_is_told_where_the_llm_log_has_no_such_call(run: Run) -> None:
    vectors = deployment("vectors", "text-embedding-3-small", kind="embeddings")
    empty = dict.fromkeys(BODIES, "")
    run.azure.change = {LOGS: without(RequestSize=30000, ResponseSize=30000, **empty)}
    run("--timeout", "0", deployments=[vectors])

    status, detail, _ = of(run("--no-traffic", deployments=[vectors]), "prompt")

    assert (status, "exceeded 32 KB" in detail) == ("failed", True)


def test_content_cannot_be_told_absent_before_the_llm_log_has_the_call(run: Run) -> None:
    run.azure.change = {LLM: lost}
    run("--timeout", "0", capture="metadata")
    later(run)

    status, detail, _ = of(run("--no-traffic", capture="metadata"), "no-content")

    assert (status, "not in ApiManagementGatewayLlmLog yet" in detail) == ("timeout", True)


def streamed_to_others(run: Run, **changes: Any) -> None:
    """Calls whose entries in the LLM log say that they were streamed."""
    run.azure.change |= {LLM: without(IsStreamCompletion=True, **changes)}
    run("--timeout", "0")
    later(run)


def test_a_stream_of_others_may_lack_a_body_if_the_llm_log_has_it(run: Run) -> None:
    run.azure.change = {LOGS: without(ResponseBody="", BackendResponseBody="")}
    streamed_to_others(run)

    assert "no body of a streamed answer" in of(run("--no-traffic"), "completion")[1]


def test_a_stream_of_others_without_usage_is_told_apart(run: Run) -> None:
    streamed_to_others(run, PromptTokens=0, CompletionTokens=0, TotalTokens=0)

    status, detail, fix = of(run("--no-traffic"), "tokens")

    assert (status, "its tokens are unknown" in detail) == ("skipped", True)
    assert "include_usage" in fix


def test_refusals_of_others_are_judged(run: Run) -> None:
    run()

    report = run("--no-traffic")

    when = "2026-03-01 12:00:30"
    assert of(report, "error")[:2] == ("seen", f"unknown deployment: 404 at {when}")
    assert of(report, "refused")[:2] == (
        "seen",
        f"not judged: no key: no such call among the rows looked at; wrong key: 401 at {when}",
    )


def test_refusals_that_nobody_met_are_not_judged(run: Run) -> None:
    run.azure.change = {LOGS: lambda row: row if row["ResponseCode"] == 200 else None}
    run("--timeout", "0")

    report = run("--no-traffic")

    assert report.verdict == "proven"
    assert [ends(report)[name] for name in ATTEMPTS] == ["skipped", "skipped"]
    assert all("run without --no-traffic" in of(report, name)[2] for name in ATTEMPTS)


@pytest.mark.parametrize(
    ("change", "proof", "says"),
    [
        (lambda r: r | {"ResponseBody": ""}, "error", "the error is not in ResponseBody"),
        (lambda r: r | {"ResponseCode": 200}, "error", "ResponseCode is 200, not 404"),
        (lambda r: r | {"ResponseCode": 200}, "refused", "ResponseCode is 200, not 401"),
    ],
)
def test_refusals_of_others_logged_otherwise_fail(
    run: Run, change: Any, proof: str, says: str
) -> None:
    run.azure.change = {LOGS: lambda r: change(r) if r["ResponseCode"] != 200 else r}
    run("--timeout", "0")

    report = run("--no-traffic")

    assert of(report, proof)[0] == "failed"
    assert says in of(report, proof)[1]


def test_of_refusals_of_others_the_newest_counts(run: Run) -> None:
    """What was logged wrongly yesterday, and is logged rightly since, is mended."""
    run.azure.change = {LOGS: lambda r: r | {"ResponseBody": ""} if r["ResponseCode"] == 404 else r}
    run("--timeout", "0")
    run.azure.change = {}
    run.clock.time += 60
    run()

    assert ends(run("--no-traffic"))["error"] == "seen"


def test_another_404_is_not_taken_for_that_of_an_unknown_deployment(run: Run) -> None:
    run.azure.change = {
        LOGS: lambda r: r | {"ResponseBody": "{}"} if r["ResponseCode"] == 404 else r
    }
    run("--timeout", "0")

    assert ends(run("--no-traffic"))["error"] == "skipped"


def test_a_404_of_another_operation_is_none_of_a_deployment(run: Run) -> None:
    """Bodies this small do not tell what was not found."""
    url = "https://apim-x.azure-api.net/openai/v1/responses/resp_1"
    run.azure.change = {LOGS: lambda r: r | {"Url": url} if r["ResponseCode"] == 404 else r}
    run("--timeout", "0", bodyBytes=100)

    assert ends(run("--no-traffic", bodyBytes=100))["error"] == "skipped"


def test_a_deployment_hidden_by_many_calls_is_said_to_be_hidden(run: Run) -> None:
    run()
    for number in range(500):
        run.azure._add(LOGS, run.azure._rows[0][2] | {"CorrelationId": f"more-{number}"})

    report = run("--no-traffic", deployments=[deployment(), deployment("b")])

    assert "no answered call to it among the newest 500 in the last" in of(report, "call:b")[1]
