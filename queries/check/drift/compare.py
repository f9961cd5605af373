"""Compare one resource, property by property, with what Azure answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from queries.check.drift import findings, lists, moves, shape
from queries.check.drift.equal import alike, empty, same
from queries.check.drift.findings import Finding
from queries.check.drift.shape import FREE, MISSING, Json, child
from queries.check.drift.state import VERSION, Declared, Hidden, holds_hidden

UNKNOWN = "?"
"""What is settable of a type that the table does not know."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One property of a resource, in each of the shapes that are compared."""

    path: str
    declared: Any
    """What the program says; `MISSING` where it says nothing."""
    recorded: Any
    """What Azure answered right after the program's last write."""
    now: Any
    settable: Any
    """What the table knows below; None for a plain value, `MISSING` for what no program can set."""

    @property
    def name(self) -> str:
        """Return the last name of the path."""
        return self.path.rsplit(".", 1)[-1]

    def at(self, name: str) -> Place:
        """Go to a property of an object."""
        known = isinstance(self.settable, dict)
        return Place(
            path=f"{self.path}.{name}" if self.path else name,
            declared=child(self.declared, name),
            recorded=child(self.recorded, name),
            now=child(self.now, name),
            settable=self.settable.get(name, MISSING) if known else self.settable,
        )

    def names(self) -> list[str]:
        """List the names of all properties of an object that may have to be compared."""
        shapes = [self.declared, self.recorded, self.settable, *([self.now] * (self.free))]
        return sorted({name for one in shapes if isinstance(one, dict) for name in one})

    @property
    def free(self) -> bool:
        """Tell whether the keys are a program's to choose, so that all count."""
        return bool(self.settable == FREE)

    def items(self) -> Iterator[Place]:
        """Go to each item of a list, whichever of the lists has it."""
        recorded, now = _listed(self.recorded), _listed(self.now)
        declared = recorded if self.declared is MISSING else _listed(self.declared)
        with_now, with_it = lists.matching(now, recorded), lists.matching(declared, recorded)
        for i, j in lists.pairs(declared, now):
            item = MISSING if i is None else declared[i]
            before = with_now(j) if self.declared is not MISSING and j is not None else with_it(i)
            yield Place(
                path=f"{self.path}[{j if i is None else i}]",
                declared=MISSING if self.declared is MISSING else item,
                recorded=item if self.declared is MISSING else before,
                now=MISSING if j is None else now[j],
                settable=self.settable,
            )


def _listed(value: Any) -> list[Any]:
    """Return the items of a list, or of a set, which Azure writes as an object of its items."""
    return value if isinstance(value, list) else list(value) if isinstance(value, dict) else []


def findings_of(declared: Declared, answer: Json) -> list[Finding]:
    """List what is otherwise than declared of a resource, and what could not be judged."""
    table = shape.settable(declared.kind)
    root = Place(
        path="",
        declared={name: one for name, one in declared.inputs.items() if name != VERSION},
        recorded={name: one for name, one in declared.outputs.items() if name != VERSION},
        now=shape.answer(declared.kind, answer, {*declared.inputs, *declared.outputs}),
        settable=UNKNOWN if table is None else table,
    )
    return list(_Comparison(declared)(root))


def count(value: Any) -> int:
    """Count the plain values that were declared."""
    below = list(value.values()) if isinstance(value, dict) else value
    return sum(map(count, below)) if isinstance(below, list) else 1


@dataclass(frozen=True)
class _Comparison:
    of: Declared

    def __call__(self, at: Place) -> Iterator[Finding]:
        """Compare one property and what is below."""
        if at.path in moves.WRITE_ONLY.get(self.of.kind, ()):
            return
        match at.declared:
            case Hidden():
                yield from self._secret(at)
            case _ if isinstance(at.recorded, Hidden):
                yield from self._recorded_secret(at, at.recorded)
            case dict() if not at.path or isinstance(at.now, dict):
                sealed = at.free and holds_hidden([at.declared, at.recorded])
                yield from self._each(map(at.at, at.names()), sealed=sealed)
            case list() if isinstance(at.now, list | dict) and at.declared:
                sealed = holds_hidden([at.declared, at.recorded])
                yield from self._each(at.items(), sealed=sealed)
            case shape.Missing():
                yield from self._undeclared(at)
            case _:
                hides = holds_hidden([at.declared, at.recorded])
                yield from (one.hidden() if hides else one for one in self._declared(at))

    def _each(self, places: Iterable[Place], *, sealed: bool) -> Iterator[Finding]:
        """Compare items or keys; `sealed`: beside those that hold a secret, an added one may too.

        A receiver that somebody adds to others with secret URLs has one of its own.
        """
        for at in places:
            hides = sealed and at.declared is MISSING
            yield from (one.hidden() if hides else one for one in self(at))

    def _declared(self, at: Place) -> Iterator[Finding]:
        """Judge a declared value by what Azure says now, and said right after the last write."""
        path = self._named(at)
        if same(at.name, at.declared, at.now):
            return
        if moves.by_azure(self.of.kind, at.path, at.declared, at.now):
            kept = moves.unexplained(self.of, at.path)
            yield (findings.retired if kept else findings.moved)(path, at.declared, at.now)
        elif at.now is MISSING and (at.recorded is MISSING or empty(at.recorded)):
            if not self._never_told(at):
                yield findings.unanswered(path, at.declared)
        elif not _equal(at.name, at.recorded, at.now):
            yield findings.drifted(path, at.declared, at.now)
        elif not (empty(at.declared) or alike(at.declared, at.now)):
            yield findings.kept(path, at.declared, at.now)

    def _undeclared(self, at: Place) -> Iterator[Finding]:
        """Judge what the program leaves alone: settable, it must be as it was."""
        before, now = at.recorded, at.now
        if at.settable is MISSING or _equal(at.name, before, now):
            return
        if isinstance(before, dict) or isinstance(now, dict):
            sealed = at.free and holds_hidden(before)
            yield from self._each(map(at.at, at.names()), sealed=sealed)
        elif isinstance(before, list) and isinstance(now, list):
            yield from self._each(at.items(), sealed=holds_hidden(before))
        elif at.settable == UNKNOWN:
            if at.name not in shape.ENVELOPE:
                yield findings.unclassed(self._named(at), before, now)
        elif moves.by_azure(self.of.kind, at.path, before, now):
            if moves.unexplained(self.of, at.path):
                yield findings.retired(self._named(at), before, now)
        elif not (before is MISSING and now is False):
            yield findings.added(self._named(at), before, now)

    def _secret(self, at: Place) -> Iterator[Finding]:
        """Judge a declared secret, and show no value of it."""
        before = at.recorded.value if isinstance(at.recorded, Hidden) else at.recorded
        if at.declared.known:
            plain = replace(at, declared=at.declared.value, recorded=before)
            yield from (finding.hidden() for finding in self(plain))
        else:
            yield findings.sealed(self._named(at))

    def _recorded_secret(self, at: Place, before: Hidden) -> Iterator[Finding]:
        """Judge what only the answer holds as a secret, such as a key that Azure made."""
        if before.known or at.declared is not MISSING:
            plain = replace(at, recorded=before.value)
            yield from (finding.hidden() for finding in self(plain))
        elif at.settable is not MISSING:
            yield findings.sealed(self._named(at))

    def _never_told(self, at: Place) -> bool:
        """Tell whether no answer holds a property: it is part of the id, or false by default."""
        if "." in at.path or not isinstance(at.declared, str):
            return at.declared is False
        whole, part = self.of.id.lower(), at.declared.lower().strip("/")
        return part in whole.split("/") or whole.strip("/").startswith(f"{part}/")

    def _named(self, at: Place) -> str:
        return f"{at.path} of {self.of.title}"


def _equal(name: str, one: Any, other: Any) -> bool:
    """Compare two answers of Azure, objects and lists included."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = {*one, *other}
        return all(_equal(key, child(one, key), child(other, key)) for key in names)
    if isinstance(one, list) and isinstance(other, list):
        found = lists.pairs(one, other)
        return all(
            i is not None and j is not None and _equal(name, one[i], other[j]) for i, j in found
        )
    return same(name, one, other)
