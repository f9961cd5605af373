"""Compute what alerts, workbook and check ask about from the stack's settings and dated lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from components.settings.insights import Price
from components.settings.items import Consumer, Deployment
from queries.library import price_list

ROOT = Path(__file__).resolve().parents[2]
RETIREMENTS = ROOT / "policies" / "models.json"
"""Retirement dates by model and version, with their sources and the day they were read."""

Json = dict[str, Any]


def prices(given: Mapping[str, Price]) -> Json:
    """Return the dated list of prices, with what the stack file puts beside or over it.

    A model is the same in any letter case: the stack file's spelling replaces the list's.
    """
    found = {model.lower(): (model, one) for model, one in price_list()["models"].items()}
    found |= {
        model.lower(): (model, price.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        for model, price in given.items()
    }
    return dict(found.values())


def budgets(consumers: Iterable[Consumer]) -> Json:
    """Return the monthly budgets by consumer, of those that have one."""
    given = {c.name: {"tokens": c.monthly_tokens, "cost": c.monthly_cost} for c in consumers}
    limits = {name: {unit: n for unit, n in given[name].items() if n} for name in sorted(given)}
    return {name: some for name, some in limits.items() if some}


def retirements(deployments: Iterable[Deployment]) -> Json:
    """Return model and retirement date by deployment; one whose date is not known is left out."""
    dates: Mapping[str, Mapping[str, Json]] = json.loads(RETIREMENTS.read_text())["models"]
    return {
        d.name: {"model": d.model, "retires": dates[d.model][d.version]["retires"]}
        for d in deployments
        if d.version in dates.get(d.model, {})
    }
