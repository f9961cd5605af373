"""The parts of the page, in order."""

from __future__ import annotations

from dataclasses import replace

from queries.report.facts import Facts
from queries.report.parts import accounts, callers, errors, latency, safety, unknown, usage
from queries.report.tables import Section


def sections(facts: Facts) -> list[Section]:
    """Return every part that the stack has something for; of one consumer only what is its own."""
    found = [usage.section(facts)]
    if not facts.consumer:
        found.append(callers.section(facts))
        if facts.target.accounts:
            found.append(accounts.section(facts))
    if facts.target.budgets:
        found.append(callers.budgets(facts))
    found += [
        latency.section(facts),
        errors.section(facts),
        unknown.section(facts),
        safety.section(facts),
    ]
    return [_of_one(section) for section in found] if facts.consumer else found


def _of_one(section: Section) -> Section:
    """Return a part of a consumer's page, where no column need say whose its rows are."""
    section.tables = [table.without("consumer") for table in section.tables]
    section.figures = [
        replace(figure, data=figure.data.without("consumer")) for figure in section.figures
    ]
    return section
