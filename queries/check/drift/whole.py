"""Compare the whole stack: every resource of its state with what Azure says of it now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager, Resource
from queries.check.drift import beside, compare, findings, imported, shape
from queries.check.drift.findings import Finding
from queries.check.drift.outcome import Drift
from queries.check.drift.read import Answers, read
from queries.check.drift.state import Declared

T = TypeVar("T")
Judge = Callable[[], list[Finding]]
UNEXPECTED = (TypeError, ValueError, AttributeError, KeyError, IndexError)
"""What an answer of another shape than documented raises."""


def compared(
    manager: Manager, state: Sequence[Declared], *, of: Sequence[Declared] | None = None
) -> Drift:
    """Compare every resource of the state, or those of `of`, with what Azure says of it now."""
    declared = state if of is None else of
    answers = read(manager, declared)
    parts: list[tuple[str, Judge]] = [
        *((one.title, partial(_resource, one, answers)) for one in declared),
        *_operations(manager, [one for one in declared if imported.is_imported(one)], answers),
        *beside.strays(
            manager, [one for one in declared if one.id.lower() in answers.found], state
        ),
    ]
    found, unreadable = list[Finding](), dict[str, str]()
    for name, judge in parts:
        try:
            found += judge()
        except UnreadableError as error:
            unreadable[name] = str(error)
        except UNEXPECTED as error:
            unreadable[name] = f"an answer of unexpected shape ({type(error).__name__})"
    return Drift(
        resources=len(declared),
        properties=sum(compare.count(one.inputs) for one in declared),
        findings=tuple(dict.fromkeys(found)),
        unreadable=unreadable,
    )


def _resource(one: Declared, answers: Answers) -> list[Finding]:
    """Compare one resource, by the answer that came."""
    key = one.id.lower()
    if key in answers.unreadable:
        raise UnreadableError(answers.unreadable[key])
    if key in answers.missing:
        return [findings.gone(one.title, one.id)]
    return compare.findings_of(one, answers.found[key])


def _operations(
    manager: Manager, apis: Sequence[Declared], answers: Answers
) -> Iterator[tuple[str, Judge]]:
    """Compare the operations of each API that is there with the document it was made of."""
    reasons = {one.id: imported.unreadable(one) for one in apis}
    for one in apis:
        if why := reasons[one.id]:
            yield f"operations of {one.title}", partial(_uncompared, one, why)
    there = [one for one in apis if one.id.lower() in answers.found and not reasons[one.id]]
    lists = manager.at_once(
        partial(manager.list, f"{one.id}/operations", one.version or shape.version(one.kind))
        for one in there
    )
    for one, listed in zip(there, lists, strict=True):
        yield f"operations of {one.title}", partial(_imported, one, listed)


def _uncompared(one: Declared, why: str) -> list[Finding]:
    return [imported.uncompared(one, why)]


def _imported(one: Declared, listed: list[Resource] | UnreadableError) -> list[Finding]:
    return imported.compared(one, _had(listed))


def _had(answer: list[T] | UnreadableError) -> list[T]:
    """Return an answer that came.

    Raises:
        UnreadableError: none came.
    """
    if isinstance(answer, UnreadableError):
        raise answer
    return answer
