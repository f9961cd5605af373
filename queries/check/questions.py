"""The KQL that asks each source for the rows of the calls."""

from __future__ import annotations

from datetime import timedelta

from queries.check.calls import PREFIX
from queries.check.evidence import TABLES, Evidence, Source
from queries.check.proofs import metrics
from queries.library import literal, render

LONGEST_CALL = timedelta(minutes=6)
"""The 300 s for which the gateway waits for the model, and the minute of a metric's row.

https://learn.microsoft.com/azure/api-management/forward-request-policy
"""
CONTENT: dict[Source, str] = {
    "gateway-whole": (
        "strcat(RequestBody, BackendRequestBody, ResponseBody, BackendResponseBody, Url)"
    ),
    "llm-whole": "strcat(tostring(RequestMessages), tostring(ResponseMessages))",
}
"""Where a marker of this run may stand in the rows that are read with every column."""
MOST_ROWS = 1000


def question(source: Source, evidence: Evidence) -> str:
    """What to ask a source now."""
    target, calls = evidence.target, evidence.calls
    between = {"since": evidence.since, "until": evidence.until}
    if source in TABLES:
        return _whole(source, evidence)
    ids = ",".join(sorted(evidence.all_correlations()))
    if source == "gateway":
        only = {"gateway": target.gateway_id, "api": target.api_id, "marker": _run(evidence)}
        return render("gateway-calls", **between, **only, correlations=ids)
    if source == "llm":
        only = {"gateway": target.gateway_id, "marker": evidence.marker}
        requests = ",".join(call.response_id for call in calls)
        return render("llm-calls", **between, **only, requests=requests, correlations=ids)
    if source == "account":
        ids = ",".join(sorted({one for call in calls for one in call.account_ids}))
        return render("account-calls", **between, account=target.account_id, correlations=ids)
    # Up to when a call that began in the logs' window, ours or another's, must have ended.
    between = {"since": metrics.window(evidence), "until": evidence.until + LONGEST_CALL}
    resource = target.gateway_id if source == "gateway-metrics" else target.account_id
    return render("metrics", **between, resource=resource)


def _run(evidence: Evidence) -> str:
    """What markers and the names of unknown deployments share in one run."""
    return evidence.marker.removeprefix(PREFIX)


def _whole(source: Source, evidence: Evidence) -> str:
    """Every column of the rows of these calls; of AzureDiagnostics, of both resources' rows.

    The key itself is never part of a query: the workspace may keep the queries' text.
    https://learn.microsoft.com/azure/azure-monitor/logs/query-audit
    """
    table, content, target = TABLES[source], CONTENT.get(source), evidence.target
    since, until = literal(evidence.since), literal(evidence.until)
    if content:
        ids = literal(",".join(sorted(evidence.all_correlations())))
        ours = f"(isnotempty(CorrelationId) and {ids} contains CorrelationId)"
        if evidence.marker:
            ours += f" or {content} contains {literal(_run(evidence))}"
    else:
        both = (target.gateway_id, target.account_id)
        ours = " or ".join(f"_ResourceId =~ {literal(one)}" for one in both)
    return (
        f"{table}\n| where TimeGenerated >= {since} and TimeGenerated <= {until}\n"
        f"| where {ours}\n| order by TimeGenerated desc\n| take {MOST_ROWS}\n"
    )
