"""The subject of the alerts: the stack's own numbers, and the ids that Azure gave its resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pulumi

from queries.contract import row_name
from queries.library import LINES

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The ids and numbers of one stack that its alerts and workbook ask about."""

    accounts: Mapping[str, pulumi.Output[str]]
    """ARM id of each account by its short name; "" is that of the only one."""
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
    """Deployments of provisioned throughput, which are paid by the hour in every account."""
    provisioned_in: Mapping[str, tuple[str, ...]]
    """Those of each account, by its short name."""
    llm_logging: bool
    every_call_is_logged: bool
    names: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """Address at which the gateway calls each of several accounts, by its short name."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Limit in 1,000 tokens a minute, by account and deployment, of several accounts."""
    other_callers: tuple[str, ...] = ()
    """Object ids, beside the gateway's, that are meant to call the account."""
    takes_keys: bool = False
    """Whether an account is meant to take its keys, by which anybody may call it."""
    lines: tuple[str, ...] = ()
    """Marked lines that queries need for this stack: see `queries.library.LINES`."""

    @property
    def own(self) -> dict[str, Any]:
        """Return whose rows every query reads, by name of the parameter.

        Other stacks may share the workspace, and other APIs the gateway.
        """
        ids = list(self.accounts.values())
        account = pulumi.Output.all(*ids) if self.several else ids[0]
        lines = {LINES: list(self.lines)} if self.lines else {}
        return {"gateway": self.gateway_id, "account": account, "api": self.api_id, **lines}

    @property
    def several(self) -> bool:
        """Tell whether there are several accounts, each with a short name."""
        return "" not in self.accounts

    def of(self, account: str) -> Subject:
        """Return the subject as it would be if the stack had this one of its accounts alone."""
        return replace(
            self,
            accounts={"": self.accounts[account]},
            provisioned=self.provisioned_in[account],
        )

    @property
    def figures(self) -> dict[str, Any]:
        """Return what queries take from the stack, by name of the parameter."""
        return {
            "prices": self.prices,
            "provisioned": list(self.provisioned),
            "budgets": self.budgets,
            "capacities": self.capacities,
            "retirements": self.retirements,
            **{name: value for name, value in self.own.items() if name != LINES},
            "identity": self.gateway_principal_id,
            **self._by_account,
        }

    @property
    def _by_account(self) -> dict[str, Any]:
        """Return what only queries of several accounts take."""
        if not self.several:
            return {}
        urls = pulumi.Output.all(**self.names)
        ids = pulumi.Output.all(**self.accounts)
        return {"names": pulumi.Output.all(urls, ids).apply(_names), "limits": dict(self.limits)}


def _names(known: list[dict[str, str]]) -> dict[str, str]:
    """Return the short name of each account, by the host and the id that rows have."""
    urls, ids = known
    found = {(urlsplit(url).hostname or "").lower(): name for name, url in urls.items()}
    return found | {row_name(one): name for name, one in ids.items()}
