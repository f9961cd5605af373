"""The parts of a tile: a query of the library or a platform metric, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from queries.library import Value

CALL_PARAMETER = "Call"
"""The workbook's parameter that holds the correlation id of one call."""


class Format(Enum):
    """How a column's values are written: the unit's code, and options of `Intl.NumberFormat`.

    Codes as the workbook editor writes them: 0 none, 1 percent, 17 count, 23 milliseconds.
    https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-grid-visualizations
    """

    TEXT = (0, 0)
    NUMBER = (17, 0)
    AMOUNT = (0, 2)
    MILLISECONDS = (23, 0)
    PERCENT = (1, 2)
    DOLLARS = (0, 4)
    TIME = (0, 0, "time")

    @property
    def unit(self) -> int:
        """Return the unit's code."""
        return int(self.value[0])

    @property
    def digits(self) -> int:
        """Return the most digits to show after the decimal point."""
        return int(self.value[1])


@dataclass(frozen=True)
class Column:
    """A column of a query, as a table shows it."""

    name: str
    label: str
    format: Format = Format.TEXT
    empty: str = ""
    """Shown where there is no value."""
    yellow: float | None = None
    """Value from which on a cell is yellow; below, it is green."""
    red: float | None = None


@dataclass(frozen=True)
class Chart:
    """Lines over time: one for each value of `group`, or for each column of `y`."""

    y: tuple[Column, ...]
    group: str = ""
    x: str = "Time"
    kind: str = "timechart"


@dataclass(frozen=True, kw_only=True)
class LogTile:
    """A tile whose rows come from a file of the query library."""

    title: str
    question: str = ""
    """What the tile answers, if that is less than what its file answers."""
    query: str
    """The file's name without `.kql`."""
    tail: tuple[str, ...] = ()
    """KQL operators that follow the file's own and the pickers' filters."""
    columns: tuple[Column, ...] = ()
    """Of a table: every column it shows, in the query's order."""
    chart: Chart | None = None
    empty: str
    """Text shown if there are no rows: what that means."""
    all_rows: bool = False
    """Whether the tail needs every row, beyond the file's own limit."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Values of the query's parameters beside those that every tile gets."""
    width: int = 100
    """Percent of the page."""
    needs: str = ""
    """A parameter without which the tile is not shown."""


class Aggregation(Enum):
    """How a metric's values within one time grain become one: codes of the portal's metrics.

    https://learn.microsoft.com/azure/azure-monitor/essentials/metrics-aggregation-explained
    """

    TOTAL = 1
    MAXIMUM = 3
    AVERAGE = 4


@dataclass(frozen=True)
class Metric:
    """A platform metric of the Azure OpenAI account."""

    name: str
    label: str
    aggregation: Aggregation = Aggregation.TOTAL


@dataclass(frozen=True, kw_only=True)
class MetricTile:
    """A tile that charts platform metrics of the Azure OpenAI account."""

    title: str
    question: str
    metrics: tuple[Metric, ...]
    split: str = "ModelDeploymentName"
    """Dimension that gives each of its values a line; "" for none."""
    width: int = 50


Tile = LogTile | MetricTile


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One page of the workbook."""

    title: str
    tiles: tuple[Tile, ...]
    note: str = ""
    """Markdown above the tiles."""
    asks_for_call: bool = False
    """Whether the page has the field for a correlation id."""

    @property
    def name(self) -> str:
        """Return the title as an identifier."""
        return slug(self.title)


def slug(text: str) -> str:
    """Return the text as an identifier: lower-case words joined by hyphens."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return "-".join(letters.split())
