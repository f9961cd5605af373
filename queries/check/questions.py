"""The KQL that asks each source for the rows of the calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from queries import library
from queries.check import beside
from queries.check.evidence import Evidence
from queries.check.fields import SLACK
from queries.check.kinds import PREFIX
from queries.check.rows import TABLES, Source
from queries.check.traffic import OwnTraffic, by_round
from queries.library import among
from queries.pages import Paged

CONTENT: dict[Source, str] = {
    "gateway-whole": (
        "strcat(RequestBody, BackendRequestBody, ResponseBody, BackendResponseBody, Url)"
    ),
    "llm-whole": "strcat(tostring(RequestMessages), tostring(ResponseMessages))",
}
"""Where a marker of this run may stand in the rows that are read with every column."""
MOST_ROWS = 1000
"""Rows of one page; with every column, a row has some kilobytes."""
ENTRIES = 3
"""Rows that the LLM log has of one short call: its tokens, its prompt, its completion."""
MINUTE = timedelta(minutes=1)
render = lru_cache(maxsize=32)(library.render)
literal = lru_cache(maxsize=128)(library.literal)
"""Most looks ask what the look before has asked."""


def question(source: Source, evidence: Evidence) -> str | Paged:
    """Return what to ask a source now, "" for nothing; paged where each row counts, ours or not."""
    target, calls = evidence.target, evidence.calls
    between = {"since": evidence.traffic.since, "until": evidence.traffic.until}
    if source in beside.SOURCES or source in TABLES:
        ask = beside.question if source in beside.SOURCES else _whole
        return ask(source, evidence)
    if source == "every-table":
        traffic = evidence.traffic
        return _every_table(traffic) if isinstance(traffic, OwnTraffic) else ""
    ids = ",".join(sorted(evidence.all_correlations))
    if source == "gateway":
        own = {name: one for name, one in target.own.items() if name != library.ACCOUNT}
        only = {**own, "marker": _run(evidence)}
        kql = render("gateway-calls", **between, **only, correlations=ids)
        return _with_room(kql, len(calls) + _of_limits(evidence))
    if source == "llm":
        only = {"gateway": target.gateway_id, "marker": _marker(evidence)}
        requests = ",".join(call.response_id for call in calls)
        kql = render("llm-calls", **between, **only, requests=requests, correlations=ids)
        return _with_room(kql, len(calls) * ENTRIES)
    if source == "account":
        ids = ",".join(sorted({one for call in calls for one in call.account_ids}))
        own = {"account": target.account_ids, "minutes": _minutes(evidence)}
        return Paged(render("account-calls", **between, **own, correlations=ids))
    return _account_minutes(evidence) if source == "account-minutes" else _metrics(source, evidence)


def _metrics(source: Source, evidence: Evidence) -> str:
    """Return every metric of a resource, over all the time of the calls."""
    target = evidence.target
    # Up to when a call that began in the logs' window, ours or another's, must have ended.
    until = evidence.traffic.until + target.longest_wait + MINUTE
    between = {"since": evidence.traffic.metrics_since, "until": until}
    of_gateway = source == "gateway-metrics"
    whose = {"gateway": target.gateway_id} if of_gateway else {"account": target.account_ids}
    return render("metrics", **between, **whose)


def _with_room(kql: str, wanted: int) -> str:
    """Return the query with room for the rows of many calls, each of which may come twice."""
    rest, most = library.unlimited(kql)
    return kql if most is None or 3 * wanted <= most else f"{rest}\n| take {3 * wanted}\n"


def _of_limits(evidence: Evidence) -> int:
    """Count the calls that were made to meet limits, whose rows are this run's too."""
    traffic = evidence.traffic
    return sum(one.calls for one in traffic.limits or ()) if isinstance(traffic, OwnTraffic) else 0


def _marker(evidence: Evidence) -> str:
    """Return what the markers of this run begin with; "", for none, where others made the calls."""
    traffic = evidence.traffic
    return traffic.marker if isinstance(traffic, OwnTraffic) else ""


def _run(evidence: Evidence) -> str:
    """Return what markers and the names of unknown deployments share in one run; "" for none."""
    return _marker(evidence).removeprefix(PREFIX)


def _minutes(evidence: Evidence) -> str:
    """Return the minutes of the calls, each round's first to last, and of the attempts."""
    spans = [
        (min(call.started for call in calls), max(call.ended for call in calls))
        for calls in by_round(evidence.calls)
    ]
    if isinstance(evidence.traffic, OwnTraffic):
        spans += [(attempt.started, attempt.ended) for attempt in evidence.traffic.attempts]
        spans += [(call.started, call.ended) for call in evidence.traffic.aside]
    return _minutes_of(tuple(spans))


@lru_cache(maxsize=8)
def _minutes_of(spans: tuple[tuple[datetime, datetime], ...]) -> str:
    minutes = {time for begin, end in spans for time in _each(begin - SLACK, end + SLACK)}
    return ",".join(f"{time:%Y-%m-%d %H:%M}" for time in sorted(minutes))


def _each(begin: datetime, end: datetime) -> Iterator[datetime]:
    time = begin.astimezone(UTC).replace(second=0, microsecond=0)
    while time <= end:
        yield time
        time += MINUTE


def _account_minutes(evidence: Evidence) -> str:
    """Return the account's counts of tokens in the minutes of these calls."""
    traffic = evidence.traffic
    if not isinstance(traffic, OwnTraffic) or not traffic.calls:
        return ""
    return (
        f"let since = {literal(traffic.metrics_since)};\n"
        f"let until = {literal(traffic.until)};\n"
        f"let minutes = {literal(_minutes(evidence))};\n"
        "AzureMetrics\n| where TimeGenerated >= since and TimeGenerated <= until\n"
        f"| where {among(evidence.target.account_ids)}\n"
        '| where MetricName in ("ProcessedPromptTokens", "GeneratedTokens")\n'
        '| where minutes contains format_datetime(TimeGenerated, "yyyy-MM-dd HH:mm")\n'
        "| summarize Total = max(Total) by TimeGenerated, _ResourceId, MetricName\n"
        "| summarize Total = sum(Total) by MetricName\n"
    )


def _every_table(traffic: OwnTraffic) -> str:
    """Return in how many rows of each table a marker of this run stands, in whichever column.

    `search` reads every table of the Analytics plan; its first word is one term, which an index
    finds. Where queries are audited, this one is in LAQueryLogs.
    https://learn.microsoft.com/kusto/query/search-operator
    https://learn.microsoft.com/azure/azure-monitor/logs/query-audit
    """
    since, until = literal(traffic.since), literal(traffic.until)
    return (
        f'search "{traffic.marker.removeprefix(PREFIX)}" and "*{traffic.marker}*"\n'
        f"| where TimeGenerated >= {since} and TimeGenerated <= {until}\n"
        f'| where $table != "LAQueryLogs"\n'
        "| summarize Rows = count() by Table = $table\n"
    )


def _whole(source: Source, evidence: Evidence) -> Paged:
    """Return every column of the rows of these calls; of AzureDiagnostics, of their minutes.

    The key itself is never part of a query: the workspace may keep the queries' text.
    https://learn.microsoft.com/azure/azure-monitor/logs/query-audit
    """
    table, content, target = TABLES[source], CONTENT.get(source), evidence.target
    ids = evidence.all_correlations
    if content:
        ours = _among(ids)
        if isinstance(evidence.traffic, OwnTraffic):
            ours += f" or {content} contains {literal(_run(evidence))}"
    else:
        ids |= {one for call in evidence.calls for one in call.account_ids}
        both = (target.gateway_id, *(one.id for one in target.every_account))
        ours = " or ".join(f"_ResourceId =~ {literal(one)}" for one in both)
        minutes = literal(_minutes(evidence))
        minute = 'format_datetime(TimeGenerated, "yyyy-MM-dd HH:mm")'
        ours = f"({ours}) and ({minutes} contains {minute} or {_among(ids)})"
    return Paged(
        f"let since = {literal(evidence.traffic.since)};\n"
        f"let until = {literal(evidence.traffic.until)};\n"
        f"{table}\n| where TimeGenerated >= since and TimeGenerated <= until\n"
        f"| where {ours}\n| order by TimeGenerated desc\n| take {MOST_ROWS}\n"
    )


def _among(ids: Iterable[str]) -> str:
    listed = literal(",".join(sorted(ids)))
    return f"(isnotempty(CorrelationId) and {listed} contains CorrelationId)"
