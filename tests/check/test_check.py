"""Whole runs: what the check says of healthy and of broken deployments."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from queries.errors import CannotRunError
from tests.check.answers import refused, wrong_key
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.conftest import Run
from tests.check.reading import (
    ALWAYS,
    DIAGNOSTICS,
    FULL,
    LLM,
    LOG_PROOFS,
    LOGS,
    NO_BODIES,
    OTHERS,
    PLAIN,
    ends,
    lost,
    of,
    says,
    without,
)
from tests.check.stack import KEY, deployment

WRONG_ENDPOINT = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint."
)
"""What the account says to a request without a token that it knows."""


def test_every_proof_seen_is_proven(run: Run) -> None:
    report = run("--caller-ip", "203.0.113.9")

    assert (report.verdict, report.status) == ("proven", 0)
    assert list(ends(report)) == FULL + ALWAYS + OTHERS
    assert [name for name, end in ends(report).items() if end != "seen"] == ["long"]
    judged = len(report.proofs) - 1
    assert f"{judged} of {judged} proofs seen, 1 with nothing to judge" in run.screen.getvalue()


def test_the_call_is_made_as_the_consumer_with_a_marker(run: Run) -> None:
    run()

    request = run.azure.requests[0]
    assert str(request.url) == (
        "https://apim-x.azure-api.net/openai/deployments/text-turbo/chat/completions"
        "?api-version=2025-04-01-preview"
    )
    assert request.headers["api-key"] == KEY
    body = json.loads(request.content)
    assert body["messages"][0]["content"].startswith("proof-")
    assert body["max_completion_tokens"] > 0


def test_every_kind_of_deployment_is_called(run: Run) -> None:
    deployments = [
        deployment("a"),
        deployment("b", "davinci-002", kind="completions"),
        deployment("c", "text-embedding-3-small", kind="embeddings"),
    ]

    assert run(deployments=deployments).verdict == "proven"
    assert [r.url.path.split("/", 4)[4] for r in run.azure.requests] == [
        "chat/completions",
        "chat/completions",
        "completions",
        "embeddings",
    ]
    assert b'"stream":true' in run.azure.requests[1].content


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "spread"), [(n, 300) for n in range(20)])
def test_late_repeated_and_shuffled_rows_are_no_alarm(run: Run, seed: int, spread: int) -> None:
    run.azure._random.seed(seed)
    run.azure.spread = spread

    report = run()

    assert report.verdict == "proven"
    assert run.clock.time <= run.azure.first_round_over() + 5


def test_a_table_that_does_not_exist_yet_is_waited_for(run: Run) -> None:
    run.azure.no_table_until = 900

    assert run().verdict == "proven"
    assert 900 <= run.clock.time <= 905


def test_the_role_is_waited_for(run: Run) -> None:
    message = "The principal lacks the required data action"
    run.azure.refusals = [refused(401, "PermissionDenied", message)] * 8

    assert run().verdict == "proven"
    assert run.clock.time < 120


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (refused(401, "PermissionDenied", "lacks the data action"), "gatewayRole"),
        (refused(404, "DeploymentNotFound", "The deployment does not exist"), "no such deployment"),
        (refused(404, "404", "Resource not found"), "no operation of the API matches"),
        (wrong_key(), "refuses the key"),
        (refused(429, "429", "Too many requests", **{"retry-after": "20"}), "capacity"),
        (refused(500, "InternalServerError", "oh"), "gateway-errors.kql"),
    ],
)
def test_a_call_that_never_succeeds_is_given_up(run: Run, refusal: Any, says: str) -> None:
    run.azure.refusals = [refusal] * 5000

    report = run()

    assert (report.verdict, report.status) == ("failed", 1)
    assert says in of(report, "call")[2]
    assert {line.fix for line in report.proofs[1:] if line.status != "skipped"} == {""}
    assert 50 < run.clock.time <= 30 * 60
    assert len(run.azure.queries) == 1, "calls come before rows; one query finds out who asks"


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (refused(401, "401", "audience is incorrect"), "wrong resource"),
        (refused(403, "AuthenticationTypeDisabled", "Keys are off"), "sends no token"),
        (refused(400, "unsupported_value", "max_completion_tokens"), "refuses the request"),
        (refused(403, "403", "Access denied due to Virtual Network/Firewall rules."), "network"),
        (refused(401, "401", WRONG_ENDPOINT), "sends no token"),
        (refused(403, "", "Token quota is exceeded. Try again in 23 hours."), "used up its tokens"),
    ],
)
def test_a_call_that_cannot_succeed_fails_at_once(run: Run, refusal: Any, says: str) -> None:
    run.azure.refusals = [refusal]

    report = run()

    assert says in of(report, "call")[2]
    assert run.clock.time == 0


def test_a_new_key_may_not_be_known_yet(run: Run) -> None:
    run.azure.refusals = [wrong_key()] * 3

    assert run().verdict == "proven"


@pytest.mark.parametrize(("asked", "waited"), [("17", 17), ("86400", 60), ("-5", 1), ("soon", 1)])
def test_retry_after_is_honoured_within_reason(run: Run, asked: str, waited: int) -> None:
    run.azure.refusals = [refused(429, "429", "slow down", **{"retry-after": asked})]

    assert run().verdict == "proven"
    assert run.clock.slept[0] == waited


@pytest.mark.parametrize(
    ("table", "change", "proof", "says"),
    [
        (LOGS, NO_BODIES, "prompt", "without any body"),
        (LOGS, without(BackendRequestBody=""), "prompt", "BackendRequestBody is empty"),
        (LOGS, without(ResponseBody=""), "completion", "ResponseBody is empty"),
        (LOGS, without(ResponseBody='{"id": "x"}'), "completion", "holds other text"),
        (LOGS, without(ApimSubscriptionId="other"), "caller", "is other, not aoai-test"),
        (LOGS, without(CallerIpAddress=""), "caller", "CallerIpAddress is empty"),
        (LLM, lambda r: r | ({"TotalTokens": 3} if "TotalTokens" in r else {}), "tokens", "told"),
        (LLM, says("Request", "[1]"), "messages", "not those"),
        (LLM, says("Response", "[1]"), "messages", "not those"),
    ],
)
def test_rows_that_show_the_contrary_fail(
    run: Run, table: str, change: Any, proof: str, says: str
) -> None:
    run.azure.change = {table: change}

    report = run()

    status, detail, fix = of(report, proof)
    assert (report.status, status) == (1, "failed")
    assert says in detail
    assert fix
    assert run.clock.time <= 31


def test_an_entry_over_32_kb_is_told_from_a_missing_setting(run: Run) -> None:
    big = {"RequestSize": 9000, "ResponseSize": 90000}
    run.azure.change = {LOGS: lambda row: NO_BODIES(row) | big}

    assert of(run(), "prompt")[0] == "failed"
    assert "32 KB" in of(run(), "prompt")[1]


@pytest.mark.parametrize(
    ("table", "unseen", "says"),
    [
        (LOGS, LOG_PROOFS, "GatewayLogs"),
        (LLM, {"tokens", "careless", "messages", "whole", "no-secrets"}, "LlmLogs|GatewayLogs"),
        (DIAGNOSTICS, {"account"}, "RequestResponse"),
        (GATEWAY, {"gateway-metrics"}, "AllMetrics"),
        (ACCOUNT, {"account-metrics", "reconciled"}, "AllMetrics"),
    ],
)
def test_rows_that_never_come_time_out_with_the_likely_cause(
    run: Run, table: str, unseen: set[str], says: str
) -> None:
    run.azure.change = {table: lost}

    report = run("--timeout", "20")

    assert (report.verdict, report.status) == ("timeout", 3)
    assert {name for name, status in ends(report).items() if status == "timeout"} == unseen
    assert all(re.search(says, of(report, name)[2]) for name in unseen)
    assert run.clock.time == pytest.approx(1200, abs=1)
    assert max(run.clock.slept) <= 5


def test_earlier_requests_do_not_count_for_this_call(run: Run) -> None:
    """A check just before left log rows and metrics; this call's metric is lost or late."""
    assert run().verdict == "proven"
    run.clock.time += 10
    run.azure.change = {GATEWAY: lost}
    run.azure.delay = 20

    report = run("--timeout", "1")

    assert {name for name, end in ends(report).items() if end == "timeout"} == {"gateway-metrics"}
    assert "3 of 8 requests" in of(report, "gateway-metrics")[1]


def test_capture_metadata_wants_no_content(run: Run) -> None:
    report = run(capture="metadata")

    assert report.verdict == "proven"
    assert list(ends(report)) == [*PLAIN, "no-content", *ALWAYS, *OTHERS]


@pytest.mark.parametrize(("table", "column"), [(LOGS, "ResponseBody"), (LLM, "Request")])
def test_content_logged_in_spite_of_metadata_fails(run: Run, table: str, column: str) -> None:
    run.azure.change = {table: without(**{column: "secret talk"})}

    report = run(capture="metadata")

    assert of(report, "no-content")[0] == "failed"
    assert "secret talk" not in run.screen.getvalue()


def test_without_llm_logging_tokens_are_read_from_the_response(run: Run) -> None:
    run.azure.change = {LLM: lost}

    report = run(llmLogging=False)

    assert report.verdict == "proven"
    assert "ResponseBody" in of(report, "tokens")[1]
    run.azure.change |= {LOGS: lambda row: row | {"ResponseBody": row["ResponseBody"][:-9]}}
    assert "lost" in of(run(llmLogging=False), "tokens")[1]


def test_short_body_limits_still_prove_what_they_log(run: Run) -> None:
    assert run(bodyBytes=30).verdict == "proven"


def test_a_workspace_that_refuses_is_an_error(run: Run) -> None:
    run.azure.denied = CannotRunError("the workspace refuses to be read (403)", "give the role")

    report = run()

    assert (report.verdict, report.status) == ("error", 2)
    assert "give the role" in run.screen.getvalue()


def test_no_traffic_judges_calls_of_others(run: Run) -> None:
    run()
    calls = len(run.azure.requests)

    report = run("--no-traffic")

    assert report.verdict == "proven"
    assert len(run.azure.requests) == calls


def test_no_traffic_judges_content_by_the_newest_call(run: Run) -> None:
    run(capture="full")
    run.clock.time += 600
    run(capture="metadata")

    assert run("--no-traffic", capture="metadata").verdict == "proven"


def test_no_traffic_tells_of_the_newest_call(run: Run) -> None:
    run()
    run.clock.time += 600
    run()

    assert re.search("chatcmpl-[45] ", of(run("--no-traffic"), "completion")[1])


def test_no_traffic_without_calls_looks_once(run: Run) -> None:
    report = run("--no-traffic")

    assert (report.verdict, run.clock.time) == ("timeout", 0)


def test_interrupt_tells_what_was_seen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.azure.change = {GATEWAY: lost}

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run.clock, "sleep", interrupt)

    report = run()

    assert report.status == 130
    assert ends(report)["prompt"] == "seen"
    assert of(report, "gateway-metrics")[::2] == ("waiting", "")


@pytest.mark.parametrize("terminal", [False, True])
def test_neither_key_nor_prompt_is_ever_printed(run: Run, *, terminal: bool) -> None:
    run.terminal = terminal
    echo = refused(401, "PermissionDenied", f"the key {KEY} may not")
    run.azure.refusals = [echo]

    report = run("--timeout", "1")
    report.write_json(run.folder / "r.json")

    printed = run.screen.getvalue() + (run.folder / "r.json").read_text()
    assert "proof-" in printed
    assert KEY not in printed
    assert "one short sentence" not in printed


def test_plain_lines_come_on_change_and_once_a_minute(run: Run) -> None:
    run.azure.change = {GATEWAY: lost}

    report = run("--timeout", "5")

    lines = run.screen.getvalue().splitlines()
    assert sum("s still waiting for gateway-metrics" in line for line in lines) == 4
    assert sum("seen: call, prompt" in line for line in lines) == 1
    assert sum("skipped: long" in line for line in lines) == 1
    assert len(lines) <= len(report.proofs) + 15


def test_json_and_junit_hold_the_same(run: Run) -> None:
    run.azure.change = {GATEWAY: lost, LOGS: without(CallerIpAddress="")}
    report = run()
    report.write_json(run.folder / "r.json")
    report.write_junit(run.folder / "r.xml")

    value = json.loads((run.folder / "r.json").read_text())
    assert set(value) == {"verdict", "proofs", "seconds", "differences"}
    assert value["verdict"] == "failed"
    assert all(set(proof) == {"id", "status", "detail", "fix"} for proof in value["proofs"])
    suite = ET.parse(run.folder / "r.xml").getroot()
    assert [case.get("name") for case in suite] == [proof["id"] for proof in value["proofs"]]
    numbers = [suite.get(key) for key in ("tests", "failures", "skipped")]
    assert numbers == [str(len(report.proofs)), "2", "2"]


def test_a_refused_key_of_the_environment_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_SUBSCRIPTION_KEY", KEY)
    run.azure.refusals = [wrong_key()] * 100

    assert "GATEWAY_SUBSCRIPTION_KEY" in of(run(), "call")[2]
