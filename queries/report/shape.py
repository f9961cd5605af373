"""Rows added up for a chart or a table: the largest by name, and the rest as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from queries.report.numbers import count, name, number, utc
from queries.report.period import Period
from queries.report.tables import Cell, Table
from queries.report.theme import COLOURS, REST, SERIES

Rows = Iterable[Mapping[str, Any]]
Key = TypeVar("Key")
LONGEST = 40
"""Rows of a table by name."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """A measure by step and name; `names` in order of size, the rest last."""

    names: Sequence[str]
    rest: str
    """What the sum of all other names is called; empty if there are none."""
    values: Mapping[tuple[datetime, str], float]
    totals: Mapping[str, float]
    palette: Mapping[str, str] = field(default_factory=dict)
    """Colours that names have in every chart of the page; empty where the order decides."""

    @property
    def colours(self) -> list[str]:
        """Return the colour of each name that is drawn."""
        own = [self.palette[name] for name in self.names] if self.palette else COLOURS
        return [*own[: len(self.names)], *([REST] if self.rest else [])]

    @property
    def all(self) -> list[str]:
        """Return every name that is drawn."""
        return [*self.names, *([self.rest] if self.rest else [])]


def totals(rows: Rows, by: str, *measures: str) -> dict[str, dict[str, float]]:
    """Add up measures by name, the largest of the first measure first."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        sums = found.setdefault(name(row[by]), dict.fromkeys(measures, 0.0))
        for measure in measures:
            sums[measure] += number(row[measure])
    return dict(sorted(found.items(), key=lambda item: (-item[1][measures[0]], item[0])))


def folded(
    sums: Mapping[Key, dict[str, float]], others: Callable[[str], Key]
) -> dict[Key, dict[str, float]]:
    """Return the first `LONGEST` as they are, and the rest added up: callers can invent names."""
    kept = dict(list(sums.items())[:LONGEST])
    rest = list(sums.values())[LONGEST:]
    if rest:
        kept[others(_others(len(rest)))] = {
            measure: sum(entry[measure] for entry in rest) for measure in rest[0]
        }
    return kept


def _others(number: int) -> str:
    return f"{number} other{'' if number == 1 else 's'}"


def drawn(shown: int, of: int) -> str:
    """Return what a chart's title adds if it has not all: bars by name are those of the largest."""
    return f": the {shown} largest of {of}" if shown < of else ""


def total(rows: Rows, measure: str) -> float:
    """Return a measure added up."""
    return sum(number(row[measure]) for row in rows)


def series(
    rows: Rows,
    by: str,
    measure: str,
    period: Period,
    time: str = "Time",
    palette: Mapping[str, str] | None = None,
) -> Series:
    """Return a measure by step and name; none that has nothing.

    The names are those of the palette, or else as many as there are colours.
    """
    rows = [row for row in rows if row[measure]]
    sums = {key: value[measure] for key, value in totals(rows, by, measure).items()}
    largest = list(sums) if len(sums) <= SERIES else list(sums)[: SERIES - 1]
    if palette is not None:
        largest = [key for key in sums if key in palette]
    others = len(sums) - len(largest)
    rest = _others(others) if others else ""
    values: dict[tuple[datetime, str], float] = {}
    for row in rows:
        shown = name(row[by])
        key = (step_of(row[time], period), shown if shown in largest else rest)
        values[key] = values.get(key, 0.0) + number(row[measure])
    shares = {key: sums[key] for key in largest}
    if rest:
        shares[rest] = sum(sums.values()) - sum(shares.values())
    return Series(names=largest, rest=rest, values=values, totals=shares, palette=palette or {})


def measures(rows: Rows, names: Mapping[str, str], period: Period) -> Series:
    """Return several measures by step, each under the name it is shown by."""
    rows = list(rows)
    values: dict[tuple[datetime, str], float] = {}
    for row in rows:
        for measure, shown in names.items():
            key = (step_of(row["Time"], period), shown)
            values[key] = values.get(key, 0.0) + number(row[measure])
    sums = {shown: total(rows, measure) for measure, shown in names.items()}
    return Series(names=list(names.values()), rest="", values=values, totals=sums)


def step_of(time: Any, period: Period) -> datetime:
    """Return the start of the step that a time lies in; none lies before the first."""
    index = (utc(time) - period.since) // period.step
    return period.since + max(index, 0) * period.step


def by_step(
    found: Series,
    period: Period,
    caption: str,
    show: Callable[[float | None], str] = count,
    absent: float | None = 0.0,
) -> Table:
    """Return the numbers of a chart over time: a row for each step, and the sum."""
    rows = [
        [
            Cell(period.label(start)),
            *(_cell(found.values.get((start, n), absent), show) for n in found.all),
        ]
        for start in period.steps
    ]
    rows.append([Cell("all"), *(_cell(found.totals[n], show) for n in found.all)])
    return Table(caption=caption, columns=[f"{period.unit} (UTC)", *found.all], rows=rows)


def _cell(value: float | None, show: Callable[[float | None], str]) -> Cell:
    return Cell(show(value), value, numeric=True)


def numeric(value: float | None, show: Callable[[float | None], str] = count) -> Cell:
    """Return a number as it is shown, with the number itself."""
    return _cell(value, show)
