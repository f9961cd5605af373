"""Each query of the library runs in the workspace and returns the columns that it declares."""

from __future__ import annotations

from queries import library
from queries.check import library_run
from queries.check.evidence import Evidence
from queries.check.proofs.base import Proof, Verdict, failed, seen, unjudged, waiting
from queries.check.words import listed

FILE_FIX = "correct the query, or the line `// Columns:` of its header, in queries/"
LATE_FIX = (
    "a table of the query has no rows yet (then other proofs lack them too), or the workspace is "
    "slow: run the query by hand in its Logs page"
)
_LISTED = 3


def _judge(evidence: Evidence) -> Verdict:
    wanted = [name for name in library.names() if library_run.judged(name, evidence)]
    wrong = [said for name in wanted if (said := _wrong(name, evidence))]
    if wrong:
        return failed(listed(wrong, _LISTED), FILE_FIX)
    left = [name for name in wanted if not _done(name, evidence)]
    if left:
        run = evidence.rows.runs.get(left[0])
        names = listed((f"{name}.kql" for name in left), 1, ", ")
        said = f"{names}: {run.reason if run else 'not run yet'}"
        if evidence.rows.last and all(library_run.has_rows(name, evidence) for name in left):
            return unjudged(f"not answered: {said}", LATE_FIX)
        return waiting(said)
    return seen(f"{len(wanted)} queries run and return the columns they declare")


def _done(name: str, evidence: Evidence) -> bool:
    run = evidence.rows.runs.get(name)
    return run is not None and run.columns is not None


def _wrong(name: str, evidence: Evidence) -> str:
    run = evidence.rows.runs.get(name)
    if run is None:
        return ""
    if run.refused:
        return f"{name}.kql: {run.reason}"
    if run.columns is None or run.columns == library.columns(name):
        return ""
    lacking = set(library.columns(name)) ^ set(run.columns)
    said = ", ".join(sorted(lacking)) or "their order"
    return f"{name}.kql declares other columns than it returns: {said}"


QUERIES = Proof(
    id="queries",
    about="each query of queries/ runs in the workspace and returns the columns it declares",
    needs=(),
    judge=_judge,
    fix=LATE_FIX,
)
