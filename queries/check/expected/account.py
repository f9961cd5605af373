"""What the account's own row of a request must hold, in AzureDiagnostics.

The shape is that of public rows: https://github.com/elastic/integrations/tree/main/packages/azure_openai/data_stream/logs
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from queries.check.evidence import Evidence
from queries.check.expected.measures import TOLERANCE, size, whole_number
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
    shown,
    surface,
)
from queries.check.fields import LAG, text, within
from queries.check.records import Call, OwnCall
from queries.check.rows import DIAGNOSTICS
from queries.contract import Account
from queries.workspace import Row

CATEGORY = "RequestResponse"
INNER = "properties_s"
"""The column that holds most of a row, as JSON."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICKS = 621_355_968_000_000_000
"""`EPOCH` in ticks of .NET, of which a microsecond has ten.

https://learn.microsoft.com/dotnet/api/system.datetime.ticks
"""


def unfolded(row: Row) -> Row:
    """Return the row with what stands in `INNER` as columns of their own, behind a dot."""
    try:
        inner: Any = json.loads(str(row.get(INNER) or "{}"))
    except ValueError:
        inner = None
    found = inner if isinstance(inner, dict) else {}
    return {**row, **{f"{INNER}.{name}": value for name, value in found.items()}}


def times(row: Row) -> tuple[datetime, datetime] | None:
    """Return when an unfolded row's request and its answer were; None where it does not tell."""
    begin, end = (row.get(f"{INNER}.{name}") for name in ("requestTime", "responseTime"))
    if not (isinstance(begin, int) and isinstance(end, int) and TICKS < begin <= end):
        return None
    first, last = (EPOCH + timedelta(microseconds=(one - TICKS) // 10) for one in (begin, end))
    return first, last


def _model(evidence: Evidence, call: Call) -> str | None:
    models = [d.model for d in evidence.target.deployments if d.name == call.deployment]
    return models[0] if models else None


def answering(evidence: Evidence, call: Call) -> Account[str] | None:
    """Return the account that answered a call, by the gateway's row; None where no row tells."""
    if not evidence.target.accounts:
        return evidence.target.account
    called = {
        urlsplit(text(row, "BackendUrl")).hostname for row in evidence.linked("gateway", call)
    }
    every = evidence.target.every_account
    found = [one for one in every if urlsplit(one.backend_url).hostname in called]
    return found[0] if len(found) == 1 else None


def _id(evidence: Evidence, call: Call) -> str | None:
    found = answering(evidence, call)
    return found.id if found else None


def _part(number: int) -> Callable[[Evidence, Call], str | None]:
    """Return a want for a part of the account's ARM id, cut at its slashes."""

    def want(evidence: Evidence, call: Call) -> str | None:
        found = _id(evidence, call)
        return found.split("/")[number] if found else None

    return want


def _owner(row: Row) -> str:
    """Tell rows of one account from those of another."""
    return text(row, "_ResourceId").lower()


def _stream(_: Evidence, call: Call) -> str | None:
    return "Streaming" if call.kind == "stream" else "Non-Streaming"


def _identity(evidence: Evidence, _: Call) -> str | None:
    return evidence.target.gateway_principal_id or None


def _logged_late(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let a row's own time lie in the call's, or up to `LAG` after its end."""
    for one in rows:
        if not within(one.row, one.call, LAG):
            said = f"{column} is {shown(one.row.get(column))}, outside of the call's time"
            yield Fault(one, said)


def _in_order(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let the answer come after the request, both in the call's time, by the service's ticks."""
    for one in rows:
        found = times(one.row)
        if found is None:
            begin, end = (one.row.get(f"{INNER}.{n}") for n in ("requestTime", "responseTime"))
            yield Fault(one, f"{column}: requestTime {begin}, responseTime {end}")
        elif not all(within({"TimeGenerated": time}, one.call) for time in found):
            yield Fault(one, f"{column}: {found[0]} to {found[1]}, outside of the call's time")


def _took(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let a duration be no more than the caller waited.

    Azure writes some below zero, which say nothing: `_in_order` judges when such a call was.
    https://github.com/elastic/integrations/pull/10290
    """
    for one in rows:
        number, said = whole_number(one.row.get(column)), shown(one.row.get(column))
        if not number:
            yield Fault(one, f"{column} is {said}")
        elif isinstance(one.call, OwnCall) and number > one.call.seconds * 1000 + TOLERANCE:
            waited = round(one.call.seconds * 1000)
            yield Fault(one, f"{column} is {said} ms, and the caller waited {waited}")


TABLE: Mapping[str, Sequence[Rule]] = {
    "TimeGenerated": [_logged_late],
    "TenantId": [equal(lambda evidence, _: evidence.target.workspace_customer_id)],
    "Type": [always(DIAGNOSTICS)],
    "_ResourceId": [equal(_id)],
    "ResourceId": [equal(_id)],
    "_SubscriptionId": [equal(_part(2))],
    "SubscriptionId": [equal(_part(2))],
    "Resource": [equal(_part(-1))],
    "ResourceProvider": [always("Microsoft.CognitiveServices")],
    "ResourceType": [always("accounts")],
    "ResourceGroup": [same(per=_owner)],
    "SourceSystem": [same()],
    "_IsBillable": [same()],
    "Category": [always(CATEGORY)],
    "OperationName": [filled(), same(kind)],
    "ResultSignature": [always("200")],
    "DurationMs": [_took],
    "CallerIPAddress": [filled()],
    "event_s": [same()],
    "location_s": [same(per=_owner)],
    "Tenant_s": [same(per=_owner)],
    f"{INNER}.apiName": [same(surface)],
    f"{INNER}.objectId": [equal(_identity)],
    f"{INNER}.requestTime": [_in_order],
    f"{INNER}.responseTime": [_in_order],
    f"{INNER}.requestLength": [size("forwarded")],
    f"{INNER}.responseLength": [size("response")],
    f"{INNER}.streamType": [equal(_stream)],
    f"{INNER}.modelDeploymentName": [equal(lambda _, call: call.deployment)],
    f"{INNER}.modelName": [equal(_model)],
    f"{INNER}.modelVersion": [filled(), same(deployment, per=_owner)],
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
