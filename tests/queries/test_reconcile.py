"""What the account counted is held against what the logs hold, by hour and deployment."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queries.library import render
from queries.report import headlines, questions
from queries.report.ask import Answer
from queries.report.facts import Facts
from queries.report.period import of
from tests.queries.database import ACCOUNT, HOUR, Database, gateway, llm, request
from tests.report.fortnight import target

Rows = list[dict[str, Any]]
LOST_HOUR = HOUR - timedelta(hours=1)
TOLERATED = 2.0
"""Percent of an hour's calls, the alert's own threshold."""
FEW = 50
"""Calls of an hour of which one is within what is tolerated."""
LOGS = ("gateway log", "LLM log", "account log")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call, what of it is logged, and what the account counts of it."""

    id: str
    start: datetime
    milliseconds: int = 900
    deployment: str = "chat"
    tokens: int = 100
    logged: frozenset[str] = frozenset(LOGS)
    around: bool = False
    api: str = "miyagi-api"
    host: str = "account"
    told: bool = True
    """Whether a log tells its tokens."""
    counted_late: timedelta = timedelta(0)

    @property
    def minute(self) -> datetime:
        end = self.start + timedelta(milliseconds=self.milliseconds) + self.counted_late
        return end.replace(second=0, microsecond=0)

    def store(self, database: Database) -> None:
        time = {"TimeGenerated": self.start}
        path = f"openai/deployments/{self.deployment}/chat/completions"
        if not self.around and "gateway log" in self.logged:
            told = f"{{model:gpt,usage:{{total_tokens:{self.tokens}}}}}" if self.told else ""
            gateway(
                database,
                self.id,
                Url=f"https://gateway/{path}",
                BackendUrl=f"https://{self.host}.openai.azure.com/{path}",
                ApiId=self.api,
                BackendResponseCode=200,
                TotalTime=self.milliseconds,
                ResponseHeaders={"x-gateway-accounting": told},
                **time,
            )
        if not self.around and "LLM log" in self.logged:
            total = self.tokens if self.told else 0
            names = {"DeploymentName": self.deployment, "ModelName": "gpt"}
            llm(database, self.id, 0, TotalTokens=total, PromptTokens=total, **names, **time)
        if "account log" in self.logged and self.host in ("account", "ACCOUNT"):
            identity = "somebody" if self.around else "gateway-id"
            more = {"deployment": self.deployment, "DurationMs": self.milliseconds}
            request(database, f"a-{self.id}", identity, **more, **time)


def workspace(calls: Iterable[Call]) -> Database:
    """The rows of these calls, and the account's metrics, minute by minute, whole."""
    database, counts = Database(), Counter[tuple[datetime, str]]()
    for call in calls:
        call.store(database)
        if call.host not in ("account", "ACCOUNT"):
            continue
        counts[call.minute, "AzureOpenAIRequests"] += 1
        counts[call.minute, "TokenTransaction"] += call.tokens
    for (minute, name), total in counts.items():
        row = {"MetricName": name, "Total": float(total), "_ResourceId": ACCOUNT}
        database.add("AzureMetrics", TimeGenerated=minute, **row)
    return database


def traffic(seed: int, per_hour: int = 60, hours: int = 4) -> list[Call]:
    """Calls at any time, some open at an hour's edge, each counted up to a minute late."""
    chance, start = random.Random(seed), HOUR - timedelta(hours=hours - 1)
    return [
        Call(
            id=f"{number}",
            start=start + timedelta(seconds=chance.uniform(0, 3600 * hours)),
            milliseconds=int(chance.expovariate(1 / 20_000)),
            deployment=chance.choice(("chat", "Chat", "fast")),
            tokens=chance.randrange(50, 150),
            counted_late=timedelta(seconds=chance.choice((0, 0, 0, 59))),
        )
        for number in range(per_hour * hours)
    ]


def reconciled(calls: Iterable[Call], **given: Any) -> Rows:
    own = {"gateway": "/gateway", "account": ACCOUNT, "identity": "gateway-id", "api": "Miyagi-API"}
    since = HOUR - timedelta(hours=6)
    return workspace(calls).ask(render("reconcile", since=since, **own, **given))


def in_hour(call: Call) -> bool:
    """Whole within the hour of which rows are lost: never counted in another."""
    end = call.start + timedelta(milliseconds=call.milliseconds) + timedelta(minutes=1)
    return LOST_HOUR + timedelta(minutes=1) < call.start and end < LOST_HOUR + timedelta(hours=1)


def spoilt(calls: list[Call], share: float, change: Callable[[Call], Call]) -> list[Call]:
    """These calls, of which a share of one hour's is changed."""
    hit = [call.id for call in calls if in_hour(call)]
    chosen = set(random.Random(3).sample(hit, max(1, round(share * len(hit)))))
    return [change(call) if call.id in chosen else call for call in calls]


def lost(log: str) -> Callable[[Call], Call]:
    return lambda call: replace(call, logged=call.logged - {log})


@pytest.mark.parametrize("seed", range(6))
def test_a_healthy_account_is_whole_whatever_minute_metrics_choose(seed: int) -> None:
    rows = reconciled(traffic(seed), minimumCalls=FEW)

    assert max(row["MissingPercent"] for row in rows) <= TOLERATED
    assert sum(row["Missing"] > 0 for row in rows) <= len(rows) / 10
    assert {row["Log"] for row in rows} == {
        *("ApiManagementGatewayLogs", "ApiManagementGatewayLlmLog", "AzureDiagnostics", "tokens"),
    }


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("gateway log", "ApiManagementGatewayLogs"),
        ("LLM log", "ApiManagementGatewayLlmLog"),
        ("account log", "AzureDiagnostics"),
    ],
)
def test_an_hour_in_which_a_log_lost_a_twentieth_is_told(log: str, told: str) -> None:
    rows = reconciled(spoilt(traffic(1, 200), 0.05, lost(log)))

    missing = [
        row for row in rows if row["State"] == "missing" and row["MissingPercent"] > TOLERATED
    ]
    assert {(row["Hour"], row["Log"]) for row in missing} == {(LOST_HOUR, told)}


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("share", [0.0, 0.05])
def test_the_report_shows_an_hour_in_which_a_log_lost_a_twentieth(log: str, share: float) -> None:
    """Over the whole period it is less than is tolerated: the hour has a figure of its own."""
    calls = traffic(1, 200, 12)
    stored = workspace(spoilt(calls, share, lost(log)) if share else calls)
    stack = target(accountId=ACCOUNT, gatewayId="/gateway", gatewayPrincipalId="gateway-id")
    period = of(1, HOUR.replace(tzinfo=UTC) + timedelta(hours=1))
    asked = questions.of(stack, period)["reconcile"]
    answer = Answer(file=asked.file, rows=stored.ask(asked.kql))
    facts = Facts(target=stack, period=period, answers={"reconcile": answer})

    (figure,) = (t for t in headlines.tiles(facts) if t.label == "Of what Azure counted")

    assert figure.alarming is bool(share)
    assert ("a log lacks over 2 % of 1 hour" in figure.details) is bool(share)


def test_tokens_that_no_log_holds_are_told() -> None:
    halved = traffic(1, 200)
    rows = reconciled(spoilt(halved, 0.1, lambda call: replace(call, tokens=3 * call.tokens)))
    assert {row["State"] for row in rows} == {"whole"}

    both = frozenset({"gateway log", "LLM log"})
    rows = reconciled(spoilt(halved, 0.05, lambda c: replace(c, logged=c.logged - both)))

    missing = {row["Log"]: row for row in rows if row["State"] == "missing"}
    assert missing.keys() == {"ApiManagementGatewayLogs", "tokens"}
    assert 2 < missing["tokens"]["MissingPercent"] < 8


def test_calls_around_the_gateway_are_told_from_lost_rows() -> None:
    rows = reconciled(spoilt(traffic(1, 200), 0.1, lambda call: replace(call, around=True)))

    hit = [row for row in rows if row["Hour"] == LOST_HOUR and row["State"] != "whole"]
    assert {row["State"] for row in hit} == {"around the gateway"}
    assert {row["Log"] for row in hit} == {"ApiManagementGatewayLogs", "tokens"}
    (all_of_it,) = (row for row in hit if row["Log"] != "tokens" and row["Deployment"] == "")
    assert all_of_it["Around"] == all_of_it["Counted"] - all_of_it["Logged"] > 15
    assert all_of_it["AccountedPercent"] < 92


def test_tokens_of_calls_that_tell_none_are_not_known_and_not_missing() -> None:
    rows = reconciled(spoilt(traffic(1, 200), 0.05, lambda call: replace(call, told=False)))

    (row,) = (row for row in rows if row["State"] not in ("whole", "missing"))
    assert (row["Log"], row["State"], row["Missing"]) == ("tokens", "not known", 0)
    assert row["AccountedPercent"] < 97


def test_hours_of_few_calls_are_left_out() -> None:
    calls = traffic(1, 10)

    assert reconciled(calls)
    assert reconciled(calls, minimumCalls=FEW) == []


def beside(calls: list[Call], every: int = 2, **more: Any) -> list[Call]:
    """These calls, some of which another API of the gateway makes."""
    return [
        replace(call, api="other", **more) if number % every == 0 else call
        for number, call in enumerate(calls)
    ]


@pytest.mark.parametrize(
    "more", [{}, {"host": "ACCOUNT"}, {"logged": {"gateway log", "account log"}}]
)
@pytest.mark.parametrize("every", [2, 1])
def test_calls_of_another_api_of_the_gateway_are_logged_too(
    more: dict[str, Any], every: int
) -> None:
    """Also where no call of the stack's own API tells the account's host."""
    rows = reconciled(beside(traffic(1), every, **more), minimumCalls=FEW)

    assert rows
    assert all(row["MissingPercent"] < TOLERATED for row in rows)
    assert {row["AccountedPercent"] for row in rows if row["Log"] != "tokens"} >= {100.0}


@pytest.mark.parametrize("log", ["gateway log", "account log"])
def test_a_loss_among_the_calls_of_several_apis_is_told(log: str) -> None:
    rows = reconciled(spoilt(beside(traffic(1, 200)), 0.05, lost(log)))

    assert any(row["Hour"] == LOST_HOUR and row["MissingPercent"] > TOLERATED for row in rows)


def test_what_another_api_sends_elsewhere_hides_no_loss() -> None:
    elsewhere = [
        replace(call, id=f"e-{call.id}", api="other", host="weather", told=False)
        for call in traffic(2)
    ]

    rows = reconciled([*spoilt(traffic(1, 200), 0.05, lost("gateway log")), *elsewhere])

    assert any(
        row["Hour"] == LOST_HOUR and row["Log"] == "ApiManagementGatewayLogs" and row["Missing"] > 5
        for row in rows
    )
