"""Metrics that arrive twice count once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from queries.library import render
from queries.workspace import Row
from sandbox.logs import kql
from sandbox.logs.store import COLUMNS
from tests.check.arm import GATEWAY
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, of

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


def test_a_minute_that_arrives_twice_is_summed_once() -> None:
    first: Row = {
        "TimeGenerated": "2026-03-01T12:00:00",
        "_ResourceId": "/g",
        "MetricName": "Requests",
    }
    second = first | {"TimeGenerated": "2026-03-01T12:01:00", "Total": 5.0, "Count": 2.0}
    other = first | {"MetricName": "Duration", "Total": 7.0, "Count": 1.0}
    rows = [first | {"Total": 3.0, "Count": 3.0}, second, other]
    query = render("metrics", since=SINCE, until=UNTIL, gateway="/G")

    once = kql.run(query, COLUMNS, {name: [] for name in COLUMNS} | {"AzureMetrics": rows})
    # The sandbox makes one row of a minute's rows, so a second one has another time grain.
    again = [row | {"TimeGrain": "PT1M"} for row in rows]
    twice = kql.run(query, COLUMNS, {name: [] for name in COLUMNS} | {"AzureMetrics": rows + again})

    assert once["rows"] == twice["rows"]
    assert [row[1:4] for row in once["rows"]] == [["Duration", 7.0, 1.0], ["Requests", 8.0, 5.0]]


def test_one_request_that_is_told_twice_is_not_two(run: Run) -> None:
    add = run.azure._add

    def first_only(table: str, row: Row) -> None:
        if table != GATEWAY or len(run.azure.requests) == 1:
            add(table, row)
        if table == GATEWAY and len(run.azure.requests) == 1:
            add(table, row)

    run.azure._add = first_only  # type: ignore[method-assign]

    status, detail, _ = of(run("--timeout", "1"), "gateway-metrics")

    assert (status, "1 of 2 requests counted" in detail) == ("timeout", True)


@pytest.mark.parametrize("spread", [0.0, 30.0])
def test_repeated_metrics_are_no_alarm(run: Run, spread: float) -> None:
    run.azure.spread = spread

    said = of(run(), "gateway-metrics")[1]
    assert said in {f"{count} requests counted for at least 2 calls" for count in (2, 3)}


def test_requests_that_manage_the_account_are_no_calls_of_others(run: Run) -> None:
    """Its log has them too, in the same minutes, but its metric does not count them."""
    managed = {"CorrelationId": "managed", "ResultSignature": "200", "Deployment": ""}
    begun = run.clock.now().replace(second=5)
    run.azure._add(DIAGNOSTICS, managed | {"TimeGenerated": begun})

    assert (
        "3 requests counted for at least 2 calls" in of(run("--timeout", "1"), "account-metrics")[1]
    )
