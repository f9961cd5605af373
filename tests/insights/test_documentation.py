"""docs/alerts.md has every rule, with the numbers that are deployed."""

from __future__ import annotations

import re

import pytest

from components.alerts.catalogue import RULES
from components.alerts.rule import AlertRule
from harness.example import ROOT
from tests.insights.clock import DAY, HOUR, MINUTE, duration

DOCUMENT = (ROOT / "docs" / "alerts.md").read_text()


def words(iso: str) -> str:
    time = duration(iso)
    if time >= DAY:
        return f"{time // DAY} day{'s' if time > DAY else ''}"
    return f"{time // HOUR} h" if time >= HOUR else f"{time // MINUTE} min"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_in_the_table(rule: AlertRule) -> None:
    (row,) = re.findall(rf"^\| `{rule.name}` \|.*\|$", DOCUMENT, re.MULTILINE)
    _, severity, _, threshold, window, frequency, _ = row.strip("| ").split(" | ")
    assert severity == str(rule.severity)
    number = re.sub(r"[^0-9]", "", threshold)
    assert number == ("" if rule.threshold is None else f"{rule.threshold:g}")
    assert (window, frequency) == (words(rule.window), words(rule.frequency))
