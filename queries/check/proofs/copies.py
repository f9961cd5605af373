"""Each second copy of the logs holds what the workspace does of every call."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from queries.blobs import Record
from queries.check.copied import ACCOUNT, GATEWAY_LOGS, LLM_LOGS, REQUESTS, Part
from queries.check.evidence import Evidence
from queries.check.fields import BODIES, text
from queries.check.proofs.base import (
    NO_CALL,
    Proof,
    Verdict,
    failed,
    seen,
    skipped,
    together,
    unjudged,
    waiting,
)
from queries.check.records import Call, OwnCall
from queries.check.rows import Source
from queries.check.words import counted, listed

ASK_FIX = "python -m queries.check --sink"
HUB_FIX = (
    "read the event hub with what consumes it, and find the marker there; --allow copies/NAME says "
    "that somebody does"
)
FIX = (
    "no record comes: the diagnostic setting of that name must send the category to the storage "
    "account, which must lie in the same region, let trusted Microsoft services in, and, under an "
    "immutability policy, allow protected append writes (portal: Storage account > Networking, "
    "Data protection); pulumi up --refresh puts the setting back. A new one may take 90 minutes"
)
CONTENT_FIX = (
    "capture: metadata logs no content; pulumi up --refresh puts the API's diagnostic back"
)


def _judge(evidence: Evidence) -> Verdict:
    if evidence.copied is None:
        return skipped("not asked", ASK_FIX)
    if not evidence.calls:
        return waiting(NO_CALL)
    return together([*(_part(evidence, part) for part in evidence.copied), *_hubs(evidence)])


def _hubs(evidence: Evidence) -> Iterator[Verdict]:
    """Tell of copies into event hubs, which keep events for whoever consumes them."""
    for copy in evidence.target.copies:
        if copy.event_hub:
            yield unjudged(f"{copy.name}: what an event hub got", HUB_FIX, (copy.name,))


def _part(evidence: Evidence, part: Part) -> Verdict:
    if problem := part.problem:
        said = f"{part.said}: {problem}"
        late = replace(waiting(said), fix=problem.fix)
        return late if problem.later else unjudged(said, problem.fix, (part.copy,))
    own = _by_id(part.records)
    verdicts = [(call, _call(evidence, part, call, own)) for call in evidence.calls]
    for status in ("failed", "waiting"):
        bad = [(call, verdict) for call, verdict in verdicts if verdict.status == status]
        if bad:
            said = listed(dict.fromkeys(f"{call.name}: {one.detail}" for call, one in bad), 2)
            detail = f"{part.said}: {said}"
            return failed(detail, bad[0][1].fix) if status == "failed" else waiting(detail)
    judged = sum(verdict.status == "seen" for _, verdict in verdicts)
    if not judged:
        return skipped(f"{part.said}: no call that it would have")
    return seen(f"{part.said}: {counted(judged, 'call')}")


def _call(evidence: Evidence, part: Part, call: Call, own: Mapping[str, list[Record]]) -> Verdict:
    """Judge one call: the copy has its id, marker and tokens wherever the workspace does."""
    if part.category not in (GATEWAY_LOGS, LLM_LOGS):
        return _of_account(evidence, part, call)
    source: Source = "gateway" if part.category == GATEWAY_LOGS else "llm"
    rows = evidence.linked(source, call)
    if not rows:
        return waiting("not yet in the workspace") if _is_due(part, call) else skipped("no row")
    ids = {text(row, "CorrelationId") for row in rows}
    records = [record for one in ids for record in own.get(one, [])]
    if not records:
        return waiting("no record of its id")
    marker = call.marker if isinstance(call, OwnCall) else ""
    copied = {name for name, said in _texts(records).items() if marker and marker in said}
    if copied and evidence.target.capture == "metadata":
        return failed("the record holds the prompt", CONTENT_FIX)
    columns = {one.lower() for one in (BODIES if source == "gateway" else ("Request", "Response"))}
    had = {name for name, said in _texts(rows).items() if marker and marker in said} & columns
    if len(copied) < len(had):
        return waiting(f"its marker in {len(copied)} fields, not {len(had)}")
    return _tokens(rows, records) if source == "llm" else seen("")


def _is_due(part: Part, call: Call) -> bool:
    """Tell whether a category has a record of such a call; the LLM log is sure of chats alone."""
    return part.category == GATEWAY_LOGS or call.is_chat


def _of_account(evidence: Evidence, part: Part, call: Call) -> Verdict:
    """Demand a record of the account that answered: which of several it was, no answer tells."""
    if not call.account_ids:
        return skipped("no id of the account's")
    parts = [one for one in evidence.copied or () if one.copy == part.copy]
    ids = {one for each in parts if each.category == REQUESTS for one in _by_id(each.records)}
    if call.account_ids & ids:
        mine = call.account_ids & _by_id(part.records).keys()
        return seen("") if mine else skipped("another account answered")
    copied = {each.resource for each in parts if each.category == REQUESTS}
    every = {one.name or ACCOUNT for one in evidence.target.every_account}
    return waiting("no record of its id") if copied == every else skipped("answered elsewhere")


def _tokens(rows: Iterable[Mapping[str, Any]], records: Iterable[Record]) -> Verdict:
    told = max((int(row.get("TotalTokens") or 0) for row in rows), default=0)
    found = max(map(_total, records), default=0)
    if found == told:
        return seen("")
    said = f"{found} tokens, where the workspace has {told}"
    return (
        failed(said, "compare the record with the row; report it to Azure")
        if found
        else waiting(said)
    )


def _total(record: Record) -> int:
    """Return the tokens of a record, however its field is written."""
    return next((int(value or 0) for name, value in _fields(record) if name == "totaltokens"), 0)


def _texts(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return each field's text, of messages in chunks in their order; what came twice is once."""
    found = {int(one.get("sequencenumber") or 0): one for one in map(dict, map(_fields, entries))}
    texts = defaultdict[str, str](str)
    for _, fields in sorted(found.items()):
        for name, value in fields.items():
            plain = value if isinstance(value, str) else json.dumps(value, default=str)
            texts[name] += plain
    return dict(texts)


def _fields(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a record and of its properties, names in lower case."""
    for name, value in record.items():
        if name.lower() != "properties":
            yield name.lower(), value
            continue
        inner: Any = value
        if isinstance(value, str):
            with suppress(ValueError):
                inner = json.loads(value)
        yield from _fields(inner) if isinstance(inner, dict) else [(name, inner)]


def _by_id(records: Iterable[Record]) -> dict[str, list[Record]]:
    found = defaultdict[str, list[Record]](list)
    for record in records:
        named = (value for name, value in _fields(record) if name == "correlationid")
        found[str(next(named, ""))].append(record)
    return dict(found)


COPIES = Proof(
    id="copies",
    about="with --sink, each second copy in a storage account has every call that the workspace "
    "has, with its id, its marker and its tokens",
    needs=("gateway", "llm", "account"),
    judge=_judge,
    applies=lambda target: bool(target.copies),
    fix=FIX,
)
