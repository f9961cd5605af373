"""Calls are made again while rows are missing: which of them must have rows, and which may not."""

from __future__ import annotations

import random

import httpx
import pytest

from tests.check.answers import refused
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, lost, of, without
from tests.check.stack import deployment

pytestmark = pytest.mark.slow

ALL = (LOGS, LLM, DIAGNOSTICS, GATEWAY, ACCOUNT)


@pytest.mark.parametrize("seed", range(8))
def test_a_lossy_log_is_not_proven(run: Run, seed: int) -> None:
    """Two of five gateway rows are lost, whatever the round."""
    chance = random.Random(seed)
    run.azure.change = {LOGS: lambda row: None if chance.random() < 0.4 else row}
    deployments = [deployment(name) for name in "abcd"]

    report = run("--timeout", "30", deployments=deployments)

    assert (report.verdict, report.status) == ("timeout", 3)
    assert "although an earlier call's row arrived" in of(report, "caller")[1]
    assert len(run.azure.requests) <= 16, "no further round makes a lost row good"


def test_one_row_lost_of_a_round_is_not_made_good_by_the_next(run: Run) -> None:
    run.azure.change = {LOGS: lambda row: None if row["CorrelationId"] == "corr-2" else row}

    report = run("--timeout", "30")

    assert ends(report)["caller"] == "timeout"
    assert of(report, "caller")[1].startswith("text-turbo (stream): not in")
    assert len(run.azure.requests) == 2


def test_no_round_that_is_whole_is_no_proof(run: Run) -> None:
    """Messages begin to be logged as the account's rows cease to be."""
    run.azure.change = {
        LLM: lambda row: row if run.clock.time > 300 else None,
        DIAGNOSTICS: lambda row: row if run.clock.time < 300 else None,
    }

    report = run("--timeout", "30")

    assert {name for name, end in ends(report).items() if end == "timeout"} == {"account", "whole"}


def test_a_log_that_ceases_after_the_first_round_is_no_proof(run: Run) -> None:
    run.azure.change = {LOGS: lambda row: row if run.clock.time < 1 else None}
    run.azure.delay = 700

    report = run("--timeout", "60")

    assert ends(report)["prompt"] == "timeout"
    assert len(run.azure.requests) == 4, "no round after one with rows makes a lost one good"


def test_what_a_setting_missed_before_it_acted_is_told(run: Run) -> None:
    run.azure.change = dict.fromkeys(ALL, lambda row: row if run.clock.time > 300 else None)

    report = run("--timeout", "60")

    assert report.verdict == "proven"
    assert "round 2 of 2; rows of 2 earlier calls never arrived" in of(report, "caller")[1]


def test_a_setting_may_begin_to_act_between_two_calls(run: Run) -> None:
    """The first call of the first round is not logged, the second is."""
    first = lambda row: None if len(run.azure.requests) == 1 else row  # noqa: E731
    run.azure.change = dict.fromkeys((LOGS, LLM), first)

    report = run("--timeout", "60")

    assert report.verdict == "proven"
    assert "rows of 1 earlier calls never arrived" in of(report, "caller")[1]


def test_logs_may_begin_to_act_at_different_times(run: Run) -> None:
    """Tokens of embeddings are in the gateway's rows, which come before the LLM log's do."""
    run.azure.change = {LLM: lambda row: row if run.clock.time > 300 else None}
    vectors = deployment("a", "text-embedding-3-small", kind="embeddings")

    assert run("--timeout", "60", deployments=[vectors, deployment()]).verdict == "proven"


@pytest.mark.parametrize(("seed", "spread"), [(1, 3600), (2, 5000)])
def test_rows_an_hour_late_are_no_alarm(run: Run, seed: int, spread: int) -> None:
    run.azure._random.seed(seed)
    run.azure.spread = spread

    assert run().verdict == "proven"
    assert run.clock.time <= max(at for at, _, _ in run.azure._rows) + 5


def test_a_round_that_is_not_answered_as_a_whole_proves_nothing(run: Run) -> None:
    """The second deployment has no answer for the second round; the third has all."""
    run.azure.change = dict.fromkeys(ALL, lambda row: row if run.clock.time > 300 else None)
    handle = run.azure.handle

    def at_times_not(request: httpx.Request) -> httpx.Response:
        if "/second/" in request.url.path and 300 < run.clock.time < 1000:
            return refused(400, "unsupported_value", "not now")
        return handle(request)

    run.azure.handle = at_times_not  # type: ignore[method-assign]
    report = run("--timeout", "60", deployments=[deployment(), deployment("second")])

    assert report.verdict == "proven"
    assert 1200 <= run.clock.time <= 1210
    assert "rows of 4 earlier calls never arrived" in of(report, "caller")[1]


def test_no_further_calls_are_paid_for_once_a_proof_has_failed(run: Run) -> None:
    run.azure.delay = 540
    run.azure.change = {LOGS: without(CallerIpAddress=""), DIAGNOSTICS: lost}

    report = run()

    assert of(report, "caller")[0] == "failed"
    assert run.clock.time > 600
    assert len(run.azure.requests) == 2


def test_no_calls_are_made_whose_rows_could_not_come_in_time(run: Run) -> None:
    run.azure.change = dict.fromkeys(ALL, lost)

    run("--timeout", "19")

    assert len(run.azure.requests) == 2


def test_a_second_fault_is_told_though_its_rows_come_minutes_later(run: Run) -> None:
    """What is configured wrongly is known before the first row."""
    setting = f"{GATEWAY}/providers/Microsoft.Insights/diagnosticSettings/to-workspace"
    logs = [{"category": name, "enabled": True} for name in ("GatewayLogs", "GatewayLlmLogs")]
    run.azure.arm.set(setting, "logs", logs)
    run.azure.delay = 240
    run.azure.change = {LOGS: without(CallerIpAddress="")}

    report = run()

    wrong = {name for name, end in ends(report).items() if end == "failed"}
    assert wrong == {"audit", "caller", "whole"}
    assert "waiting" not in ends(report).values()


def test_rows_that_do_not_come_after_a_failure_are_left(run: Run) -> None:
    setting = f"{GATEWAY}/providers/Microsoft.Insights/diagnosticSettings/to-workspace"
    run.azure.arm.set(setting, "logs", [{"category": "GatewayLogs", "enabled": True}])
    run.azure.change = dict.fromkeys(ALL, lost)

    report = run()

    assert (report.status, of(report, "audit")[0]) == (1, "failed")
    assert 15 * 60 <= run.clock.time < 15 * 60 + 1, "from the end of the calls on"
