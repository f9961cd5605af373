"""What the alerts watch: the stack's own numbers, and the ids that Azure gave out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from components.gateway import Gateway
    from components.insights_settings import Price
    from components.openai_account import OpenAIAccount
    from components.openai_api import OpenAIApi
    from components.settings import Consumer, Deployment, Settings

ROOT = Path(__file__).resolve().parents[2]
RETIREMENTS = ROOT / "policies" / "guardrails" / "rules" / "models.json"
"""Retirement dates by model and version, with their sources and the day they were read."""
PRICES = ROOT / "queries" / "prices.json"
"""Prices by model in US dollars per 1,000,000 tokens, with their source and date."""

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Parameters of the queries that differ from stack to stack."""

    account_id: pulumi.Output[str]
    gateway_id: pulumi.Output[str]
    gateway_principal_id: pulumi.Output[str]
    """Object id by which the account knows the gateway."""
    api_id: str
    """Name of the API on the gateway."""
    budgets: Json
    """Tokens and US dollars of a month, by consumer; only those that have a budget."""
    capacities: dict[str, int]
    """1,000 tokens a minute, by deployment that is paid by the token."""
    retirements: Json
    """Model and date, by deployment of a model whose date is known."""
    prices: Json
    """US dollars per 1,000,000 tokens, by model."""
    provisioned: tuple[str, ...]
    """Deployments of provisioned throughput, which are paid by the hour."""
    llm_logging: bool
    every_call_is_logged: bool

    @property
    def figures(self) -> dict[str, Any]:
        """Values of the parameters that the workbook's queries take, by the parameter's name."""
        return {
            "prices": self.prices,
            "provisioned": list(self.provisioned),
            "budgets": self.budgets,
            "capacities": self.capacities,
            "retirements": self.retirements,
            "account": self.account_id,
            "identity": self.gateway_principal_id,
        }

    @classmethod
    def of(
        cls, settings: Settings, account: OpenAIAccount, gateway: Gateway, api: OpenAIApi
    ) -> Watched:
        """Take from the stack what the rules need."""
        # By name: the order of the stack file means nothing, and shows in no preview.
        deployments = sorted(settings.deployments, key=lambda deployment: deployment.name)
        return cls(
            account_id=account.id,
            gateway_id=gateway.id,
            gateway_principal_id=api.principal_id,
            api_id=settings.api_name,
            budgets=budgets(settings.consumers),
            capacities={d.name: d.capacity for d in deployments if not is_provisioned(d)},
            retirements=retirements(deployments),
            prices=prices(settings.prices),
            provisioned=tuple(d.name for d in deployments if is_provisioned(d)),
            llm_logging=settings.llm_logging,
            every_call_is_logged=settings.sampling_percentage == 100,  # noqa: PLR2004
        )


def prices(given: Mapping[str, Price]) -> Json:
    """The dated list, with what the stack file puts beside or over it."""
    known: Json = json.loads(PRICES.read_text())["models"]
    return known | {model: price.model_dump() for model, price in given.items()}


def budgets(consumers: Iterable[Consumer]) -> Json:
    """Budgets of a month by consumer, of those that have one."""
    given = {c.name: {"tokens": c.monthly_tokens, "cost": c.monthly_cost} for c in consumers}
    limits = {name: {unit: n for unit, n in given[name].items() if n} for name in sorted(given)}
    return {name: some for name, some in limits.items() if some}


def retirements(deployments: Iterable[Deployment]) -> Json:
    """Model and retirement date by deployment; one whose date is not known is left out."""
    dates: Mapping[str, Mapping[str, Json]] = json.loads(RETIREMENTS.read_text())["models"]
    return {
        d.name: {"model": d.model, "retires": dates[d.model][d.version]["retires"]}
        for d in deployments
        if d.version in dates.get(d.model, {})
    }


def is_provisioned(deployment: Deployment) -> bool:
    """Whether it is paid by the hour, with throughput of its own.

    SKUs ProvisionedManaged, GlobalProvisionedManaged and DataZoneProvisionedManaged:
    https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/deployment-types
    """
    return "provisioned" in deployment.sku.lower()
