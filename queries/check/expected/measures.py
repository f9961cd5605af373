"""Columns of sizes, times and bodies, which a call bounds or determines byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from queries.check import forwarded_body
from queries.check.evidence import Evidence
from queries.check.expected.rules import Fault, Logged, Rule, is_empty, kind, same, shown
from queries.check.fields import BODIES, CHARACTER, is_dropped, logged_part, text
from queries.check.records import Call, OwnCall
from queries.outputs import Target

HEADERS = 8 * 1024
"""Bytes by which a logged size may pass the body's, should it count headers: no page says."""
MOST = 0.75
"""Share of the rows whose size is their body's, from which sizes count bodies alone."""
TOLERANCE = 250
"""Milliseconds by which the gateway's time of a call may pass the caller's: two clocks."""
Message = Literal["request", "forwarded", "response"]


def sent(call: OwnCall, message: Message) -> int:
    """Return the bytes of a body as it was sent, as the gateway sent it on, or as it was got."""
    bodies = {"request": call.request, "forwarded": call.forwarded, "response": call.response}
    return len(bodies[message])


def whole_number(value: object) -> int | None:
    """Return a count; None for anything else."""
    try:
        return int(str(value))
    except ValueError:
        return None


def size(message: Message) -> Rule:
    """Let a size be that of the body, or up to `HEADERS` more where sizes count headers too."""

    def rule(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        own = [(one, one.call) for one in rows if isinstance(one.call, OwnCall)]
        found = [(one, whole_number(one.row.get(column)), sent(call, message)) for one, call in own]
        exact = sum(number == length for _, number, length in found)
        most = 0 if exact >= MOST * len(found) else HEADERS
        for one, number, length in found:
            if number is None or not length <= number <= length + most:
                yield Fault(one, f"{column} is {shown(one.row.get(column))}, of {length} bytes")

    return rule


def spent(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
    """Let times be positive, the whole no less than its parts, and no more than the caller's."""
    for one in rows:
        number, total = (whole_number(one.row.get(name)) for name in (column, "TotalTime"))
        optional = column == "ClientTime"
        if number is None and optional and is_empty(one.row.get(column)):
            continue
        if number is None or total is None or number < (0 if optional else 1) or number > total:
            yield Fault(one, f"{column} is {shown(one.row.get(column))} ms, of {total} in all")
        elif isinstance(one.call, OwnCall) and number > one.call.seconds * 1000 + TOLERANCE:
            waited = round(one.call.seconds * 1000)
            yield Fault(one, f"{column} is {number} ms, and the caller waited {waited}")


def bodies(column: str) -> Rule:
    """Let a body be what was sent or got, byte for byte, up to the declared limit."""
    alike = same(kind, is_empty)

    def rule(name: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        target, request = evidence.target, "Request" in column
        logged = target.bodies if request else target.response_bodies
        streamed = [one for one in rows if not request and _is_stream(one.call)]
        if logged:
            yield from alike(column, evidence, streamed)
        for one in rows:
            if not logged and not is_empty(one.row.get(column)):
                yield Fault(one, f"{column} holds a body, which no setting declares")
            elif logged and not (one in streamed and not text(one.row, name)):
                if _is_dropped(one, target):
                    continue
                wrong = [
                    list(_compared(one, column, raw, target.body_bytes))
                    for raw in _raws(one, column, target)
                ]
                yield from min(wrong, key=len, default=[])

    return rule


def _is_dropped(one: Logged, target: Target) -> bool:
    """Tell whether a row lacks all bodies, as one whose bodies are too large together does."""
    if not isinstance(one.call, OwnCall) or any(text(one.row, name) for name in BODIES):
        return False
    sizes = [len(one.call.request), *([len(one.call.response)] * target.response_bodies)]
    return is_dropped(sizes, target.body_bytes)


def _is_stream(call: Call) -> bool:
    return call.kind == "stream"


def _raws(one: Logged, column: str, target: Target) -> Iterator[bytes]:
    """Yield what the body may have been; of another's call by the gateway's other side."""
    if isinstance(one.call, OwnCall):
        request = one.call.forwarded if column.startswith("Backend") else one.call.request
        yield request if "Request" in column else one.call.response
    elif column == "BackendRequestBody":
        yield from forwarded_body.possible(logged_part(one.row, "RequestBody"), target)
    elif column.startswith("Backend"):
        yield logged_part(one.row, column.removeprefix("Backend"))


def _compared(one: Logged, column: str, raw: bytes, limit: int) -> Iterator[Fault]:
    found = logged_part(one.row, column)
    least = len(raw) if len(raw) <= limit else limit - CHARACTER + 1
    if not raw.startswith(found):
        yield Fault(one, f"{column} holds other bytes than were sent")
    elif not least <= len(found) <= limit:
        yield Fault(one, f"{column} holds {len(found)} of {min(len(raw), limit)} bytes")
