"""What a proof is: something the rows must show of every call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from queries.check.evidence import TABLES, Evidence, Source
from queries.check.records import Call
from queries.outputs import Target

Status = Literal["seen", "skipped", "waiting", "failed"]
WORST_FIRST: tuple[Status, ...] = ("failed", "waiting", "seen", "skipped")
"""What has been judged tells of a whole before what has not."""
_LISTED: dict[Status, int] = {"failed": 3, "waiting": 2, "seen": 1, "skipped": 1}
"""Calls told of in a verdict, before the number of the others."""
LATE = timedelta(minutes=15)
"""Age from which rows of a call that others made must be there.

Resource logs take 3 to 10 minutes: https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""
OF_CALLS: set[Source] = {"gateway", "llm", "account", *TABLES}
"""Sources whose rows tell of single calls."""
NOT_JUDGED = "not judged"
"""What stands before the reason, also in the detail of a proof that is judged in part."""
NO_CALL = "no answered call to look for"
NO_SUCH_CALL = "no answered call of the kind that it is about"
GATEWAY_LOG_FIX = (
    "the gateway's rows do not arrive: its diagnostic setting must send GatewayLogs to this "
    "workspace with resource-specific tables, the API's diagnostic must name the azuremonitor "
    "logger and sample 100 % (portal: API Management > Diagnostic settings)"
)
LLM_LOG_FIX = (
    "LLM rows do not arrive, or without messages: largeLanguageModel of the API's diagnostic needs "
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


def seen(detail: str) -> Verdict:
    """The rows show it."""
    return Verdict(status="seen", detail=detail)


def skipped(reason: str, fix: str = "") -> Verdict:
    """It cannot be judged here: not permitted, not deployed, or no call to judge by."""
    return Verdict(status="skipped", detail=f"{NOT_JUDGED}: {reason}", fix=fix)


def waiting(reason: str) -> Verdict:
    """The rows may still come."""
    return Verdict(status="waiting", detail=reason)


def failed(cause: str, fix: str) -> Verdict:
    """The rows came, and show the contrary."""
    return Verdict(status="failed", detail=cause, fix=fix)


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them, the first of those; if all are seen or skipped, what each says."""
    found = list(verdicts)
    worst = min(found, key=lambda verdict: WORST_FIRST.index(verdict.status))
    if worst.status in {"failed", "waiting"}:
        return worst
    return replace(worst, detail="; ".join(verdict.detail for verdict in found))


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """One of them is enough to be seen: the first otherwise."""
    found = list(verdicts)
    return next((verdict for verdict in found if verdict.status == "seen"), found[0])


Judged = tuple[Call, Verdict]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One thing to prove, and the tables it is read from."""

    id: str
    needs: tuple[Source, ...]
    judge: Callable[[Evidence], Verdict]
    fix: str
    """The likely cause, and where to look, when no row comes by the timeout."""
    about: str
    """What it proves, in one line."""
    applies: Callable[[Target], bool] = lambda _: True


def each_call(
    judge: Callable[[Evidence, Call], Verdict],
    only: Callable[[Evidence, Call], bool] = lambda _, __: True,
    log: Callable[[Call], str] = lambda _: "",
) -> Callable[[Evidence], Verdict]:
    """Every call of the newest round must show it, and no call made here the contrary.

    A setting that has just been made loses the calls before it acts, and none after: so calls may
    lack their rows up to the first that has them, counted apart for each `log` that a call is
    judged by. Of calls that others made, the newest of each deployment and kind counts.
    """

    def judge_all(evidence: Evidence) -> Verdict:
        chosen = [call for call in evidence.calls if only(evidence, call)]
        calls = sorted(chosen, key=lambda call: call.started)
        if not calls:
            return skipped(NO_SUCH_CALL) if evidence.calls else waiting(NO_CALL)
        found = [(call, judge(evidence, call)) for call in calls]
        return _made_here(found, log) if evidence.first() else _of_others(found, evidence.now)

    return judge_all


def no_row(evidence: Evidence, source: Source, table: str) -> Verdict:
    """Waiting, with what the table holds meanwhile."""
    others = len(evidence.of(source))
    reason = evidence.waiting.get(source) or (
        f"{others} rows of other calls" if others else "no rows"
    )
    return waiting(f"not in {table} yet ({reason})")


def _made_here(found: Sequence[Judged], log: Callable[[Call], str]) -> Verdict:
    if wrong := [(call, verdict) for call, verdict in found if verdict.status == "failed"]:
        return _joined(wrong)
    rounds = sorted({call.round for call, _ in found})
    logged, lost, excused = set[str](), list[Judged](), 0
    for call, verdict in found:
        if verdict.status == "seen":
            logged.add(log(call))
        elif verdict.status == "waiting" and log(call) in logged:
            said = f"{verdict.detail}, though an earlier call's row came"
            lost.append((call, replace(verdict, detail=said, lost=True)))
        elif verdict.status == "waiting":
            excused += 1
    if lost:
        return _joined(lost)
    verdict = _joined((call, verdict) for call, verdict in found if call.round == rounds[-1])
    if len(rounds) == 1 or verdict.status != "seen":
        return verdict
    said = f"; round {len(rounds)} of {len(rounds)}"
    said += f"; rows of {excused} earlier calls never came" if excused else ""
    return replace(verdict, detail=verdict.detail + said)


def _of_others(found: Sequence[Judged], now: datetime | None) -> Verdict:
    """The newest of each deployment and kind; one that is too young for its rows is passed over."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for call, verdict in reversed(found):
        groups.setdefault((call.deployment, call.kind), []).append((call, verdict))

    def due(one: Judged) -> bool:
        return one[1].status != "waiting" or (now is not None and one[0].started + LATE <= now)

    return _joined(next(filter(due, group), group[0]) for group in groups.values())


def _joined(found: Iterable[Judged]) -> Verdict:
    """The worst of some calls' verdicts, with each call that shares it, and what is not judged."""
    verdicts = list(found)
    status = min((v.status for _, v in verdicts), key=WORST_FIRST.index)
    detail = _listed(verdicts, status)
    if status == "seen" and any(v.status == "skipped" for _, v in verdicts):
        detail += "; " + _listed(verdicts, "skipped")
    chosen = [verdict for _, verdict in verdicts if verdict.status == status]
    lost = any(verdict.lost for verdict in chosen)
    return Verdict(status=status, detail=detail, fix=chosen[0].fix, lost=lost)


def _listed(verdicts: Iterable[Judged], status: Status) -> str:
    said = [f"{call.name}: {v.detail}" for call, v in verdicts if v.status == status]
    listed = list(dict.fromkeys(said))
    more = len(listed) - _LISTED[status]
    return "; ".join(listed[: _LISTED[status]]) + (f"; and {more} more" if more > 0 else "")
