"""The charts: stacked bars and lines over time, and bars by name, each for a given width.

A chart has neither title nor legend: the page says both, in text that wraps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import altair as alt

from queries.report.period import HOUR, WEEK, Period
from queries.report.shape import Series
from queries.report.theme import DASHES, NARROW, PAPER

HEIGHT, ROW = 230, 26
"""Pixels of a chart over time, and of one bar."""
LABELS = 10
"""At most so many times are written below a chart on a desk, and half of them on a phone."""
GAP = 0.08
"""Part of a step that is left free on each side of its bar."""
CHARACTER = 7.5
"""Pixels of a letter, in the widest of usual fonts."""
LONGEST_LABEL = {False: 220, True: 120}
"""Pixels of a name beside its bar, on a desk and on a phone."""
ZERO = "datum.value == 0 ? '0' : datum.label"
COUNTS = "~s"
"""Format of whole numbers: 1,500 in full, and from `SHORT` on 15k."""
SHORT = 10_000


def stacked(found: Series, period: Period, width: int, form: str = COUNTS) -> alt.Chart:
    """Draw bars over time, one on the other, the largest at the bottom."""
    rows, tops = [], dict.fromkeys(period.steps, 0.0)
    for shown in found.all:
        for start in tops:
            value = found.values.get((start, shown), 0.0)
            low, tops[start] = tops[start], tops[start] + value
            if value:
                left, right = start + period.step * GAP, start + period.step * (1 - GAP)
                rows.append(
                    {
                        "start": _iso(left),
                        "end": _iso(right),
                        "name": shown,
                        "low": low,
                        "high": tops[start],
                    }
                )
    return _sized(
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect(stroke=PAPER, strokeWidth=0.5)
        .encode(
            x=_time(period, width),
            x2="end:T",
            y=alt.Y("high:Q", title=None, axis=_amounts(form, max(tops.values()))),
            y2="low:Q",
            color=_colour(found),
        ),
        width,
        HEIGHT,
    )


def lines(found: Series, period: Period, width: int, form: str = COUNTS) -> alt.Chart:
    """Draw lines over time; a step without a value breaks its line."""
    rows = [
        {
            "start": _iso(start + period.step / 2),
            "name": shown,
            "value": found.values.get((start, shown)),
        }
        for shown in found.all
        for start in period.steps
    ]
    dashes = alt.Scale(domain=found.all, range=[list(DASHES[colour]) for colour in found.colours])
    return _sized(
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=24))
        .encode(
            x=_time(period, width),
            y=alt.Y(
                "value:Q", title=None, axis=_amounts(form, max(found.values.values(), default=0))
            ),
            color=_colour(found),
            strokeDash=alt.StrokeDash("name:N", scale=dashes, legend=None),
        ),
        width,
        HEIGHT,
    )


def bars(
    values: Mapping[str, Mapping[str, float]],
    colours: Sequence[str],
    width: int,
    form: str = COUNTS,
    reach: float = 0,
) -> alt.Chart:
    """Draw bars by name, the parts of each on one line; the axis goes to `reach` at least."""
    parts = list(next(iter(values.values()), {}))
    rows = [
        {"name": shown, "part": part, "order": parts.index(part), "value": value}
        for shown, split in values.items()
        for part, value in split.items()
    ]
    room = min(LONGEST_LABEL[width == NARROW], CHARACTER * max(map(len, values), default=0) + 12)
    names = alt.Axis(labelLimit=room * 0.88, minExtent=room, ticks=False, domain=False)
    longest = max([reach, *(sum(split.values()) for split in values.values())])
    amounts = _amounts(form, longest, ticks=4)
    colour = alt.Color("part:N", scale=alt.Scale(domain=parts, range=list(colours)), legend=None)
    return _sized(
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(stroke=PAPER, strokeWidth=0.5, height={"band": 0.68})
        .encode(
            x=alt.X("value:Q", title=None, axis=amounts, scale=alt.Scale(domain=[0, longest])),
            y=alt.Y("name:N", sort=list(values), title=None, axis=names),
            color=colour,
            order="order:Q",
        ),
        width,
        alt.Step(ROW),
    )


def _time(period: Period, width: int) -> alt.X:
    forms = {HOUR: "%-d %b %H:00", WEEK: "%-d %b %y"}
    every = -(-len(period.steps) // (LABELS if width != NARROW else LABELS // 2))
    return alt.X(
        "start:T",
        title=None,
        scale=alt.Scale(
            type="utc", domain=[_iso(period.since), _iso(period.steps[-1] + period.step)]
        ),
        axis=alt.Axis(
            format=forms.get(period.step, "%-d %b"),
            values=[_iso(start + period.step / 2) for start in period.steps[::every]],
            grid=False,
            labelOverlap=True,
        ),
    )


def _amounts(form: str, top: float, ticks: int = 5) -> alt.Axis:
    counts = form == COUNTS
    return alt.Axis(
        format=",.0f" if counts and top < SHORT else form,
        tickMinStep=1 if counts else alt.Undefined,
        tickCount=ticks,
        domain=False,
        ticks=False,
        labelExpr=ZERO,
    )


def _colour(found: Series) -> alt.Color:
    scale = alt.Scale(domain=found.all, range=found.colours)
    return alt.Color("name:N", scale=scale, legend=None)


def _sized(chart: alt.Chart, width: int, height: int | alt.Step) -> alt.Chart:
    """Return the chart with all its labels within a width."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width=width, height=height, autosize=fit, padding=4)


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
