"""Failures and throttling."""

from __future__ import annotations

from queries.report import charts, shape
from queries.report.facts import Facts
from queries.report.numbers import NOTHING, count, moment, name, number, percent, share, utc
from queries.report.questions import TOP
from queries.report.svg import figure
from queries.report.tables import Cell, Section, Table

SHARES = ("share failed", "share throttled")
KINDS = {"Failed": "failed", "Throttled": "throttled", "ClientErrors": "caller's error"}


def section(facts: Facts) -> Section:
    """Return the part."""
    found = facts.section(
        "errors",
        "Errors and throttling",
        "Failed: no answer, a server's error, or the model endpoint not admitting the gateway. "
        "Throttled: 429, or a quota used up. Caller's error: any other 4xx.",
        "traffic",
        "error rate",
        "errors",
    )
    if traffic := facts.rows("traffic"):
        kinds = shape.measures(traffic, KINDS, facts.period)
        calls = shape.total(traffic, "Calls")
        said = ", ".join(
            f"{count(kinds.totals[kind])} {kind} ({percent(share(kinds.totals[kind], calls))})"
            for kind in KINDS.values()
        )
        title = f"Calls without success, per {facts.period.unit}"
        found.figures.append(
            figure(
                "errors-over-time",
                title,
                f"Stacked bars. Of {count(calls)} calls: {said}.",
                lambda width: charts.stacked(kinds, facts.period, width),
                shape.by_step(kinds, facts.period, title),
                kinds.names,
            )
        )
    bad = [row for row in facts.rows("error rate") if any(number(row[kind]) for kind in KINDS)]
    if bad:
        bad.sort(key=lambda row: -sum(number(row[kind]) for kind in KINDS))
        found.tables.append(
            Table(
                caption=_top(" and ".join(f"{key}s" for _, key in facts.dimensions), len(bad)),
                columns=["consumer", "deployment", "calls", *KINDS.values(), *SHARES],
                rows=[
                    [
                        *(Cell(name(row[column])) for column in ("Consumer", "Deployment")),
                        *(shape.numeric(row[measure]) for measure in ("Calls", *KINDS)),
                        shape.numeric(row["FailedPercent"], percent),
                        shape.numeric(row["ThrottledPercent"], percent),
                    ]
                    for row in bad[:TOP]
                ],
            )
        )
    if rows := facts.rows("errors"):
        found.tables.append(
            Table(
                caption=f"Reasons: the {min(TOP, len(rows))} most frequent",
                columns=[
                    "status",
                    "kind",
                    "refused by",
                    "reason",
                    "consumer",
                    "deployment",
                    "calls",
                    "last",
                ],
                rows=[
                    [
                        Cell(str(row["ResponseCode"])),
                        Cell(row["Kind"]),
                        Cell(row["RefusedBy"]),
                        Cell(name(row["Reason"], NOTHING)),
                        *(Cell(name(row[column])) for column in ("Consumer", "Deployment")),
                        shape.numeric(row["Calls"]),
                        Cell(moment(utc(row["Last"]))),
                    ]
                    for row in rows
                ],
            )
        )
    return found


def _top(caption: str, number: int) -> str:
    caption = caption.capitalize()
    return f"{caption}: the {TOP} worst of {number}" if number > TOP else caption
