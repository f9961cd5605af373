"""Every query of the library, run once in the workspace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from queries import library
from queries.check import CannotRunError
from queries.check.evidence import LLM_LOG, Evidence
from queries.check.records import Run
from queries.check.workspace import LogAnalytics, NotYetError

AT_ONCE = 3
"""Queries at a time; the service takes five of one user.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""
TIMES = ("since", "until")


def judged(name: str, evidence: Evidence) -> bool:
    """Where LLM logging is off there need not be a table of it."""
    return evidence.target.llm_logging or LLM_LOG not in library.load(name)


def look(evidence: Evidence, workspace: LogAnalytics) -> None:
    """Run what has not given columns yet, once rows have come."""
    if not evidence.of("gateway"):
        return
    left = [
        name for name in library.names() if judged(name, evidence) and not _done(name, evidence)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = pool.map(lambda name: _run(name, evidence, workspace), left)
        evidence.library |= zip(left, runs, strict=True)


def _done(name: str, evidence: Evidence) -> bool:
    run = evidence.library.get(name)
    return run is not None and (run.columns is not None or run.refused)


def _run(name: str, evidence: Evidence, workspace: LogAnalytics) -> Run:
    times = {"since": evidence.since, "until": evidence.until}
    given = {key: times[key] for key in TIMES if library.has(name, key)}
    try:
        return Run(columns=tuple(workspace.columns(library.render(name, **given))))
    except NotYetError as error:
        return Run(reason=str(error))
    except CannotRunError as error:
        return Run(reason=str(error), refused=True)
