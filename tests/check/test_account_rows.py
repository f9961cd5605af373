"""What Azure writes into the account's rows, as public ones show, is no fault; other values are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, ends, of
from tests.check.stack import Row

pytestmark = pytest.mark.slow
TICKS = 10_000_000
"""In a second."""


def seconds(number: float) -> Callable[[Row], Row]:
    """The row's own time, so much after its request."""
    return lambda row: {"TimeGenerated": row["TimeGenerated"] + timedelta(seconds=number)}


def said(change: Callable[[Row], Row]) -> Callable[[Row], Row]:
    def changed(row: Row) -> Row:
        details = json.loads(row["properties_s"])
        return {"properties_s": json.dumps(details | change(details))}

    return changed


def first(change: Callable[[Row], Row]) -> Callable[[Row], Row]:
    return lambda row: row | change(row) if row["CorrelationId"] == "acc-1" else row


def every(change: Callable[[Row], Row]) -> Callable[[Row], Row]:
    return lambda row: row | change(row)


@pytest.mark.parametrize("which", [first, every])
@pytest.mark.parametrize(
    "change",
    [
        lambda _: {"DurationMs": -1021},
        lambda _: {"DurationMs": -1},
        seconds(2.85),
        seconds(8),
        seconds(45),
        said(lambda d: {name: d[name] + 2 * TICKS for name in ("requestTime", "responseTime")}),
    ],
)
def test_what_public_rows_show_is_no_fault(run: Run, which: Any, change: Any) -> None:
    run.azure.change = {DIAGNOSTICS: which(change)}

    report = run("--timeout", "60")

    assert report.verdict == "proven", run.screen.getvalue()


@pytest.mark.parametrize("which", [first, every])
@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda _: {"DurationMs": 0}, "DurationMs"),
        (lambda _: {"DurationMs": 90_000}, "DurationMs"),
        (lambda _: {"DurationMs": None}, "DurationMs"),
        (seconds(90), "TimeGenerated"),
        (seconds(-10), "TimeGenerated"),
        (said(lambda d: {"responseTime": d["requestTime"] - 1}), "responseTime"),
        (said(lambda d: {"responseTime": d["responseTime"] + 60 * TICKS}), "responseTime"),
        (said(lambda d: {"requestTime": d["requestTime"] - 60 * TICKS}), "requestTime"),
        (said(lambda _: {"requestTime": 0}), "requestTime"),
    ],
)
def test_other_times_fail(run: Run, which: Any, change: Any, column: str) -> None:
    run.azure.change = {DIAGNOSTICS: which(change)}

    report = run("--timeout", "60")

    assert ends(report)["whole"] == "failed"
    assert column in of(report, "whole")[1]
