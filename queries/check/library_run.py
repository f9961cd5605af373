"""Every query of the library, run once in the workspace."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait

from queries import library
from queries.check.evidence import Evidence
from queries.check.records import Run
from queries.check.rows import DIAGNOSTICS, GATEWAY_LOG, LLM_LOG, Source
from queries.errors import CannotRunError
from queries.workspace import AT_ONCE, NO_TABLE, LogAnalytics, NoColumnError, NotYetError

PATIENCE = 1.0
"""Seconds that a look waits for queries; a fast workspace is done within one."""
LLM_CALLS = "llm-calls"
"""The one query that cannot answer without the LLM log."""


def judged(name: str, evidence: Evidence) -> bool:
    """Tell whether a query is judged: without LLM logging there need be no table of it.

    Some are of several accounts alone.
    """
    if library.of_several(name) and not evidence.target.accounts:
        return False
    return evidence.target.llm_logging or name != LLM_CALLS


class LibraryRun:
    """Runs the queries beside the looks, so that the rows of the calls need not wait for them."""

    def __init__(self, workspace: LogAnalytics) -> None:
        self._workspace = workspace
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._running: dict[str, Future[Run]] = {}
        self._ended: dict[str, Run] = {}

    def look(self, evidence: Evidence, left: float | None = None) -> dict[str, Run]:
        """Begin what has not given columns yet; returns how each query ran, as far as it has.

        Once at first, since an older workspace has its tables already; again once rows have come.
        `left` is the time that the last look has, in seconds; after any other, one more comes.
        """
        again = bool(evidence.of("gateway"))
        for name in library.names():
            begun = name in self._running or (name in self._ended and not again)
            if not judged(name, evidence) or begun or self._done(name):
                continue
            if _lacks_a_table(name, evidence) and left is None:
                self._ended[name] = Run(reason=NO_TABLE)
            else:
                self._running[name] = self._pool.submit(_run, name, evidence, self._workspace)
        wait(self._running.values(), timeout=PATIENCE if left is None else left)
        for name in [name for name, run in self._running.items() if run.done()]:
            self._ended[name] = self._running.pop(name).result()
        return dict(self._ended)

    def ended_within(self, seconds: float) -> bool:
        """Wait for the queries under way; tell whether there were any and all ended in time."""
        running = self._running.values()
        return bool(running) and not wait(running, timeout=seconds).not_done

    def close(self) -> None:
        """Leave off; what is under way ends by itself, or with the process."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, name: str) -> bool:
        run = self._ended.get(name)
        return run is not None and (run.columns is not None or run.refused)


def _sources(name: str) -> list[Source]:
    """Return where the looks ask the tables that a query reads."""
    tables: dict[str, Source] = {GATEWAY_LOG: "gateway", LLM_LOG: "llm", DIAGNOSTICS: "account"}
    return [source for table, source in tables.items() if table in library.load(name)]


def has_rows(name: str, evidence: Evidence) -> bool:
    """Tell whether all tables of the query have rows, so that it cannot lack one of them."""
    return all(evidence.of(source) for source in _sources(name))


def _lacks_a_table(name: str, evidence: Evidence) -> bool:
    """Tell whether a look has just found that a table is still to come that the query needs.

    In a new workspace all would be asked in vain, and again later.
    """
    needed = [source for source in _sources(name) if source != "llm" or name == LLM_CALLS]
    return any(evidence.rows.silent.get(source) == NO_TABLE for source in needed)


def _run(name: str, evidence: Evidence, workspace: LogAnalytics) -> Run:
    times = {"since": evidence.traffic.since, "until": evidence.traffic.until}
    try:
        return Run(
            columns=tuple(workspace.columns(library.fill(name, {**times, **evidence.target.own})))
        )
    except NoColumnError as error:
        return Run(reason=str(error), refused=has_rows(name, evidence))
    except NotYetError as error:
        return Run(reason=str(error))
    except CannotRunError as error:
        return Run(reason=str(error), refused=True)
