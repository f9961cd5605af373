"""What could not be known: tokens, texts, rows that did not come, calls around the gateway."""

from __future__ import annotations

from queries.report import charts, shape
from queries.report.facts import Facts
from queries.report.numbers import count, moment, name, number, percent, share, utc
from queries.report.questions import TOP
from queries.report.svg import figure
from queries.report.tables import Cell, Figure, Section, Table
from queries.report.theme import COLOURS

SHOWN = 12
"""Bars in a chart."""
OF_ALL = ", texts that were cut, rows that never came, and requests that came around the gateway"
"""What only the page of the whole stack says."""


def section(facts: Facts) -> Section:
    """Return the part; it is never left out."""
    found = facts.section(
        "unknown",
        "What could not be known",
        f"Calls whose tokens no log tells{'' if facts.consumer else OF_ALL}. Tokens and cost of "
        "these are in no figure.",
        "coverage",
        "unknown",
        "cut",
        "silence",
        "bypass",
    )
    if coverage := facts.rows("coverage"):
        found.figures.append(_coverage(coverage))
    found.tables += [
        table
        for table in (
            _listed(
                facts,
                "unknown",
                "Why tokens are unknown",
                {"Why": "reason", "Deployment": "deployment"},
            ),
            _listed(facts, "cut", "Texts that are cut or missing in the logs", {"Why": "reason"}),
            _listed(
                facts,
                "bypass",
                "Requests around the gateway",
                {"Deployment": "deployment", "Why": "why it is taken for one"},
            ),
            _silence(facts),
        )
        if table
    ]
    if facts.target.capture != "full":
        found.remarks.append(
            "The stack captures metadata only: no text is logged, so none can be cut."
        )
    if not facts.target.llm_logging:
        found.remarks.append(
            "LLM logging is off in this stack: tokens come from logged bodies and headers alone."
        )
    if not facts.target.every_call:
        found.warnings.append(
            f"The gateway logs {facts.target.sampling_percentage:g} % of its calls: all figures of "
            "this page are of that sample."
        )
    return found


def _coverage(rows: list[dict[str, object]]) -> Figure:
    measures = ("Calls", "Accounted", "Unknown", "Unanswered", "LlmCalls", "WithoutLlmRow")
    sums = shape.totals(rows, "Deployment", *measures)
    calls, known, unanswered = (
        sum(entry[measure] for entry in sums.values())
        for measure in ("Calls", "Accounted", "Unanswered")
    )
    parts = {
        key: {
            "known": entry["Accounted"],
            "unknown": entry["Unknown"],
            "without an answer": entry["Unanswered"],
        }
        for key, entry in list(sums.items())[:SHOWN]
    }
    data = Table(
        caption="Calls whose tokens are known",
        columns=[
            "deployment",
            "calls",
            "known",
            "unknown",
            "without a whole answer",
            "share known of answered",
            "chats and responses",
            "of them not in the LLM log",
        ],
        rows=[
            [
                Cell(key),
                *(shape.numeric(entry[measure]) for measure in measures[:4]),
                shape.numeric(
                    share(entry["Accounted"], entry["Accounted"] + entry["Unknown"]), percent
                ),
                *(shape.numeric(entry[m]) for m in ("LlmCalls", "WithoutLlmRow")),
            ]
            for key, entry in shape.folded(sums, str).items()
        ],
    )
    return figure(
        "coverage",
        f"Calls whose tokens are known, by deployment{shape.drawn(len(parts), len(sums))}",
        f"Bars of known, unknown and unanswered. Known: {count(known)} of "
        f"{count(calls - unanswered)} answered calls, {percent(share(known, calls - unanswered))}. "
        f"{count(unanswered)} more ended without a whole answer: no gateway could tell theirs.",
        lambda width: charts.bars(parts, COLOURS[:3], width),
        data,
        ["known", "unknown", "without an answer"],
    )


def _listed(facts: Facts, key: str, caption: str, columns: dict[str, str]) -> Table | None:
    rows = facts.rows(key)
    if not rows:
        return None
    return Table(
        caption=f"{caption}: the {TOP} most frequent" if len(rows) == TOP else caption,
        columns=[*columns.values(), "calls", "last"],
        rows=[
            [
                *(Cell(name(row[column])) for column in columns),
                shape.numeric(row["Calls"]),
                Cell(moment(utc(row["Last"]))),
            ]
            for row in rows
        ],
    )


def _silence(facts: Facts) -> Table | None:
    rows = facts.rows("silence")
    if not rows:
        return None
    return Table(
        caption="Requests that metrics count and logs do not have",
        columns=["log", "state", "hours", "requests missing", "last hour"],
        rows=[
            [
                Cell(name(row["Log"])),
                Cell(name(row["State"])),
                shape.numeric(number(row["Hours"])),
                shape.numeric(number(row["Missing"])),
                Cell(moment(utc(row["Last"]))),
            ]
            for row in rows
        ],
    )
