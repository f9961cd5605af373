"""List the alert rules for people: rows of docs/alerts.md."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.alerts.catalogue import RULES
from components.alerts.rule import AlertRule

HEAD = (
    "rule | severity | what has happened | one alert for each | default threshold | over | every"
    " | what to do"
)
_UNITS = {"D": "day", "H": "h", "M": "min"}


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the cells of each rule."""
    for rule in RULES:
        yield (
            f"`{rule.name}`",
            str(rule.severity),
            rule.meaning,
            ", ".join(f"`{name}`" for name in rule.dimensions),
            _threshold(rule),
            _time(rule.window),
            _time(rule.frequency),
            re.sub(r"[\w-]+\.kql", r"`\g<0>`", rule.remedy),
        )


def _threshold(rule: AlertRule) -> str:
    if rule.threshold is None:
        return "learnt"
    return f"{rule.threshold:,g}{'' if rule.unit == '%' else ' '}{rule.unit}"


def _time(iso: str) -> str:
    """Write an ISO 8601 duration of one unit as a person does."""
    number, unit = re.findall(r"(\d+)([DHM])", iso)[0]
    return f"{number} {_UNITS[unit]}{'s' if unit == 'D' and number != '1' else ''}"
