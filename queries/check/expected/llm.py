"""What the rows of ApiManagementGatewayLlmLog must hold of one call.

https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from queries.check.evidence import Evidence
from queries.check.expected.gateway import in_time
from queries.check.expected.rules import (
    Fault,
    Logged,
    Rule,
    always,
    connection,
    equal,
    is_empty,
    kind,
    plain,
    same,
    shown,
    surface,
    written,
)
from queries.check.fields import CHARACTER
from queries.check.kinds import is_on_v1
from queries.check.records import Call, CallOfOthers, OwnCall
from queries.check.rows import LLM_LOG
from queries.workspace import Row

COUNTS = ("PromptTokens", "CompletionTokens", "TotalTokens")


def of_calls(rows: Sequence[Logged]) -> list[tuple[Call, list[Logged]]]:
    """Return the rows of each call together, in their order."""
    found = defaultdict[int, list[Logged]](list)
    for one in rows:
        found[id(one.call)].append(one)
    return [(some[0].call, sorted(some, key=number)) for some in found.values()]


def number(one: Logged) -> int:
    """Return the row's place among those of its call."""
    return int(one.row.get("SequenceNumber") or 0)


def _head(want: Callable[[Evidence, Call], frozenset[str] | None]) -> Rule:
    """Let the rows of a call that have a value have one of those that the call determines.

    One row tells of the whole call; whether the others repeat it is documented nowhere.
    """

    def rule(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        for call, some in of_calls(rows):
            wanted = want(evidence, call)
            if wanted is None:
                continue
            found = {_value(one.row.get(column)) for one in some} - {""}
            allowed = {_value(one) for one in wanted}
            if not found <= allowed or (not found and "" not in allowed):
                said = shown(", ".join(sorted(found)))
                wants = shown(" or ".join(sorted(wanted)))
                yield Fault(some[0], f"{column} is {said}, not {wants}", late=not found)

    return rule


def _value(value: object) -> str:
    """Return a value, nothing for zero and false: rows without a column may have either."""
    said = plain(value)
    return "" if said in {"0", "false"} else said


def _count(field: str) -> Rule:
    return _head(
        lambda _, call: frozenset({str(getattr(call.usage, field))}) if call.usage else None
    )


def _response_id(_: Evidence, call: Call) -> frozenset[str] | None:
    return frozenset({call.response_id}) if call.response_id else None


def _model(evidence: Evidence, call: Call) -> frozenset[str] | None:
    """Return the model that the answer names, or the deployment's own name for it."""
    declared = [d.model for d in evidence.target.deployments if d.name == call.deployment]
    if isinstance(call, CallOfOthers) or not call.model:
        return None
    return frozenset({call.model, *declared})


def _deployment(evidence: Evidence, call: Call) -> frozenset[str]:
    """Return the deployment's name, which only the body tells of a call on the v1 surface."""
    in_body = is_on_v1(evidence.target, call.kind, call.deployment)
    return frozenset({call.deployment, *([""] if in_body else [])})


def _streamed(_: Evidence, call: Call) -> frozenset[str] | None:
    if isinstance(call, CallOfOthers):
        return None
    return frozenset({"true" if call.kind == "stream" else ""})


def _values(column: str, some: Sequence[Logged]) -> str:
    return ",".join(sorted({_value(one.row.get(column)) for one in some} - {""}))


def _alike(by: Callable[[OwnCall], object]) -> Rule:
    """Let calls that are alike have the same value in some row."""

    def rule(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        whole = [
            Logged(call=call, row={column: _values(column, some)}) for call, some in of_calls(rows)
        ]
        filled = [one for one in whole if one.row[column]]
        yield from same(by)(column, evidence, filled)
        if filled:
            for one in whole:
                known = {by(o.call) for o in filled if isinstance(o.call, OwnCall)}
                own = isinstance(one.call, OwnCall) and by(one.call) in known
                if own and not one.row[column]:
                    yield Fault(one, f"{column} is empty", late=True)

    return rule


def _chain(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let the rows of a call be numbered without a gap, from where those of other calls begin."""
    begins = []
    for call, some in of_calls(rows):
        numbers = sorted({number(one) for one in some})
        if _gaps(some):
            said = f"{column} is {', '.join(map(str, numbers))}: rows between are missing"
            yield Fault(some[0], said, late=True)
        begins.append(Logged(call=call, row={column: numbers[0]}))
    for fault in same(kind)(column, evidence, begins):
        yield replace(fault, late=True)


def _gaps(rows: Sequence[Logged]) -> set[int]:
    """Return the numbers that are missing between a call's rows."""
    numbers = {number(one) for one in rows}
    return set(range(min(numbers), max(numbers))) - numbers


def _messages(side: str) -> Rule:
    """Let the messages be those that were sent, or the answer, byte for byte."""

    def rule(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        logged = [(call, some) for call, some in of_calls(rows) if isinstance(call, OwnCall)]
        held = []
        for call, some in logged:
            text = joined([one.row for one in some], column)
            held.append(Logged(call=call, row={column: text}))
            if not text:
                continue
            if not evidence.target.messages:
                yield Fault(some[0], f"{column} holds text, which no setting declares")
            elif len(text.encode()) < evidence.target.llm_message_bytes - CHARACTER:
                late = bool(_gaps(some))
                for fault in _compared(some[0], column, text, wanted(call, side)):
                    yield replace(fault, late=fault.late or late)
        # Of other calls than chats the log may hold no message, then of none of them.
        alike = [one for one in held if _has_text(one, side)]
        for fault in same(kind, is_empty)(column, evidence, alike):
            yield replace(fault, late=True)

    return rule


def _has_text(one: Logged, side: str) -> bool:
    return side == "Request" or (isinstance(one.call, OwnCall) and bool(one.call.text))


def wanted(call: OwnCall, side: str) -> list[str]:
    """Return the texts of a call's messages."""
    if side == "Response":
        return [call.text] if call.text else []
    body = json.loads(call.request)
    given = body.get("messages") or body.get("input") or body.get("prompt")
    parts = [given] if isinstance(given, str) else given
    return [one if isinstance(one, str) else str(one["content"]) for one in parts]


def joined(rows: Sequence[Row], column: str) -> str:
    """Return the chunks of a message in order, each once."""
    chunks = {int(row.get("SequenceNumber") or 0): _held(row, column) for row in rows}
    return "".join(chunks[at] for at in sorted(chunks))


def _held(row: Row, column: str) -> str:
    """Return a chunk as text; a row without one holds nothing or an empty list."""
    said = written(row.get(column))
    return said if said.strip("[] ") not in {"", "null"} else ""


def _compared(one: Logged, column: str, text: str, texts: Sequence[str]) -> Iterator[Fault]:
    """Compare the texts of all messages, whatever else the log writes of them."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, list | dict | str):
        yield Fault(one, f"{column} are not whole", late=True)
        return
    found = list(_contents(value))
    if texts and found != list(texts):
        yield Fault(one, f"{column} hold other text than was sent")


def _contents(value: Any) -> Iterator[str]:
    """Yield the texts of messages: `content` or `text`, at any depth."""
    if isinstance(value, list):
        for one in value:
            yield from _contents(one)
    elif isinstance(value, dict):
        for name in ("content", "text", "output"):
            if isinstance(value.get(name), str):
                yield value[name]
            elif value.get(name):
                yield from _contents(value[name])
    elif isinstance(value, str):
        yield value


TABLE: Mapping[str, Sequence[Rule]] = {
    "TimeGenerated": [in_time],
    "TenantId": [equal(lambda evidence, _: evidence.target.workspace_customer_id)],
    "Type": [always(LLM_LOG)],
    "_ResourceId": [equal(lambda evidence, _: evidence.target.gateway_id)],
    "_SubscriptionId": [equal(lambda evidence, _: evidence.target.gateway_id.split("/")[2])],
    "SourceSystem": [same()],
    "OperationName": [same()],
    "_IsBillable": [same()],
    "Region": [same(connection)],
    "ApiVersion": [_alike(surface)],
    "DeploymentName": [_head(_deployment), _alike(lambda call: (call.deployment, call.kind))],
    "ModelName": [_head(_model), _alike(lambda call: (call.deployment, call.kind, call.model))],
    "RequestId": [_head(_response_id)],
    "IsStreamCompletion": [_head(_streamed)],
    "PromptTokens": [_count("prompt")],
    "CompletionTokens": [_count("completion")],
    "TotalTokens": [_count("total")],
    "SequenceNumber": [_chain],
    "RequestMessages": [_messages("Request")],
    "ResponseMessages": [_messages("Response")],
}
"""The rules of each column, over the rows of a call together."""
LEFT_OUT: Mapping[str, str] = {
    "_BilledSize": "Azure Monitor counts it, and no page says how",
    "CorrelationId": "it is how rows are found; each call must have one of its own",
}
"""Columns that are compared with nothing, and why."""
