"""Faults on every operation that a journal names, and how each of them ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.engine.operations import acceptable

KINDS = ("before", "after", "accepted", "lost")
REFUSED = 403
STATUSES = (429, 500, 503, 504, REFUSED)
"""By turns: too busy, three outages, and a refusal that no retry may touch."""

REFUSAL = 400
"""Status from which a request was refused."""

Journal = Sequence[dict[str, Any]]
Ending = Literal["same run", "next run", "adopted", "stuck"]


@dataclass(frozen=True)
class Strike:
    """One fault on one operation; its code stands once in the journal, when it has struck."""

    op: str
    type: str
    name: str
    kind: str
    status: int
    code: str

    def fault(self) -> dict[str, Any]:
        """The line of the faults' file."""
        keys = ("op", "type", "name", "status", "code")
        return {**{key: getattr(self, key) for key in keys}, "when": self.kind}

    def struck(self, journal: Journal) -> dict[str, Any] | None:
        """The operation that it made fail."""
        return next((one for one in journal if one["code"] == self.code), None)


def kinds(op: str, token: str) -> list[str]:
    """The kinds that an operation of a type can meet: only a long one is accepted, then fails."""
    return [kind for kind in KINDS if kind != "accepted" or acceptable(op, token)]


def plan(op: str, operations: Iterable[dict[str, Any]], turn: int) -> list[Strike]:
    """A strike on each of these operations, the kinds and statuses by turns.

    Over as many turns as there are kinds each operation meets each that it can, once: in the last
    turn only long operations are struck. Their order is that of their names, as the engine's own
    differs from turn to turn.
    """
    strikes, seen = [], Counter[int]()
    for at, one in enumerate(sorted(operations, key=lambda one: str(one["urn"]))):
        possible = kinds(op, one["type"])
        seen[len(possible)] += 1
        if turn < len(possible):
            strike = Strike(
                op=op,
                type=one["type"],
                name=one["urn"].rpartition("::")[2],
                kind=possible[(seen[len(possible)] + turn) % len(possible)],
                status=STATUSES[at % len(STATUSES)],
                code=f"Fault-{op}-{turn}-{at}",
            )
            strikes.append(strike)
    return strikes


@dataclass(frozen=True)
class Ended:
    """A strike, and what it took to get over it."""

    strike: Strike
    how: Ending


def ending(strike: Strike, runs: Sequence[Journal], *, settled: bool) -> Ended | None:
    """How a strike ended, by the journal of each run; None if it never struck."""
    at = next((number for number, run in enumerate(runs) if strike.struck(run)), None)
    if at is None:
        return None
    hit = strike.struck(runs[at])
    assert hit is not None
    later = [one for run in runs for one in run if one["urn"] == hit["urn"]]
    again = [one for one in runs[at] if one["urn"] == hit["urn"] and one["seq"] > hit["seq"]]
    met = any(one["code"] == "AlreadyExists" for one in later)
    made = any(one["op"] == "create" and one["status"] < REFUSAL for one in later)
    # What no creation brought into the state was adopted, at times before anything met it.
    if strike.op == "create" and (met or (strike.kind == "lost" and not made)):
        return Ended(strike, "adopted" if settled else "stuck")
    if any(one["op"] == strike.op and one["status"] < REFUSAL for one in again):
        return Ended(strike, "same run")
    return Ended(strike, "next run" if settled else "stuck")
