"""Calls that meet the limits of plans: their order, what they tell, room for their rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from queries import library
from queries import outputs as reader
from queries.check import limits
from queries.check.calls import Caller
from queries.check.evidence import Evidence
from queries.check.proofs.limits import LIMITS
from queries.check.questions import question
from queries.check.records import OwnCall, Tried
from queries.check.traffic import OwnTraffic
from queries.contract import Plan
from queries.outputs import Consumer, Target
from tests.check.arm import GATEWAY, SUBSCRIPTION
from tests.check.clock import FakeClock
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.stack import KEY, key_of, outputs

TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARKER = "proof-0123456789abcdef"


def target(**change: Any) -> Target:
    caller = Consumer(name="aoai-test", key=SecretStr(KEY))
    return replace(reader.target(outputs()), callers=(caller,), **change)


def evidence(row: dict[str, Any] | None = None, *tried: Tried) -> Evidence:
    call = OwnCall(
        deployment="text-turbo",
        round=1,
        marker=MARKER,
        started=TIME,
        ended=TIME + timedelta(seconds=2),
    )
    traffic = OwnTraffic(
        marker=MARKER,
        begun=TIME,
        calls=(call,),
        limits=tried,
        limits_ended=TIME + timedelta(minutes=1),
    )
    found = Evidence(target=target(), traffic=traffic)
    return found.took("gateway", [{"ApiId": "miyagi-api", **row}]) if row else found


def made(plan: Plan, answer: httpx.Response) -> tuple[list[Tried], list[httpx.Request]]:
    """Meet the limits of a plan, each call of which ends in the same way."""
    asked = list[httpx.Request]()

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        of = target(plans=(replace(plan, consumers=("aoai-test",)),))
        caller = Caller(target=of, client=client, clock=FakeClock(), deadline=600)
        return limits.make(caller), asked


def refused(status: int, said: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": "", "message": said}})


def test_rows_of_all_calls_of_the_limits_have_room() -> None:
    """The first plan's refusal is the oldest of the rows, of which the newest come first."""
    tried = [Tried(limit="callsPerMinute", consumer=f"c{n}", calls=121) for n in range(30)]
    asked = question("gateway", evidence(None, *tried))
    assert isinstance(asked, str)
    _, most = library.unlimited(asked)
    assert most is not None
    assert most >= 30 * 121


def test_each_call_of_a_limit_is_counted() -> None:
    (one,), asked = made(Plan(calls_per_minute=10), refused(400, "messages is empty"))
    assert one.calls == len(asked) > 10


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_what_tells_nothing_of_a_limit_is_no_fault_of_it(status: int) -> None:
    (one,), _ = made(Plan(prompt_bytes=2000), refused(status or 504, "too late"))
    assert (one.lost, one.status) == (True, 0)


def test_what_is_only_counted_is_met_before_tokens_are_used_up() -> None:
    """A call that the limit of tokens refuses may tell nothing of what is left of the calls."""
    met, _ = made(
        Plan(tokens_per_minute=1000, calls_per_minute=1000),
        refused(429, "Token limit is exceeded. Try again in 9 seconds."),
    )
    assert [one.limit for one in met] == ["callsPerMinute", "tokensPerMinute"]
    met, _ = made(
        Plan(tokens_per_minute=1000, calls_per_minute=10),
        refused(429, "Token limit is exceeded. Try again in 9 seconds."),
    )
    assert [one.limit for one in met] == ["tokensPerMinute", "callsPerMinute"]


@pytest.mark.parametrize(
    ("reason", "status"),
    [("RateLimitExceeded", "seen"), ("QuotaExceeded", "failed"), ("", "failed")],
)
def test_a_limit_of_calls_is_known_by_the_reason_that_the_log_has_without_any_header(
    reason: str, status: str
) -> None:
    tried = Tried(
        limit="callsPerMinute", consumer="c", status=429, reason="RateLimitExceeded", mark="limit-1"
    )
    row = {"Url": "https://g/a?check=limit-1", "ResponseCode": 429, "LastErrorReason": reason}
    assert LIMITS.judge(evidence(row, tried)).status == status


@pytest.mark.parametrize("limit", [{"promptBytes": 500}, {"models": ["not-served"]}])
def test_whom_a_plan_leaves_no_room_for_any_call_is_not_judged(
    run: Run, limit: dict[str, Any]
) -> None:
    """So are the calls that must fail: a plan refuses them in another way."""
    for consumers in (["team-b", "aoai-test"], ["aoai-test", "team-b"]):
        plans = [{"consumers": ["team-b"], **limit}]
        run.azure.arm.resources[f"{GATEWAY}/subscriptions/team-b"] = run.azure.arm.resources[
            SUBSCRIPTION
        ]
        report = run(consumers=consumers, plans=plans)

        status, detail, _ = of(report, "consumers")
        rest = {one.id: one.detail for one in report.proofs if one.status == "failed"}
        assert (status, rest) == ("unjudged", {})
        assert "not called as team-b: its plan leaves no room" in detail
        made = [one.headers.get("api-key") for one in run.azure.refused]
        assert key_of("team-b") not in made[:3]


def test_whom_a_plan_leaves_room_and_nobody_called_as_is_missed(run: Run) -> None:
    run.azure.consumers = {}
    plans = [{"consumers": ["team-b"], "promptBytes": 5000}]
    report = run("--timeout", "1", consumers=["aoai-test", "team-b"], plans=plans)
    assert of(report, "consumers")[0] != "unjudged"


@pytest.mark.parametrize(("resting", "said"), [(("C",), "another day's run"), ((), "no key")])
def test_a_plan_of_nobody_that_is_called_as_is_not_judged(
    resting: tuple[str, ...], said: str
) -> None:
    of_plan = Plan(consumers=("c",), calls_per_minute=5, token_quota=5)
    client = httpx.Client(transport=httpx.MockTransport(lambda _: pytest.fail("a call was made")))
    caller = Caller(
        target=target(plans=(of_plan,), resting=resting),
        client=client,
        clock=FakeClock(),
        deadline=600,
    )
    met = limits.make(caller)
    assert [one.limit for one in met] == ["tokenQuota", "callsPerMinute"]
    assert all(one.lost and said in one.cause for one in met)
