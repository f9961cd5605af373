"""What the account served beside this run's calls: whose it is, and what the logs know of it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest

from queries.check.pairs import Request, Sent, unmatched
from tests.check import arm
from tests.check.arm import ACCOUNT
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, of, unknown_id
from tests.check.several import ACCOUNTS, STAND_BY, world
from tests.check.stack import Row, deployment

pytestmark = pytest.mark.slow
MALLORY = "0b0b0b0b-0000-4000-8000-00000000000b"
BEGUN = datetime(1, 1, 1, tzinfo=UTC)
EMBEDDINGS: dict[str, Any] = {
    "deployments": [deployment("vectors", "text-embedding-3-small", kind="embeddings")]
}


def served(run: Run, number: str, started: datetime, **more: Any) -> None:
    """A request of somebody in the account's log, by the gateway unless said otherwise."""
    ticks = (started - BEGUN) // timedelta(microseconds=1) * 10
    said: Row = {
        "objectId": "the-gateway",
        "requestTime": ticks,
        "responseTime": ticks + 10_000_000,
        "requestLength": 50,
        "modelDeploymentName": "text-turbo",
    }
    row = {"CorrelationId": number, "TimeGenerated": started, "ResultSignature": "200"}
    run.azure._add(DIAGNOSTICS, row | {"properties_s": json.dumps(said | more)})


def counted(run: Run, time: datetime, prompt: int, generated: int = 0) -> None:
    """Tokens that the account counts, apart from those of the same minute."""
    names = {"ProcessedPromptTokens": prompt, "GeneratedTokens": generated}
    for name, total in names.items():
        minute = time + timedelta(microseconds=len(run.azure._rows))
        run.azure._add(ACCOUNT, {"MetricName": name, "TimeGenerated": minute, "Total": total})


def logged(run: Run, number: str, started: datetime, tokens: int = 0, **more: Any) -> None:
    """A call of another API in the gateway's log, with its tokens in the LLM log if it has any."""
    url = "https://oai-x.openai.azure.com/openai/deployments/text-turbo/chat/completions"
    row = {"CorrelationId": number, "TimeGenerated": started, "ApiId": "other", "Method": "POST"}
    row |= {"Url": url, "BackendUrl": url, "ResponseCode": 200, "TotalTime": 1000}
    run.azure._add(LOGS, row | more)
    if tokens:
        counts = {"PromptTokens": tokens, "CompletionTokens": 0, "TotalTokens": tokens}
        run.azure._add(LLM, {"CorrelationId": number, "TimeGenerated": started, **counts})


def soon(run: Run) -> datetime:
    """A moment among the calls of a run that is about to begin."""
    return run.clock.now() + timedelta(seconds=0.01)


@pytest.mark.parametrize("identity", [MALLORY, ""])
def test_requests_of_others_fail_and_are_counted(run: Run, identity: str) -> None:
    for number in range(200):
        served(run, f"m-{number}", soon(run), objectId=identity)
    counted(run, soon(run), 1_000_000)

    status, detail, _ = of(run("--timeout", "60"), "reconciled")

    assert (status, "200 requests by others than the gateway" in detail) == ("failed", True)
    assert (identity or "nobody, as with a key") in detail


def test_whom_other_callers_names_may_call_and_is_told(run: Run) -> None:
    for number in range(20):
        served(run, f"m-{number}", soon(run), objectId=MALLORY)
    counted(run, soon(run), 1_000)

    report = run(otherCallers=[MALLORY.upper()])

    assert report.verdict == "proven"
    assert "20 requests of otherCallers or with a key" in of(report, "reconciled")[1]
    assert "not judged: the tokens of" in of(report, "reconciled")[1]


@pytest.mark.parametrize("ids", [True, False])
def test_calls_with_a_key_are_told_where_keys_are_allowed(run: Run, *, ids: bool) -> None:
    """A key has no object id that otherCallers could name."""
    for number in range(20):
        served(run, f"m-{number}", soon(run), objectId="")
    counted(run, soon(run), 1_000)
    run.azure.change = {} if ids else {DIAGNOSTICS: unknown_id}

    report = run("--timeout", "60", accountKeys="allow", accountExisting=True)

    assert report.verdict == "proven", run.screen.getvalue()
    assert "20 requests of otherCallers or with a key" in of(report, "reconciled")[1]
    assert "not judged: the tokens of" in of(report, "reconciled")[1]


def test_calls_of_an_identity_fail_where_keys_are_allowed(run: Run) -> None:
    served(run, "m", soon(run), objectId=MALLORY)

    report = run("--timeout", "60", accountKeys="allow", accountExisting=True)

    assert ends(report)["reconciled"] == "failed"


def named(run: Run, kind: str) -> dict[str, Any]:
    """A stack that names one who has the gateway's role too, of some kind."""
    other = {**run.azure.arm.resources[arm.ROLE]["properties"], "principalId": "the-others"}
    other["principalType"] = kind
    run.azure.arm.resources[f"{arm.ROLE}-2"] = {"properties": other}
    return {"otherCallers": ["the-others"]}


@pytest.mark.parametrize(("kind", "ends_as"), [("Group", "seen"), ("User", "failed")])
def test_only_a_group_that_is_named_has_members(run: Run, kind: str, ends_as: str) -> None:
    served(run, "m", soon(run), objectId=MALLORY)

    assert ends(run("--timeout", "60", **named(run, kind)))["reconciled"] == ends_as


def test_who_may_be_a_member_of_a_group_is_unjudged_where_roles_cannot_be_read(run: Run) -> None:
    served(run, "m", soon(run), objectId=MALLORY)
    run.azure.arm.denied = ("/roleAssignments",)
    stack = named(run, "Group")

    assert ends(run("--timeout", "60", **stack))["reconciled"] == "unjudged"
    allowed = ("--allow", "reconciled/callers", "--allow", "access")
    assert run("--timeout", "60", *allowed, **stack).verdict != "failed"


def test_requests_of_the_gateway_that_its_log_lacks_fail(run: Run) -> None:
    for number in range(5):
        served(run, f"x-{number}", soon(run), requestLength=1000 + number)

    status, detail, _ = of(run("--timeout", "60"), "reconciled")

    assert status == "failed"
    assert "5 requests more of the gateway than the gateway's log has" in detail


@pytest.mark.parametrize("longer", [0, 7])
def test_a_copy_of_each_call_fails_whatever_is_added_to_it(run: Run, longer: int) -> None:
    add = run.azure._add

    def twice(table: str, row: Row) -> None:
        add(table, row)
        if table == DIAGNOSTICS:
            said = json.loads(row["properties_s"])
            said["requestLength"] += longer
            copy = {"CorrelationId": f"{row['CorrelationId']}-copy"}
            add(table, row | copy | {"properties_s": json.dumps(said)})

    run.azure._add = twice  # type: ignore[method-assign]

    assert ends(run("--timeout", "60"))["reconciled"] == "failed"


@pytest.mark.parametrize("late", [0, 10 * 60.0])
def test_calls_of_another_api_explain_their_requests_and_tokens(run: Run, late: float) -> None:
    served(run, "acc-theirs", soon(run))
    counted(run, soon(run), 700)
    run.azure.delay = late
    logged(run, "theirs", soon(run), tokens=700)
    run.azure.delay = 0

    report = run("--timeout", "60")

    assert report.verdict == "proven"
    assert "of 1 call of others that the gateway logged" in of(report, "reconciled")[1]


@pytest.mark.parametrize(
    "other",
    [
        {"BackendUrl": "https://oai-y.openai.azure.com/openai/deployments/text-turbo/x"},
        {"BackendUrl": ""},
        {"Url": "https://apim-x.azure-api.net/openai/deployments/another/chat/completions"},
        {"TimeGenerated": datetime(2026, 3, 1, 11, 58, tzinfo=UTC)},
    ],
)
def test_a_call_that_cannot_be_that_request_does_not_explain_it(run: Run, other: Row) -> None:
    served(run, "acc-theirs", soon(run))
    logged(run, "theirs", soon(run), **other)

    assert ends(run("--timeout", "60"))["reconciled"] == "failed"


def at_stand_by(run: Run, number: str) -> None:
    """An answered request in the second account's log."""
    add = run.azure._add
    run.azure._add = lambda table, row: add(  # type: ignore[method-assign]
        table, row | {"_ResourceId": STAND_BY}
    )
    served(run, number, soon(run))
    run.azure._add = add  # type: ignore[method-assign]


@pytest.mark.parametrize("code", [200, 429])
@pytest.mark.parametrize("host", ["oai-x", "oai-y"])
def test_a_call_explains_an_answer_of_the_account_that_answered_it(
    run: Run, code: int, host: str
) -> None:
    """A call that one account refused for good, or answered, is no other account's."""
    url = f"https://{host}.openai.azure.com/openai/deployments/text-turbo/chat/completions"
    run.azure.arm.resources = world().resources
    at_stand_by(run, "acc-theirs")
    logged(run, "theirs", soon(run), BackendUrl=url, ResponseCode=code)

    ended = ends(run("--timeout", "60", accounts=ACCOUNTS))["reconciled"]

    assert ended == ("seen" if (code, host) == (200, "oai-y") else "failed")


@pytest.mark.parametrize("code", [401, 404, 429])
def test_a_call_that_was_refused_explains_no_answer(run: Run, code: int) -> None:
    served(run, "acc-theirs", soon(run))
    logged(run, "theirs", soon(run), ResponseCode=code)
    assert ends(run("--timeout", "60"))["reconciled"] == "failed"


def test_an_answer_in_whose_place_a_policy_refused_is_explained(run: Run) -> None:
    """The account answered, and may have counted tokens."""
    served(run, "acc-theirs", soon(run))
    logged(run, "theirs", soon(run), ResponseCode=403, BackendResponseCode=200)
    assert ends(run("--timeout", "60"))["reconciled"] == "seen"


@pytest.mark.parametrize("minutes_ago", [0, 4])
@pytest.mark.parametrize("reason", ["", "ClientConnectionFailure"])
def test_only_tokens_that_may_still_come_are_waited_for(
    run: Run, reason: str, minutes_ago: int
) -> None:
    """No log will hold those of a caller who hung up, and a row is minutes late at most."""
    asked = soon(run) - timedelta(minutes=minutes_ago)
    milliseconds = 60_000 * minutes_ago + 1000
    told: Row = {
        "ApiId": "miyagi-api",
        "LastErrorReason": reason,
        "TotalTime": milliseconds,
    }
    logged(run, "theirs", asked, **told)
    counted(run, soon(run), 700)
    begun = run.clock.now()

    report = run("--timeout", "60", "--settle", "5")

    assert of(report, "reconciled")[0] == "seen"
    waited = run.clock.now() - begun
    assert (waited > timedelta(minutes=4)) is (reason == ""), waited


def test_tokens_beyond_those_of_logged_calls_fail(run: Run) -> None:
    served(run, "acc-theirs", soon(run))
    logged(run, "theirs", soon(run), tokens=700)
    counted(run, soon(run), 801)

    status, detail, _ = of(run("--timeout", "60"), "reconciled")

    assert (status, "824 ProcessedPromptTokens" in detail) == ("failed", True)


@pytest.mark.parametrize("seconds", [70, 550])
def test_a_long_call_that_began_before_is_known(run: Run, seconds: int) -> None:
    """Its tokens are counted among ours, and its rows tell of a time long before."""
    before = run.clock.now() - timedelta(seconds=seconds)
    ticks = {"responseTime": (soon(run) - BEGUN) // timedelta(microseconds=1) * 10}
    served(run, "acc-theirs", before, **ticks)
    logged(run, "theirs", before, tokens=700, TotalTime=1000 * seconds)
    counted(run, soon(run), 700)

    report = run("--timeout", "60")

    assert report.verdict == "proven", run.screen.getvalue()


def test_an_account_that_counts_no_generated_tokens_of_embeddings_is_proven(run: Run) -> None:
    report = run("--timeout", "60", **EMBEDDINGS)

    assert report.verdict == "proven", run.screen.getvalue()
    assert "0 GeneratedTokens: as callers were told" in of(report, "reconciled")[1]


@pytest.mark.parametrize("seed", range(20))
def test_every_request_of_a_logged_call_is_paired_and_no_other(seed: int) -> None:
    """However calls overlap; deployments of some are in no log, others send theirs elsewhere."""
    chance, begun = random.Random(seed), datetime(2026, 3, 1, 12, tzinfo=UTC)
    sent, requests = [], []
    for number in range(300):
        start = begun + timedelta(seconds=chance.uniform(0, 600))
        took = timedelta(seconds=chance.choice([0.1, 1, 60]))
        name = chance.choice("ab")
        known, by = chance.choice([(name, name), (name, name), ("", name), ("p", "b")])
        time = start + took * chance.random()
        sent.append(Sent(deployment=known, started=start, ended=start + took))
        requests.append(
            Request(
                id=f"{number}",
                deployment=by,
                identity="g",
                first=time,
                last=time,
                ended=time + took,
            )
        )

    assert unmatched(requests, sent, {"", "p"}) == []
    lost = chance.sample(sent, 15)
    left = unmatched(requests, [one for one in sent if one not in lost], {"", "p"})
    assert len(left) == 15


def test_many_requests_are_paired_soon() -> None:
    """A busy account has some thousands in these minutes, and copies may be many."""
    begun = datetime(2026, 3, 1, 12, tzinfo=UTC)
    times = [begun + timedelta(seconds=number / 20) for number in range(5000)]
    sent = [Sent(deployment="a", started=t, ended=t + timedelta(seconds=3)) for t in times]
    requests = [
        Request(id=f"{t}{n}", deployment="a", identity="g", first=t, last=t, ended=t)
        for t in times
        for n in range(2)
    ]
    before = process_time()

    assert len(unmatched(requests, sent, {""})) == 5000
    assert process_time() - before < 5
