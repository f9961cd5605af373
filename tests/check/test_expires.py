"""The check calls as nobody whose last day is over, but to see that the gateway refuses it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.check.conftest import Run
from tests.check.reading import ends, of
from tests.check.stack import KEY, key_of

HEADER = "x-gateway-accounting"
OF_SUBSCRIPTIONS = {"declared", "drift"}
"""Proofs that look for the consumers' subscriptions, of which this Azure has one."""


def stack(run: Run, **days: int) -> dict[str, Any]:
    """A stack whose consumers have their last day so many days from today."""
    today = run.clock.now()
    names = {"aoai-test": None, **{name.replace("_", "-"): day for name, day in days.items()}}
    ends = {
        name: (today + timedelta(days=day)).date().isoformat()
        for name, day in names.items()
        if day is not None
    }
    return {"consumers": list(names), "expires": ends, "accountingHeader": HEADER}


def test_an_expired_consumer_is_refused_and_calls_nothing_else(run: Run) -> None:
    run.azure.over = {"team-b"}

    report = run(**stack(run, team_b=-1, team_c=0))

    assert {name for name, end in ends(report).items() if end == "failed"} <= OF_SUBSCRIPTIONS
    status, detail, _ = of(report, "expires")
    assert (status, "team-b, last day " in detail) == ("seen", True)
    assert "403 ConsumerExpired; soon: team-c on " in detail
    assert "called as aoai-test, team-c" in of(report, "consumers")[1]
    sent = [one for one in run.azure.refused if one.headers.get("api-key") == key_of("team-b")]
    assert len(sent) == 1


def test_an_expired_consumer_that_is_answered_fails(run: Run) -> None:
    report = run(**stack(run, team_b=-1))

    status, detail, fix = of(report, "expires")
    assert status == "failed"
    assert "team-b, last day " in detail
    assert "not refused as expired but answered HTTP 404" in detail
    assert "pulumi up --refresh" in fix


def test_a_refusal_for_another_reason_is_none_for_the_last_day(run: Run) -> None:
    run.outputs = {"subscriptionKeys": {"aoai-test": KEY, "team-b": "another"}}

    status, detail, _ = of(run(**stack(run, team_b=-1)), "expires")

    assert status == "failed"
    assert "HTTP 401" in detail


def test_before_any_last_day_nothing_is_judged(run: Run) -> None:
    report = run(**stack(run, team_b=0))

    assert of(report, "expires")[:1] == ("skipped",)
    assert {name for name, end in ends(report).items() if end == "failed"} <= OF_SUBSCRIPTIONS


def test_the_key_of_an_expired_consumer_is_in_no_row(run: Run) -> None:
    run.azure.over = {"team-b"}
    run.azure.change["ApiManagementGatewayLogs"] = lambda row: row | {"Cache": key_of("team-b")}

    assert of(run(**stack(run, team_b=-1)), "no-secrets")[0] == "failed"
