"""Whose row is it, and is it all? What must not be taken for a proof, nor for an alarm."""

from __future__ import annotations

import httpx
import pytest

from queries.check.workspace import RefusedError
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.azure import Row, refused, wrong_key
from tests.check.conftest import Run
from tests.check.reading import (
    BODIES,
    DIAGNOSTICS,
    LLM,
    LOGS,
    ends,
    lost,
    of,
    unknown_id,
    without,
)


def test_sampled_calls_are_told_at_once(run: Run) -> None:
    report = run(samplingPercentage=50)

    assert (report.verdict, report.status, list(ends(report))) == ("failed", 1, ["sampling"])
    assert "samplingPercentage is 50" in of(report, "sampling")[1]
    assert "pulumi config set samplingPercentage 100" in of(report, "sampling")[2]
    assert (run.clock.time, run.azure.requests) == (0, [])


def test_calls_made_before_the_settings_act_are_made_again(run: Run) -> None:
    """A diagnostic setting takes minutes to act; what it misses is never logged."""
    early = dict.fromkeys(
        (LOGS, LLM, DIAGNOSTICS, GATEWAY, ACCOUNT),
        lambda row: row if run.clock.time > 300 else None,
    )
    run.azure.change = early

    assert run("--timeout", "60").verdict == "proven"
    assert 600 <= run.clock.time <= 610
    assert len(run.azure.requests) == 4


def test_rows_of_another_api_gateway_or_call_prove_nothing(run: Run) -> None:
    run.azure.change = {
        LOGS: without(ApiId="other"),
        DIAGNOSTICS: without(CorrelationId="other", Deployment="other"),
    }

    report = run("--timeout", "1")

    unseen = {name for name, end in ends(report).items() if end != "seen"}
    assert unseen >= {"prompt", "completion", "caller", "operation", "refused", "error", "account"}
    for table in (LOGS, LLM):
        asked = next(kql for kql in run.azure.queries if f"\n{table}\n" in kql)
        assert f'let gateway = "{GATEWAY}";' in asked
    assert 'let api = "miyagi-api";' in run.azure.queries[1]


def test_another_callers_account_row_does_not_stand_in(run: Run) -> None:
    """Without request ids there must be one row more than calls of others in those seconds."""
    run.azure.change = {DIAGNOSTICS: unknown_id}
    assert run().verdict == "proven"

    run.azure.change = {DIAGNOSTICS: lost}
    report = run("--timeout", "1")

    assert ends(report)["account"] == "timeout"


@pytest.mark.parametrize("skew", [-5, 5, -3600, 3600])
def test_a_wrong_clock_is_no_alarm(run: Run, skew: int) -> None:
    run.azure.skew = skew
    run.azure.change = {DIAGNOSTICS: unknown_id}

    assert run("--timeout", "1").verdict == "proven"


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": 0, "total_tokens": 0}])
def test_no_tokens_are_not_equal_to_no_tokens(run: Run, usage: Row) -> None:
    body = {"id": "chatcmpl-1", "choices": [], "usage": usage}
    run.azure.refusals = [httpx.Response(200, json=body)]

    assert "not the answer of a model" in of(run(), "call")[1]


def test_a_marker_that_is_cut_proves_nothing_by_itself(run: Run) -> None:
    run.azure.change = {LOGS: lambda row: row | {body: row[body][:30] for body in BODIES}}

    report = run(bodyBytes=30, llmLogging=False)

    assert "too few to hold the marker" in of(report, "prompt")[1]


def test_messages_that_come_after_their_header_are_waited_for(run: Run) -> None:
    empty = {"Request": "[]", "Response": "null"}
    run.azure.change = {LLM: lambda row: row if row["SequenceNumber"] else row | empty}
    assert run().verdict == "proven"

    run.azure.change = {LLM: without(**empty)}
    assert of(run("--timeout", "1"), "messages")[0] == "timeout"


def test_a_role_on_the_workspace_may_take_ten_minutes(run: Run) -> None:
    refusal = RefusedError("the workspace refuses to be read (403)", "give the role")
    run.azure.denied, run.azure.denied_until = refusal, 400
    assert run().verdict == "proven"

    run.azure.denied_until = 1e9
    report = run()

    assert (report.status, report.fix) == (2, "give the role")
    assert 1000 <= run.clock.time <= 1010


def test_the_same_refusal_is_said_once_a_minute(run: Run) -> None:
    run.azure.refusals = [refused(401, "PermissionDenied", "lacks the data action")] * 40

    run()

    assert run.screen.getvalue().count("PermissionDenied") <= 1 + run.clock.time // 60


def test_a_failed_call_is_told_without_repeating_what_was_not_looked_for(run: Run) -> None:
    run.azure.refusals = [wrong_key()]

    run()

    assert run.screen.getvalue().count("no answered call to look for") == 1


def test_one_wrong_call_is_not_made_good_by_a_later_one(run: Run) -> None:
    def first_is_wrong(row: Row) -> Row:
        if run.clock.time > 300:
            run.azure.delay = 10
            return row
        return row | {"TotalTokens": 3}

    run.azure.delay = 605
    run.azure.change = {LLM: first_is_wrong}

    report = run()

    assert len(run.azure.requests) == 4
    assert of(report, "tokens")[0] == "failed"


def test_a_failed_proof_ends_the_wait_for_the_others(run: Run) -> None:
    run.azure.change = {LOGS: without(CallerIpAddress=""), DIAGNOSTICS: lost}

    report = run()

    assert (report.status, run.clock.time) == (1, 30)
    assert of(report, "account")[::2] == ("waiting", "")


def test_a_refused_attempt_is_not_taken_for_the_call(run: Run) -> None:
    """Without bodies a call is known by its consumer and time."""
    url = "https://apim-x.azure-api.net/openai/deployments/vectors/embeddings"
    refusal = {"ApiId": "miyagi-api", "Url": url, "ResponseCode": 401, "CorrelationId": "no"}
    run.azure._add(LOGS, refusal)
    vectors = {"name": "vectors", "model": "text-embedding-3-small", "kind": "embeddings"}

    assert run("--timeout", "1", capture="metadata", deployments=[vectors]).verdict == "proven"


def test_an_id_that_begins_like_the_calls_is_another_calls(run: Run) -> None:
    other = {"CorrelationId": "other", "RequestId": "chatcmpl-10", "SequenceNumber": 0}
    run.azure._add(LLM, other | {"TotalTokens": 99, "Request": "", "Response": ""})

    assert run().verdict == "proven"


def test_a_call_that_went_to_another_account_is_no_proof(run: Run) -> None:
    elsewhere = "https://oai-other.openai.azure.com/openai/deployments/text-turbo/chat/completions"
    run.azure.change = {LOGS: without(BackendUrl=elsewhere)}

    status, detail, _ = of(run(), "account")

    assert status == "failed"
    assert "sent the call to https://oai-other.openai.azure.com" in detail
