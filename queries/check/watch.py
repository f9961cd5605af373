"""Looks at the workspace until every proof is decided or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from queries.check import copied
from queries.check.asking import Asking
from queries.check.copied import Reader
from queries.check.evidence import Evidence
from queries.check.library_run import LibraryRun
from queries.check.modes import Mode
from queries.check.proofs.base import OF_CALLS, Proof, Status, Verdict
from queries.check.proofs.copies import COPIES
from queries.check.questions import question
from queries.check.rows import LINKING, TABLES, WAVES, Rows, Source
from queries.check.traffic import Traffic
from queries.clock import Clock
from queries.errors import CannotRunError, MissingError
from queries.pages import Paged
from queries.workspace import LogAnalytics, NotYetError, RefusedError, Row

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.5, 5.0, 1.5
"""Seconds between two looks: at most 11 queries each, far below 200 in 30 s.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""
GRACE = 5 * 60.0
"""Seconds for which the other proofs are still looked for once one has failed and rows come.

A row of another table may be some minutes later.
https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""
GRACE_WITHOUT_ROWS = 15 * 60.0
"""The same while no row has come: what is configured wrongly is known before the first row."""
AGAIN = 10 * 60.0
"""Seconds without all rows after which the calls are made again.

A diagnostic setting takes some minutes to act; calls made before then are never logged.
https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
"""
REFUSED_WAIT = 60 * 60.0
"""Seconds for which a new role on the workspace may not act yet; `READER_FIX` says so too."""
MISSING_WAIT = 10 * 60.0
"""Seconds for which a new workspace may not be found yet."""
INFINITY = float("inf")
Verdicts = dict[str, Verdict]


@dataclass(kw_only=True)
class Watch:
    """One run's looking; `verdicts` is what is known at any moment, also after an interrupt."""

    mode: Mode
    evidence: Evidence
    """What is known so far; each look puts a new one here."""
    proofs: list[Proof]
    workspace: LogAnalytics
    clock: Clock
    deadline: float
    grace: float
    """Seconds that the last look may take after the deadline."""
    show: Callable[[Verdicts], None]
    verdicts: Verdicts = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    """Proofs that were seen, of the newest round."""
    _refused: float | None = None
    """Since when the workspace refuses to be read."""
    _failed_at: float = INFINITY
    _rows_at: float = INFINITY

    def run(self) -> None:
        """Look, judge and show, at most `LONGEST_PAUSE` apart; what is seen stays seen."""
        library, asking = LibraryRun(self.workspace), Asking(self.workspace)
        try:
            self._run(library, asking)
        finally:
            asking.close()
            library.close()

    def judge(self) -> None:
        """Judge the proofs that are not settled by the rows so far."""
        self.verdicts |= {proof.id: proof.judge(self.evidence) for proof in self._open()}
        self._settled |= self._with("seen")

    def copies(self, open_blobs: Callable[[str], Reader]) -> None:
        """Read the second copies until they hold what the workspace does, or the time is up."""
        pause = FIRST_PAUSE
        while True:
            traffic, last = self.evidence.traffic, self.clock.elapsed() >= self.deadline
            found = copied.look(self.evidence.target, traffic.since, self.clock.now(), open_blobs)
            self.evidence = replace(self.evidence, copied=found)
            self.verdicts["copies"] = COPIES.judge(self.evidence)
            self.show(self.verdicts)
            if last or self.verdicts["copies"].status != "waiting":
                return
            self.clock.sleep(max(0, min(pause, self.deadline - self.clock.elapsed())))
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def _run(self, library: LibraryRun, asking: Asking) -> None:
        pause, called_at = FIRST_PAUSE, self.clock.elapsed()
        while True:
            last = self.clock.elapsed() >= self.deadline
            if not self.mode.nothing_to_find():
                self._look(library, asking, last=last)
            self.judge()
            self.show(self.verdicts)
            now = self.clock.elapsed()
            end = min(self.deadline, self._give_up_at(now))
            if not self._with("waiting") or self.mode.nothing_to_find():
                return
            if now >= end and (last or self._with("failed")):
                return
            if now >= called_at + AGAIN and self._worth_another_round(now):
                self._call_again()
                called_at = self.clock.elapsed()
            self._rest(library, max(0, min(pause, end - now)))
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def _rest(self, library: LibraryRun, pause: float) -> None:
        """Pause before the next look; at most until the library ran, if it alone is awaited."""
        if self._with("waiting") == {"queries"}:
            begun = self.clock.elapsed()
            if library.ended_within(pause):
                return
            pause = max(0, pause - (self.clock.elapsed() - begun))
        self.clock.sleep(pause)

    def _with(self, status: Status) -> set[str]:
        return {name for name, verdict in self.verdicts.items() if verdict.status == status}

    def _open(self) -> list[Proof]:
        return [proof for proof in self.proofs if proof.id not in self._settled]

    def _give_up_at(self, now: float) -> float:
        """Return when to stop waiting for the other proofs once one has failed."""
        if self._with("failed"):
            self._failed_at = min(self._failed_at, now)
        if self.evidence.all_correlations:
            self._rows_at = min(self._rows_at, now)
        with_rows = max(self._failed_at, self._rows_at) + GRACE
        return min(self._failed_at + GRACE_WITHOUT_ROWS, with_rows)

    def _worth_another_round(self, now: float) -> bool:
        """Tell whether rows of another round could still arrive in time."""
        lost = any(verdict.lost for verdict in self.verdicts.values())
        over = self._with("failed") or lost or now + AGAIN > self.deadline
        return self._refused is None and not over

    def _call_again(self) -> None:
        if self.mode.call_again(self.evidence):
            self._called(self.mode.traffic)
            self._settled -= {proof.id for proof in self.proofs if OF_CALLS & set(proof.needs)}

    def _look(self, library: LibraryRun, asking: Asking, *, last: bool) -> None:
        """Ask for the rows of every proof that is not seen, and of the links between logs.

        What waits for no other's answer is asked at once; answers are taken in a fixed order.
        """
        proofs = self._open()
        wanted = {source for proof in proofs for source in proof.needs}
        self._came(replace(self.evidence.rows, now=self.clock.now(), last=last))
        for wave in WAVES:
            asked = {source: self._question(source) for source in wave if source in wanted}
            questions = {source: kql for source, kql in asked.items() if kql}
            for source, answer in asking.each(questions):
                self._take(source, answer)
            if LINKING.issuperset(wave):
                self._called(self.mode.read(self.evidence))
        if any(proof.id == "queries" for proof in proofs):
            left = max(0.0, self.deadline + self.grace - self.clock.elapsed())
            runs = library.look(self.evidence, left if last else None)
            self._came(replace(self.evidence.rows, runs=runs))

    def _called(self, traffic: Traffic) -> None:
        if traffic is not self.evidence.traffic:
            self.evidence = replace(self.evidence, traffic=traffic)

    def _came(self, rows: Rows) -> None:
        if rows is not self.evidence.rows:
            self.evidence = replace(self.evidence, rows=rows)

    def _question(self, source: Source) -> str | Paged:
        """Return what to ask a source now, "" for nothing yet."""
        if source in TABLES and not self.evidence.all_correlations:
            return ""
        kql = question(source, self.evidence)
        if kql and source in LINKING and isinstance(kql, str):
            return Paged(kql, every=False)
        return kql

    def _take(self, source: Source, answer: list[Row] | Exception) -> None:
        """Keep the rows that came, or why none came.

        Raises:
            CannotRunError: asking again will not help.
        """
        if isinstance(answer, NotYetError):
            if isinstance(answer, RefusedError):
                self._be_patient(answer)
            self._came(self.evidence.rows.missed(source, str(answer)))
        elif isinstance(answer, Exception):
            raise answer
        else:
            self._refused = None
            self.evidence = self.evidence.took(source, answer)

    def _be_patient(self, reason: RefusedError) -> None:
        now = self.clock.elapsed()
        self._refused = now if self._refused is None else self._refused
        patience = MISSING_WAIT if reason.missing else REFUSED_WAIT
        if now >= min(self._refused + patience, self.deadline):
            kind = MissingError if reason.missing else CannotRunError
            raise kind(str(reason), reason.fix) from None
