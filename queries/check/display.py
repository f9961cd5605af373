"""What a person sees: a live table on a terminal, dated lines elsewhere, a summary at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from queries.check.proofs.base import NOT_JUDGED, Verdict
from queries.check.report import Line, Report
from queries.check.words import counted
from queries.clock import Clock
from queries.interrupts import INTERRUPTED

T = TypeVar("T")
HEARTBEAT = 60.0
"""Seconds of silence after which a plain line says what the check still waits for."""
COLOURS = {
    "seen": "green",
    "skipped": "cyan",
    "unjudged": "magenta",
    "waiting": "yellow",
    "timeout": "yellow",
    "failed": "red",
}
NEXT = {
    "proven": "ask your own questions with queries/*.kql in the workspace's Logs page.",
    "failed": "fix what is listed above, run `pulumi up`, then run the check again.",
    "unjudged": "follow the fixes above, then run the check again; what this identity is meant not "
    "to read, accept with --allow and the proof's name.",
    "timeout": "follow the fixes above; a new workspace may take 2 hours to receive rows, so run "
    "the check again then, or with --no-traffic.",
    "error": "fix what is listed above, then run the check again.",
    "interrupted": "run the check again; with --no-traffic, once rows have had time to arrive, it "
    "judges the calls that were made.",
}


class Display:
    """Progress while waiting. Leave it as a context manager, also after an interrupt."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console, self._clock = console, clock
        self._live = Live(console=console, transient=True) if console.is_terminal else None
        self._begun = self._spoke = clock.elapsed()
        self._shown: dict[str, str] = {}
        self._ended: dict[str, float] = {}

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print one dated line."""
        self._spoke = self._clock.elapsed()
        _print(self._console, f"{self._clock.now():%H:%M:%S} {line}")

    def show(self, verdicts: dict[str, Verdict]) -> None:
        """Show the proofs as they stand now."""
        if self._live:
            rows = [
                (name, verdict.status, self._timed(name, verdict))
                for name, verdict in verdicts.items()
            ]
            awaited = sum(verdict.status == "waiting" for verdict in verdicts.values())
            title = f"{counted(awaited, 'proof')} awaited, {self._seconds():.0f} s"
            self._live.update(_table(title, rows), refresh=True)
            return
        for status in ("seen", "skipped", "unjudged", "failed", "waiting"):
            names = [name for name, verdict in verdicts.items() if verdict.status == status]
            news = [name for name in names if self._shown.get(name) != status]
            if news:
                self.say(f"{status}: {', '.join(news)}")
        self._shown = {name: verdict.status for name, verdict in verdicts.items()}
        if self._clock.elapsed() - self._spoke >= HEARTBEAT:
            left = [(v.detail, name) for name, v in verdicts.items() if v.status == "waiting"]
            said = "; ".join(f"{names}: {why}" for why, names in _grouped(left).items())
            self.say(f"after {self._seconds():.0f} s still waiting for {said}")

    def _timed(self, name: str, verdict: Verdict) -> str:
        """Return what a proof waits for and for how long, or after how long it was decided."""
        if verdict.status == "waiting":
            self._ended.pop(name, None)
            return f"for {self._seconds():.0f} s: {verdict.detail}"
        after = self._ended.setdefault(name, self._seconds())
        return f"after {after:.0f} s: {verdict.detail}"

    def _seconds(self) -> float:
        return self._clock.elapsed() - self._begun


def summary(console: Console, report: Report) -> None:
    """Print the verdict, what each proof found, and what to do next."""
    if report.proofs:
        alike = _grouped([((line.status, line.detail), line.id) for line in report.proofs])
        console.print(_table("", [(names, *found) for found, names in alike.items()]))
    for difference in report.differences:
        _print(console, f"found: {difference}: {difference.fix}")
    fixes = _grouped([(line.fix, line.id) for line in report.proofs if line.fix])
    for fix, names in fixes.items():
        _print(console, f"{names}: {fix}")
    for reason, names in _grouped([(why, name) for name, why in report.unreadable.items()]).items():
        _print(console, f"not compared with the deployment: {names} ({reason})")
    if report.error:
        _print(console, report.error + (f" ({report.fix})" if report.fix else ""))
    _print(console, f"{report.verdict}{_count(report.proofs)} in {report.seconds:.1f} s")
    interrupted = report.status == INTERRUPTED and report.verdict == "error"
    _print(console, f"Next: {NEXT['interrupted' if interrupted else report.verdict]}")


def _count(lines: Sequence[Line]) -> str:
    """Say how many proofs were seen, and name those that were not judged, wholly or in part."""
    if not lines:
        return ""
    skipped = [line.id for line in lines if line.status == "skipped"]
    seen = [line for line in lines if line.status == "seen"]
    partly = [line.id for line in seen if NOT_JUDGED in line.detail]
    left = [line for line in lines if line.status == "unjudged"]
    unjudged = [line.id for line in left if not line.allowed]
    allowed = [line.id for line in left if line.allowed]
    counts = [f": {len(seen)} of {len(lines) - len(skipped)} proofs seen"]
    counts += [f"{len(unjudged)} unjudged ({', '.join(unjudged)})"] if unjudged else []
    counts += [f"{len(allowed)} unjudged and allowed ({', '.join(allowed)})"] if allowed else []
    counts += [f"{len(skipped)} with nothing to judge"] if skipped else []
    counts += [f"{', '.join(partly)} in part"] if partly else []
    return ", ".join(counts)


def _grouped(pairs: Iterable[tuple[T, str]]) -> dict[T, str]:
    """Return the names of what is said alike, in the order in which it is first said."""
    groups: dict[T, list[str]] = {}
    for key, name in pairs:
        groups.setdefault(key, []).append(name)
    return {key: ", ".join(names) for key, names in groups.items()}


def _print(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _table(title: str, rows: Sequence[tuple[str, str, str]]) -> Table:
    table = Table(title=title or None, box=None, pad_edge=False)
    for column in ("proof", "status", "detail"):
        table.add_column(column, overflow="fold", max_width=18 if column == "proof" else None)
    for name, status, detail in rows:
        table.add_row(name, f"[{COLOURS[status]}]{status}[/]", escape(detail))
    return table
