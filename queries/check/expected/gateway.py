"""What a row of ApiManagementGatewayLogs must hold, column by column.

https://learn.microsoft.com/azure/api-management/gateway-log-schema-reference
https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewaylogs
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from queries.check import kinds
from queries.check.evidence import OK, Evidence
from queries.check.expected.measures import bodies, size, spent
from queries.check.expected.rules import (
    Fault,
    Logged,
    Rule,
    always,
    among,
    connection,
    consumer,
    deployment,
    equal,
    equal_to_one,
    filled,
    is_empty,
    kind,
    same,
    shown,
    written,
)
from queries.check.fields import text, within
from queries.check.records import Call, OwnCall
from queries.check.rows import GATEWAY_LOG
from queries.workspace import Row

OPERATION_LENGTH = 76
"""Characters of an operation's id that an import keeps.

https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
"""

_SOURCE, _NAMED = r'"source"\s*:\s*"token-callers"', '"token-consumer=([A-Za-z0-9-]+)"'
_BY_SOURCE = re.compile(rf"{_SOURCE}[^{{}}]*{_NAMED}")
_BEFORE_SOURCE = re.compile(rf"{_NAMED}[^{{}}]*{_SOURCE}")
"""The record of the stack's own policy, whose parts come in either order; texts escape quotes."""


def operation(evidence: Evidence, call: Call) -> str | None:
    """Return the operation of the imported document that serves a call; None if it is not known."""
    return evidence.target.operation(kinds.template(evidence.target, call.kind, call.deployment))


def normal(name: object) -> str:
    """Return an operation's id as an import may write it."""
    return re.sub(r"[^a-z0-9]+", "-", written(name).lower()).strip("-")[:OPERATION_LENGTH]


def _caller(_: Evidence, call: Call) -> str | None:
    return call.consumer or None


def _url(_: Evidence, call: Call) -> str | None:
    return call.url if isinstance(call, OwnCall) and call.url else None


def _backend_urls(evidence: Evidence, call: Call) -> Sequence[str]:
    """Return the addresses of the accounts that may answer, with the caller's path and query."""
    if not isinstance(call, OwnCall) or not call.url:
        return ()
    path = kinds.path_of(evidence.target, call.kind, call.deployment)
    query = urlsplit(call.url).query
    return [
        f"{one.backend_url.rstrip('/')}{path}?{query}".rstrip("?")
        for one in evidence.target.serving(call.deployment)
    ]


def _backend_id(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let one account's calls have one backend, of several accounts those of one deployment.

    A call that names the account that it meets goes there by a backend of its own.
    """
    rows = [one for one in rows if not (isinstance(one.call, OwnCall) and one.call.meets)]
    several = same(deployment, per=lambda row: address(row.get("BackendUrl"))[0])
    yield from (several if evidence.target.accounts else same())(column, evidence, rows)


def address(value: object) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return host, path and query of a URL, without what does not change where it leads."""
    parts = urlsplit(written(value))
    query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return (parts.hostname or "").lower(), unquote(parts.path), query


def _ip(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Demand an address that the caller can have: public, if it reached the gateway at such."""
    for one in rows:
        said = text(one.row, column)
        try:
            found = ip_address(said)
        except ValueError:
            yield Fault(one, f"{column} is {shown(said)}")
            continue
        public = isinstance(one.call, OwnCall) and _is_public(one.call.peer)
        if found.is_unspecified or found.is_multicast or (public and not found.is_global):
            yield Fault(one, f"{column} is {said}, which no caller of this gateway has")


def _is_public(peer: str) -> bool:
    try:
        return ip_address(peer).is_global
    except ValueError:
        return False


def in_time(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let a time lie within the call's."""
    for one in rows:
        if not within({"TimeGenerated": one.row.get(column)}, one.call):
            yield Fault(
                one, f"{column} is {shown(one.row.get(column))}, outside of the call's time"
            )


def _in_time_if_told(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    filled = [one for one in rows if isinstance(one.row.get(column), datetime)]
    yield from in_time(column, evidence, filled)


def _names(value: Any) -> str:
    """Return the names of logged headers."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return written(value)
    return ",".join(sorted(map(str.lower, found))) if isinstance(found, dict) else ""


def _told(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Demand the accounting header as the caller got it, if it is logged at all."""
    answered = [one for one in rows if isinstance(one.call, OwnCall) and one.call.accounting]
    wrong = [
        one
        for one in answered
        if isinstance(one.call, OwnCall) and one.call.accounting not in written(one.row.get(column))
    ]
    if len(wrong) < len(answered) or any(written(one.row.get(column)) for one in wrong if wrong):
        header = evidence.target.accounting_header
        for one in wrong:
            yield Fault(one, f"{column} lacks {header} as the caller got it")


def _declared(evidence: Evidence, call: Call) -> bool:
    """Tell whether a call came with the key of a declared consumer."""
    known = isinstance(call, OwnCall) and call.consumer in evidence.target.consumers
    return known and not evidence.target.by_token(call.consumer)


def token_consumer(row: Row) -> str:
    """Return the consumer of a call by token, as the policy has told it; "" for none.

    Traces of other policies, which may hold what a caller wrote, count for nothing.
    """
    records = written(row.get("TraceRecords"))
    found = _BY_SOURCE.search(records) or _BEFORE_SOURCE.search(records)
    return found[1] if found else ""


def _consumer(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Demand the consumer's subscription; of a call by token, which has none, the policy's word."""
    by_token = [
        one for one in rows if evidence.target.entra_tenant and not written(one.row.get(column))
    ]
    others = [one for one in rows if one not in by_token]
    yield from filled()(column, evidence, others)
    yield from equal(_caller)(column, evidence, others)
    for one in by_token:
        said = token_consumer(one.row)
        if not said or said.lower() != (one.call.consumer or said).lower():
            yield Fault(one, f"TraceRecords names {shown(said)}, not {one.call.consumer}")


def _traced(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let rows that are alike have records or none; the policy tells those of tokens alone."""
    rule = same(consumer, is_empty) if evidence.target.entra_tenant else same(form=is_empty)
    yield from rule(column, evidence, rows)


def _product(evidence: Evidence, call: Call) -> str | None:
    """Return the product of the consumer's subscription, which `drift` holds against the state.

    A call by token is to no product.
    https://learn.microsoft.com/azure/api-management/api-management-subscriptions
    """
    if evidence.target.by_token(call.consumer):
        return ""
    return evidence.deployed.products.get(call.consumer) if evidence.deployed else None


def _revision(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let a call meet the current revision, where the row names any: its URL names none."""
    current = evidence.deployed.revision if evidence.deployed else ""
    for one in rows:
        found = text(one.row, column)
        if current and found and found != current:
            yield Fault(one, f"{column} is {shown(found)}, and the current one is {current}")


def _body(name: str) -> list[Rule]:
    return [bodies(name)]


TABLE: Mapping[str, Sequence[Rule]] = {
    "TimeGenerated": [in_time],
    "Timestamp": [_in_time_if_told],
    "TenantId": [equal(lambda evidence, _: evidence.target.workspace_customer_id)],
    "Type": [always(GATEWAY_LOG)],
    "_ResourceId": [equal(lambda evidence, _: evidence.target.gateway_id)],
    "_SubscriptionId": [equal(lambda evidence, _: evidence.target.gateway_id.split("/")[2])],
    "SourceSystem": [same()],
    "Category": [same()],
    "OperationName": [same()],
    "_IsBillable": [same()],
    "Region": [same(connection)],
    "WorkspaceId": [same()],
    "Method": [always("POST")],
    "Url": [equal(_url, address)],
    "ApiId": [equal(lambda evidence, _: evidence.target.api_id)],
    "ApiRevision": [same(), _revision],
    "OperationId": [filled(), equal(operation, normal)],
    "ProductId": [same(consumer), equal(_product), filled(_declared)],
    "ApimSubscriptionId": [_consumer],
    "UserId": [same(consumer)],
    "CallerIpAddress": [_ip, same(connection)],
    "ClientProtocol": [same()],
    "ClientTlsVersion": [same()],
    "IsRequestSuccess": [always(True)],  # noqa: FBT003 - a column's value
    "ResponseCode": [always(OK)],
    "RequestSize": [size("request")],
    "ResponseSize": [size("response")],
    "TotalTime": [spent],
    "BackendTime": [spent],
    "ClientTime": [spent],
    "CacheTime": [among("", "0")],
    "Cache": [among("", "none"), same()],
    "BackendId": [_backend_id],
    "BackendMethod": [always("POST")],
    "BackendProtocol": [same()],
    "BackendUrl": [equal_to_one(_backend_urls, address)],
    "BackendResponseCode": [always(OK)],
    "RequestBody": _body("RequestBody"),
    "BackendRequestBody": _body("BackendRequestBody"),
    "BackendResponseBody": _body("BackendResponseBody"),
    "ResponseBody": _body("ResponseBody"),
    "RequestHeaders": [same(form=_names)],
    "BackendRequestHeaders": [same(form=_names)],
    "BackendResponseHeaders": [same(form=_names)],
    "ResponseHeaders": [_told, same(kind, _names)],
    **{
        name: [among("", "0")]
        for name in (
            *("Errors", "LastErrorElapsed", "LastErrorMessage", "LastErrorReason"),
            *("LastErrorScope", "LastErrorSection", "LastErrorSource"),
        )
    },
    "IsMasterTrace": [same()],
    "IsTraceAllowed": [same()],
    "IsTraceExpired": [same()],
    "IsTraceRequested": [same()],
    "TraceRecords": [_traced],
}
"""The rules of each column that a call, its connection, or the setting determines."""
LEFT_OUT: Mapping[str, str] = {
    "_BilledSize": "Azure Monitor counts it, and no page says how",
    "CorrelationId": "it is how rows are found; each call must have one of its own",
}
"""Columns that are compared with nothing, and why."""
