"""What the account's own row of a request must hold, in AzureDiagnostics.

The shape is that of public rows: https://github.com/elastic/integrations/tree/main/packages/azure_openai/data_stream/logs
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from queries.check.evidence import Evidence
from queries.check.expected.gateway import in_time
from queries.check.expected.measures import size, spent
from queries.check.expected.rules import (
    Fault,
    Logged,
    Rule,
    always,
    deployment,
    equal,
    filled,
    kind,
    same,
)
from queries.check.records import Call
from queries.check.rows import DIAGNOSTICS
from queries.workspace import Row

CATEGORY = "RequestResponse"
INNER = "properties_s"
"""The column that holds most of a row, as JSON."""


def unfolded(row: Row) -> Row:
    """Return the row with what stands in `INNER` as columns of their own, behind a dot."""
    try:
        inner: Any = json.loads(str(row.get(INNER) or "{}"))
    except ValueError:
        inner = None
    found = inner if isinstance(inner, dict) else {}
    times = {"TotalTime": row.get("DurationMs")}
    return {**row, **times, **{f"{INNER}.{name}": value for name, value in found.items()}}


def _model(evidence: Evidence, call: Call) -> str | None:
    models = [d.model for d in evidence.target.deployments if d.name == call.deployment]
    return models[0] if models else None


def _stream(_: Evidence, call: Call) -> str | None:
    return "Streaming" if call.kind == "stream" else "Non-Streaming"


def _identity(evidence: Evidence, _: Call) -> str | None:
    return evidence.target.gateway_principal_id or None


def _in_order(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let the answer come after the request, by the service's own ticks."""
    for one in rows:
        begin, end = (one.row.get(f"{INNER}.{name}") for name in ("requestTime", "responseTime"))
        if not (isinstance(begin, int) and isinstance(end, int) and 0 < begin <= end):
            yield Fault(one, f"{column}: requestTime {begin}, responseTime {end}")


TABLE: Mapping[str, Sequence[Rule]] = {
    "TimeGenerated": [in_time],
    "TenantId": [equal(lambda evidence, _: evidence.target.workspace_customer_id)],
    "Type": [always(DIAGNOSTICS)],
    "_ResourceId": [equal(lambda evidence, _: evidence.target.account.id)],
    "ResourceId": [equal(lambda evidence, _: evidence.target.account.id)],
    "_SubscriptionId": [equal(lambda evidence, _: evidence.target.account.id.split("/")[2])],
    "SubscriptionId": [equal(lambda evidence, _: evidence.target.account.id.split("/")[2])],
    "Resource": [equal(lambda evidence, _: evidence.target.account.id.rsplit("/", 1)[-1])],
    "ResourceProvider": [always("Microsoft.CognitiveServices")],
    "ResourceType": [always("accounts")],
    "ResourceGroup": [same()],
    "SourceSystem": [same()],
    "_IsBillable": [same()],
    "Category": [always(CATEGORY)],
    "OperationName": [filled(), same(kind)],
    "ResultSignature": [always("200")],
    "DurationMs": [spent],
    "CallerIPAddress": [filled()],
    "event_s": [same()],
    "location_s": [same()],
    "Tenant_s": [same()],
    f"{INNER}.apiName": [same(kind)],
    f"{INNER}.objectId": [equal(_identity)],
    f"{INNER}.requestTime": [_in_order],
    f"{INNER}.responseTime": [_in_order],
    f"{INNER}.requestLength": [size("forwarded")],
    f"{INNER}.responseLength": [size("response")],
    f"{INNER}.streamType": [equal(_stream)],
    f"{INNER}.modelDeploymentName": [equal(lambda _, call: call.deployment)],
    f"{INNER}.modelName": [equal(_model)],
    f"{INNER}.modelVersion": [filled(), same(deployment)],
}
"""The rules of each column, and of each value within `INNER`."""
UNSAID = "no page says what Azure writes there for calls of a model"
LEFT_OUT: Mapping[str, str] = {
    "AdditionalFields": "Azure Monitor puts there what the table has no column for, of any type",
    **dict.fromkeys(("Level", "OperationVersion", "ResultDescription", "ResultType"), UNSAID),
    "_BilledSize": "Azure Monitor counts it, and no page says how",
    "CorrelationId": "it is how rows are found, where it is the id that the caller was told",
}
"""Columns that are compared with nothing, and why."""
