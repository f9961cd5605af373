"""Azure shows a log alert's query all the rows that the query asks for.

Rows older than `overrideQueryTimeRange` are hidden from it, and nothing says so.
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-troubleshoot-log
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from components.alerts.catalogue import LOG_RULES
from tests.insights.clock import DAY, HOUR, MINUTE, NOON, at, duration
from tests.queries.database import Database
from tests.queries.tables import COLUMNS

Declared = dict[str, dict[str, Any]]
NAMES = pytest.mark.parametrize("name", [rule.name for rule in LOG_RULES])
# https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/monitor_scheduled_query_rules_alert_v2
COMMON = {"PT5M", "PT10M", "PT15M", "PT30M", "PT45M"} | {f"PT{hours}H" for hours in range(1, 7)}
FREQUENCIES = {"PT1M", "P1D"} | COMMON
WINDOWS = {"P1D", "P2D"} | COMMON
RANGES = {"PT20M"} | WINDOWS


def query_of(declared: dict[str, Any]) -> str:
    return str(declared["criteria"]["allOf"][0]["query"])


def asked_for(query: str) -> timedelta:
    """How far back the query looks, by its own lower bounds on TimeGenerated."""
    code = re.sub(r"^//.*$", "", query, flags=re.MULTILINE)
    bounds = re.findall(r"TimeGenerated\s*>=?\s*(.+?)(?= and |\n|$)", code)
    reads = re.findall(rf"^(?:let \w+ = )?(?:{'|'.join(COLUMNS)})\b", code, re.MULTILINE)
    assert len(bounds) == len(reads) > 0, "a table is read without a bound"
    times = "\n".join(
        re.findall(r"^let (?:since|until|oldest|newest) = [^;]*;", code, re.MULTILINE)
    )
    database = Database()
    return NOON - min(moment(database, f"{times}\nprint T = {bound}") for bound in bounds)


def upper_bound(query: str) -> datetime:
    (line,) = re.findall(r"^let until = .*;$", query, re.MULTILINE)
    return moment(Database(), f"{line}\nprint T = until")


def moment(database: Database, kql: str) -> datetime:
    """The time that a query prints as `T`."""
    found = database.ask(at(kql, NOON))[0]["T"]
    assert isinstance(found, datetime)
    return found.replace(tzinfo=None)


@NAMES
def test_query_sees_all_that_it_asks_for(declared: Declared, name: str) -> None:
    rule = declared[name]
    assert asked_for(query_of(rule)) <= duration(rule["overrideQueryTimeRange"]) <= 2 * DAY


@NAMES
def test_no_row_falls_between_two_evaluations(declared: Declared, name: str) -> None:
    rule = declared[name]
    seen = asked_for(query_of(rule)) - (NOON - upper_bound(query_of(rule)))
    assert duration(rule["evaluationFrequency"]) <= seen


@NAMES
def test_azure_takes_these_durations(declared: Declared, name: str) -> None:
    rule = declared[name]
    assert rule["evaluationFrequency"] in FREQUENCIES
    assert rule["windowSize"] in WINDOWS
    assert rule["overrideQueryTimeRange"] in RANGES
    frequency, window = duration(rule["evaluationFrequency"]), duration(rule["windowSize"])
    assert 15 * MINUTE <= frequency <= window <= duration(rule["overrideQueryTimeRange"])


def test_the_looked_at_time_is_found_in_the_text() -> None:
    text = (
        "let since = ago(3600s);\nlet until = now();\n"
        "// AzureMetrics | where TimeGenerated >= since - 9h\n"
        "let a = AzureMetrics\n| where TimeGenerated >= since - 1h and TimeGenerated < until;\n"
        "AzureDiagnostics\n| where TimeGenerated > ago(30m)"
    )
    assert asked_for(text) == 2 * HOUR
    with pytest.raises(AssertionError, match="without a bound"):
        asked_for(text + "\n;\nAzureMetrics\n| take 1")
