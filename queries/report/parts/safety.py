"""Prompts and completions that a content filter stopped."""

from __future__ import annotations

from typing import Any

from queries.report import charts, shape
from queries.report.facts import NO_ROWS, Facts
from queries.report.numbers import NOTHING, count, name
from queries.report.questions import TOP
from queries.report.svg import figure
from queries.report.tables import Cell, Section, Table

UNREAD = "unknown"
"""What `content-filter.kql` says was stopped in answers whose end is not logged."""
KEYS = ("Stopped", "By", "Categories", "Consumer", "Deployment")


def section(facts: Facts) -> Section:
    """Return the part."""
    found = facts.section(
        "safety",
        "Safety",
        "Calls that a content filter stopped, at the gateway or at the model endpoint. The texts "
        "themselves are not in this page.",
        "filtered",
    )
    rows = [row for row in facts.rows("filtered") if row["Stopped"] != UNREAD]
    unread = shape.total(facts.rows("filtered"), "Calls") - shape.total(rows, "Calls")
    if facts.rows("filtered") and not rows:
        found.remarks.append(f"{NO_ROWS['filtered']}.")
    if unread:
        found.remarks.append(
            f"Answers that could not be judged: {count(unread)}. Their end, which tells whether a "
            "filter stopped them, is not logged."
        )
    if facts.target.capture != "full" and not facts.target.accounting_header:
        found.remarks.append(
            "The stack captures metadata only: what the model endpoint stops shows in "
            "bodies alone, so this part knows of the gateway's own filter at most."
        )
    if not rows:
        return found
    stopped = shape.series(
        [row | {"What": f"{row['Stopped']}, by the {row['By']}"} for row in rows],
        "What",
        "Calls",
        facts.period,
    )
    maybe = f", and {count(unread)} more could not be judged" if unread else ""
    title = f"Calls stopped by a content filter, per {facts.period.unit}"
    found.figures.append(
        figure(
            "filtered",
            title,
            f"Stacked bars. {count(sum(stopped.totals.values()))} calls were stopped{maybe}.",
            lambda width: charts.stacked(stopped, facts.period, width),
            shape.by_step(stopped, facts.period, title),
            stopped.all,
            stopped.colours,
        )
    )
    found.tables.append(_list(rows))
    return found


def _list(rows: list[dict[str, Any]]) -> Table:
    sums: dict[tuple[str, ...], float] = {}
    for row in rows:
        key = tuple(name(row[column], NOTHING) for column in KEYS)
        sums[key] = sums.get(key, 0.0) + row["Calls"]
    largest = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    more = f": the {TOP} most frequent of {len(sums)}" if len(sums) > TOP else ""
    return Table(
        caption=f"What was stopped{more}",
        columns=["what", "by", "category", "consumer", "deployment", "calls"],
        rows=[[*map(Cell, key), shape.numeric(calls)] for key, calls in largest[:TOP]],
    )
