"""Models that stay, and how much of them one deployment may use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from rules.finding import Finding
from rules.parameters import Config, Parameter
from rules.resource import UNKNOWN, Resource, whole_number
from rules.stack import Stack

DEPLOYMENTS = "Microsoft.CognitiveServices/accounts/deployments"
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
MOST = Parameter(
    "maximum", 1000, "Most capacity of one deployment, in 1,000 tokens a minute", {"minimum": 1}
)


@dataclass(frozen=True)
class Retirements:
    """When models retire, as read on a day from the sources that the table names."""

    read: str
    source: str
    dates: dict[tuple[str, str], date]
    closing: dict[tuple[str, str], date]
    """Days from which subscriptions that never had a version get it no more, where there is one."""


@cache
def retirements() -> Retirements:
    """The table that the pack and the alert on retirement share."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    versions = {
        (name, version): days
        for name, versions in table["models"].items()
        for version, days in versions.items()
    }
    dates, closing = (
        {key: date.fromisoformat(days[which]) for key, days in versions.items() if which in days}
        for which in ("retires", "closes")
    )
    return Retirements(table["read"], table["sources"][0], dates, closing)


def not_retiring(deployment: Resource, config: Config) -> Iterator[Finding]:
    """A retired model answers with errors, and a new deployment of it is refused.

    Without a version Azure chooses one; then the one that stays longest counts.
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    now, days, table = _today(config), WITHIN.read(config), retirements()
    name, version = _model(deployment)
    if UNKNOWN in (name, version):
        yield _finding(deployment, UNKNOWN, "a model that stays", "state model and version")
        return
    retires = _retires(table, str(name).lower(), version)
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
    """Twelve months after its launch a version goes to subscriptions only that had it before.

    Deployments that exist stay, so this is of use to a new subscription, region or account.
    https://learn.microsoft.com/azure/foundry/openai/concepts/model-retirements
    """
    now, days, table = _today(config), BEFORE.read(config), retirements()
    name, version = _model(deployment)
    if UNKNOWN in (name, version):
        yield _finding(deployment, UNKNOWN, "a model for all", "state model and version")
        return
    closes = table.closing.get((str(name).lower(), str(version)))
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


def _retires(table: Retirements, name: str, version: object) -> date | None:
    if version:
        return table.dates.get((name, str(version)))
    return max((day for (model, _), day in table.dates.items() if model == name), default=None)


def _today(config: Config) -> date:
    today = TODAY.read(config)
    return date.fromisoformat(today) if today else datetime.now(UTC).date()


def table_fresh(stack: Stack, config: Config) -> Iterator[Finding]:
    """Dates of retirement are announced and moved; an old table misses them.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    table, most = retirements(), STALE.read(config)
    age = (_today(config) - date.fromisoformat(table.read)).days
    for deployment in stack.of_type(DEPLOYMENTS):
        if age > most:
            yield _finding(
                deployment,
                f"judged by {TABLE.name} of {table.read}, {age} days old",
                f"a table at most {most} days old",
                f"read {table.source} again, and change models and read in {TABLE.name}",
            )
        return


def known(deployment: Resource, _config: Config) -> Iterator[Finding]:
    """A model that is not in the table may retire unnoticed."""
    name, version = _model(deployment)
    table = retirements()
    if UNKNOWN in (name, version) or (str(name).lower(), str(version)) not in table.dates:
        yield _finding(
            deployment,
            UNKNOWN if UNKNOWN in (name, version) else f"{name} {version or '(no version)'}",
            f"a model and version whose retirement is known (table of {table.read})",
            f"look it up at {table.source}, and add it to {TABLE.name}",
        )


def capacity(deployment: Resource, config: Config) -> Iterator[Finding]:
    """A deployment that takes the quota of all leaves none to the others.

    Up to version 2022-12-01 of the API, capacity stood in scaleSettings.
    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota
    """
    most = MOST.read(config)
    for path in ("sku.capacity", deployment.path("scaleSettings.capacity")):
        found = deployment.value(path)
        if found is UNKNOWN or (found is not None and not 0 <= whole_number(found) <= most):
            yield Finding(
                resource=deployment,
                path=path,
                found=found,
                wanted=f"at most {most} (each 1,000 tokens a minute, or a provisioned unit)",
                fix=f"set it to {most} or less, or raise maximum in the pack's configuration",
            )


def _model(deployment: Resource) -> tuple[object, object]:
    return deployment.get("model.name"), deployment.get("model.version")


def _finding(deployment: Resource, found: object, wanted: str, fix: str) -> Finding:
    path = deployment.path("model")
    return Finding(resource=deployment, path=path, found=found, wanted=wanted, fix=fix)
