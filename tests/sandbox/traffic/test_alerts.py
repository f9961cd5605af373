"""The deployed rules on logs, over three days of traffic: each fires on its incident alone."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from tests.insights.engine import Engine
from tests.insights.rows import Logs
from tests.queries.tables import COLUMNS
from tests.sandbox.traffic.conftest import Traffic, fill

ON_TIME = timedelta(minutes=3)
HOUR = timedelta(hours=1)
STEPS = {
    "errors": ("outage", HOUR, HOUR),
    "throttling": ("throttling", HOUR, HOUR),
    "bypass": ("bypass", HOUR, HOUR),
    "silence": ("silence", 3 * HOUR, 7 * HOUR),
}
"""By rule: its incident, the time between two evaluations, for how long after it the rule may be
met. No query looks less far back than it is evaluated, so that every moment is looked at."""


class Stored(Logs):
    """The rows of a cloud's workspace."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        (file,) = (folder / "workspaces").iterdir()
        entries = [json.loads(line) for line in file.read_text().splitlines()]
        self.store([_row(table, row) for _, table, row in entries])


def _row(table: str, row: dict[str, Any]) -> tuple[str, timedelta, dict[str, Any]]:
    """The row with every column of its table."""
    values = {
        name: json.dumps(row.get(name)) if kind == "dynamic" else row.get(name)
        for name, kind in COLUMNS[table].items()
    }
    return table, ON_TIME, values | {"TimeGenerated": datetime.fromisoformat(row["TimeGenerated"])}


@pytest.fixture(scope="module")
def busy(stack: Path, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """Enough calls for a share of them to say something."""
    folder = Path(shutil.copytree(stack, tmp_path_factory.mktemp("busy") / "cloud"))
    assert fill(folder, "--calls-per-day", "400") == 0
    return Traffic(folder)


@pytest.fixture(scope="module")
def logs(busy: Traffic) -> Stored:
    return Stored(busy.folder)


@pytest.mark.parametrize("name", STEPS)
def test_a_rule_fires_on_its_incident_and_on_nothing_else(
    busy: Traffic, logs: Stored, name: str
) -> None:
    incident, step, lasts = STEPS[name]
    truth = busy.truth
    window = truth["incidents"][incident]
    rules = Cloud(busy.folder).of_type("Microsoft.Insights/scheduledQueryRules")
    (rule,) = [one for one in rules if one.name.rpartition("-")[0] == name]
    engine = Engine(dict(rule.properties), logs)

    time, fired = _utc(truth["from"]) + step, set()
    while time <= _utc(truth["until"]):
        if engine.met(time):
            fired.add(time)
        time += step

    assert fired
    assert _utc(window["from"]) < min(fired)
    assert max(fired) <= _utc(window["until"]) + lasts


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
