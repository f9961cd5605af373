"""The part of the configuration that insights read: alerts, their receivers, prices."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from components.alerts.catalogue import LEARNT, NAMES
from components.settings.constraints import (
    Constraint,
    Frozen,
    at_least,
    dated,
    each_once,
    matching,
    whole,
)

EMAIL = ("an e-mail address", r"[^@\s]+@[^@\s]+\.[^@\s]+")
"""What is allowed, in words and as a pattern."""
Email = Annotated[str, matching(*EMAIL)]
Webhook = Annotated[str, matching("an https URL", r"https://[^\s/]+\S*")]
Emails = Annotated[tuple[Email, ...], each_once("e-mail addresses")]
Webhooks = Annotated[tuple[Webhook, ...], each_once("https URLs")]
Amount = Annotated[float, at_least("US dollars", 0)]
Tokens = Annotated[int, whole("tokens", 0, 10**15)]


class Alert(Frozen):
    """What the stack file changes in one alert rule."""

    enabled: bool = True
    """A rule that is not enabled stays declared, and is never evaluated."""
    severity: Annotated[int | None, whole("severity", 0, 4)] = None
    """0 critical, 1 error, 2 warning, 3 informational, 4 verbose; by default the rule's own."""
    threshold: Annotated[float | None, at_least("the rule's unit", 0)] = None
    """In the rule's unit; by default the rule's own."""


DAY = 'a day, in quotes: "2026-09-01"'
CHANGES = f"a list, each with since ({DAY}) and the keys of a price, and no day twice"


class Rates(Frozen):
    """What tokens cost, in US dollars per 1,000,000."""

    input: Amount
    """Of the prompt's tokens."""
    output: Amount
    """Of the answer's tokens."""
    cached_input: Annotated[float | None, at_least("US dollars", 0)] = None
    """Of the prompt's tokens that the prompt cache gave; without it they cost as input."""
    cache_write: Annotated[float | None, at_least("US dollars", 0)] = None
    """Of the prompt's tokens that went into the prompt cache; without it they cost as input."""


class LongContext(Rates):
    """What all tokens of a call cost whose prompt is long."""

    above: Annotated[int, whole("tokens", 1, 10**9)]
    """Tokens of a prompt above which these rates hold for the whole call."""


class DayPrice(Rates):
    """What a model costs on a day."""

    long_context: LongContext | None = None


class Change(DayPrice):
    """What a model costs since a day."""

    since: Annotated[str, dated(DAY, "")]


def _check_days(given: tuple[Change, ...]) -> None:
    if len({change.since for change in given}) < len(given):
        raise ValueError(CHANGES)


class Price(DayPrice):
    """What a model costs, and has come to cost."""

    changes: Annotated[tuple[Change, ...], Constraint(CHANGES, _check_days)] = ()
    """Prices that replace this one, whole, each from the beginning of a day, in UTC."""


def _check_rules(given: Any) -> None:
    allowed = f"a map by rule name: {', '.join(NAMES)}"
    unknown = sorted(set(given) - set(NAMES)) if isinstance(given, dict) else [repr(given)]
    if unknown:
        raise ValueError(f"{allowed}; unknown: {', '.join(unknown)}")
    for name in LEARNT:
        if isinstance(given.get(name), dict) and "threshold" in given[name]:
            raise ValueError(f"no threshold for {name}: Azure learns it from the metric's own past")


def _check_spellings(given: Any) -> None:
    """Refuse a model that is named twice, in other letter case: logs know it under one name."""
    spellings: dict[str, str] = {}
    for model in given:
        other = spellings.setdefault(model.lower(), model)
        if other != model:
            raise ValueError(f"each model once, whatever its letter case; twice: {other}, {model}")


Alerts = Annotated[
    dict[str, Alert],
    Constraint(f"a map by rule name: {', '.join(NAMES)}", _check_rules, before=True),
]
Prices = Annotated[
    dict[Annotated[str, Field(min_length=1)], Price],
    Constraint("a map from model to input and output", _check_spellings),
]
