"""Looks at the workspace until every proof is decided or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from queries.check import CannotRunError, MissingError, observe
from queries.check.clock import Clock
from queries.check.evidence import SOURCES, TABLES, Evidence, Source
from queries.check.library_run import LibraryRun
from queries.check.proofs.base import Proof, Verdict
from queries.check.questions import question
from queries.check.workspace import LogAnalytics, NotYetError, RefusedError

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.5, 5.0, 1.5
"""Seconds between two looks: at most 8 queries each, far below 200 in 30 s.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""
GRACE = 30.0
"""Seconds for which the other proofs are still looked for once one has failed."""
AGAIN = 10 * 60.0
"""Seconds without all rows after which the calls are made again.

A diagnostic setting takes some minutes to act; calls made before then are never logged.
https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
"""
REFUSED_WAIT = 10 * 60.0
"""Seconds for which a new workspace, or a new role on it, may not act yet."""
Verdicts = dict[str, Verdict]


@dataclass(kw_only=True)
class Watch:
    """One run's looking; `verdicts` is what is known at any moment, also after an interrupt."""

    proofs: list[Proof]
    workspace: LogAnalytics
    clock: Clock
    deadline: float
    show: Callable[[Verdicts], None]
    call_again: Callable[[], None] | None
    """None: judge calls that others made."""
    verdicts: Verdicts = field(default_factory=dict)
    _refused: float | None = None

    def run(self, evidence: Evidence) -> None:
        """Look, judge and show, at most `LONGEST_PAUSE` apart; what is seen stays seen."""
        library = LibraryRun(self.workspace)
        try:
            self._run(evidence, library)
        finally:
            library.close()

    def _run(self, evidence: Evidence, library: LibraryRun) -> None:
        pause, failed_at, called_at = FIRST_PAUSE, float("inf"), self.clock.elapsed()
        while True:
            left = self._open()
            self._look(evidence, left, library)
            self.verdicts |= {proof.id: proof.judge(evidence) for proof in left}
            self.show(self.verdicts)
            now = self.clock.elapsed()
            statuses = {verdict.status for verdict in self.verdicts.values()}
            if "failed" in statuses:
                failed_at = min(failed_at, now)
            none_to_find = self.call_again and not evidence.calls
            end = min(self.deadline, failed_at + GRACE)
            if "waiting" not in statuses or none_to_find or now >= end:
                return
            if self.call_again and "failed" not in statuses and now >= called_at + AGAIN:
                self.call_again()
                called_at = self.clock.elapsed()
            self.clock.sleep(max(0, min(pause, end - now)))
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def _open(self) -> list[Proof]:
        seen = {name for name, verdict in self.verdicts.items() if verdict.status == "seen"}
        return [proof for proof in self.proofs if proof.id not in seen]

    def _look(self, evidence: Evidence, left: list[Proof], library: LibraryRun) -> None:
        """Ask for the rows of every proof that is not seen, and of the links between logs."""
        wanted = {source for proof in left for source in proof.needs}
        if self.call_again and not evidence.calls:
            return
        evidence.now = self.clock.now()
        for source in SOURCES:
            if source in wanted and (source not in TABLES or evidence.all_correlations()):
                self._ask(evidence, source, question(source, evidence))
            if source == "gateway" and not self.call_again:
                evidence.calls = observe.calls(evidence)
        if any(proof.id == "queries" for proof in left):
            library.look(evidence)

    def _ask(self, evidence: Evidence, source: Source, kql: str) -> None:
        try:
            rows = self.workspace.query(kql)
        except NotYetError as reason:
            if isinstance(reason, RefusedError):
                self._be_patient(reason)
            evidence.waiting[source] = str(reason)
            return
        evidence.waiting.pop(source, None)
        evidence.take(source, rows)

    def _be_patient(self, reason: RefusedError) -> None:
        now = self.clock.elapsed()
        self._refused = now if self._refused is None else self._refused
        if now >= min(self._refused + REFUSED_WAIT, self.deadline):
            kind = MissingError if reason.missing else CannotRunError
            raise kind(str(reason), reason.fix) from None
