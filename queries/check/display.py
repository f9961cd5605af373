"""What a person sees: a live table on a terminal, dated lines elsewhere, a summary at the end."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from queries.check.clock import Clock
from queries.check.proofs.base import Proof, Verdict
from queries.check.report import Report

HEARTBEAT = 60.0
"""Seconds of silence after which a plain line says that the check still waits."""
COLOURS = {"seen": "green", "waiting": "yellow", "timeout": "yellow", "failed": "red"}


class Display:
    """Progress while waiting. Leave it as a context manager, also after an interrupt."""

    def __init__(self, console: Console, proofs: list[Proof], clock: Clock) -> None:
        self._console, self._proofs, self._clock = console, proofs, clock
        self._live = Live(console=console, transient=True) if console.is_terminal else None
        self._begun = self._spoke = clock.elapsed()
        self._shown: dict[str, Verdict] = {}

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str) -> None:
        """One dated line."""
        self._spoke = self._clock.elapsed()
        time = f"{self._clock.now():%H:%M:%S}"
        self._console.print(f"{time} {line}", markup=False, highlight=False, soft_wrap=True)

    def show(self, verdicts: dict[str, Verdict]) -> None:
        """The proofs as they stand now."""
        if self._live:
            rows = [(p.id, verdicts[p.id].status, verdicts[p.id].detail) for p in self._proofs]
            seconds = self._clock.elapsed() - self._begun
            self._live.update(_table(f"waiting for rows, {seconds:.0f} s", rows), refresh=True)
            return
        for proof in self._proofs:
            now, before = verdicts[proof.id], self._shown.get(proof.id)
            if before is None or before.status != now.status:
                self.say(f"{proof.id}: {now.status}: {now.detail}")
        self._shown = dict(verdicts)
        if self._clock.elapsed() - self._spoke >= HEARTBEAT:
            left = [name for name, verdict in verdicts.items() if verdict.status == "waiting"]
            self.say(f"still waiting for {', '.join(left)}")


def summary(console: Console, report: Report) -> None:
    """The verdict, what each proof found, and what to do next."""
    if report.proofs:
        rows = [(line.id, line.status, line.detail) for line in report.proofs]
        console.print(_table("", rows))
    fixes = {line.fix: line.id for line in reversed(report.proofs) if line.fix}
    for fix, name in reversed(fixes.items()):
        console.print(f"{name}: {fix}", markup=False, highlight=False, soft_wrap=True)
    if report.error:
        hint = f" ({report.fix})" if report.fix else ""
        console.print(f"{report.error}{hint}", markup=False, highlight=False, soft_wrap=True)
    seen = sum(line.status == "seen" for line in report.proofs)
    count = f": {seen} of {len(report.proofs)} proofs seen" if report.proofs else ""
    console.print(f"{report.verdict}{count} in {report.seconds:.1f} s", highlight=False)
    console.print(_next_step(report), markup=False, highlight=False, soft_wrap=True)


def _next_step(report: Report) -> str:
    return {
        "proven": "Next: ask your own questions with queries/*.kql in the workspace's Logs page.",
        "failed": "Next: do what stands above, pulumi up, and run the check again.",
        "timeout": "Next: a new workspace may take 2 hours; run again later, or with --no-traffic.",
        "error": "Next: do what stands above, and run the check again.",
    }[report.verdict]


def _table(title: str, rows: Sequence[tuple[str, str, str]]) -> Table:
    table = Table(title=title or None, box=None, pad_edge=False)
    for column in ("proof", "status", "detail"):
        table.add_column(column, overflow="fold", no_wrap=column != "detail")
    for name, status, detail in rows:
        table.add_row(name, f"[{COLOURS[status]}]{status}[/]", escape(detail))
    return table
