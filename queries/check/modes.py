"""Whose calls a run judges: those that it makes itself, or those that others made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from queries.check import (
    attempts,
    background,
    brief_calls,
    failover,
    hangup,
    kinds,
    limits,
    observe,
    proofs,
)
from queries.check.calls import Caller
from queries.check.evidence import Evidence
from queries.check.proofs.base import Proof
from queries.check.records import Failed, OwnCall
from queries.check.traffic import OthersTraffic, OwnTraffic, Traffic
from queries.outputs import Target


class Mode(Protocol):
    """Whose calls a run judges, and what it does to have some."""

    @property
    def traffic(self) -> Traffic:
        """Return the calls so far."""

    def proofs(self, target: Target) -> list[Proof]:
        """Return the proofs that such calls can bear."""

    def read(self, evidence: Evidence) -> Traffic:
        """Read the calls from rows of the gateway's and the LLM log."""

    def call_again(self, evidence: Evidence) -> bool:
        """Make one more round of calls; False where none is made that counts."""

    def nothing_to_find(self) -> bool:
        """Tell whether there is no call whose rows could come."""


class OwnCalls:
    """The run makes calls, and knows what was sent and answered."""

    def __init__(self, caller: Caller, begun: datetime, *, limits: bool = False) -> None:
        self._caller, self._limits = caller, limits
        self.traffic = OwnTraffic(
            marker=caller.run, begun=begun, wanted=brief_calls.wanted(caller.target, caller.depth)
        )

    def proofs(self, target: Target) -> list[Proof]:
        """Return every proof that the stack's settings call for."""
        return proofs.applicable_to(target)

    def call(self) -> None:
        """Make the first round of calls, as far as it comes, and the attempts that must fail."""
        try:
            self._caller.all()
        finally:
            results = self._caller.results
            self.traffic = replace(
                self.traffic,
                calls=tuple(one for one in results if isinstance(one, OwnCall)),
                failed=tuple(one for one in results if isinstance(one, Failed)),
                left_out={**kinds.left_out(self._caller.target), **self._caller.left_out},
            )
        if self.traffic.calls:
            self._add([])
        if self._limits and self.traffic.calls:
            tried = limits.make(self._caller)
            ended = self._caller.clock.now()
            self.traffic = replace(self.traffic, limits=tuple(tried), limits_ended=ended)

    def read(self, _: Evidence) -> OwnTraffic:
        """Return the traffic as it is: rows tell nothing of which calls were made."""
        return self.traffic

    def call_again(self, evidence: Evidence) -> bool:
        """Make one more round; one that is not answered as a whole proves nothing.

        Brief calls are made again only once rows come at all.
        """
        self._caller.say("rows are missing: calling again, as new settings may act by now")
        results = self._caller.all(brief=bool(evidence.all_correlations))
        calls = [one for one in results if isinstance(one, OwnCall)]
        if len(calls) < len(results):
            return False
        self._add(calls)
        return bool(calls)

    def nothing_to_find(self) -> bool:
        """Tell whether no call was answered."""
        return not self.traffic.calls

    def _add(self, calls: list[OwnCall]) -> None:
        """Add calls, and make those that must fail and those that nobody waits for."""
        traffic = self.traffic
        shown, met = failover.make(self._caller)
        self.traffic = replace(
            traffic,
            failover=shown,
            calls=(*traffic.calls, *calls, *met),
            attempts=(*traffic.attempts, *attempts.make(self._caller)),
            hung_up=(*traffic.hung_up, *hangup.make(self._caller)),
            background=(*traffic.background, *background.make(self._caller)),
        )


class CallsOfOthers:
    """The run makes no call (`--no-traffic`), and reads from the gateway's log what others made."""

    def __init__(self, begun: datetime) -> None:
        self.traffic: OthersTraffic = OthersTraffic(until=begun)

    def proofs(self, target: Target) -> list[Proof]:
        """Return the proofs that calls of others can bear."""
        return proofs.applicable_to_others(target)

    def read(self, evidence: Evidence) -> OthersTraffic:
        """Read the newest answered calls from the rows."""
        self.traffic = OthersTraffic(until=self.traffic.until, calls=observe.calls(evidence))
        return self.traffic

    def call_again(self, _: Evidence) -> bool:
        """Make none."""
        return False

    def nothing_to_find(self) -> bool:
        """Return False: rows of others' calls may come at any look."""
        return False
