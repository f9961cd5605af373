"""For each rule on logs: its trouble, and calls at its threshold."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.insights.clock import DAY, HOUR, MINUTE, NOON
from tests.insights.rows import ACCOUNT, GATEWAY, Call

Change = Callable[[Call], Call]
ARRIVED = NOON - 40 * MINUTE
"""Before it, rows have arrived for the rules that wait for late ones too."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What makes one rule fire."""

    groups: set[tuple[Any, ...]]
    """Combinations of dimensions that fire."""
    change: Change
    """What the trouble does to a call."""
    at_threshold: list[Call]
    over: list[Call]
    quiet_at: datetime = NOON
    """When `at_threshold` is evaluated."""
    of_all: bool = False
    """Whether it hits every consumer, not team-a alone."""
    hours: int = 3
    """For how long it goes on."""
    seen_within: timedelta = HOUR
    """From its begin to the alert."""
    lasts: timedelta = 4 * HOUR
    """From its end until the alert has resolved."""


def day(start: datetime, end: datetime, every: timedelta = MINUTE) -> Iterator[Call]:
    """Healthy traffic of two consumers, rows up to a quarter of an hour late."""
    chance, time, number = random.Random(7), start, 0
    while time < end:
        late = chance.uniform(1, 14) * MINUTE
        consumer = "team-a" if number % 2 else "team-b"
        yield Call(time=time, id=f"{number}", consumer=consumer, late=late, llm_late=late + MINUTE)
        time, number = time + every, number + 1


def trouble_day(trouble: Trouble) -> list[Call]:
    """A day around the trouble."""
    end = START + trouble.hours * HOUR
    return [
        trouble.change(call)
        if START <= call.time < end and (trouble.of_all or call.consumer == "team-a")
        else call
        for call in day(START - 8 * HOUR, end + trouble.lasts)
    ]


def hundred(hit: int, change: Change, end: datetime = ARRIVED) -> list[Call]:
    """A hundred calls in the twenty minutes before `end`, of which some are in trouble."""
    calls = [Call(time=end - 12 * timedelta(seconds=n + 1), id=f"{n}") for n in range(100)]
    return [change(call) if number < hit else call for number, call in enumerate(calls)]


def setting(**values: Any) -> Change:
    return lambda call: replace(call, **values)


def tokens(total: int, minutes: Iterable[int] = (0,)) -> list[Call]:
    """Ten calls that take so many tokens together, in each of these minutes from 50 before noon."""
    first = (NOON - 50 * MINUTE).replace(second=1)
    shares = [total // 10] * 9 + [total - 9 * (total // 10)]
    return [
        Call(time=first + minute * MINUTE + timedelta(seconds=n), id=f"{minute}-{n}", tokens=share)
        for minute in minutes
        for n, share in enumerate(shares)
    ]


def _both(change: Change, equal: int) -> dict[str, Any]:
    return {
        "change": change,
        "at_threshold": hundred(equal, change),
        "over": hundred(equal + 1, change),
    }


TROUBLES = {
    "errors": Trouble(groups={("team-a", "chat")}, **_both(setting(code=500), 5)),
    "throttling": Trouble(groups={("team-a", "chat")}, **_both(setting(code=429), 10)),
    "latency": Trouble(
        groups={("team-a", "chat")},
        change=setting(milliseconds=90_000),
        at_threshold=hundred(100, setting(milliseconds=60_000)),
        over=hundred(100, setting(milliseconds=60_001)),
    ),
    "capacity": Trouble(
        groups={("chat",)},
        change=setting(tokens=990),
        at_threshold=tokens(900, range(5)),
        over=tokens(901, range(5)),
    ),
    "budget": Trouble(
        groups={("team-a", "tokens")},
        seen_within=3 * HOUR,
        lasts=27 * HOUR,
        change=setting(tokens=30_000),
        at_threshold=tokens(1_500_000),
        over=tokens(1_500_150),
    ),
    "retirement": Trouble(
        groups={("chat", "gpt-5.1")},
        change=setting(),
        at_threshold=hundred(0, setting(), ARRIVED - DAY),
        over=hundred(0, setting()),
        quiet_at=NOON - DAY,
    ),
    "silence": Trouble(
        groups={(GATEWAY, "silent"), (ACCOUNT, "silent")},
        of_all=True,
        seen_within=2 * HOUR,
        lasts=9 * HOUR,
        change=setting(logged=False),
        at_threshold=hundred(100, setting(logged=False))[:5],
        over=hundred(100, setting(logged=False))[:6],
    ),
    "reconcile": Trouble(
        groups={("ApiManagementGatewayLogs", ""), ("AzureDiagnostics", "")},
        of_all=True,
        seen_within=4 * HOUR,
        lasts=10 * HOUR,
        change=setting(logged=False),
        at_threshold=hundred(2, setting(logged=False), NOON - 65 * MINUTE),
        over=hundred(3, setting(logged=False), NOON - 65 * MINUTE),
    ),
    "bypass": Trouble(
        groups={("chat", "somebody-else", "another identity than the gateway's")},
        **_both(setting(gateway=False), 0),
    ),
    "unaccounted": Trouble(
        groups={("chat",)},
        **_both(setting(told=False), 10),
        hours=6,
        seen_within=9 * HOUR,
        lasts=46 * HOUR,
    ),
    "llm-silence": Trouble(
        groups={("chat",)},
        **_both(setting(llm=False), 50),
        of_all=True,
        seen_within=3 * HOUR,
    ),
}
CONFIG = {
    "deployments": [{"name": "chat", "model": "gpt-5.1", "version": "2025-11-13", "capacity": 1}],
    # March has 31 days: a million tokens a day.
    "consumers": [{"name": "team-a", "displayName": "A", "monthlyTokens": 31_000_000}],
}
"""The stack whose rules are evaluated."""
START = NOON - 100 * MINUTE
"""When a trouble begins."""
