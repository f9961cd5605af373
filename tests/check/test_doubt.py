"""Whose row is it, and is it all? What must not be taken for a proof, nor for an alarm."""

from __future__ import annotations

import httpx
import pytest

from queries.pages import Paged
from queries.workspace import RefusedError
from tests.check.answers import refused
from tests.check.arm import ACCOUNT, GATEWAY
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
from tests.check.stack import Row, deployment

pytestmark = pytest.mark.slow


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


def test_a_role_on_the_workspace_may_take_an_hour(run: Run) -> None:
    refusal = RefusedError("the workspace refuses to be read (403)", "give the role")
    run.azure.denied, run.azure.denied_until = refusal, 3500
    assert run().verdict == "proven"
    assert len(run.azure.requests) == 2, "a further round would be paid for and tell nothing"

    run.azure.denied_until, begun = 1e9, run.clock.time
    report = run()

    assert (report.status, report.fix) == (2, "give the role")
    assert 3600 <= run.clock.time - begun <= 3610


def test_two_short_refusals_are_not_one_long(run: Run) -> None:
    """The workspace answers in between."""
    ask = run.azure.query

    def at_times_not(query: str | Paged) -> list[Row]:
        if any(begin < run.clock.time < begin + 6 for begin in (5, 5000)):
            raise RefusedError("the workspace refuses to be read (403)", "give the role")
        return ask(query)

    run.azure.query = at_times_not  # type: ignore[method-assign]
    run.azure.change = {GATEWAY: lost}

    report = run()

    assert (report.verdict, report.error) == ("timeout", "")


def test_a_workspace_that_is_gone_is_not_waited_for_that_long(run: Run) -> None:
    run.azure.denied = RefusedError("the workspace is not found (404)", "make it", missing=True)

    assert run().status == 1
    assert run.clock.time == pytest.approx(600, abs=5)


def test_the_same_refusal_is_said_once_a_minute(run: Run) -> None:
    run.azure.refusals = [refused(401, "PermissionDenied", "lacks the data action")] * 40

    run()

    assert run.screen.getvalue().count("PermissionDenied") <= 1 + run.clock.time // 60


def test_a_failed_call_is_told_without_repeating_what_was_not_looked_for(run: Run) -> None:
    run.azure.refusals = [refused(400, "unsupported_value", "no")]

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

    assert report.status == 1
    assert 5 * 60 <= run.clock.time < 5 * 60 + 1, "from the end of the calls on"
    assert of(report, "account")[::2] == ("waiting", "")


def test_a_refused_attempt_is_not_taken_for_the_call(run: Run) -> None:
    """Without bodies a call is known by its consumer and time."""
    url = "https://apim-x.azure-api.net/openai/deployments/vectors/embeddings"
    refusal = {"ApiId": "miyagi-api", "Url": url, "ResponseCode": 401, "CorrelationId": "no"}
    run.azure._add(LOGS, refusal)
    vectors = deployment("vectors", "text-embedding-3-small", kind="embeddings")

    assert run(capture="metadata", deployments=[vectors]).verdict == "proven"


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


@pytest.mark.parametrize(
    ("row", "given"),
    [("2001:db8:0:0:0:0:0:1", "2001:db8::1"), ("2001:DB8::1", "2001:db8:0::1")],
)
def test_an_address_has_several_spellings(run: Run, row: str, given: str) -> None:
    run.azure.change = {LOGS: without(CallerIpAddress=row)}

    assert of(run("--caller-ip", given), "caller")[0] == "seen"


def test_another_address_is_told(run: Run) -> None:
    status, detail, fix = of(run("--caller-ip", "198.51.100.1"), "caller")

    assert (status, "--caller-ip" in fix) == ("failed", True)
    assert "CallerIpAddress is 203.0.113.9, not 198.51.100.1" in detail


def test_several_calls_that_could_be_ours_are_said_to_be_several(run: Run) -> None:
    """Nothing tells embeddings apart where no content is logged and nobody else's row is known."""
    handle = run.azure.handle

    def twice(request: httpx.Request) -> httpx.Response:
        answer = handle(request)
        row = next(row for _, _, row in reversed(run.azure._rows) if "OperationId" in row)
        if answer.status_code == 200:
            run.azure._add(LOGS, row | {"CorrelationId": f"{row['CorrelationId']}-theirs"})
        return answer

    run.azure.handle = twice  # type: ignore[method-assign]
    vectors = deployment("vectors", "text-embedding-3-small", kind="embeddings")

    report = run("--timeout", "1", capture="metadata", deployments=[vectors])

    for proof in ("caller", "operation"):
        status, detail, _ = of(report, proof)
        assert status == "timeout"
        assert "2 calls in those seconds could be this one" in detail
