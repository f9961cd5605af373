"""What a proof is: something the rows must show of every call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, TypeVar

from queries.check.evidence import Evidence
from queries.check.records import Call, CallOfOthers, OwnCall
from queries.check.rows import TABLES, Source
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.check.words import counted, listed
from queries.outputs import Target

Status = Literal["seen", "skipped", "unjudged", "waiting", "failed"]
WORST_FIRST: tuple[Status, ...] = ("failed", "waiting", "unjudged", "seen", "skipped")
"""What may hide a fault tells of a whole before what was seen, and that before nothing."""
_LISTED: dict[Status, int] = {"failed": 3, "waiting": 2, "unjudged": 3, "seen": 1, "skipped": 1}
"""Calls named in a verdict, before the number of the others."""
LATE = timedelta(minutes=15)
"""Age from which rows of a call that others made must be there.

Resource logs take 3 to 10 minutes: https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""
LOST = timedelta(minutes=30)
"""Age from which a row is taken to be lost that other calls have, once no row comes any more."""
MANY = 20
"""Calls from which their rows' coming or not tells of a loss: a few may all be late."""
LOST_FIX = (
    "rows of some calls are lost: look for a transformation or a daily cap of the workspace, a "
    "second diagnostic, and a policy that some callers meet"
)
OF_CALLS: set[Source] = {"gateway", "llm", "account", *TABLES}
"""Sources whose rows tell of single calls."""
NOT_JUDGED = "not judged"
"""What stands before the reason, also in the detail of a proof that is judged in part."""
PART = "/"
"""What stands between a proof's name and that of a part, as `--allow` takes them."""
NO_CALL = "no answered call to look for"
NO_SUCH_CALL = "no answered call of the kind that this proof is about"
GATEWAY_LOG_FIX = (
    "the gateway's rows do not arrive: its diagnostic setting must send GatewayLogs to this "
    "workspace with resource-specific tables, the API's diagnostic must name the azuremonitor "
    "logger and sample 100 % (portal: API Management > Diagnostic settings)"
)
LLM_LOG_FIX = (
    "LLM rows do not arrive, or lack messages: largeLanguageModel of the API's diagnostic needs "
    "logs enabled, and requests and responses with messages: all; the gateway's diagnostic setting "
    "needs the category GatewayLlmLogs, which an old one lacks (portal: API > Settings > Azure "
    "Monitor > Log LLM messages; API Management > Diagnostic settings)"
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a proof stands: `detail` says what was found or is waited for."""

    status: Status
    detail: str
    fix: str = ""
    lost: bool = False
    """A row is missing that no further round of calls can make good."""
    parts: tuple[str, ...] = ()
    """What of an unjudged proof could not be judged, each by a name that `--allow` takes."""


def seen(detail: str) -> Verdict:
    """Say that the rows show what is to be proven."""
    return Verdict(status="seen", detail=detail)


def skipped(reason: str, fix: str = "") -> Verdict:
    """Tell that nothing is there to judge: no such call, not deployed, or switched off."""
    return Verdict(status="skipped", detail=f"{NOT_JUDGED}: {reason}", fix=fix)


def unjudged(reason: str, fix: str, parts: Iterable[str] = ()) -> Verdict:
    """Tell that something should be judged, and could not be read or understood.

    `parts` names what, where only some of the proof is concerned: each can be allowed by itself.
    """
    detail = f"{NOT_JUDGED}: {reason}"
    return Verdict(status="unjudged", detail=detail, fix=fix, parts=tuple(parts))


def waiting(reason: str) -> Verdict:
    """Say that the rows may still come."""
    return Verdict(status="waiting", detail=reason)


def failed(cause: str, fix: str) -> Verdict:
    """Say that the rows came, and show the contrary."""
    return Verdict(status="failed", detail=cause, fix=fix)


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst, the first of those; if none failed or waits, with what each says."""
    found = list(verdicts)
    worst = min(found, key=lambda verdict: WORST_FIRST.index(verdict.status))
    if worst.status in {"failed", "waiting"}:
        return worst
    detail = "; ".join(verdict.detail for verdict in found)
    return replace(worst, detail=detail, parts=_parts(found))


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the first verdict that is seen; the first of all, if none is."""
    found = list(verdicts)
    return next((verdict for verdict in found if verdict.status == "seen"), found[0])


Judge = Callable[[Evidence], Verdict]
C = TypeVar("C", bound=Call)
OfCall = Callable[[Evidence, C], Verdict]
"""Judges one call."""
Judged = tuple[Call, Verdict]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One thing to prove, and the tables it is read from."""

    id: str
    needs: tuple[Source, ...]
    judge: Judge
    fix: str
    """The likely cause, and where to look, when no row comes by the timeout."""
    about: str
    """What it proves, in one line."""
    applies: Callable[[Target], bool] = lambda _: True


def by_traffic(
    own: Callable[[Evidence, OwnTraffic], Verdict],
    others: Callable[[Evidence, OthersTraffic], Verdict],
) -> Judge:
    """Judge this run's own calls by one function, and those of others by the other."""

    def judge(evidence: Evidence) -> Verdict:
        match evidence.traffic:
            case OwnTraffic():
                return own(evidence, evidence.traffic)
            case OthersTraffic():
                return others(evidence, evidence.traffic)

    return judge


def each_call(
    judge: OfCall[Call],
    only: Callable[[Evidence, Call], bool] = lambda _, __: True,
    log: Callable[[Call], str] = lambda _: "",
) -> Judge:
    """Judge call by call, whoever made the calls; see `each_own_call` and `each_call_of_others`."""
    return by_traffic(each_own_call(judge, only, log), each_call_of_others(judge, only))


def each_own_call(
    judge: OfCall[OwnCall],
    only: Callable[[Evidence, OwnCall], bool] = lambda _, __: True,
    log: Callable[[OwnCall], str] = lambda _: "",
) -> Callable[[Evidence, OwnTraffic], Verdict]:
    """Judge call by call: all calls of the newest round must pass, and no call of any may fail.

    A setting that has just been made loses the calls before it acts, and none after. So calls may
    lack their rows up to the first call that has them, counted apart for each `log` that a call is
    judged by.
    """

    def judge_all(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
        calls = [call for call in traffic.calls if only(evidence, call)]
        if not calls:
            return skipped(NO_SUCH_CALL) if traffic.calls else waiting(NO_CALL)
        by_time = sorted(calls, key=lambda call: call.started)
        return by_rounds(evidence, [(call, judge(evidence, call), log(call)) for call in by_time])

    return judge_all


def each_call_of_others(
    judge: OfCall[CallOfOthers],
    only: Callable[[Evidence, CallOfOthers], bool] = lambda _, __: True,
) -> Callable[[Evidence, OthersTraffic], Verdict]:
    """Judge call by call, of which the newest of each deployment and kind counts.

    One that is too young for its rows is passed over.
    """

    def judge_all(evidence: Evidence, traffic: OthersTraffic) -> Verdict:
        calls = [call for call in traffic.calls if only(evidence, call)]
        if not calls:
            return skipped(NO_SUCH_CALL) if traffic.calls else waiting(NO_CALL)
        groups: dict[tuple[str, str], list[Judged]] = {}
        oldest_first = sorted(calls, key=lambda call: call.started)
        for call in reversed(oldest_first):
            judged = (call, judge(evidence, call))
            groups.setdefault((call.deployment, call.kind), []).append(judged)
        due = partial(_is_due, evidence.now)
        return _joined(next(filter(due, group), group[0]) for group in groups.values())

    return judge_all


def no_row(evidence: Evidence, source: Source, table: str) -> Verdict:
    """Wait for a row, and tell what the table holds meanwhile."""
    others = len(evidence.of(source))
    reason = evidence.rows.silent.get(source) or (
        f"{counted(others, 'row')} of other calls" if others else "no rows"
    )
    return waiting(f"not in {table} yet ({reason})")


Entry = tuple[OwnCall, Verdict, str]
"""A call, the verdict on it, and the log by which it was judged."""


def by_rounds(evidence: Evidence, found: Sequence[Entry]) -> Verdict:
    """Judge calls, in the order of time, by their verdicts and logs."""
    if wrong := [(call, verdict) for call, verdict, _ in found if verdict.status == "failed"]:
        return _some(wrong, len({id(call) for call, _, _ in found}))
    rounds = sorted({call.round for call, _, _ in found})
    logged, lost, excused = dict[str, int](), list[Entry](), 0
    for call, verdict, log in found:
        if verdict.status == "seen" or log in logged:
            logged[log] = logged.get(log, 0) + 1
        if verdict.status == "waiting" and log in logged:
            lost.append((call, verdict, log))
        elif verdict.status == "waiting":
            excused += 1
    if lost:
        return _lost(evidence, lost, logged)
    verdict = _joined((call, verdict) for call, verdict, _ in found if call.round == rounds[-1])
    if len(rounds) == 1 or verdict.status != "seen":
        return verdict
    said = f"; round {len(rounds)} of {len(rounds)}"
    said += f"; rows of {excused} earlier calls never arrived" if excused else ""
    return replace(verdict, detail=verdict.detail + said)


def _some(wrong: Sequence[Judged], calls: int) -> Verdict:
    """Join failures, and tell how many calls of how many they are, if they are many."""
    verdict, failures = _joined(wrong), len({id(call) for call, _ in wrong})
    if failures <= _LISTED["failed"]:
        return verdict
    return replace(verdict, detail=f"{failures} of {calls} calls: {verdict.detail}")


def _lost(evidence: Evidence, lost: Sequence[Entry], logged: Mapping[str, int]) -> Verdict:
    """Wait for rows that later calls have already, and fail by them once they are long due."""
    said = "although an earlier call's row arrived"
    joined = _joined(
        (call, replace(verdict, detail=f"{verdict.detail}, {said}", lost=True))
        for call, verdict, _ in lost
    )
    calls, of = len({id(call) for call, _, _ in lost}), max(logged[log] for _, _, log in lost)
    tables = ", ".join(dict.fromkeys(log for _, _, log in lost if log))
    if calls > 1 or tables:
        said = f"{calls} of {of} calls lack rows{f' in {tables}' if tables else ''}"
        joined = replace(joined, detail=f"{said}: {joined.detail}")
    ended = max(call.ended for call, _, _ in lost)
    late = evidence.now is not None and evidence.now >= ended + LOST
    if late and of >= MANY and evidence.rows.still_for() >= LATE:
        return replace(joined, status="failed", fix=LOST_FIX, lost=False)
    return joined


def _is_due(now: datetime | None, judged: Judged) -> bool:
    """Tell whether a call's rows have come, or should have by now."""
    call, verdict = judged
    return verdict.status != "waiting" or (now is not None and call.started + LATE <= now)


def _joined(found: Iterable[Judged]) -> Verdict:
    """Return the worst verdict, with each call that shares it, and what is not judged."""
    verdicts = list(found)
    status = min((v.status for _, v in verdicts), key=WORST_FIRST.index)
    detail = _listed(verdicts, status)
    if status == "seen" and any(v.status == "skipped" for _, v in verdicts):
        detail += "; " + _listed(verdicts, "skipped")
    chosen = [verdict for _, verdict in verdicts if verdict.status == status]
    lost = any(verdict.lost for verdict in chosen)
    fix, parts = chosen[0].fix, _parts(chosen)
    return Verdict(status=status, detail=detail, fix=fix, lost=lost, parts=parts)


def _parts(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Name the parts not judged; none, for the whole, where one of the verdicts names none."""
    left = [verdict.parts for verdict in verdicts if verdict.status == "unjudged"]
    return tuple(dict.fromkeys(part for one in left for part in one)) if all(left) else ()


def _listed(verdicts: Iterable[Judged], status: Status) -> str:
    said = [f"{call.name}: {v.detail}" for call, v in verdicts if v.status == status]
    return listed(dict.fromkeys(said), _LISTED[status])
