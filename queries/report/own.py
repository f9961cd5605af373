"""The figures that only a consumer's page has: usual latency, and what is left of budgets."""

from __future__ import annotations

from queries.report.facts import Facts
from queries.report.numbers import (
    NOTHING,
    compact,
    many,
    milliseconds,
    name,
    number,
    percent,
    share,
    usd,
)
from queries.report.tables import Tile
from queries.workspace import Row

LEFT, OF_MOST = "Budget left", "P95 of most calls"
KEYS = {"tokens": "tokens", "USD": "cost"}
"""What the stack calls a budget, by the unit that `budgets.kql` counts it in."""


def p95_of_most(facts: Facts) -> Tile:
    """Show the P95 of a consumer's most frequent kind of call: those of several do not add up."""
    rows = [row for row in facts.rows("latency") if row["P95"] is not None]
    if not rows:
        return Tile(label=OF_MOST, value=NOTHING, details=["no answered calls"])
    most = max(rows, key=lambda row: number(row["Calls"]))
    streamed = {"yes": ", streamed", "no": ", not streamed"}.get(most["Streamed"], "")
    kind = f"{name(most['OperationId'])} of {name(most['Deployment'])}{streamed}"
    said = f"of {many(number(most['Calls']), 'answered call')}, the most of one kind: {kind}"
    return Tile(
        label=OF_MOST,
        value=milliseconds(most["P95"]),
        number=most["P95"],
        details=[said],
    )


def left(facts: Facts) -> Tile:
    """Show the smallest share that is left of the month's budgets, and the amounts."""
    rows = facts.rows("budgets")
    shares = [_share(facts, row) for row in rows]
    if not rows or None in shares:
        return Tile(label=LEFT, value=NOTHING, details=[_said(facts, row) for row in rows])
    least = min(one for one in shares if one is not None)
    unknown, bare = (max(number(row[m]) for row in rows) for m in ("UnknownCalls", "UnpricedCalls"))
    details = [_said(facts, row) for row in rows]
    details += [f"without {many(unknown, 'call')} of unknown tokens"] if unknown else []
    details += [f"without the cost of {many(bare, 'call')} that have no price"] if bare else []
    return Tile(
        label=LEFT,
        value=percent(least),
        number=least,
        details=[*details, f"of {facts.period.last:%B %Y}"],
        alarming=least == 0,
    )


def _month(facts: Facts, row: Row) -> float:
    """Return the whole month's budget that a row is counted against."""
    return float(facts.target.budgets[row["Consumer"]][KEYS[row["Unit"]]])


def _share(facts: Facts, row: Row) -> float | None:
    """Return the percent of the month's budget that is left; None if the use is not known."""
    if row["Used"] is None:
        return None
    month = _month(facts, row)
    return share(max(month - row["Used"], 0), month)


def _said(facts: Facts, row: Row) -> str:
    """Return in words what is left."""
    month = _month(facts, row)
    show, unit = (usd, "") if row["Unit"] == "USD" else (compact, " tokens")
    if row["Used"] is None:
        return f"not known of {show(month)}{unit}: the use is not"
    rest = month - row["Used"]
    return f"{show(rest)} of {show(month)}{unit}" if rest >= 0 else f"{show(-rest)}{unit} over"
