"""Over a day of evaluations a log alert fires once, resolves once, and otherwise keeps quiet."""

from __future__ import annotations

from typing import Any

import pytest

from components.insights.alert_rules import LOG_RULES
from tests.insights.clock import DAY, HOUR, MINUTE, NOON
from tests.insights.engine import Engine
from tests.insights.rows import Logs
from tests.insights.troubles import START, TROUBLES, day, trouble_day

Declared = dict[str, dict[str, Any]]
RULES = [rule.name for rule in LOG_RULES]
NAMES = pytest.mark.parametrize("name", RULES)


@pytest.fixture(scope="module")
def healthy() -> Logs:
    return Logs(day(NOON - 3 * DAY, NOON))


@NAMES
def test_quiet_on_a_healthy_day(declared: Declared, healthy: Logs, name: str) -> None:
    end = TROUBLES[name].quiet_at
    engine = Engine(declared[name], healthy)
    assert {hours: met for hours in range(24) if (met := engine.met(end - hours * HOUR))} == {}


@pytest.mark.parametrize("name", [name for name in RULES if name != "retirement"])
def test_fires_and_resolves_once_around_its_trouble(declared: Declared, name: str) -> None:
    trouble = TROUBLES[name]
    end = START + trouble.hours * HOUR
    engine = Engine(declared[name], Logs(trouble_day(trouble)))

    alerts = engine.run(START - 3 * HOUR + 7 * MINUTE, end + trouble.lasts)

    assert alerts.kinds() == {group: ["fired", "resolved"] for group in trouble.groups}
    for (fired, _), (resolved, _) in alerts.events.values():
        assert START < fired <= START + trouble.seen_within
        assert end < resolved


def test_retirement_fires_once_and_stays(declared: Declared) -> None:
    logs = Logs(day(NOON - 3 * DAY, NOON + DAY, every=10 * MINUTE))

    alerts = Engine(declared["retirement"], logs).run(NOON - DAY, NOON + DAY)

    assert alerts.kinds() == {("chat", "gpt-5.1"): ["fired"]}
