"""What a proof is: something the rows must show of every call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from queries.check.evidence import Call, Evidence, Source
from queries.check.outputs import Target

Status = Literal["seen", "waiting", "failed"]
_ORDER: dict[Status, int] = {"failed": 0, "waiting": 1, "seen": 2}
_LISTED = 3


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


def _always(_: Target) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One thing to prove, the tables it is read from, and where to look if they stay empty."""

    id: str
    shows: str
    needs: tuple[Source, ...]
    judge: Callable[[Evidence], Verdict]
    fix: str
    """The likely cause, and where to look, when no row comes by the timeout."""
    applies: Callable[[Target], bool] = _always


def each_call(judge: Callable[[Evidence, Call], Verdict]) -> Callable[[Evidence], Verdict]:
    """Every call made here must show it; of calls that others made, one is enough."""

    def judge_all(evidence: Evidence) -> Verdict:
        if not evidence.calls:
            return waiting("no answered call to look for")
        verdicts = [(call, judge(evidence, call)) for call in evidence.calls]
        choose = min if all(call.marker for call in evidence.calls) else max
        status = choose((v.status for _, v in verdicts), key=_ORDER.__getitem__)
        chosen = [(call, verdict) for call, verdict in verdicts if verdict.status == status]
        detail = _joined(f"{call.deployment}: {verdict.detail}" for call, verdict in chosen)
        return Verdict(status=status, detail=detail, fix=chosen[0][1].fix)

    return judge_all


def no_row(evidence: Evidence, source: Source, table: str) -> Verdict:
    """Waiting, with what the table holds meanwhile."""
    others = len(evidence.of(source))
    reason = evidence.waiting.get(source) or (
        f"{others} rows of other calls" if others else "no rows"
    )
    return waiting(f"not in {table} yet ({reason})")


def _joined(details: Iterable[str]) -> str:
    listed = list(dict.fromkeys(details))
    more = len(listed) - _LISTED
    return "; ".join(listed[:_LISTED]) + (f"; and {more} more" if more > 0 else "")
