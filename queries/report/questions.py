"""What the report asks: files of the query library, their parameters, and what is kept of them.

Everything is added up in the workspace, so that no row of a single call is fetched, however long
the period is: the service returns at most 500,000 rows and 100 MB of a query, and ends it after ten
minutes. What has rows by day and consumer may have more of them, and is then asked in parts. https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from queries import library
from queries.contract import Account
from queries.outputs import Target
from queries.pages import Paged
from queries.report.period import CENTURY, Period

TOP = 15
"""Rows of a list of the most."""
SUSTAINED = library.default("capacity", "minutes")
"""Minutes in which a deployment reached the share of its limit that is called sustained."""

HOURLY_CALLS, TOLERATED_PERCENT = 50, 2
"""Counted calls of an hour that is judged alone, and the percent that it may lack.

They are those of the alert `reconcile`: in a smaller hour one call is more than that.
"""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One file with its parameters; what goes on from its rows has them without their limit."""

    file: str
    values: Mapping[str, library.Value] = field(default_factory=dict)
    whose: str = ""
    """Which consumers' rows are kept, with every row of each; "" for all, and nobody's."""
    then: str = ""
    top: str = ""
    """The measure of which the largest `TOP` rows are kept; "" for all rows."""
    paged: bool = False
    """Whether an answer that the service cuts by its size is read in parts of the time instead.

    Only where each row counts calls of a time from `since` up to, and without, `until`: then a row
    may come in parts, which add up to it.
    """

    @property
    def asked(self) -> str | Paged:
        """Return what the workspace is asked."""
        return Paged(self.kql, every=False) if self.paged else self.kql

    @property
    def kql(self) -> str:
        """Return the query."""
        text = library.render(self.file, **self.values).rstrip()
        largest = f"| top {TOP} by {self.top} desc" if self.top and not self.whose else ""
        steps = [step for step in (self.whose, self.then, largest) if step]
        if not steps:
            return text
        rows, _ = library.unlimited(text)
        return "\n".join([rows, *steps])


def of(target: Target, period: Period, account: str = "") -> dict[str, Question]:
    """Return the questions by the name under which the page uses their rows.

    With the short name of an `account` they are of what that one of several answered.
    """
    times: dict[str, library.Value] = {"since": period.since, "until": period.until}
    pricing: dict[str, library.Value] = {
        "provisioned": [d.name for d in target.deployments if d.provisioned]
    }
    if target.prices:
        pricing["prices"] = target.prices
    found = {
        "traffic": Question(file="traffic", values=times | {"step": period.bin}, paged=True),
        "cost": Question(file="cost-by-consumer", values=times | pricing, paged=True),
        "latency over time": Question(
            file="latency-over-time", values=times | {"step": period.bin}
        ),
        "latency in all": Question(file="latency-over-time", values=times | {"step": CENTURY}),
        "latency": Question(file="latency", values=times, top="Calls"),
        "error rate": Question(file="error-rate", values=times | {"minimumCalls": 1}),
        "errors": Question(
            file="gateway-errors",
            values=times,
            then="| summarize Calls = sum(Calls), Last = max(Last) by ResponseCode, Kind, "
            "RefusedBy, Reason, Consumer, Deployment",
            top="Calls",
        ),
        "coverage": Question(file="coverage", values=times),
        "unknown": Question(
            file="tokens-unknown",
            values=times,
            then="| summarize Calls = count(), Last = max(Time) by Why, Deployment",
            top="Calls",
        ),
        "addresses": Question(
            file="tokens-by-caller-ip",
            values=times,
            then="| summarize Calls = sum(Calls), Consumers = max(Consumers), TotalTokens = "
            "sum(TotalTokens), UnknownCalls = sumif(Calls, TokenSource == 'unknown') by "
            "CallerIpAddress",
            top="TotalTokens",
        ),
        "filtered": Question(
            file="content-filter",
            values=times | {"unread": 1},
            then=f"| summarize Calls = count() by Time = bin(Time, {period.bin.kql}), Consumer, "
            "Deployment, Stopped, By, Categories\n| order by Time asc",
        ),
        "silence": Question(
            file="silence",
            values=times,
            then="| summarize Hours = count(), Missing = sum(Missing), Last = max(Hour) by Log, "
            "State\n| order by Missing desc",
        ),
        "reconcile": Question(
            file="reconcile",
            values=times | {"identity": target.gateway_principal_id},
            then="| where isempty(Deployment)\n| summarize Counted = sum(Counted), Logged = "
            "sum(Logged), Around = sum(Around), Missing = sum(Missing), ShortHours = "
            f'countif(Log != "tokens" and Counted >= {HOURLY_CALLS} and MissingPercent > '
            f"{TOLERATED_PERCENT}) by Log\n| order by Log asc",
        ),
        "capacity": Question(
            file="capacity",
            values=times | {"capacities": _capacities(target, account)},
        ),
        "bypass": Question(
            file="bypass",
            values=times | {"identity": target.gateway_principal_id},
            then="| summarize Calls = count(), Last = max(Time) by Deployment, Why",
            top="Calls",
        ),
    }
    if target.accounts:
        found["accounts"] = Question(
            file="accounts",
            values=times
            | {
                "identity": target.gateway_principal_id,
                "names": target.account_names,
                "limits": target.account_limits,
            },
        )
    if target.capture == "full":
        found["cut"] = Question(
            file="not-captured",
            values=times,
            then="| where not(Whole)\n| summarize Calls = count(), Last = max(Time) by Why",
            top="Calls",
        )
    if target.budgets:
        month = period.last.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        found["budgets"] = Question(
            file="budgets",
            values=times | {"since": month, "budgets": target.budgets} | pricing,
        )
    only = next((one for one in target.accounts if account and one.name == account), None)
    return {key: _of_the_stack(question, target, only) for key, question in found.items()}


OF_CONSUMERS = ("traffic", "cost", "latency", "error rate", "errors", "filtered", "budgets")
"""Questions whose rows each belong to one consumer, and tell of no other's calls."""


def of_consumers(target: Target, period: Period, consumer: str = "") -> dict[str, Question]:
    """Return the questions of consumers' own pages: all of them asked at once, or one alone.

    What metrics count, what came around the gateway and how full the deployments were is not in
    them, nor is an address: these tell of several consumers at once.
    """
    whole = of(target, period)
    found = {key: whole[key] for key in OF_CONSUMERS if key in whole}
    found["unknown"] = replace(
        whole["unknown"],
        then="| summarize Calls = count(), Last = max(Time) by Consumer, Why, Deployment",
    )
    can_be_named = consumer and consumer.isprintable()
    named = f"Consumer =~ {library.literal(consumer)}" if can_be_named else "isnotempty(Consumer)"
    return {key: replace(one, whose=f"| where {named}") for key, one in found.items()}


def names(target: Target, period: Period) -> dict[str, Question]:
    """Return the question who called."""
    asked = Question(
        file="consumers",
        values={"since": period.since, "until": period.until},
        whose="| where isnotempty(Consumer)",
        then="| summarize Calls = sum(Calls) by Consumer",
    )
    return {"consumers": _of_the_stack(asked, target)}


def _capacities(target: Target, account: str) -> dict[str, int]:
    own = [d for one in target.accounts if one.name == account for d in one.deployments]
    return {d.name: d.capacity for d in own or target.deployments if not d.provisioned}


def _of_the_stack(question: Question, target: Target, only: Account[str] | None = None) -> Question:
    """Bind the question to the stack's own gateway, account and API, as far as its file can tell.

    Other stacks may share the workspace, and other APIs the gateway.
    """
    several, own = bool(target.accounts), dict[str, library.Value](target.own)
    if only:
        own |= {"account": (only.id,), library.BACKEND: urlsplit(only.backend_url).hostname or ""}
    known = {n: one for n, one in own.items() if library.has(question.file, n, several=several)}
    return replace(question, values=dict(question.values) | known)
