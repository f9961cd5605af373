"""Answers that the service cuts by their size: asked for again in halves, or said to be cut."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest
import requests

from queries.pages import Paged
from queries.workspace import LogAnalytics, NotYetError
from tests.check.test_edges import TABLE, Service, service, warned

__all__ = ["service"]

CUT = (
    "The results of this query exceed the set limit of 64000000 bytes, so not all records were "
    "returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003)."
)
"""https://learn.microsoft.com/kusto/concepts/query-limits#limit-on-result-set-size-result-truncation"""
HOUR = "let since = datetime(2026-03-01T12:00:00Z);\nlet until = datetime(2026-03-01T13:00:00Z);"


def cut_above(service: Service, monkeypatch: pytest.MonkeyPatch, minutes: float) -> list[float]:
    """Cut each answer that covers more time; return the minutes that were asked for."""
    asked: list[float] = []

    def answer(*given: Any, **more: Any) -> requests.Response:
        times = re.findall(r"datetime\(([^)]+)\)", str(more))
        since, until = map(datetime.fromisoformat, times[:2])
        asked.append((until - since).total_seconds() / 60)
        service.body = warned(CUT) if asked[-1] > minutes else json.dumps(TABLE)
        return service.answer(*given, **more)

    monkeypatch.setattr(requests.Session, "request", answer)
    return asked


@pytest.mark.parametrize("every", [True, False])
def test_an_answer_that_is_cut_is_asked_for_in_halves(
    service: Service, monkeypatch: pytest.MonkeyPatch, *, every: bool
) -> None:
    asked = cut_above(service, monkeypatch, minutes=15)
    workspace = LogAnalytics("https://api.loganalytics.io", "id")

    rows = workspace.query(Paged(f"{HOUR}\nAzureMetrics\n| take 5000", every=every))

    assert (len(rows), sorted(asked)) == (4, [15, 15, 15, 15, 30, 30, 60])


def test_an_answer_that_stays_cut_is_no_answer(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cut_above(service, monkeypatch, minutes=0)
    workspace = LogAnalytics("https://api.loganalytics.io", "id")

    with pytest.raises(NotYetError, match="rows of one second are cut by their size"):
        workspace.query(Paged(f"{HOUR}\nAzureMetrics\n| take 5000"))
    assert len(asked) < 20
    with pytest.raises(NotYetError, match="no time by which to ask for less"):
        workspace.query(f"{HOUR}\nAzureMetrics\n| summarize count()")


def test_an_answer_that_is_cut_has_all_columns(service: Service) -> None:
    service.body = warned(CUT)

    assert LogAnalytics("https://api.loganalytics.io", "id").columns("X") == ["Name", "Total"]
