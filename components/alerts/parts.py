"""Divide a rule whose list is longer than Azure takes in one rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from components.alerts.rule import LogRule
from components.alerts.size import room
from components.alerts.subject import Json, Subject

BUDGETS = "budgets"
"""Parameter that has an entry for each consumer with a budget."""


def parts(rule: LogRule, subject: Subject) -> Iterator[tuple[LogRule, Subject]]:
    """Yield the rule, or as many of it as its budgets need, each with its part of them.

    The first keeps the name, which stacks with fewer budgets have alone.
    """
    lists = [subject.budgets]
    if BUDGETS in rule.values(subject):
        lists = [*_divided(subject.budgets, room(subject.prices))] or lists
    for number, part in enumerate(lists, 1):
        named = rule
        if number > 1:
            name, title = f"{rule.name}-{number}", f"{rule.title}, part {number}"
            named = replace(rule, name=name, title=title)
        yield named, replace(subject, budgets=part)


def _divided(budgets: Json, most: int) -> Iterator[Json]:
    """Yield the budgets in parts, each of which has at most so many bytes in a query."""
    part: Json = {}
    size = 0
    for name, limits in budgets.items():
        own = _written(name, limits)
        if part and size + own > most:
            yield part
            part, size = {}, 0
        part[name] = limits
        size += own
    if part:
        yield part


def _written(name: str, limits: Json) -> int:
    """Return the bytes that a consumer's budgets have in a query."""
    return len(json.dumps({name: limits}).encode()) + len(", ")
