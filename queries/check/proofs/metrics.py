"""Both resources' metrics reached the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from queries.check.evidence import Evidence
from queries.check.fields import SLACK, text, within
from queries.check.proofs.base import NO_CALL, Judge, Proof, Verdict, by_traffic, seen, waiting
from queries.check.records import OwnCall
from queries.check.rows import Source
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.check.words import counted
from queries.workspace import Row

GATEWAY_METRICS = ("Requests",)
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-apimanagement-service-metrics"""
ACCOUNT_METRICS = ("AzureOpenAIRequests", "ModelRequests")
"""https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics"""


def _counting(source: Source, log: Source, names: tuple[str, ...]) -> Judge:
    """Judge the metrics of one resource, which has a log of the same requests."""

    def own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
        """Want as many requests as first calls, beside those that the log shows of others.

        Metrics carry no identity: one row counts a minute. The log's rows of those minutes keep
        the requests of somebody else, or of a check just before, from standing in for these.
        """
        if not traffic.calls:
            return waiting(NO_CALL)
        least = len(traffic.first) + _others(evidence, log, traffic.first)
        return _counted(evidence, source, names, least)

    def others(evidence: Evidence, traffic: OthersTraffic) -> Verdict:
        return _counted(evidence, source, names, 1) if traffic.calls else waiting(NO_CALL)

    return by_traffic(own, others)


def _counted(evidence: Evidence, source: Source, names: tuple[str, ...], least: int) -> Verdict:
    most = sum(_by_resource(evidence.of(source), names).values())
    if most >= least:
        return seen(f"{counted(most, 'request')} counted for at least {counted(least, 'call')}")
    reason = evidence.rows.silent.get(source) or f"{most} of {counted(least, 'request')} counted"
    return waiting(f"not in AzureMetrics yet ({reason})")


def _by_resource(rows: Sequence[Row], names: tuple[str, ...]) -> dict[str, int]:
    """Return each resource's requests: by the metric that counts most, as one may have two."""
    found: dict[str, int] = {}
    for row in rows:
        if text(row, "MetricName") in names:
            resource, total = text(row, "Resource").lower(), round(float(row.get("Total") or 0))
            found[resource] = max(found.get(resource, 0), total)
    return found


def _others(evidence: Evidence, log: Source, calls: Sequence[OwnCall]) -> int:
    """Count requests in the log, of the same minutes, that cannot be these calls.

    Of the account only calls of a deployment count: it logs its management requests too.
    """
    begin, end = evidence.traffic.metrics_since, max(call.ended for call in calls) + SLACK
    aside = evidence.traffic.aside if isinstance(evidence.traffic, OwnTraffic) else ()
    ours = (evidence.all_correlations | evidence.aside_ids).union(
        *(call.account_ids for call in (*calls, *aside))
    )
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
    judge=_counting("gateway-metrics", "gateway", GATEWAY_METRICS),
    fix=_fix("API Management"),
)
ACCOUNT = Proof(
    id="account-metrics",
    about="the account's metrics count these calls",
    needs=("account-metrics",),
    judge=_counting("account-metrics", "account", ACCOUNT_METRICS),
    fix=_fix("Azure OpenAI"),
)
