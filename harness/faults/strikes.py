"""Plan a fault on each operation, and read from the journals how each ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.engine.operations import acceptable

KINDS = ("before", "after", "accepted", "lost")
REFUSED = 403
STATUSES = (429, 500, 503, 504, REFUSED)
"""Statuses of faults, by turns: too busy, three outages, and a refusal that no retry may touch."""

REFUSAL = 400
"""Lowest HTTP status of a refused request."""

Journal = Sequence[dict[str, Any]]
Ending = Literal["same run", "next run", "adopted", "stuck"]


@dataclass(frozen=True)
class Strike:
    """One fault on one operation; once it has struck, the journal has its code once."""

    op: str
    type: str
    name: str
    kind: str
    status: int
    code: str

    def fault(self) -> dict[str, Any]:
        """Return the fault as an entry of the sandbox's faults file."""
        keys = ("op", "type", "name", "status", "code")
        return {**{key: getattr(self, key) for key in keys}, "when": self.kind}

    def struck(self, journal: Journal) -> dict[str, Any] | None:
        """Return the journal's operation that this fault made fail; None if there is none."""
        return next((entry for entry in journal if entry["code"] == self.code), None)


def kinds(op: str, token: str) -> list[str]:
    """Return the kinds of fault that an operation can meet: `accepted` is for long ones only."""
    return [kind for kind in KINDS if kind != "accepted" or acceptable(op, token)]


def plan(op: str, operations: Iterable[dict[str, Any]], turn: int) -> list[Strike]:
    """Plan the strikes of one turn: one on each operation, kinds and statuses by turns.

    Over as many turns as there are kinds, each operation meets once each kind that it can meet; so
    in the last turn only long operations are struck. Operations are ordered by name, as the
    engine's own order differs from turn to turn.
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
    """A strike, and what it took to recover from it."""

    strike: Strike
    how: Ending


def ending(strike: Strike, runs: Sequence[Journal], *, settled: bool) -> Ended | None:
    """Tell from the journal of each run how a strike ended; None if it never struck.

    `settled` says whether the last run ended with 0.
    """
    at = next((number for number, run in enumerate(runs) if strike.struck(run)), None)
    if at is None:
        return None
    hit = strike.struck(runs[at])
    assert hit is not None
    later = [one for run in runs for one in run if one["urn"] == hit["urn"]]
    again = [one for one in runs[at] if one["urn"] == hit["urn"] and one["seq"] > hit["seq"]]
    met = any(one["code"] == "AlreadyExists" for one in later)
    made = any(one["op"] == "create" and one["status"] < REFUSAL for one in later)
    # A resource that no creation brought into the state was adopted, maybe before a run met it.
    if strike.op == "create" and (met or (strike.kind == "lost" and not made)):
        return Ended(strike, "adopted" if settled else "stuck")
    if any(one["op"] == strike.op and one["status"] < REFUSAL for one in again):
        return Ended(strike, "same run")
    return Ended(strike, "next run" if settled else "stuck")
