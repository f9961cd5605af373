"""The parts of the page, in order."""

from __future__ import annotations

from queries.report.facts import Facts
from queries.report.parts import callers, errors, latency, safety, unknown, usage
from queries.report.tables import Section


def sections(facts: Facts) -> list[Section]:
    """Return every part; budgets only where the stack has some."""
    found = [usage.section(facts), callers.section(facts)]
    if facts.target.budgets:
        found.append(callers.budgets(facts))
    return [
        *found,
        latency.section(facts),
        errors.section(facts),
        unknown.section(facts),
        safety.section(facts),
    ]
