"""Compare the whole stack: every resource of its state with what Azure says of it now."""

from __future__ import annotations

from collections.abc import Sequence

from queries.check.configuration.manager import Manager
from queries.check.drift import compare, findings
from queries.check.drift.findings import Finding
from queries.check.drift.outcome import Drift
from queries.check.drift.read import Answers, read
from queries.check.drift.state import Declared

UNEXPECTED = (TypeError, ValueError, AttributeError, KeyError, IndexError)
"""What an answer of another shape than documented raises."""


def compared(manager: Manager, declared: Sequence[Declared]) -> Drift:
    """Compare every resource of the state with what Azure says of it now."""
    answers, found, unreadable = read(manager, declared), list[Finding](), dict[str, str]()
    for one in declared:
        try:
            found += _of(one, answers)
        except _UnreadError as error:
            unreadable[one.title] = str(error)
        except UNEXPECTED as error:
            unreadable[one.title] = f"an answer of unexpected shape ({type(error).__name__})"
    return Drift(
        resources=len(declared),
        properties=sum(compare.count(one.inputs) for one in declared),
        findings=tuple(found),
        unreadable=unreadable,
    )


class _UnreadError(Exception):
    """One resource could not be read; `str()` says why."""


def _of(one: Declared, answers: Answers) -> list[Finding]:
    key = one.id.lower()
    if key in answers.unreadable:
        raise _UnreadError(answers.unreadable[key])
    if key in answers.missing:
        return [findings.gone(one.title, one.id)]
    return compare.findings_of(one, answers.found[key])
