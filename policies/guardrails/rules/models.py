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
from rules.resource import UNKNOWN, Resource

DEPLOYMENTS = "Microsoft.CognitiveServices/accounts/deployments"
TABLE = Path(__file__).with_name("models.json")

WITHIN = Parameter(
    "days", 90, "Days before its retirement from which a model is refused", {"minimum": 0}
)
TODAY = Parameter("today", "", "Day to judge by, such as 2026-11-21; empty for the day it is")
MOST = Parameter(
    "maximum", 1000, "Most capacity of one deployment, in 1,000 tokens a minute", {"minimum": 1}
)


@dataclass(frozen=True)
class Retirements:
    """When models retire, as read on a day from the sources that the table names."""

    read: str
    source: str
    dates: dict[tuple[str, str], date]


@cache
def retirements() -> Retirements:
    """The table beside this module."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    dates = {
        (name, version): date.fromisoformat(day)
        for name, versions in table["models"].items()
        for version, day in versions.items()
    }
    return Retirements(table["read"], table["sources"][0], dates)


def not_retiring(deployment: Resource, config: Config) -> Iterator[Finding]:
    """A retired model answers with errors, and a new deployment of it is refused.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/model-retirements
    """
    today = TODAY.read(config)
    now = date.fromisoformat(today) if today else datetime.now(UTC).date()
    days, table = WITHIN.read(config), retirements()
    name, version = _model(deployment)
    if UNKNOWN in (name, version):
        yield _finding(deployment, UNKNOWN, "a model that stays", "state model and version")
        return
    retires = table.dates.get((str(name).lower(), str(version)))
    if retires is None or retires > now + timedelta(days=days):
        return
    yield _finding(
        deployment,
        f"{name} {version}, which {'retired' if retires <= now else 'retires'} on {retires}",
        f"a model that stays for {days} days more",
        f"choose a newer model or version; dates as of {table.read}: {table.source}",
    )


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

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota
    """
    most, found = MOST.read(config), deployment.value("sku.capacity")
    if found is UNKNOWN or (found is not None and found > most):
        yield Finding(
            resource=deployment,
            path="sku.capacity",
            found=found,
            wanted=f"at most {most} (1,000 tokens a minute each)",
            fix=f"set sku.capacity to {most} or less, or raise maximum in the pack's configuration",
        )


def _model(deployment: Resource) -> tuple[object, object]:
    return deployment.get("model.name"), deployment.get("model.version")


def _finding(deployment: Resource, found: object, wanted: str, fix: str) -> Finding:
    path = deployment.path("model")
    return Finding(resource=deployment, path=path, found=found, wanted=wanted, fix=fix)
