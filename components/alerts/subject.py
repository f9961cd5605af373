"""The subject of the alerts: the stack's own numbers, and the ids that Azure gave its resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The ids and numbers of one stack that its alerts and workbook ask about."""

    account_id: pulumi.Output[str]
    gateway_id: pulumi.Output[str]
    gateway_principal_id: pulumi.Output[str]
    """Object id by which the account knows the gateway."""
    api_id: str
    """Name of the API on the gateway."""
    budgets: Json
    """Tokens and US dollars a month, by consumer that has a budget."""
    capacities: dict[str, int]
    """Limit in 1,000 tokens a minute, by deployment that is paid by the token."""
    retirements: Json
    """Model and retirement date, by deployment of a model whose date is known."""
    prices: Json
    """US dollars per 1,000,000 tokens, by model."""
    provisioned: tuple[str, ...]
    """Deployments of provisioned throughput, which are paid by the hour."""
    llm_logging: bool
    every_call_is_logged: bool
    other_callers: tuple[str, ...] = ()
    """Object ids, beside the gateway's, that are meant to call the account."""

    @property
    def own(self) -> dict[str, Any]:
        """Return whose rows every query reads, by name of the parameter.

        Other stacks may share the workspace, and other APIs the gateway.
        """
        return {"gateway": self.gateway_id, "account": self.account_id, "api": self.api_id}

    @property
    def figures(self) -> dict[str, Any]:
        """Return what queries take from the stack, by name of the parameter."""
        return {
            "prices": self.prices,
            "provisioned": list(self.provisioned),
            "budgets": self.budgets,
            "capacities": self.capacities,
            "retirements": self.retirements,
            **self.own,
            "identity": self.gateway_principal_id,
        }
