"""Streams come apart, and with the defaults no log of the gateway holds an answer's body."""

from __future__ import annotations

from typing import Any

import pytest

from tests.check.arm import DIAGNOSTIC, POLICY
from tests.check.conftest import Run
from tests.check.reading import LLM, LOGS, ends, of, without
from tests.check.stack import deployment

pytestmark = pytest.mark.slow

DEFAULT: dict[str, Any] = {
    "logResponseBodies": False,
    "accountingHeader": "x-told",
    "backendTimeoutSeconds": 600,
    "operations": {
        "POST /v1/responses": "V1_Responses_Create",
        "POST /deployments/{deployment-id}/chat/completions": "ChatCompletions_Create",
        "POST /deployments/{deployment-id}/embeddings": "Embeddings_Create",
    },
    "deployments": [
        deployment(capacity=100),
        deployment("small", "text-embedding-3-small", kind="embeddings"),
    ],
}


def test_the_defaults_are_proven_without_bodies_of_responses(run: Run) -> None:
    report = run(**DEFAULT)
    assert report.verdict == "proven", run.screen.getvalue()
    assert "in ResponseMessages" in of(report, "completion")[1]
    assert "of the account" in of(report, "error")[1]
    assert "RequestBody is cut" in of(report, "long")[1]


def test_tokens_of_embeddings_come_from_the_header(run: Run) -> None:
    report = run(**DEFAULT | {"deployments": DEFAULT["deployments"][1:]})
    assert report.verdict == "proven", run.screen.getvalue()
    assert of(report, "tokens")[1].startswith("small: 21 + 0 = 21 in x-told")
    assert of(report, "completion")[:1] == ("skipped",)


def test_calls_of_others_are_judged_without_bodies_of_responses(run: Run) -> None:
    run("--timeout", "0", **DEFAULT)
    report = run("--no-traffic", **DEFAULT)
    assert report.verdict == "proven", run.screen.getvalue()
    assert of(report, "completion")[0] == "seen"
    assert "ResponseBody is not logged; ResponseMessages are complete" in of(report, "long")[1]
    assert "neither the policy nor logged bodies" in of(report, "streams")[1]


@pytest.mark.parametrize("kind", ["long", "completion", "messages"])
def test_an_answer_in_no_log_is_waited_for(run: Run, kind: str) -> None:
    run.azure.change = {LLM: without(Response="")}
    report = run("--timeout", "1", **DEFAULT)
    assert ends(report)[kind] == "timeout"


def test_another_answer_in_the_llm_log_fails(run: Run) -> None:
    changed = {"Response": '[{"content":"no"}]', "SequenceNumber": 3}
    run.azure.change = {LLM: lambda row: row | changed if row["Response"] else row}
    report = run("--timeout", "1", **DEFAULT)
    assert ends(report)["completion"] == "failed"


def test_tokens_that_no_log_tells_fail_with_the_header(run: Run) -> None:
    run.azure.change = {LOGS: without(ResponseHeaders="{}")}
    status, detail, fix = of(run("--timeout", "1", **DEFAULT), "tokens")
    assert status == "failed"
    assert "x-told is not in ResponseHeaders" in detail
    assert "Headers to log" in fix


SPOILED: list[tuple[str, str, Any, str]] = [
    (DIAGNOSTIC, "frontend.response.body.bytes", 8192, "frontend response body bytes"),
    (DIAGNOSTIC, "backend.response.body.bytes", 1, "backend response body bytes"),
    (POLICY, "value", "buffer-response", "buffer-response of forward-request"),
    (POLICY, "value", "backend>", "buffer-response of forward-request"),
]


@pytest.mark.parametrize(("resource", "path", "value", "words"), SPOILED)
@pytest.mark.parametrize("arguments", [(), ("--no-traffic",)])
def test_what_holds_streams_back_is_named(
    run: Run, resource: str, path: str, value: Any, words: str, arguments: tuple[str, ...]
) -> None:
    run("--timeout", "0", **DEFAULT)
    if resource == POLICY:
        text = run.azure.arm.resources[POLICY]["properties"]["value"]
        value = text.replace(value, f"no-{value}")
    run.azure.arm.set(resource, path, value)
    run.deployed_otherwise = True
    run.azure.streams = False
    status, detail, fix = of(run(*arguments, "--timeout", "1", **DEFAULT), "streams")
    assert status == "failed"
    assert words in detail
    assert "portal: API" in fix


def test_a_timeout_of_the_policy_is_declared(run: Run) -> None:
    report = run("--timeout", "1", **DEFAULT | {"backendTimeoutSeconds": 900})
    status, detail, _ = of(report, "declared")
    assert status == "failed"
    assert "timeout of forward-request in the API's policy is 600, declared 900" in detail


def test_an_answer_that_comes_as_one_is_no_alarm_where_nothing_holds_it_back(run: Run) -> None:
    run.azure.streams = False
    report = run(**DEFAULT)
    assert report.verdict == "proven"
    status, detail, fix = of(report, "streams")
    assert (status, "too short to tell" in detail) == ("skipped", True)
    assert "where request bodies are logged" in detail
    assert "pulumi config set bodyBytes 0" in fix


def test_streams_held_back_by_the_stacks_own_wish_are_told(run: Run) -> None:
    run.azure.streams = False
    status, detail, fix = of(run(), "streams")
    assert (status, "response bodies are logged" in detail) == ("skipped", True)
    assert "logResponseBodies false" in fix


def test_streams_cannot_be_judged_by_what_may_not_be_read(run: Run) -> None:
    run.azure.streams = False
    run.azure.arm.denied = ("/policies/policy",)
    status, detail, _ = of(run(**DEFAULT), "streams")
    assert (status, "policy cannot be read (HTTP 403)" in detail) == ("unjudged", True)


@pytest.mark.parametrize("rows", ["none", "without messages", "with both"])
def test_responses_are_judged_by_messages_only_where_there_are_any(run: Run, rows: str) -> None:
    """The LLM log is documented for chats; what it holds of other calls is right, or not there."""
    run.azure.llm_of_responses = rows
    report = run(**DEFAULT)
    assert report.verdict == "proven", run.screen.getvalue()
    assert ends(report)["messages"] == "seen"
    judged = "holds no messages of this call" not in of(report, "messages")[1]
    assert judged == (rows != "without messages")
