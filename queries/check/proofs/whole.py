"""Every row of the calls is there, once, and every column that a call determines is right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from queries.check import brief_calls, leaks
from queries.check.evidence import Evidence
from queries.check.expected import account, gateway, llm
from queries.check.expected.rules import Fault, Logged, Rule, doubles, faults
from queries.check.fields import text
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    Entry,
    Proof,
    Verdict,
    by_rounds,
    by_traffic,
    each_call_of_others,
    failed,
    no_row,
    seen,
    skipped,
    unjudged,
    waiting,
)
from queries.check.records import Call, CallOfOthers, OwnCall
from queries.check.rows import TABLES, Source
from queries.check.traffic import OwnTraffic
from queries.check.words import listed
from queries.workspace import Row

SHOWN = 3
"""Most faults of one call's rows that a verdict tells."""
WHOLE_FIX = (
    "something between caller, gateway, account and workspace changes calls or rows: look for "
    "policies at other scopes and a transformation of the workspace's table (portal: Log Analytics "
    "workspace > Tables); pulumi up --refresh puts the stack's own resources back"
)
MORE_FIX = "raise the deployment's capacity, or check with --depth quick"
KEYS: Mapping[Source, tuple[str, ...]] = {
    "gateway-whole": ("CorrelationId",),
    "llm-whole": ("CorrelationId", "SequenceNumber"),
    "diagnostics-whole": ("CorrelationId", "Category", "OperationName"),
}
"""What tells the rows of each table apart."""
RULES: Mapping[Source, Mapping[str, Sequence[Rule]]] = {
    "gateway-whole": gateway.TABLE,
    "llm-whole": llm.TABLE,
    "diagnostics-whole": account.TABLE,
}
IGNORED = frozenset({"_BilledSize"})
"""Columns in which a row that comes twice may differ."""


def _own(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
    if not traffic.calls:
        return waiting("no answered call to look for")
    calls = sorted(traffic.calls, key=lambda call: call.started)
    wrong = {source: _wrong(evidence, source, calls) for source in TABLES}
    entries = [
        (call, verdict, TABLES[source])
        for call in calls
        for source in TABLES
        if (verdict := _judged(evidence, source, call, wrong[source])) is not None
    ]
    verdict = by_rounds(evidence, entries)
    return _counted(evidence, traffic, entries) or verdict if verdict.status == "seen" else verdict


def _judged(
    evidence: Evidence, source: Source, call: Call, wrong: Mapping[int, list[Fault]]
) -> Verdict | None:
    """Return the verdict on a call's rows of one table; None where that table need not have any."""
    if id(call) in wrong:
        found = wrong[id(call)]
        late = all(fault.late for fault in found)
        said = dict.fromkeys(fault.said for fault in found if fault.late == late)
        detail = f"{TABLES[source]}: {listed(said, SHOWN, ', ')}"
        detail = leaks.hidden(evidence.target, evidence.traffic, detail)
        return waiting(detail) if late else failed(detail, WHOLE_FIX)
    rows = _rows(evidence, source, call)
    if rows:
        columns = len(RULES[source])
        return seen(f"{columns} columns of {TABLES[source]}")
    return no_row(evidence, source, TABLES[source]) if _is_due(evidence, source, call) else None


def _is_due(evidence: Evidence, source: Source, call: Call) -> bool:
    """Tell whether a table must have a row of a call.

    The LLM log is documented for chats alone. No page says by which id a row of the account is
    known, so one is wanted only where rows of other calls have the id that the caller was told.
    """
    if source == "gateway-whole":
        return True
    if source == "llm-whole":
        return evidence.target.llm_logging and (call.is_chat or _has_some(evidence, source, call))
    return _has_some(evidence, source, call)


def _has_some(evidence: Evidence, source: Source, call: Call) -> bool:
    """Tell whether the table has a row of some call of that kind."""
    found = evidence.once(
        ("some", source),
        lambda: {c.kind for c in evidence.calls if _rows(evidence, source, c)},
    )
    return bool(found) if source == "diagnostics-whole" else call.kind in found


def _rows(evidence: Evidence, source: Source, call: Call) -> list[Row]:
    """Return the rows of a call, by its ids."""
    by_id = evidence.once(("ids", source), lambda: _by_id(evidence, source))
    return [row for one in sorted(_ids(evidence, source, call)) for row in by_id.get(one, [])]


def _ids(evidence: Evidence, source: Source, call: Call) -> frozenset[str]:
    return call.account_ids if source == "diagnostics-whole" else evidence.correlations(call)


def _by_id(evidence: Evidence, source: Source) -> dict[str, list[Row]]:
    found = defaultdict[str, list[Row]](list)
    for row in evidence.of(source):
        if source != "diagnostics-whole" or text(row, "Category") == account.CATEGORY:
            found[text(row, "CorrelationId")].append(row)
    return found


def _wrong(evidence: Evidence, source: Source, calls: Sequence[Call]) -> dict[int, list[Fault]]:
    """Return what is wrong with the rows of each call, by the call's identity in this run."""
    logged = [
        Logged(call=call, row=account.unfolded(row) if source == "diagnostics-whole" else row)
        for call in calls
        for row in _rows(evidence, source, call)
    ]
    found = defaultdict[int, list[Fault]](list)
    for fault in faults(RULES[source], evidence, logged):
        found[id(fault.logged.call)].append(fault)
    for fault in _pairing(evidence, source, calls):
        found[id(fault.logged.call)].append(fault)
    return found


def _pairing(evidence: Evidence, source: Source, calls: Sequence[Call]) -> Iterator[Fault]:
    """Let each call have rows of one id of its own, and none that contradicts another."""
    owners = Counter(
        one
        for call in calls
        for one in (
            call.account_ids if source == "diagnostics-whole" else evidence.correlations(call)
        )
    )
    for call in calls:
        rows = _rows(evidence, source, call)
        ids = {text(row, "CorrelationId") for row in rows}
        known = evidence.correlations(call) if source == "gateway-whole" else ids
        if len(known) > 1:
            yield Fault(Logged(call=call, row={}), f"{len(known)} ids of one call")
        if any(owners[one] > 1 for one in known):
            yield Fault(Logged(call=call, row={}), "one id of several calls")
        if again := doubles(rows, KEYS[source], IGNORED):
            yield Fault(Logged(call=call, row=again[0]), "two rows of one id that differ")


def _counted(evidence: Evidence, traffic: OwnTraffic, entries: Sequence[Entry]) -> Verdict | None:
    """Say whether as many calls count as the run's depth promises; None if they do."""
    own = [call for call in traffic.calls if _counts(evidence, call)]
    logged = {id(call) for call, verdict, _ in entries if verdict.status == "seen"}
    count = sum(id(call) in logged for call in own)
    if count >= traffic.wanted:
        return None
    if len(own) >= traffic.wanted:
        return waiting(f"{count} of {traffic.wanted} calls count, as settings did not act before")
    share = brief_calls.share_found(len(own))
    return unjudged(
        f"{len(own)} of {traffic.wanted} brief calls were answered, which find a loss of "
        f"{share:.0%} of the rows",
        MORE_FIX,
    )


def _counts(evidence: Evidence, call: OwnCall) -> bool:
    """Tell whether every log must have rows of a call, or no call of the stack is of that kind."""
    has = evidence.once("logged", lambda: any(c.kind in brief_calls.LOGGED for c in evidence.calls))
    return call.kind in brief_calls.LOGGED or not has


def _of_others(evidence: Evidence, call: CallOfOthers) -> Verdict:
    """Judge what rows tell of each other: nobody here knows what was sent."""
    wrong = evidence.once(
        "wrong", lambda: {source: _wrong(evidence, source, evidence.calls) for source in TABLES}
    )
    verdicts = [_judged(evidence, s, call, wrong[s]) for s in ("gateway-whole", "llm-whole")]
    found = [verdict for verdict in verdicts if verdict is not None]
    failures = [verdict for verdict in found if verdict.status == "failed"]
    if failures:
        return failures[0]
    return next((v for v in found if v.status != "seen"), found[0] if found else skipped("no row"))


WHOLE = Proof(
    id="whole",
    about="each call has its rows in both logs and the account's, once and complete, and every "
    "column that a call determines is right, byte for byte",
    needs=("gateway", "llm", "account", *TABLES),
    judge=by_traffic(_own, each_call_of_others(_of_others)),
    fix=GATEWAY_LOG_FIX,
)
