"""List the workbook's tiles for people: rows of docs/workbook.md."""

from __future__ import annotations

from collections.abc import Iterator

from components.insights.workbook.tabs import TABS
from components.insights.workbook.tiles import LogTile
from queries import library

HEAD = "Tab | Tile | Question | Source"


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the cells of each tile: a query of the library, or metrics."""
    for tab in TABS:
        for tile in tab.tiles:
            if isinstance(tile, LogTile):
                question = tile.question or library.question(tile.query)
                source = f"[{tile.query}.kql](../queries/{tile.query}.kql)"
            else:
                question = tile.question
                source = ", ".join(f"`{metric.name}`" for metric in tile.metrics)
            yield tab.title, tile.title, question, source
