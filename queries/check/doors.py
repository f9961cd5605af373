"""Whether account and gateway answer this machine, where the stack closes them to outsiders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from queries.check.answers import said
from queries.contract import Account
from queries.outputs import Target

STATUS = "/status-0123456789abcdef"
"""Where every gateway says that it runs, without a key.

https://learn.microsoft.com/azure/api-management/front-door-api-management
"""
MODELS = "/v1/models"
"""What an account refuses without a token by 401, unless its network refuses first."""
CLOSED = (
    # https://github.com/TabularEditor/TabularEditor3/issues/1557
    "public access is disabled",
    # https://github.com/Azure-Samples/azure-sql-db-chatbot/issues/3
    "virtual network/firewall rules",
    # https://learn.microsoft.com/azure/api-management/private-endpoint#test-from-internet
    "public network access on this",
)
"""Words by which Azure refuses whoever comes over the internet."""
TIMEOUT = httpx.Timeout(15)
NO_ANSWER = range(502, 505)
"""Statuses of a proxy between here and there that got no answer."""
Met = Literal["refused", "answered", "silent", "unclear"]


@dataclass(frozen=True, kw_only=True)
class Door:
    """How one of them met a request without a key or token."""

    met: Met
    told: str
    """What was answered, for a person."""


@dataclass(frozen=True, kw_only=True)
class Doors:
    """What was met from here; None of what is open to everybody."""

    gateway: Door | None = None
    accounts: tuple[tuple[str, Door], ...] = ()
    """By the account's short name; "" for the only one."""

    @property
    def outside(self) -> bool:
        """Tell whether the gateway lets no call of this machine in."""
        return self.gateway is not None and self.gateway.met in {"refused", "silent"}

    @property
    def place(self) -> str:
        """Say where this machine stands, as far as these show it."""
        every = [*([self.gateway] if self.gateway else []), *(one for _, one in self.accounts)]
        met = {one.met for one in every}
        if met <= {"answered"}:
            return "inside of the stack's network"
        if met <= {"refused", "silent"}:
            return "outside of the stack's network"
        return "where some of the stack answers it, and some does not"


def closed_accounts(target: Target) -> Iterator[Account[str]]:
    """Yield the accounts that the stack creates and closes; existing ones stay as they are."""
    if target.network.account != "public":
        yield from (one for one in target.every_account if not one.existing)


def knock(target: Target, client: httpx.Client) -> Doors | None:
    """Ask each that is meant to be closed, once; None if everybody may call all."""
    accounts = tuple(closed_accounts(target))
    closes = target.network.gateway != "public"
    if not accounts and not closes:
        return None
    return Doors(
        gateway=_door(client, target.gateway_url.rstrip("/") + STATUS) if closes else None,
        accounts=tuple((one.name, _door(client, one.backend_url + MODELS)) for one in accounts),
    )


def _door(client: httpx.Client, url: str) -> Door:
    try:
        response = client.get(url, timeout=TIMEOUT)
    except httpx.RequestError as error:
        return Door(met="silent", told=f"no answer ({type(error).__name__})")
    _, message = said(response)
    told = f"HTTP {response.status_code} {message[:100]}"
    if response.status_code in NO_ANSWER:
        return Door(met="silent", told=told)
    if response.status_code != httpx.codes.FORBIDDEN:
        return Door(met="answered", told=f"HTTP {response.status_code}")
    refused = any(words in message.lower() for words in CLOSED)
    return Door(met="refused" if refused else "unclear", told=told)
