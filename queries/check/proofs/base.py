"""What a proof is: something the rows must show of every call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from queries.check.evidence import Evidence, Source
from queries.check.outputs import Target
from queries.check.records import Call

Status = Literal["seen", "waiting", "failed"]
WORST_FIRST: tuple[Status, ...] = ("failed", "waiting", "seen")
CONTRARY_FIRST: tuple[Status, ...] = ("failed", "seen", "waiting")
BEST_FIRST: tuple[Status, ...] = ("seen", "failed", "waiting")
_LISTED: dict[Status, int] = {"failed": 3, "waiting": 2, "seen": 1}
"""Calls told of in a verdict, before the number of the others."""
NO_CALL = "no answered call to look for"
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


def seen(detail: str) -> Verdict:
    """The rows show it."""
    return Verdict(status="seen", detail=detail)


def waiting(reason: str) -> Verdict:
    """The rows may still come."""
    return Verdict(status="waiting", detail=reason)


def failed(cause: str, fix: str) -> Verdict:
    """The rows came, and show the contrary."""
    return Verdict(status="failed", detail=cause, fix=fix)


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """All of them must be seen: the worst otherwise, the first of those."""
    found = list(verdicts)
    worst = min(found, key=lambda verdict: WORST_FIRST.index(verdict.status))
    return worst if worst.status != "seen" else seen("; ".join(v.detail for v in found))


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """One of them is enough to be seen: the first otherwise."""
    found = list(verdicts)
    return next((verdict for verdict in found if verdict.status == "seen"), found[0])


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
    judge: Callable[[Evidence, Call], Verdict], only: Callable[[Call], bool] = lambda _: True
) -> Callable[[Evidence], Verdict]:
    """Every call of a round must show it, and no call made here the contrary.

    Of several rounds one is enough: a setting that has just been made loses the first calls. Each
    call that others made is a round of its own, and the best of them counts.
    """

    def judge_all(evidence: Evidence) -> Verdict:
        calls = [call for call in evidence.calls if only(call)]
        if not calls:
            return waiting(NO_CALL)
        rounds: dict[int, list[tuple[Call, Verdict]]] = {}
        for call in sorted(calls, key=lambda call: call.started):
            rounds.setdefault(call.round, []).append((call, judge(evidence, call)))
        verdicts = [_joined(found) for found in rounds.values()]
        order = CONTRARY_FIRST if evidence.first() else BEST_FIRST
        return min(reversed(verdicts), key=lambda verdict: order.index(verdict.status))

    return judge_all


def no_row(evidence: Evidence, source: Source, table: str) -> Verdict:
    """Waiting, with what the table holds meanwhile."""
    others = len(evidence.of(source))
    reason = evidence.waiting.get(source) or (
        f"{others} rows of other calls" if others else "no rows"
    )
    return waiting(f"not in {table} yet ({reason})")


def _joined(found: Iterable[tuple[Call, Verdict]]) -> Verdict:
    """The worst of one round's verdicts, with each call that shares it."""
    verdicts = list(found)
    status = min((v.status for _, v in verdicts), key=WORST_FIRST.index)
    chosen = [(call, verdict) for call, verdict in verdicts if verdict.status == status]
    listed = list(dict.fromkeys(f"{call.name}: {v.detail}" for call, v in chosen))
    more = len(listed) - _LISTED[status]
    detail = "; ".join(listed[: _LISTED[status]]) + (f"; and {more} more" if more > 0 else "")
    return Verdict(status=status, detail=detail, fix=chosen[0][1].fix)
