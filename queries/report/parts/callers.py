"""Who calls: consumers, addresses, and budgets."""

from __future__ import annotations

from queries.report import charts, shape
from queries.report.facts import Facts
from queries.report.numbers import count, name, number, percent, share, usd
from queries.report.parts.usage import priced, unpriced
from queries.report.questions import TOP
from queries.report.svg import figure
from queries.report.tables import Cell, Section, Table
from queries.report.theme import COLOURS

SHOWN = 12
"""Bars in a chart."""
MEASURES = (
    "TotalTokens",
    "PromptTokens",
    "CompletionTokens",
    "Calls",
    "Failed",
    "Throttled",
    "UnknownCalls",
)
FULL = 100
"""Percent of a budget."""


def section(facts: Facts) -> Section:
    """Return the part."""
    found = facts.section(
        "callers",
        "Top callers",
        "The consumers (subscriptions of the gateway's product) and the addresses that call most.",
        "traffic",
        "cost",
        "addresses",
    )
    consumers = shape.totals(facts.rows("traffic"), "Consumer", *MEASURES)
    if consumers:
        shown = dict(list(consumers.items())[:SHOWN])
        parts = {
            key: {"prompt": sums["PromptTokens"], "completion": sums["CompletionTokens"]}
            for key, sums in shown.items()
        }
        most = next(iter(shown))
        found.figures.append(
            figure(
                "consumers",
                "Prompt and completion tokens by consumer"
                f"{shape.drawn(len(shown), len(consumers))}",
                f"Bars of prompt and completion tokens. {most} used most: "
                f"{count(shown[most]['TotalTokens'])} tokens.",
                lambda width: charts.bars(parts, COLOURS[:2], width),
                _consumers(facts, consumers),
                ["prompt", "completion"],
            )
        )
    if rows := facts.rows("addresses"):
        found.tables.append(
            Table(
                caption=f"Addresses: the {min(TOP, len(rows))} with most tokens",
                columns=["address", "consumers", "calls", "tokens", "calls of unknown tokens"],
                rows=[
                    [
                        Cell(name(row["CallerIpAddress"])),
                        *(shape.numeric(row[m]) for m in ("Consumers", "Calls")),
                        shape.numeric(number(row["TotalTokens"])),
                        shape.numeric(row["UnknownCalls"]),
                    ]
                    for row in rows
                ],
            )
        )
    return found


def _consumers(facts: Facts, consumers: dict[str, dict[str, float]]) -> Table:
    cost = shape.totals(priced(facts), "Consumer", "Cost")
    bare = shape.totals(unpriced(facts), "Consumer", "Tokens")
    rows = [
        [
            Cell(key),
            *(shape.numeric(sums[measure]) for measure in MEASURES[:4]),
            shape.numeric(cost[key]["Cost"] if key in cost else None, usd),
            shape.numeric(bare[key]["Tokens"] if key in bare else 0),
            shape.numeric(share(sums["Failed"], sums["Calls"]), percent),
            shape.numeric(share(sums["Throttled"], sums["Calls"]), percent),
            shape.numeric(sums["UnknownCalls"]),
        ]
        for key, sums in consumers.items()
    ]
    columns = [
        "consumer",
        "tokens",
        "prompt",
        "completion",
        "calls",
        "cost",
        "tokens without a price",
        "failed",
        "throttled",
    ]
    return Table(caption="Consumers", columns=[*columns, "calls of unknown tokens"], rows=rows)


def budgets(facts: Facts) -> Section:
    """Return what of their budgets the consumers used since the first of the month."""
    found = facts.section(
        "budgets",
        "Budgets",
        "Use since the first of the month, against the same part of the month's budget: over 100 % "
        "the budget runs out before the month does.",
        "budgets",
    )
    rows = facts.rows("budgets")
    if not rows:
        return found
    names = [f"{name(row['Consumer'])}, {row['Unit']}" for row in rows]
    parts = {
        shown: {
            "within": min(number(row["Percent"]), FULL),
            "over": max(number(row["Percent"]) - FULL, 0),
        }
        for shown, row in list(zip(names, rows, strict=True))[:SHOWN]
    }
    over = sum(number(row["Percent"]) > FULL for row in rows)
    data = Table(
        caption="Budgets",
        columns=[
            "consumer",
            "unit",
            "used",
            "allowed so far",
            "share",
            "calls of unknown tokens",
            "calls without a price",
            "of the cost at most",
        ],
        rows=[
            [
                Cell(name(row["Consumer"])),
                Cell(row["Unit"]),
                shape.numeric(row["Used"], usd if row["Unit"] == "USD" else count),
                shape.numeric(row["Allowed"], usd if row["Unit"] == "USD" else count),
                shape.numeric(row["Percent"], percent),
                shape.numeric(row["UnknownCalls"]),
                shape.numeric(row["UnpricedCalls"]),
                shape.numeric(row["AtMost"] if row["Unit"] == "USD" else None, usd),
            ]
            for row in rows
        ],
    )
    found.figures.append(
        figure(
            "budget-use",
            "Use of budgets, in percent of what is allowed so far"
            f"{shape.drawn(len(parts), len(names))}",
            f"Bars by consumer and unit. {over} of {len(rows)} budgets are exceeded.",
            lambda width: charts.bars(parts, COLOURS[:2], width, reach=FULL),
            data,
            ["within the budget", "over it"],
        )
    )
    return found
