"""Which of several accounts answered, and what its own log counted."""

from __future__ import annotations

from queries.report import shape
from queries.report.facts import Facts
from queries.report.numbers import count, milliseconds, name, percent
from queries.report.tables import Cell, Section, Table

COLUMNS = {
    "Calls": ("calls", count),
    "SharePercent": ("share", percent),
    "Failed": ("failed", count),
    "Throttled": ("throttled", count),
    "P50": ("P50", milliseconds),
    "P95": ("P95", milliseconds),
    "PromptTokens": ("prompt tokens", count),
    "CompletionTokens": ("completion tokens", count),
    "UnknownCalls": ("calls of unknown tokens", count),
    "PeakTokensPerMinute": ("tokens in its busiest minute", count),
    "LimitTokensPerMinute": ("limit a minute", count),
    "Percent": ("share of it", percent),
    "Logged": ("in its own log", count),
    "Refused": ("refused there", count),
    "Around": ("around the gateway", count),
}
"""What the table calls each number, and how it is written."""


def section(facts: Facts) -> Section:
    """Return the part."""
    found = facts.section(
        "accounts",
        "Accounts",
        "Which account answered. Each attempt has a row in its account's own log: what one "
        "refused, the next may have answered. All other parts count the accounts together.",
        "accounts",
    )
    rows = facts.rows("accounts")
    if rows:
        table = Table(
            caption="Accounts by deployment",
            columns=["account", "deployment", *(label for label, _ in COLUMNS.values())],
            rows=[
                [
                    Cell(name(row["Account"])),
                    Cell(name(row["Deployment"])),
                    *(shape.numeric(row[key], write) for key, (_, write) in COLUMNS.items()),
                ]
                for row in rows
            ],
        )
        found.tables.append(table)
    seen = {str(row["Account"]) for row in rows if row["Calls"]}
    if idle := [one.name for one in facts.target.accounts if one.name not in seen]:
        found.remarks.append(f"No call was answered by {', '.join(idle)}.")
    return found
