"""Every query of the library, run once in the workspace."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait

from queries import library
from queries.check.evidence import DIAGNOSTICS, GATEWAY_LOG, LLM_LOG, Evidence, Source
from queries.check.records import Run
from queries.errors import CannotRunError
from queries.workspace import AT_ONCE, NO_TABLE, LogAnalytics, NoColumnError, NotYetError

PATIENCE = 1.0
"""Seconds that a look waits for queries; a fast workspace is done within one."""
LAST_PATIENCE = 600.0
"""Seconds that the last look waits for them: the service ends a query after 180 s.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-analytics-workspaces
"""
TIMES = ("since", "until")
LLM_CALLS = "llm-calls"
"""The one query that cannot answer without the LLM log."""


def judged(name: str, evidence: Evidence) -> bool:
    """Where LLM logging is off there need not be a table of it; only its own rows need one."""
    return evidence.target.llm_logging or name != LLM_CALLS


class LibraryRun:
    """Runs the queries beside the looks, so that the rows of the calls need not wait for them."""

    def __init__(self, workspace: LogAnalytics) -> None:
        self._workspace = workspace
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._running: dict[str, Future[Run]] = {}

    def look(self, evidence: Evidence, *, last: bool = False) -> None:
        """Begin what has not given columns yet, and take what has come.

        Once at first, since an older workspace has its tables already; again once rows have come.
        No look comes after the last one, so it waits for what is under way.
        """
        again = bool(evidence.of("gateway"))
        for name in library.names():
            begun = name in self._running or (name in evidence.library and not again)
            if not judged(name, evidence) or begun or _done(name, evidence):
                continue
            if _lacks_a_table(name, evidence) and not last:
                evidence.library[name] = Run(reason=NO_TABLE)
            else:
                self._running[name] = self._pool.submit(_run, name, evidence, self._workspace)
        wait(self._running.values(), timeout=LAST_PATIENCE if last else PATIENCE)
        for name in [name for name, run in self._running.items() if run.done()]:
            evidence.library[name] = self._running.pop(name).result()

    def close(self) -> None:
        """Leave off; what is under way ends by itself, or with the process."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _done(name: str, evidence: Evidence) -> bool:
    run = evidence.library.get(name)
    return run is not None and (run.columns is not None or run.refused)


def _sources(name: str) -> list[Source]:
    """Where the looks ask the tables that a query reads."""
    tables: dict[str, Source] = {GATEWAY_LOG: "gateway", LLM_LOG: "llm", DIAGNOSTICS: "account"}
    return [source for table, source in tables.items() if table in library.load(name)]


def _has_rows(name: str, evidence: Evidence) -> bool:
    """The tables of a query have rows, so a column that they lack is not one that is to come."""
    return all(evidence.of(source) for source in _sources(name))


def _lacks_a_table(name: str, evidence: Evidence) -> bool:
    """A look has just found that a table is still to come; most queries can do without an LLM log.

    In a new workspace all would be asked in vain, and again later.
    """
    needed = [source for source in _sources(name) if source != "llm" or name == LLM_CALLS]
    return any(evidence.waiting.get(source) == NO_TABLE for source in needed)


def _run(name: str, evidence: Evidence, workspace: LogAnalytics) -> Run:
    times = {"since": evidence.since, "until": evidence.until}
    given = {key: times[key] for key in TIMES if library.has(name, key)}
    try:
        return Run(columns=tuple(workspace.columns(library.render(name, **given))))
    except NoColumnError as error:
        return Run(reason=str(error), refused=_has_rows(name, evidence))
    except NotYetError as error:
        return Run(reason=str(error))
    except CannotRunError as error:
        return Run(reason=str(error), refused=True)
