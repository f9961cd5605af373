"""Azure Resource Manager, asked as the identity that deploys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import httpx
from azure.identity import DefaultAzureCredential

from components.azure.environment import AzureEnvironment
from components.preflight.facts import Azure
from queries.check.configuration.connection import Credential
from queries.check.configuration.manager import Manager
from queries.clock import Clock


@dataclass(frozen=True)
class Given:
    """A credential that has one token: that of the provider."""

    token: str

    def get_token(self, *_: str) -> Given:
        """Return the token, whatever it is asked for."""
        return self


def azure_of(
    environment: AzureEnvironment, subscription: str, seconds: float, token: str = ""
) -> Azure:
    """Return a subscription that is asked for some seconds at most.

    With `token`, by that; else as whoever is logged in.
    """
    clock = Clock()
    credential: Callable[[], Credential] = DefaultAzureCredential
    if token:
        credential = partial(Given, token)
    manager = Manager(
        endpoint=environment.management_endpoint,
        client=httpx.Client,
        credential=credential,
        clock=clock,
        deadline=clock.elapsed() + seconds,
    )
    return Azure(manager=manager, subscription=subscription)
