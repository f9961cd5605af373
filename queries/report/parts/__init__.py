"""The parts of the page, in order."""

from __future__ import annotations

from queries.report.facts import Facts
from queries.report.parts import accounts, callers, errors, latency, safety, unknown, usage
from queries.report.tables import Section


def sections(facts: Facts) -> list[Section]:
    """Return every part; accounts and budgets only where the stack has several, or some."""
    found = [usage.section(facts), callers.section(facts)]
    if facts.target.accounts:
        found.append(accounts.section(facts))
    if facts.target.budgets:
        found.append(callers.budgets(facts))
    return [
        *found,
        latency.section(facts),
        errors.section(facts),
        unknown.section(facts),
        safety.section(facts),
    ]
