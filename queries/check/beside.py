"""The KQL that asks for what others did while this run called, in few columns."""

from __future__ import annotations

from datetime import datetime, timedelta

from queries.check.evidence import Evidence
from queries.check.fields import LAG, MODEL
from queries.check.rows import DIAGNOSTICS, GATEWAY_LOG, LLM_LOG, Source
from queries.check.traffic import OwnTraffic, by_round
from queries.library import among, literal
from queries.pages import Paged

Span = tuple[datetime, datetime]
MOST_ROWS = 5000
"""Rows of one page."""
SOURCES: tuple[Source, ...] = ("gateway-others", "account-others", "llm-others")
USAGE = r'("usage"\s*:\s*\{(?:[^{}]|\{[^{}]*\})*\})'
"""The part of an answer that is read, as text of a regular expression in KQL's @'…'."""


def question(source: Source, evidence: Evidence) -> str | Paged:
    """Return what to ask of others' calls; "" where it is not yet known when to look, or never.

    A call that began as long ago as the gateway waits for an answer may end among this run's: its
    tokens are counted there.
    """
    traffic, target = evidence.traffic, evidence.target
    if not isinstance(traffic, OwnTraffic) or not evidence.all_correlations:
        return ""
    if source == "llm-others" and not target.llm_logging:
        return ""
    wait = target.longest_wait
    spans = [
        (min(call.started for call in calls) - LAG, max(call.ended for call in calls) + LAG)
        for calls in by_round(traffic.calls)
    ]
    since, until = spans[0][0] - wait, spans[-1][1]
    if source == "account-others":
        rows = (
            f"{DIAGNOSTICS}\n{_among(spans, wait, target.account_ids, 'abs(toreal(DurationMs))')}"
        )
    else:
        rows = f"{GATEWAY_LOG}\n{_among(spans, wait, target.gateway_id, 'toreal(TotalTime)')}"
    if source == "llm-others":
        whose = f"{LLM_LOG}\n| where _ResourceId =~ {literal(target.gateway_id)}\n"
        rows = f"{whose}| join kind=leftsemi ({rows}| distinct CorrelationId) on CorrelationId\n"
        until += wait
    table, _, rest = rows.partition("\n")
    return Paged(
        f"let since = {literal(since)};\nlet until = {literal(until)};\n"
        f"{table}\n| where TimeGenerated >= since and TimeGenerated <= until\n{rest}"
        f"{COLUMNS[source]}| order by TimeGenerated desc\n| take {MOST_ROWS}\n"
    )


def _among(spans: list[Span], wait: timedelta, whose: str | tuple[str, ...], took: str) -> str:
    """Keep the rows of what was under way in some times; `took` are its milliseconds, a real."""
    ended = f"TimeGenerated + 1ms * coalesce({took}, 0.0)"
    times = (
        f"(TimeGenerated >= {literal(begin - wait)} and TimeGenerated <= {literal(end)} "
        f"and {ended} >= {literal(begin)})"
        for begin, end in spans
    )
    return f"| where {among(whose)}\n| where {' or '.join(times)}\n"


COLUMNS: dict[Source, str] = {
    "gateway-others": (
        "| where isnotempty(BackendUrl)\n"
        "| extend Answer = iff(isempty(ResponseBody), BackendResponseBody, ResponseBody)\n"
        "| project TimeGenerated, CorrelationId, ApiId, TotalTime, ResponseCode, "
        "BackendResponseCode, LastErrorReason, Url, BackendUrl, "
        f"RequestBody = extract(@'({MODEL})', 1, RequestBody), "
        f"""ResponseBody = strcat("{{", extract(@'{USAGE}', 1, Answer), "}}"), """
        "ResponseHeaders = tostring(ResponseHeaders)\n"
    ),
    "llm-others": (
        "| where TotalTokens > 0\n"
        "| project TimeGenerated, CorrelationId, DeploymentName, PromptTokens, CompletionTokens, "
        "TotalTokens\n"
    ),
    "account-others": (
        '| where Category == "RequestResponse"\n'
        "| project TimeGenerated, CorrelationId, Category, ResultSignature = "
        "tostring(ResultSignature), DurationMs, _ResourceId, properties_s\n"
    ),
}
"""Which of the rows, and what of them, each source gives."""
