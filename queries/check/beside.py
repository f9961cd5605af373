"""The KQL that asks for what others did while this run called, in few columns."""

from __future__ import annotations

from datetime import datetime

from queries.check.evidence import Evidence
from queries.check.fields import LAG
from queries.check.rows import DIAGNOSTICS, GATEWAY_LOG, LLM_LOG, Source
from queries.check.traffic import OwnTraffic, by_round
from queries.library import literal
from queries.outputs import Target
from queries.pages import Paged

MOST_ROWS = 5000
"""Rows of one page."""
SOURCES: tuple[Source, ...] = ("gateway-others", "llm-others", "account-others")
USAGE = r'("usage"\s*:\s*\{(?:[^{}]|\{[^{}]*\})*\})'
MODEL = r'("model"\s*:\s*"[^"\\]+")'
"""The parts of bodies that are read, as texts of a regular expression in KQL's @'…'."""


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
    spans = [
        (min(call.started for call in calls) - target.longest_wait - LAG,
         max(call.ended for call in calls) + LAG)
        for calls in by_round(traffic.calls)
    ]  # fmt: skip
    if source == "llm-others":
        spans = [(begin, end + target.longest_wait) for begin, end in spans]
    return Paged(
        f"let since = {literal(min(begin for begin, _ in spans))};\n"
        f"let until = {literal(max(end for _, end in spans))};\n"
        f"{_rows(source, target)}"
        f"| where {' or '.join(_between(*span) for span in spans)}\n"
        f"{COLUMNS[source]}| order by TimeGenerated desc\n| take {MOST_ROWS}\n"
    )


def _rows(source: Source, target: Target) -> str:
    tables = {"gateway-others": GATEWAY_LOG, "llm-others": LLM_LOG, "account-others": DIAGNOSTICS}
    whose = target.account.id if source == "account-others" else target.gateway_id
    return (
        f"{tables[source]}\n| where TimeGenerated >= since and TimeGenerated <= until\n"
        f"| where _ResourceId =~ {literal(whose)}\n"
    )


def _between(begin: datetime, end: datetime) -> str:
    return f"(TimeGenerated >= {literal(begin)} and TimeGenerated <= {literal(end)})"


COLUMNS: dict[Source, str] = {
    "gateway-others": (
        "| where isnotempty(BackendUrl)\n"
        "| extend Answer = iff(isempty(ResponseBody), BackendResponseBody, ResponseBody)\n"
        "| project TimeGenerated, CorrelationId, ApiId, TotalTime, ResponseCode, Url, BackendUrl, "
        f"RequestBody = extract(@'{MODEL}', 1, RequestBody), "
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
        "tostring(ResultSignature), DurationMs, properties_s\n"
    ),
}
"""Which of the rows, and what of them, each source gives."""
