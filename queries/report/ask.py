"""The questions put to the workspace: a few at a time, with progress, and why one has no answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from queries.clock import Clock
from queries.errors import CannotRunError
from queries.pages import Paged
from queries.report.questions import Question
from queries.workspace import AT_ONCE, NoTableError, NotYetError, RefusedError, Row

PAUSES = (2.0, 5.0, 15.0, 30.0)
"""Seconds before a throttled or interrupted query is asked again."""


class Workspace(Protocol):
    """KQL in, rows out, or an error of the check."""

    def query(self, query: str | Paged) -> list[Row]:
        """Return rows by column name, of a paged query every one."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The rows of a question, or why there are none."""

    file: str = ""
    rows: list[Row] = field(default_factory=list)
    why: str = ""
    failed: bool = False
    """There may be rows, and they could not be had: what the page says is not whole."""
    seconds: float = 0.0

    @property
    def counted(self) -> str:
        """Return how many rows there are, in words."""
        return "1 row" if len(self.rows) == 1 else f"{len(self.rows):,} rows"


def ask(
    questions: Mapping[str, Question], workspace: Workspace, console: Console, clock: Clock
) -> dict[str, Answer]:
    """Return every answer.

    Raises:
        CannotRunError: the workspace cannot be read, or answers nothing.
    """
    answers: dict[str, Answer] = {}
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    pool = ThreadPoolExecutor(AT_ONCE)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("asking the workspace", total=len(questions))
        jobs = {
            pool.submit(_one, question, workspace, clock): key
            for key, question in questions.items()
        }
        try:
            for job in as_completed(jobs):
                answers[jobs[job]] = answer = job.result()
                progress.advance(task)
                said = answer.why or answer.counted
                progress.console.print(
                    f"{answer.seconds:6.1f} s  {jobs[job]} ({answer.file}.kql): {said}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    if all(answer.failed for answer in answers.values()):
        raise CannotRunError(f"no query was answered: {next(iter(answers.values())).why}")
    return {key: answers[key] for key in questions}


def _one(question: Question, workspace: Workspace, clock: Clock) -> Answer:
    begun = clock.elapsed()
    rows, why, failed = _patiently(lambda: workspace.query(question.asked), clock)
    rows = [{key: _known(value) for key, value in row.items()} for row in rows]
    return Answer(
        file=question.file, rows=rows, why=why, failed=failed, seconds=clock.elapsed() - begun
    )


def _known(value: Any) -> Any:
    """Return None for NaN, which a percentile of nothing is; any other value as it is."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _patiently(query: Callable[[], list[Row]], clock: Clock) -> tuple[list[Row], str, bool]:
    """Ask until there are rows; else return the reason, and whether that is a failure."""
    for pause in (*PAUSES, None):
        try:
            return query(), "", False
        except RefusedError as error:
            raise CannotRunError(str(error), error.fix) from None
        except NoTableError:
            return [], "a table that this query reads has no rows yet", False
        except NotYetError as error:
            if pause is None:
                return [], str(error), True
            clock.sleep(max(pause, error.after))
        except CannotRunError as error:
            if error.fix:
                raise
            return [], str(error), True
    raise AssertionError
