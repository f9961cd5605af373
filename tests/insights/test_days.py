"""Over days of evaluations a log alert fires once, resolves once, and otherwise keeps quiet."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from components.alerts.catalogue import LOG_RULES
from tests.insights.clock import DAY, HOUR, MINUTE, NOON
from tests.insights.engine import Engine
from tests.insights.rows import Call, Logs
from tests.insights.troubles import START, TROUBLES, day, trouble_day

Declared = dict[str, dict[str, Any]]
RULES = [rule.name for rule in LOG_RULES]
NAMES = pytest.mark.parametrize("name", RULES)


FORTNIGHT = NOON - 14 * DAY


def busy(time: datetime) -> bool:
    return time.weekday() < 5 and 8 <= time.hour < 18


def fortnight(untold: Callable[[datetime], float]) -> Iterator[Call]:
    """Few calls at night and at weekends; of a share of them nobody tells the tokens."""
    chance, time, number = random.Random(7), FORTNIGHT, 0
    while time < NOON:
        yield Call(time=time, id=f"{number}", told=chance.random() >= untold(time))
        time, number = time + (4 if busy(time) else 40) * MINUTE, number + 1


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


def test_unknown_tokens_of_a_few_calls_are_no_alert_all_fortnight(declared: Declared) -> None:
    """As in the simulated fortnight: a share of a few percent, weekends of few calls."""
    logs = Logs(fortnight(lambda _: 0.04))

    alerts = Engine(declared["unaccounted"], logs).run(FORTNIGHT + DAY, NOON)

    assert alerts.kinds() == {}


def test_a_week_of_unknown_tokens_is_one_alert_weekend_or_not(declared: Declared) -> None:
    start, end = FORTNIGHT + 2 * DAY, FORTNIGHT + 9 * DAY
    logs = Logs(fortnight(lambda time: 0.3 if start <= time < end else 0.02))

    alerts = Engine(declared["unaccounted"], logs).run(FORTNIGHT + DAY, NOON)

    assert alerts.kinds() == {("chat",): ["fired", "resolved"]}
