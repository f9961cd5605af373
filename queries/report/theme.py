"""Colours and type of the charts, drawn in stand-in colours that become CSS variables."""

from __future__ import annotations

from typing import Any

WIDE, NARROW = 860, 340
"""Pixels: the text of a chart drawn for a desk would be too small to read on a phone."""
SERIES = 6
"""Names told apart by colour; the rest are drawn as one, in grey."""
INK, GRID, PAPER, REST = "#010203", "#020304", "#030405", "#040506"
COLOURS = tuple(f"#0a0b{index:02x}" for index in range(1, SERIES + 1))
VARIABLES = {
    INK: "var(--soft)",
    GRID: "var(--grid)",
    PAPER: "var(--card)",
    REST: "var(--rest)",
    **{colour: f"var(--series-{index})" for index, colour in enumerate(COLOURS, 1)},
}
"""The page's CSS says what each is in light, dark and print."""
DASHES = dict(
    zip(
        (*COLOURS, REST),
        ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (12, 3), (4, 1), (1, 3)),
        strict=True,
    )
)
"""Lines are told apart by more than colour."""


def config() -> dict[str, Any]:
    """Return Vega-Lite's configuration."""
    axis = {
        "labelColor": INK,
        "domainColor": GRID,
        "tickColor": GRID,
        "gridColor": GRID,
        "labelFontSize": 12,
    }
    return {
        "aria": False,
        "background": None,
        "axis": axis,
        "view": {"stroke": None},
    }
