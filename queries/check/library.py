"""The query library: every `.kql` file beside this package, run once in the workspace."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from queries.check import CannotRunError, kql
from queries.check.evidence import LLM_LOG, Evidence
from queries.check.records import Run
from queries.check.workspace import LogAnalytics, NotYetError

AT_ONCE = 3
"""Queries at a time; the service takes five of one user.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""
TIMES = ("since", "until")


def names() -> list[str]:
    """Every query, by file name without `.kql`."""
    return sorted(file.stem for file in kql.FOLDER.glob("*.kql"))


def declared(name: str) -> tuple[str, ...]:
    """The columns that a query's header promises; a note in parentheses is not part of a name."""
    line = re.search(r"^// Columns: (.+)$", kql.load(name), re.MULTILINE)
    plain = re.sub(r"\([^)]*\)", "", line[1]) if line else ""
    return tuple(column.strip().rstrip(".") for column in plain.split(",") if column.strip())


def judged(name: str, evidence: Evidence) -> bool:
    """Where LLM logging is off there need not be a table of it."""
    return evidence.target.llm_logging or LLM_LOG not in kql.load(name)


def look(evidence: Evidence, workspace: LogAnalytics) -> None:
    """Run what has not given columns yet, once rows have come."""
    if not evidence.of("gateway"):
        return
    left = [name for name in names() if judged(name, evidence) and not _done(name, evidence)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = pool.map(lambda name: _run(name, evidence, workspace), left)
        evidence.library |= zip(left, runs, strict=True)


def _done(name: str, evidence: Evidence) -> bool:
    run = evidence.library.get(name)
    return run is not None and (run.columns is not None or run.refused)


def _run(name: str, evidence: Evidence, workspace: LogAnalytics) -> Run:
    text = kql.load(name)
    times = {"since": evidence.since, "until": evidence.until}
    given = {key: times[key] for key in TIMES if re.search(rf"^let {key} = ", text, re.MULTILINE)}
    try:
        return Run(columns=tuple(workspace.columns(kql.render(name, **given))))
    except NotYetError as error:
        return Run(reason=str(error))
    except CannotRunError as error:
        return Run(reason=str(error), refused=True)
