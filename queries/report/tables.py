"""What a part of the page is made of: figures with their data, tables, remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup


@dataclass(frozen=True)
class Cell:
    """What is shown, and the number behind it, if there is one."""

    text: str
    value: float | None = None
    numeric: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under named columns; the first cell of a row is its heading."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def without(self, column: str) -> Table:
        """Return the table without a column; itself if it has none of that name."""
        if column not in self.columns:
            return self
        kept = [index for index, one in enumerate(self.columns) if one != column]
        rows = [[row[index] for index in kept] for row in self.rows]
        return replace(self, columns=[self.columns[index] for index in kept], rows=rows)

    @property
    def over_time(self) -> bool:
        """Tell whether its rows are steps of time."""
        return self.columns[0].endswith("(UTC)")

    @property
    def numeric(self) -> list[bool]:
        """Return which columns hold numbers, set flush right."""
        cells = zip(*self.rows, strict=True) if self.rows else [()] * len(self.columns)
        return [any(cell.numeric for cell in column) for column in cells]


@dataclass(frozen=True)
class Key:
    """A name in a chart, the CSS of its colour, and the dashes of its line."""

    text: str
    colour: str
    dash: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart, as wide as a desk's screen and as a phone's, and its data."""

    id: str
    title: str
    description: str
    wide: Markup
    narrow: Markup
    data: Table
    legend: Sequence[Key]


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A headline figure."""

    label: str
    value: str
    details: Sequence[str] = ()
    number: float | None = None
    alarming: bool = False


@dataclass(kw_only=True)
class Section:
    """One part of the page. Without figures and tables its `remarks` say why."""

    id: str
    title: str
    about: str
    files: Sequence[str]
    remarks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
