"""Each log alert fires on its trouble, and on nothing else."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from components.alerts.catalogue import LOG_RULES
from queries.library import has
from tests.insights.clock import HOUR, MINUTE, NOON
from tests.insights.engine import Engine
from tests.insights.rows import ACCOUNT, Call, Logs
from tests.insights.troubles import TROUBLES, Change, hundred, setting, tokens

Declared = dict[str, dict[str, Any]]
RULES = [rule.name for rule in LOG_RULES]
NAMES = pytest.mark.parametrize("name", RULES)


@NAMES
def test_fires_on_its_trouble(declared: Declared, name: str) -> None:
    assert Engine(declared[name], Logs(TROUBLES[name].over)).met(NOON) == TROUBLES[name].groups


@NAMES
def test_quiet_at_its_threshold(declared: Declared, name: str) -> None:
    trouble = TROUBLES[name]
    assert Engine(declared[name], Logs(trouble.at_threshold)).met(trouble.quiet_at) == set()


@NAMES
def test_quiet_on_an_empty_day(declared: Declared, name: str) -> None:
    engine = Engine(declared[name], Logs())
    assert [engine.met(NOON - hours * HOUR) for hours in (0, 8, 16)] == [set()] * 3


def test_silence_of_the_account_log_is_told_apart(declared: Declared) -> None:
    calls = hundred(100, setting(logged=False, gateway=False))
    assert Engine(declared["silence"], Logs(calls)).met(NOON) == {(ACCOUNT, "silent")}


@pytest.mark.parametrize(
    ("lost", "log"),
    [
        (setting(logged=False), "ApiManagementGatewayLogs"),
        (setting(logged=False), "AzureDiagnostics"),
        (setting(llm=False), "ApiManagementGatewayLlmLog"),
    ],
)
def test_an_hour_that_lost_a_twentieth_of_a_log_is_seen(
    declared: Declared, lost: Change, log: str
) -> None:
    calls = hundred(5, lost, NOON - 65 * MINUTE)
    met = Engine(declared["reconcile"], Logs(calls)).met(NOON)
    assert log in {dimension for group in met for dimension in group}


@pytest.mark.parametrize(("left_out", "fires"), [("somebody-else", False), ("nobody", True)])
def test_calls_of_who_is_meant_to_call_are_no_bypass(
    declared: Declared, left_out: str, fires: bool
) -> None:
    rule = copy.deepcopy(declared["bypass"])
    (condition,) = rule["criteria"]["allOf"]
    (dimension,) = (one for one in condition["dimensions"] if one["name"] == "ObjectId")
    dimension |= {"operator": "Exclude", "values": [left_out]}
    assert bool(Engine(rule, Logs(TROUBLES["bypass"].over)).met(NOON)) is fires


@pytest.mark.parametrize("name", ["silence", "unaccounted", "llm-silence"])
@pytest.mark.parametrize(
    "late",
    [
        Call(time=NOON, id="", late=29 * MINUTE),
        Call(time=NOON, id="", llm_late=29 * MINUTE),
    ],
    ids=["all rows", "LLM row"],
)
def test_rows_that_come_late_are_not_missing(declared: Declared, name: str, late: Call) -> None:
    """The first calls of a morning, of which nothing but the metrics, or no LLM row, is there."""
    calls = [
        replace(late, time=NOON - n * MINUTE, id=f"{n}-{copy}", body=False)
        for n in range(1, 29)
        for copy in range(2)
    ]
    assert Engine(declared[name], Logs(calls)).met(NOON) == set()


def test_one_slow_or_failed_call_of_few_is_no_alert(declared: Declared) -> None:
    calls = [
        Call(time=NOON - minutes * MINUTE, id=f"{minutes}", code=500 if minutes == 5 else 200)
        for minutes in range(1, 19)
    ]
    slow = [replace(call, code=200, milliseconds=500_000) for call in calls]
    assert Engine(declared["errors"], Logs(calls)).met(NOON) == set()
    assert Engine(declared["latency"], Logs(slow)).met(NOON) == set()


@pytest.mark.parametrize(
    ("minutes", "fires"),
    [
        ((0,), False),
        ((0, 1, 2, 3), False),
        ((0, 1, 2, 3, 4), True),
        ((0, 9, 18, 27, 36), True),
        ((-40, -30, -20, 0, 1, 2, 3), False),
    ],
)
def test_a_few_full_minutes_of_an_hour_are_chance(
    declared: Declared, minutes: tuple[int, ...], fires: bool
) -> None:
    logs = Logs([*tokens(1_500, minutes), *tokens(100, range(5, 9))])
    assert Engine(declared["capacity"], logs).met(NOON) == ({("chat",)} if fires else set())


OF_ONE_API = [
    rule.name for rule in LOG_RULES if has(rule.query, "api") and rule.name != "reconcile"
]
"""All but the rule to which calls that reach the account by another API are what is missing."""


@pytest.mark.parametrize("name", OF_ONE_API)
def test_calls_of_another_api_are_no_business_of_the_stack(declared: Declared, name: str) -> None:
    calls = [replace(call, api="theirs") for call in TROUBLES[name].over]
    assert Engine(declared[name], Logs(calls)).met(NOON) == set()
