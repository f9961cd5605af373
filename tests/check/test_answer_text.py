"""What the LLM log must hold of an answer whose body no log has: all of it, or it is not seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from queries.check.evidence import Evidence
from queries.check.observe import calls
from queries.check.proofs.content import COMPLETION
from queries.check.proofs.streams import STREAMS
from queries.check.records import CallOfOthers, OwnCall
from queries.check.traffic import OthersTraffic, OwnTraffic, Traffic
from queries.outputs import target as read_target
from tests.check.clock import FakeClock
from tests.check.conftest import Run
from tests.check.reading import LLM, LOGS, of
from tests.check.stack import Row, deployment, outputs
from tests.check.test_streams import DEFAULT

WHOLE = '[{"role": "assistant", "content": "Four."}]'
NOW = FakeClock().now()


CALL: dict[str, Any] = {"deployment": "text-turbo", "started": NOW, "ended": NOW, "round": 0}


def own(**call: Any) -> Traffic:
    return OwnTraffic(marker="m", begun=NOW, calls=(OwnCall(marker="proof-ab", **CALL, **call),))


def others() -> Traffic:
    return OthersTraffic(until=NOW, calls=(CallOfOthers(correlation="c", **CALL),))


def evidence(traffic: Traffic, rows: list[str], **logged: Any) -> Evidence:
    """One call, and these chunks of its answer in the LLM log."""
    target = read_target(outputs(**DEFAULT))
    row = {"ApiId": target.api_id, "CorrelationId": "c", "RequestBody": "proof-ab"}
    chunks: list[Row] = [
        {"CorrelationId": "c", "SequenceNumber": number, "Response": text}
        for number, text in enumerate(rows, start=1)
    ]
    found = Evidence(target=target, traffic=traffic)
    return found.took("gateway", [row | logged]).took("llm", chunks)


@pytest.mark.parametrize(
    ("traffic", "rows", "status", "words"),
    [
        (others(), [WHOLE], "seen", "not compared"),
        (others(), [WHOLE[:9], WHOLE[9:]], "seen", "not compared"),
        (others(), [WHOLE[:9]], "waiting", "does not hold the whole completion yet"),
        (others(), [""], "waiting", "does not hold the whole completion yet"),
        (others(), ["[" + "1" * 262144], "skipped", "as long as llmMessageBytes"),
        (own(), [WHOLE], "skipped", "answered without text"),
        (own(answer="Four"), [WHOLE], "seen", "in ResponseMessages"),
        (own(answer="Five"), [WHOLE], "failed", "another answer"),
    ],
)
def test_only_what_is_known_is_seen(
    traffic: Traffic, rows: list[str], status: str, words: str
) -> None:
    verdict = COMPLETION.judge(evidence(traffic, rows))
    assert (verdict.status, words in verdict.detail) == (status, True), verdict


def test_a_part_of_the_answer_to_others_is_waited_for(run: Run) -> None:
    run.azure.change = {LLM: lambda row: row if row["SequenceNumber"] < 5 else None}
    run("--timeout", "0", **DEFAULT)
    run.clock.time += 20 * 60

    status, detail, _ = of(run("--no-traffic", **DEFAULT), "completion")

    assert (status, "not hold the whole completion" in detail) == ("timeout", True)


def test_calls_of_others_last_as_long_as_the_gateway_waits() -> None:
    url = "https://x/deployments/text-turbo/chat/completions"
    found = evidence(others(), [], ResponseCode=200, TimeGenerated=NOW, Url=url)
    target = replace(found.target, backend_timeout_seconds=600)
    (call,) = calls(replace(found, target=target))
    assert call.ended - call.started == timedelta(seconds=600)


def test_a_stream_that_nobody_answered_refers_to_the_proof_that_names_why() -> None:
    assert "the proof `call`" in STREAMS.fix


def test_bodies_held_back_for_want_of_another_log_name_that_log(run: Run) -> None:
    run.azure.streams = False
    assert "llmLogging true" in of(run(llmLogging=False), "streams")[2]


def test_an_entry_that_lost_its_bodies_says_what_shares_the_room(run: Run) -> None:
    lost = dict.fromkeys(("RequestBody", "BackendRequestBody", "ResponseBody"), "")
    lost |= {"BackendResponseBody": ""}
    vectors = [deployment("vectors", "text-embedding-3-small", kind="embeddings")]
    run.azure.change = {LOGS: lambda row: row | lost | {"RequestSize": 9**5, "ResponseSize": 9**5}}
    run("--timeout", "0", deployments=vectors)
    fix = of(run("--no-traffic", deployments=vectors), "prompt")[2]
    assert "all logged bodies share 32 KB" in fix
