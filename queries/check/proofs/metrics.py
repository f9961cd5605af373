"""Both resources' metrics reached the workspace."""

from __future__ import annotations

from datetime import datetime

from queries.check.evidence import Evidence, Source
from queries.check.fields import SLACK, text, within
from queries.check.proofs.base import NO_CALL, Proof, Verdict, seen, waiting
from queries.check.records import Call

GATEWAY_METRICS = ("Requests",)
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-apimanagement-service-metrics"""
ACCOUNT_METRICS = ("AzureOpenAIRequests", "ModelRequests")
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics"""


def window(evidence: Evidence) -> datetime:
    """From when metrics are asked for: the minute in which the first calls began."""
    begun = [call.started - SLACK for call in evidence.first()]
    return min(begun, default=evidence.since).replace(second=0, microsecond=0)


def _judge(evidence: Evidence, source: Source, log: Source, names: tuple[str, ...]) -> Verdict:
    """At least as many requests as first calls, beside those that the log shows of others.

    Metrics carry no identity: one row counts a minute. The log's rows of those minutes keep the
    requests of somebody else, or of a check just before, from standing in for these.
    """
    if not evidence.calls:
        return waiting(NO_CALL)
    calls = evidence.first()
    expected = len(calls) + _others(evidence, log, calls) if calls else 1
    counts = [
        float(row.get("Total") or 0)
        for row in evidence.of(source)
        if text(row, "MetricName") in names
    ]
    counted = max(counts, default=0.0)
    if counted >= expected:
        return seen(f"{counted:.0f} requests counted, at least {expected} were made")
    reason = evidence.waiting.get(source) or f"{counted:.0f} of {expected} requests counted"
    return waiting(f"not in AzureMetrics yet ({reason})")


def _others(evidence: Evidence, log: Source, calls: list[Call]) -> int:
    """Requests in the log, of the same minutes, that cannot be these calls.

    Of the account only calls of a deployment count: it logs its management requests too.
    """
    begin, end = window(evidence), max(call.ended for call in calls) + SLACK
    ours = evidence.all_correlations().union(*(call.account_ids for call in calls))
    ids = {
        text(row, "CorrelationId")
        for row in evidence.of(log)
        if isinstance(row.get("TimeGenerated"), datetime)
        and begin <= row["TimeGenerated"] <= end
        and (
            log == "gateway" or (text(row, "ResultSignature") == "200" and text(row, "Deployment"))
        )
        and not any(within(row, call) for call in calls)
    }
    return len(ids - ours)


def _fix(resource: str) -> str:
    return (
        f"the metrics do not arrive: the diagnostic setting of {resource} must send AllMetrics to "
        f"this workspace (portal: {resource} > Diagnostic settings)"
    )


GATEWAY = Proof(
    id="gateway-metrics",
    about="the gateway's metrics count these calls",
    needs=("gateway-metrics",),
    judge=lambda evidence: _judge(evidence, "gateway-metrics", "gateway", GATEWAY_METRICS),
    fix=_fix("API Management"),
)
ACCOUNT = Proof(
    id="account-metrics",
    about="the account's metrics count these calls",
    needs=("account-metrics",),
    judge=lambda evidence: _judge(evidence, "account-metrics", "account", ACCOUNT_METRICS),
    fix=_fix("Azure OpenAI"),
)
