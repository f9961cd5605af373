"""Rules for columns: a value that the call determines, or the same value in rows that are alike."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from queries.check.evidence import Evidence
from queries.check.fields import text
from queries.check.kinds import V1_SURFACE
from queries.check.masked import masked
from queries.check.records import Call, OwnCall
from queries.workspace import Row


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A row of a log, and the call that it tells of."""

    call: Call
    row: Row


@dataclass(frozen=True)
class Fault:
    """A row, and what is wrong with it."""

    logged: Logged
    said: str
    late: bool = False
    """Whether rows that are still to come may mend it."""


Rule = Callable[[str, Evidence, Sequence[Logged]], Iterator[Fault]]
"""Finds the rows whose column of that name is wrong."""
Want = Callable[[Evidence, Call], object]
"""What a column must hold; None where nobody knows."""
By = Callable[[OwnCall], Hashable]
"""Groups calls whose rows must be alike."""
_SHOWN = 60
"""Most characters of a value that a verdict shows."""


def plain(value: object) -> str:
    """Return a value as text: no case, and nothing for what is null or an empty list or object."""
    said = written(value)
    return "" if said in {"[]", "{}", "null"} else said.strip().lower()


def written(value: object) -> str:
    """Return a value as Log Analytics sends it: dynamic ones as JSON."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def shown(value: object) -> str:
    """Return a value for a person."""
    said = written(value)
    if not said:
        return "empty"
    said = masked(said)
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"


def equal(want: Want, form: Callable[[Any], Hashable] = plain) -> Rule:
    """Hold each row against what its call determines."""

    def rule(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        for one in rows:
            wanted = want(evidence, one.call)
            if wanted is not None and form(one.row.get(column)) != form(wanted):
                yield Fault(one, f"{column} is {shown(one.row.get(column))}, not {shown(wanted)}")

    return rule


def always(value: object) -> Rule:
    """Hold each row against one value."""
    return equal(lambda _, __: value)


def among(*values: str) -> Rule:
    """Let each row have one of some values."""

    def rule(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        for one in rows:
            if plain(one.row.get(column)) not in values:
                yield Fault(one, f"{column} is {shown(one.row.get(column))}")

    return rule


def equal_to_one(
    wants: Callable[[Evidence, Call], Sequence[object]], form: Callable[[Any], Hashable] = plain
) -> Rule:
    """Hold each row against the values that its call may have, as where several may answer it."""

    def rule(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        for one in rows:
            wanted = wants(evidence, one.call)
            if wanted and form(one.row.get(column)) not in {form(each) for each in wanted}:
                said = " or ".join(map(shown, wanted))
                yield Fault(one, f"{column} is {shown(one.row.get(column))}, not {said}")

    return rule


def filled(only: Callable[[Evidence, Call], bool] = lambda _, __: True) -> Rule:
    """Let no row be without a value."""

    def rule(column: str, evidence: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        for one in rows:
            if only(evidence, one.call) and not plain(one.row.get(column)):
                yield Fault(one, f"{column} is empty")

    return rule


def same(
    by: By = lambda _: "",
    form: Callable[[Any], Hashable] = plain,
    per: Callable[[Row], Hashable] = lambda _: "",
) -> Rule:
    """Let rows of own calls that are alike have one value: those that differ from most are wrong.

    For what the setting, the connection or the service decides, and no single call; `per` tells
    alike rows by another column.
    """

    def rule(column: str, _: Evidence, rows: Sequence[Logged]) -> Iterator[Fault]:
        groups = defaultdict[Hashable, list[Logged]](list)
        for one in rows:
            if isinstance(one.call, OwnCall):
                groups[by(one.call), per(one.row)].append(one)
        for group in groups.values():
            values = [form(one.row.get(column)) for one in group]
            if len(set(values)) == 1:
                continue
            most, _count = Counter(values).most_common(1)[0]
            other = next(o.row.get(column) for o, v in zip(group, values, strict=True) if v == most)
            for one, value in zip(group, values, strict=True):
                if value != most:
                    found = shown(one.row.get(column))
                    yield Fault(
                        one, f"{column} is {found}, and {shown(other)} in rows that are alike"
                    )

    return rule


def connection(call: OwnCall) -> Hashable:
    """Return the connection of a call: one for all, where the transport tells none."""
    return call.connection


def kind(call: OwnCall) -> Hashable:
    """Return the kind of a call."""
    return call.kind


def surface(call: OwnCall) -> Hashable:
    """Return the kind of a call, and whether its URL names no deployment, as on v1."""
    return call.kind, V1_SURFACE in urlsplit(call.url).path


def deployment(call: OwnCall) -> Hashable:
    """Return the deployment of a call."""
    return call.deployment


def consumer(call: OwnCall) -> Hashable:
    """Return the consumer that a call was made as."""
    return call.consumer


def is_empty(value: object) -> bool:
    """Tell whether a column holds nothing."""
    return not plain(value)


def faults(
    table: Mapping[str, Sequence[Rule]], evidence: Evidence, rows: Sequence[Logged]
) -> Iterator[Fault]:
    """Judge every column of every row by its rules."""
    for column, rules in table.items():
        for rule in rules:
            yield from rule(column, evidence, rows)


def doubles(rows: Sequence[Row], key: Sequence[str], ignored: frozenset[str]) -> list[Row]:
    """Return rows that have the ids of an earlier row, and differ from it.

    One that comes again as it is was delivered twice, which Azure Monitor may do.
    """
    first: dict[tuple[str, ...], Row] = {}
    found = []
    for row in rows:
        before = first.setdefault(tuple(text(row, name) for name in key), row)
        names = (before.keys() | row.keys()) - ignored
        if any(before.get(name) != row.get(name) for name in names):
            found.append(row)
    return found
