"""Models that stay: when each retires, and until when a subscription that is new may deploy it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pack.finding import Finding
from pack.parameters import Config, Parameter
from pack.resource import UNKNOWN, Resource

TABLE = Path(__file__).resolve().parents[2] / "models.json"

WITHIN = Parameter(
    "days", 90, "Days before its retirement from which a model is refused", {"minimum": 0}
)
TODAY = Parameter(
    "today",
    "",
    "Day to judge by, such as 2026-11-21; empty for the day it is",
    {"anyOf": [{"format": "date"}, {"enum": [""]}]},
)
BEFORE = Parameter(
    "days",
    0,
    "Days before it closes to new subscriptions from which a model is told of",
    {"minimum": 0},
)
STALE = Parameter(
    "tableDays",
    180,
    "Days after which the table of retirements is to be read again",
    {"minimum": 1},
)


@dataclass(frozen=True)
class Retirements:
    """When models retire, as read on a day from the sources that the table names."""

    read: date
    source: str
    dates: dict[tuple[str, str], date]
    closing: dict[tuple[str, str], date]
    """Days from which subscriptions that never had a version get it no more, where there is one."""


@cache
def retirements() -> Retirements:
    """Read the table that the pack shares with the alert on retirement."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    dates, closing = (
        {
            (name, version): date.fromisoformat(days[which])
            for name, versions in table["models"].items()
            for version, days in versions.items()
            if which in days
        }
        for which in ("retires", "closes")
    )
    return Retirements(date.fromisoformat(table["read"]), table["sources"][0], dates, closing)


def not_retiring(deployment: Resource, config: Config) -> Iterator[Finding]:
    """Refuse a model that answers with errors soon, and of which new deployments are refused.

    Without a version Azure chooses one; then the one that stays longest counts.
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    now, days, table = _today(config), WITHIN.read(config), retirements()
    name, version = _model(deployment)
    if UNKNOWN in (name, version):
        yield _finding(deployment, UNKNOWN, "a model that stays", "state model and version")
        return
    retires = _retires(table, name, version)
    if retires is None or retires > now + timedelta(days=days):
        return
    named = f"{name} {version}" if version else f"{name} (no version; of all versions the last)"
    yield _finding(
        deployment,
        f"{named}, which {'retired' if retires <= now else 'retires'} on {retires}",
        f"a model that stays for {days} days more",
        f"choose a newer model or version; dates as of {table.read}: {table.source}",
    )


def open_to_newcomers(deployment: Resource, config: Config) -> Iterator[Finding]:
    """Tell of a version that, twelve months after its launch, only those get who had it before.

    Deployments that exist stay, so this is of use to a new subscription, region or account.
    https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
    """
    now, days, (name, version) = _today(config), BEFORE.read(config), _model(deployment)
    if UNKNOWN in (name, version):
        yield _finding(deployment, UNKNOWN, "a version for all", "state model and version")
        return
    closes = retirements().closing.get((name, version))
    if closes is None or closes > now + timedelta(days=days):
        return
    yield _finding(
        deployment,
        f"{name} {version}, which {'closed' if closes <= now else 'closes'} to new subscriptions "
        f"on {closes}",
        "a version that any subscription may deploy",
        "leave it where this subscription has deployed it before; else see which it may deploy: "
        "az cognitiveservices model list --location <region> --output table",
    )


def known(deployment: Resource, config: Config) -> Iterator[Finding]:
    """Tell of a model that may retire unnoticed: the table lacks it, or is old.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    table, most = retirements(), STALE.read(config)
    name, version = _model(deployment)
    if (name, version) not in table.dates:
        yield _finding(
            deployment,
            UNKNOWN if UNKNOWN in (name, version) else f"{name} {version or '(no version)'}",
            f"a model and version whose retirement is known (table of {table.read})",
            f"look it up at {table.source}, and add it to {TABLE.name}",
        )
    age = (_today(config) - table.read).days
    if age > most:
        yield _finding(
            deployment,
            f"judged by {TABLE.name} of {table.read}, {age} days old",
            f"a table at most {most} days old",
            f"read {table.source} again, and change models and read in {TABLE.name}",
        )


def _retires(table: Retirements, name: str, version: str) -> date | None:
    if version:
        return table.dates.get((name, version))
    return max((day for (model, _), day in table.dates.items() if model == name), default=None)


def _today(config: Config) -> date:
    today = TODAY.read(config)
    return date.fromisoformat(today) if today else datetime.now(UTC).date()


def _model(deployment: Resource) -> tuple[Any, Any]:
    name, version = (deployment.get(f"properties.model.{key}") for key in ("name", "version"))
    return name.lower() if isinstance(name, str) else name, version


def _finding(deployment: Resource, found: object, wanted: str, fix: str) -> Finding:
    path = "properties.model"
    return Finding(resource=deployment, path=path, found=found, wanted=wanted, fix=fix)
