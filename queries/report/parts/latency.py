"""How long calls take, and how near deployments come to their capacity."""

from __future__ import annotations

from collections.abc import Mapping

from queries.report import charts, palette, shape
from queries.report.facts import Facts
from queries.report.numbers import count, milliseconds, moment, name, number, percent, utc
from queries.report.questions import SUSTAINED, TOP
from queries.report.shape import Series
from queries.report.svg import figure
from queries.report.tables import Cell, Figure, Section, Table
from queries.report.theme import COLOURS

TIMES = ("P50", "P95", "P99", "BackendP50", "BackendP95", "GatewayP95")
SECONDS = ",.3~f"
"""Format of an axis: 0.25, 1.5, 10."""
SHOWN = 12
"""Bars in a chart."""
MEANING = {
    "P95": "95 of 100 calls are at least this fast",
    "P50": "half of the calls are at least this fast",
}


def section(facts: Facts) -> Section:
    """Return the part."""
    found = facts.section(
        "latency",
        "Latency",
        "From the gateway's receipt of a call to the last byte of its answer, of calls that were "
        "answered. P95 means: 95 of 100 calls are at least this fast.",
        "latency in all",
        "latency over time",
        "latency",
        "capacity",
    )
    whole = sorted(facts.rows("latency in all"), key=lambda row: -number(row["Calls"]))
    if whole:
        found.figures.append(_by_deployment(whole))
    if facts.rows("latency over time"):
        colours = palette.of(facts, "Deployment")
        drawn = [name(row["Deployment"]) for row in whole if name(row["Deployment"]) in colours]
        found.figures += [
            _over_time(facts, drawn, colours, measure) for measure in ("P95", "P50") if drawn
        ]
        if len(whole) > len(drawn):
            found.remarks.append(
                f"The lines show the {len(drawn)} largest of {len(whole)} deployments: percentiles "
                "cannot be added up."
            )
    if rows := facts.rows("latency"):
        found.tables.append(
            Table(
                caption=f"Kinds of calls: the {min(TOP, len(rows))} most frequent",
                columns=[
                    "consumer",
                    "deployment",
                    "operation",
                    "streamed",
                    "calls",
                    "P50",
                    "P95",
                    "P99",
                    "model P50",
                    "model P95",
                    "gateway P95",
                ],
                note="Model: time at the model endpoint. Gateway: the gateway's own time, without "
                "that of the model endpoint and of sending the answer to the caller.",
                rows=[
                    [
                        *(
                            Cell(name(row[c]))
                            for c in ("Consumer", "Deployment", "OperationId", "Streamed")
                        ),
                        shape.numeric(row["Calls"]),
                        *(shape.numeric(row[measure], milliseconds) for measure in TIMES),
                    ]
                    for row in rows
                ],
            )
        )
    if rows := facts.rows("capacity"):
        found.tables.append(_capacity(rows))
    return found


def _by_deployment(rows: list[dict[str, object]]) -> Figure:
    shown = {
        name(row["Deployment"]): {
            "P50": _seconds(row["P50"]),
            "P95": max(_seconds(row["P95"]) - _seconds(row["P50"]), 0.0),
        }
        for row in rows[:SHOWN]
    }
    said = "; ".join(
        f"{name(row['Deployment'])} P50 {milliseconds(_of(row['P50']))}, "
        f"P95 {milliseconds(_of(row['P95']))}"
        for row in rows[:3]
    )
    data = Table(
        caption="Latency by deployment",
        columns=["deployment", "answered calls", "P50", "P95"],
        rows=[
            [
                Cell(name(row["Deployment"])),
                shape.numeric(_of(row["Calls"])),
                *(shape.numeric(_of(row[measure]), milliseconds) for measure in ("P50", "P95")),
            ]
            for row in rows
        ],
    )
    return figure(
        "latency-by-deployment",
        f"Latency by deployment, in seconds{shape.drawn(len(shown), len(rows))}",
        f"Bars up to P50 and on to P95. {said}.",
        lambda width: charts.bars(shown, COLOURS[:2], width, SECONDS),
        data,
        ["up to P50", "from P50 to P95"],
    )


def _over_time(facts: Facts, names: list[str], colours: Mapping[str, str], measure: str) -> Figure:
    values = {
        (shape.step_of(row["Time"], facts.period), name(row["Deployment"])): number(row[measure])
        for row in facts.rows("latency over time")
        if row[measure] is not None
    }
    seconds = Series(
        names=names,
        rest="",
        values={key: value / 1000 for key, value in values.items() if key[1] in names},
        totals={},
        palette=colours,
    )
    unit = facts.period.unit
    data = Table(
        caption=f"{measure} per {unit}",
        columns=[f"{unit} (UTC)", *names],
        rows=[
            [
                Cell(facts.period.label(start)),
                *(shape.numeric(values.get((start, n)), milliseconds) for n in names),
            ]
            for start in facts.period.steps
        ],
    )
    return figure(
        f"latency-{measure.lower()}",
        f"{measure} latency per {unit}, in seconds",
        f"Lines by deployment: {MEANING[measure]}. A {unit} without calls breaks its line.",
        lambda width: charts.lines(seconds, facts.period, width, SECONDS),
        data,
        names,
        seconds.colours,
        dashed=True,
    )


def _capacity(rows: list[dict[str, object]]) -> Table:
    return Table(
        caption="Busiest minute of each deployment",
        columns=[
            "deployment",
            "tokens in it",
            "limit a minute",
            "share",
            "minute",
            f"share in {SUSTAINED} minutes or more",
            "calls of unknown tokens",
        ],
        note="Azure counts what a call may use at most, before it runs; logs hold what it used.",
        rows=[
            [
                Cell(name(row["Deployment"])),
                shape.numeric(_of(row["PeakTokensPerMinute"])),
                shape.numeric(_of(row["LimitTokensPerMinute"])),
                shape.numeric(_of(row["Percent"]), percent),
                Cell(moment(utc(row["PeakMinute"]))),
                shape.numeric(_of(row["SustainedPercent"]), percent),
                shape.numeric(_of(row["UnknownCalls"]), count),
            ]
            for row in rows
        ],
    )


def _of(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _seconds(value: object) -> float:
    return number(_of(value)) / 1000
