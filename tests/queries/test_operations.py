"""Coverage, capacity and retirements are reported as they were."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from queries.library import load, render
from tests.queries.calls import every_call
from tests.queries.database import NOW, Database, gateway, llm, workspace
from tests.queries.truth import source, unanswered

MINUTE = timedelta(minutes=1)
HOUR = (NOW - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
CHAT = "https://gateway/openai/deployments/chat/chat/completions?api-version=1"
EMBED = "https://gateway/openai/deployments/emb/embeddings?api-version=1"
CALLS = every_call()


@pytest.fixture
def database() -> Database:
    return Database()


def utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)


def test_coverage_is_that_of_the_calls() -> None:
    rows = {row["Deployment"]: row for row in workspace(CALLS, seed=4).ask(load("coverage"))}

    groups = defaultdict(list)
    for call in CALLS:
        groups[call.deployment].append(call)
    assert rows.keys() == groups.keys()
    for deployment, calls in groups.items():
        row = rows[deployment]
        unknown = sum(source(call) == "unknown" for call in calls)
        expected = [call for call in calls if call.in_llm_log]
        missing = sum(0 in call.lost for call in expected)
        ended = sum(map(unanswered, calls))
        assert (row["Calls"], row["Unanswered"]) == (len(calls), ended)
        assert row["Unknown"] == unknown - ended
        assert row["Accounted"] == len(calls) - unknown
        assert row["UnknownPercent"] == pytest.approx(100 * row["Unknown"] / len(calls), abs=0.01)
        assert (row["LlmCalls"], row["WithoutLlmRow"]) == (len(expected), missing)
        share = 100 * missing / len(expected) if expected else 0
        assert row["WithoutLlmRowPercent"] == pytest.approx(share, abs=0.01)


def test_coverage_hides_no_call_and_expects_no_row_of_what_is_not_logged(
    database: Database,
) -> None:
    deployment = "https://gateway/openai/deployments/chat"
    gateway(database, "unnamed", Url="https://gateway/openai/v1/responses", ResponseCode=401)
    gateway(database, "embedding", Url=f"{deployment}/embeddings?api-version=1")
    gateway(database, "read", Url="https://gateway/openai/v1/responses/resp_1", Method="GET")
    gateway(database, "alone", Url=CHAT)

    rows = {row["Deployment"]: row for row in database.ask(load("coverage"))}

    assert {name: (row["Calls"], row["LlmCalls"]) for name, row in rows.items()} == {
        "unknown": (1, 0),
        "chat": (2, 1),
    }
    assert (rows["chat"]["Unknown"], rows["chat"]["WithoutLlmRowPercent"]) == (2, 100)
    (enough,) = database.ask(render("coverage", minimumCalls=2))
    assert enough["Deployment"] == "chat"


def test_few_calls_make_no_share_unless_many_of_them_are_unknown(database: Database) -> None:
    mixes = {"enough": (1, 20), "few": (4, 19), "quarter": (5, 19), "all": (5, 5), "some": (4, 5)}
    for deployment, (unknown, calls) in mixes.items():
        url = f"https://gateway/openai/deployments/{deployment}/chat/completions"
        for number in range(calls):
            name = f"{deployment}-{number}"
            gateway(database, name, Url=url)
            tokens = 0 if number < unknown else 7
            llm(database, name, 0, DeploymentName=deployment, TotalTokens=tokens)

    rows = database.ask(render("coverage", minimumCalls=20))

    assert {row["Deployment"]: row["UnknownPercent"] for row in rows} == {
        "enough": 5,
        "quarter": pytest.approx(100 * 5 / 19, abs=0.01),
        "all": 100,
    }
    missing = {row["Deployment"]: row["WithoutLlmRowPercent"] for row in rows}
    assert missing == {"enough": 0, "quarter": None, "all": None}, "a share of few calls is none"


def spend(database: Database, name: str, seconds: int, tokens: int, deployment: str) -> None:
    time = HOUR + timedelta(seconds=seconds)
    gateway(database, name, Url=CHAT, TimeGenerated=time)
    for _ in range(2):
        row = {"DeploymentName": deployment, "TotalTokens": tokens, "TimeGenerated": time}
        llm(database, name, 0, **row)


def test_capacity_is_measured_in_the_fullest_minute(database: Database) -> None:
    for name, seconds, tokens in (("a", 59, 600), ("b", 60, 500), ("c", 119, 400), ("d", 120, 700)):
        spend(database, name, seconds, tokens, "Chat")
    spend(database, "e", 60, 100, "other")
    gateway(database, "f", Url=EMBED, TimeGenerated=HOUR)
    gateway(database, "g", Url=CHAT, TimeGenerated=HOUR)

    text = render("capacity", since=utc(HOUR), capacities={"chat": 1, "idle": 5, "emb": 2})
    rows = {row["Deployment"].lower(): row for row in database.ask(text)}

    chat = rows["chat"]
    assert (chat["PeakTokensPerMinute"], chat["LimitTokensPerMinute"]) == (900, 1_000)
    assert (chat["Percent"], chat["PeakMinute"]) == (90, HOUR + MINUTE)
    assert chat["UnknownCalls"] == 1
    assert (rows["other"]["PeakTokensPerMinute"], rows["other"]["Percent"]) == (100, None)
    assert (rows["emb"]["Percent"], rows["emb"]["UnknownCalls"]) == (0, 1)
    assert "idle" not in rows


def test_capacity_is_sustained_if_it_is_reached_in_several_minutes(database: Database) -> None:
    for number, tokens in enumerate((990, 400, 700, 1_200, 0, 300)):
        spend(database, f"{number}", 600 * number, tokens, "chat")
    spend(database, "short", 0, 900, "short")
    limits = {"chat": 1, "short": 1}

    shares = {
        minutes: {
            row["Deployment"]: row["SustainedPercent"]
            for row in database.ask(
                render("capacity", since=utc(HOUR), capacities=limits, minutes=minutes)
            )
        }
        for minutes in (1, 2, 5, 6)
    }

    assert shares == {
        1: {"chat": 120, "short": 90},
        2: {"chat": 99, "short": 0},
        5: {"chat": 30, "short": 0},
        6: {"chat": 0, "short": 0},
    }
    (unlimited, _) = database.ask(render("capacity", since=utc(HOUR)))
    assert unlimited["SustainedPercent"] is None


def test_of_equally_full_minutes_the_latest_is_told(database: Database) -> None:
    for number in (7, 3, 9, 5, 1):
        spend(database, f"{number}", 60 * number, 400, "chat")

    (row,) = database.ask(render("capacity", since=utc(HOUR)))

    assert (row["PeakTokensPerMinute"], row["PeakMinute"]) == (400, HOUR + 9 * MINUTE)


def test_a_deployment_retires_while_it_is_called(database: Database) -> None:
    now = NOW.replace(hour=12)
    for name in ("today", "tomorrow", "past", "calm"):
        url = f"https://gateway/openai/deployments/{name}/chat/completions"
        gateway(database, name, Url=url, TimeGenerated=now - MINUTE)
    gateway(database, "v1", RequestBody='{"model": "Past"}', TimeGenerated=now - MINUTE)
    gateway(database, "nameless", ResponseCode=401, TimeGenerated=now - MINUTE)
    days = {"today": 0, "tomorrow": 1, "past": -30, "not-called": 5}
    retirements = {
        name: {"model": "gpt-5.1", "retires": f"{now + timedelta(days=left):%Y-%m-%d}"}
        for name, left in days.items()
    }
    times = {"since": utc(now - timedelta(hours=1)), "until": utc(now)}

    rows = database.ask(render("retirements", retirements=retirements, **times))

    assert [(r["Deployment"], r["DaysLeft"], r["Calls"]) for r in rows] == [
        ("past", -30, 2),
        ("today", 0, 1),
        ("tomorrow", 1, 1),
    ]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    assert [row["Retires"] for row in rows[1:]] == [midnight, midnight + timedelta(days=1)]
    assert {row["Model"] for row in rows} == {"gpt-5.1"}
    assert database.ask(render("retirements", **times)) == []
