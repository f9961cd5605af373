"""Clocks that are wrong, answers that end in the middle, and more of everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from queries.workspace import LogAnalytics
from tests.check.arm import ACCOUNT, GATEWAY
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, of, unknown_id
from tests.check.stack import KEY
from tests.check.test_edges import TABLE, Service, service

pytestmark = pytest.mark.slow
__all__ = ["service"]


@pytest.mark.parametrize("skew", [-600, 600])
@pytest.mark.parametrize("by_id", [True, False])
def test_a_clock_ten_minutes_off_is_no_alarm(run: Run, skew: int, *, by_id: bool) -> None:
    """The service's own clock counts, whichever way the account's rows are found."""
    run.azure.skew = skew
    run.azure.change = {} if by_id else {DIAGNOSTICS: unknown_id}

    assert run("--timeout", "2").verdict == "proven"
    for call in run.azure.requests:
        assert call.headers["api-key"] == KEY


class CutOff(httpx.SyncByteStream):
    """A body that ends in the middle."""

    def __init__(self, whole: bytes) -> None:
        self._whole = whole

    def __iter__(self) -> Iterator[bytes]:
        yield self._whole[: len(self._whole) // 2]
        raise httpx.RemoteProtocolError("peer closed connection without sending complete body")


def cut(run: Run, times: int) -> None:
    """Cut the first answers of the gateway in the middle, whose calls are logged all the same."""
    handle, left = run.azure.handle, [times]

    def answer(request: httpx.Request) -> httpx.Response:
        whole = handle(request)
        if whole.status_code != httpx.codes.OK or not left[0]:
            return whole
        left[0] -= 1
        return httpx.Response(200, headers=whole.headers, stream=CutOff(whole.read()))

    run.azure.handle = answer  # type: ignore[method-assign]  # some answers are cut


def test_a_gateway_that_cuts_an_answer_is_called_again(run: Run) -> None:
    cut(run, times=1)

    assert run("--timeout", "5").verdict == "proven"
    assert "peer closed connection" in run.screen.getvalue()


def test_a_gateway_that_cuts_every_answer_fails_and_says_so(run: Run) -> None:
    cut(run, times=10_000)

    report = run("--timeout", "5")

    assert (report.status, of(report, "call")[0]) == (1, "failed")
    assert "cannot be reached: RemoteProtocolError" in of(report, "call")[1]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_json_of_the_workspace_that_ends_in_the_middle_is_no_answer(
    run: Run, service: Service, part: float
) -> None:
    whole = json.dumps(TABLE)
    service.body = whole[: int(len(whole) * part)]
    run.workspace = LogAnalytics("https://api.loganalytics.io", "id")

    report = run("--timeout", "1")

    assert (report.status, report.verdict) == (3, "timeout")
    assert "not one of Log Analytics" in of(report, "caller")[1]


def test_three_hundred_times_the_rows_hide_nothing_and_raise_no_alarm(run: Run) -> None:
    """Calls of others, with rows in each log, before, between and after ours."""
    add_of_others(run, 300)
    report = run("--timeout", "2")
    assert report.verdict == "proven", run.screen.getvalue()

    run.azure.change = {LLM: lambda row: row | {"TotalTokens": 3} if row.get("RequestId") else row}
    assert ends(run("--timeout", "2"))["tokens"] == "failed"


def add_of_others(run: Run, times: int) -> None:
    begun = run.clock.now()
    url = "https://apim-x.azure-api.net/openai/deployments/theirs/chat/completions"
    for number in range(times * 9):
        time = begun + timedelta(seconds=number / 50 - 20)
        stamp = {"TimeGenerated": time, "CorrelationId": f"theirs-{number}"}
        gateway = {"ApiId": "miyagi-api", "Url": url, "ResponseCode": 200}
        run.azure._add(LOGS, stamp | gateway | {"ApimSubscriptionId": "theirs"})
        run.azure._add(LLM, stamp | {"RequestId": f"theirs-{number}", "SequenceNumber": 0})
        for table, name in ((GATEWAY, "Requests"), (ACCOUNT, "AzureOpenAIRequests")):
            minute = {"TimeGenerated": time + timedelta(microseconds=number)}
            run.azure._add(table, minute | {"MetricName": name, "Total": 1.0})
        account = {"Deployment": "theirs", "ResultSignature": "200"}
        run.azure._add(DIAGNOSTICS, stamp | account | {"CorrelationId": f"acc-theirs-{number}"})
