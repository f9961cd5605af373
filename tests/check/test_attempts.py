"""Calls that must fail, and do so otherwise than expected."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from queries import outputs as reader
from queries.check import attempts
from queries.check.calls import Caller
from queries.check.records import TRANSIENT
from queries.outputs import Consumer
from tests.check.answers import refused
from tests.check.azure import Azure
from tests.check.conftest import Run
from tests.check.reading import ends, of
from tests.check.stack import KEY, key_of, outputs


class Gateway:
    """Answers the first attempts without a key by what is set, then as always."""

    def __init__(self, azure: Azure, *answers: httpx.Response | Exception) -> None:
        self.handle, self.answers = azure.handle, list(answers)
        self.asked = 0
        azure.handle = self  # type: ignore[method-assign]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if "/no-such-" not in request.url.path or request.headers.get("api-key") is not None:
            return self.handle(request)
        self.asked += 1
        if not self.answers:
            return self.handle(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def throttled() -> httpx.Response:
    return refused(429, "429", "Rate limit is exceeded. Try again in 20 seconds.", **LATER)


LATER = {"Retry-After": "20"}


@pytest.mark.parametrize("status", TRANSIENT)
def test_a_transient_answer_is_no_refusal_and_no_alarm(run: Run, status: int) -> None:
    fault = refused(status, "x", "oh") if status else httpx.ConnectError("reset")
    gateway = Gateway(run.azure, fault, fault)

    assert run().verdict == "proven"
    assert gateway.asked == 3


def test_a_throttled_attempt_is_made_again_when_the_service_says(run: Run) -> None:
    Gateway(run.azure, throttled())

    assert run().verdict == "proven"
    assert 20 in run.clock.slept


def test_attempts_that_are_never_let_through_are_waited_for(run: Run) -> None:
    Gateway(run.azure, *[throttled() for _ in range(1000)])

    report = run("--timeout", "3")

    assert (report.status, ends(report)["refused"]) == (3, "timeout")
    assert "no key: HTTP 429" in of(report, "refused")[1]
    assert "anybody may call" not in of(report, "refused")[2]
    assert run.clock.time <= 181


def test_attempts_of_a_later_round_stand_in_for_lost_ones(run: Run) -> None:
    Gateway(run.azure, *[httpx.ConnectError("reset") for _ in range(4)])
    run.azure.delay = 1

    report = run("--timeout", "30")

    assert report.verdict == "proven"
    assert "no key: 401" in of(report, "refused")[1]


def test_an_api_that_asks_for_no_key_is_told_at_once(run: Run) -> None:
    run.azure.keys = False

    status, detail, fix = of(run(), "refused")

    assert status == "failed"
    assert "no key: not refused with 401 but answered HTTP 404" in detail
    assert "anybody may call" in fix


def test_a_service_that_repeats_the_key_does_not_get_it_printed(run: Run) -> None:
    echo = refused(403, "Forbidden", f"no\x07 entry for {KEY}")
    Gateway(run.azure, echo)

    report = run()

    assert "HTTP 403 Forbidden: no  entry for ***" in of(report, "refused")[1]
    assert KEY not in run.screen.getvalue()


@pytest.mark.parametrize("kept", [8, 20, 31])
def test_of_a_key_that_the_end_of_a_message_cuts_nothing_is_printed(run: Run, kept: int) -> None:
    """Only so much of a message is kept as a person reads."""
    said = f"{'x' * (300 - kept)}{KEY}"
    Gateway(run.azure, refused(403, "Forbidden", said))

    report = run()

    assert "HTTP 403 Forbidden: x" in of(report, "refused")[1]
    assert KEY[:8] not in run.screen.getvalue()


@pytest.mark.parametrize("skew", [-3600, 0, 3600])
def test_attempts_are_timed_by_the_services_clock(run: Run, skew: int) -> None:
    """Their rows have its times, and are asked for by them."""
    run.azure.skew = skew
    consumer = Consumer(name="aoai-test", key=SecretStr(KEY))
    target = replace(reader.target(outputs()), callers=(consumer,))
    with httpx.Client(transport=httpx.MockTransport(run.azure.handle)) as client:
        caller = Caller(target=target, client=client, clock=run.clock, deadline=60)
        made = attempts.make(caller)

    service = run.clock.now() + timedelta(seconds=skew)
    assert [(one.started, one.ended) for one in made] == [(service, service)] * 3


def test_the_wrong_key_is_no_key_of_anybody(run: Run) -> None:
    run()

    keys = [request.headers.get("api-key") for request in run.azure.refused]
    assert keys[0] is None
    assert keys[1] not in {None, KEY}
    assert len(str(keys[1])) == len(KEY)


OPERATIONS = {
    "POST /v1/responses/{response-id}/cancel": "V1_Responses_Cancel",
    "POST /deployments/{deployment-id}/chat/completions": "ChatCompletions_Create",
}


def test_a_consumer_that_names_a_stored_response_is_refused(run: Run) -> None:
    report = run(operations=OPERATIONS, consumers=["team-a", "team-b"])

    assert of(report, "apart")[:2] == ("seen", "stored response: 403")
    assert run.azure.refused[-1].headers["api-key"] == key_of("team-b")


def test_a_policy_that_lets_a_consumer_reach_stored_responses_fails(run: Run) -> None:
    run.azure.keeps_apart = False

    status, detail, fix = of(run(operations=OPERATIONS), "apart")
    assert status == "failed"
    assert "stored response: not refused with 403 StoredResponsesNotOffered but answered" in detail
    assert "reads, continues or deletes" in fix
    shared = run(operations=OPERATIONS, storedResponses="share")
    assert "apart" not in ends(shared)


def refused_by_a_plan(status: int, code: str, said: str, **headers: str) -> httpx.Response:
    """What a plan answers in the place of the policy's own refusal."""
    stored = code == "StoredResponsesNotOffered"
    return refused(status, "PlanModelNotAllowed" if stored else code, said, **headers)


def test_a_plan_that_refuses_keeps_no_consumer_from_what_others_have_stored(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.check.azure.refused", refused_by_a_plan)
    operations = OPERATIONS | {"POST /v1/responses": "V1_Responses_Create"}
    report = run(operations=operations)

    for proof, name in (("apart", "stored response"), ("careless", "background response")):
        status, detail, _ = of(report, proof)
        assert status == "failed"
        assert f"{name}: not refused with 403 StoredResponsesNotOffered but answered" in detail
        assert "HTTP 403 PlanModelNotAllowed" in detail
