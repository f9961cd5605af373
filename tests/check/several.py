"""A stack of two accounts in memory, of which the second is a stand-by."""

from __future__ import annotations

import copy
from typing import Any

import httpx

from queries.check.configuration.deployed import Configuration
from queries.check.configuration.manager import Manager
from queries.outputs import Target, target
from tests.check.arm import ACCOUNT, Arm, Credential
from tests.check.clock import FakeClock
from tests.check.stack import deployment, outputs

STAND_BY = ACCOUNT.replace("oai-x", "oai-y")


def account(name: str, account_id: str, **more: Any) -> dict[str, Any]:
    """One account of the output `proof`."""
    host = f"https://{account_id.rpartition('/')[2]}.openai.azure.com"
    made = {"id": account_id, "endpoint": f"{host}/", "backendUrl": f"{host}/openai", "name": name}
    return made | {"deployments": [deployment()], "diagnosticSetting": "to-workspace"} | more


ACCOUNTS = [account("weu", ACCOUNT), account("swc", STAND_BY, priority=2)]


def stack(**proof: Any) -> Target:
    """The target of a stack of two accounts."""
    return target(outputs(**{"accounts": ACCOUNTS, **proof}))


def world() -> Arm:
    """A whole deployment whose second account has all that the first has."""
    made = Arm()
    for name, resource in list(made.resources.items()):
        if name.startswith(ACCOUNT):
            made.resources[name.replace(ACCOUNT, STAND_BY)] = copy.deepcopy(resource)
    made.set(STAND_BY, "customSubDomainName", STAND_BY.rpartition("/")[2])
    return made


def configuration(made: Arm, to: Target | None = None) -> Configuration:
    """What the check reads of a deployment."""
    manager = Manager(
        endpoint="https://management.azure.com",
        client=lambda: httpx.Client(transport=httpx.MockTransport(made.handle), trust_env=False),
        credential=Credential,
        clock=FakeClock(),
    )
    return Configuration(target=to or stack(), manager=manager)
