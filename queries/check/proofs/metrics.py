"""Both resources' metrics reached the workspace."""

from __future__ import annotations

from queries.check.evidence import Call, Evidence, Source, text, within
from queries.check.proofs.base import Proof, Verdict, seen, waiting

GATEWAY_METRICS = ("Requests",)
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-apimanagement-service-metrics"""
ACCOUNT_METRICS = ("AzureOpenAIRequests", "ModelRequests")
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics"""


def _judge(evidence: Evidence, source: Source, log: Source, names: tuple[str, ...]) -> Verdict:
    """At least as many requests as calls, beside those that the log shows of others.

    Metrics carry no identity: one row counts a minute. The log's rows of those minutes keep the
    requests of somebody else, or of a check just before, from standing in for these.
    """
    calls = [call for call in evidence.calls if call.marker]
    expected = len(calls) + _others(evidence, log, calls) if calls else 1
    counted = max(
        (
            float(row.get("Total") or 0)
            for row in evidence.of(source)
            if text(row, "MetricName") in names
        ),
        default=0.0,
    )
    if counted >= expected:
        return seen(f"{counted:.0f} requests counted, {expected} expected")
    reason = evidence.waiting.get(source) or f"{counted:.0f} of {expected} requests counted"
    return waiting(f"not in AzureMetrics yet ({reason})")


def _others(evidence: Evidence, log: Source, calls: list[Call]) -> int:
    """Requests in the log, of the same minutes, that cannot be these calls."""
    ours = evidence.all_correlations().union(*(call.account_ids for call in calls))
    return len(
        {
            text(row, "CorrelationId")
            for row in evidence.of(log)
            if (log == "gateway" or text(row, "ResultSignature") == "200")
            and not any(within(row, call) for call in calls)
        }
        - ours
    )


def _fix(resource: str) -> str:
    return (
        f"the metrics do not arrive: the diagnostic setting of {resource} must send AllMetrics to "
        f"this workspace (portal: {resource} > Diagnostic settings)"
    )


GATEWAY = Proof(
    id="gateway-metrics",
    shows="the gateway's metrics are in the workspace",
    needs=("gateway-metrics",),
    judge=lambda evidence: _judge(evidence, "gateway-metrics", "gateway", GATEWAY_METRICS),
    fix=_fix("API Management"),
)
ACCOUNT = Proof(
    id="account-metrics",
    shows="the account's metrics are in the workspace",
    needs=("account-metrics",),
    judge=lambda evidence: _judge(evidence, "account-metrics", "account", ACCOUNT_METRICS),
    fix=_fix("Azure OpenAI"),
)
