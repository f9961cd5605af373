"""Which account answers a call: a backend or a pool of them for each deployment's name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
from pulumi_azure_native import apimanagement

from components.gateway import Gateway
from components.openai_account import OpenAIAccount
from components.settings.accounts import POOL_LIMIT, Account
from queries.contract import NOBODY_URL

BACKEND_NAME_LIMIT = 80
"""Most characters of a backend's name.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""
TRIP_SECONDS = 10
"""Seconds for which a backend that failed is left alone, unless it says how long by `Retry-After`.
"""
SENT_ON_STATUS = (429, 503)
"""Statuses of an account that did nothing with a call, so that the next one may get the call."""
NEXT = 2
"""Rank, in the pool of the failover check, of the accounts that come first: behind nobody."""
SENT_ON_REASON = "BackendConnectionFailure"
"""Reason of the gateway's error where there was no connection to an account.

https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies
"""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One account as a deployment's name leads to it."""

    account: int
    """Place of the account in the stack file; -1 for nobody."""
    backend: str
    """Name of the backend."""
    priority: int
    weight: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """The way of a deployment's calls."""

    deployment: str
    """Name of the deployment in lower case, as Azure compares it."""
    backend: str
    """Name of the backend or pool that the policy sets."""
    members: tuple[Member, ...]
    """The accounts of a pool; none where one account alone has the deployment."""

    @property
    def retries(self) -> int:
        """Count the further attempts with which a call has met every account of the pool.

        A retry's count may be an expression, from 1 to 50:
        https://learn.microsoft.com/azure/api-management/retry-policy
        """
        return len(self.members) - 1


@dataclass(frozen=True, kw_only=True)
class FailoverCheck:
    """The ways of the check's own calls, by which no other call goes."""

    named: dict[str, str]
    """Backend of each account that some pool has, by the account's short name."""
    nobody: str
    """Name of the backend that never answers."""
    route: Route
    """The way to a pool in which that backend stands before the accounts of a deployment."""


@dataclass(frozen=True, kw_only=True)
class Routing:
    """Every way from the API to one of several accounts."""

    accounts: tuple[str, ...]
    """Names of the backends that lead to each account, without a breaker."""
    routes: tuple[Route, ...]
    failover_check: FailoverCheck | None
    """Ways by which the check reaches a stand-by, and sees a call sent on; None without a pool."""

    @property
    def default(self) -> str:
        """Name the backend of what names no deployment of the stack: the first account's."""
        return self.accounts[0]


def plan(api_name: str, accounts: Sequence[Account]) -> Routing | None:
    """Plan the ways to several accounts; None where the stack file lists none.

    A pool has backends of its own: API Management counts failures by backend, and the throttling of
    one deployment must not keep calls from another of the same account.
    https://github.com/Azure-Samples/Apim-Samples/tree/main/samples/inference-failover
    """
    if not accounts:
        return None
    serving: dict[str, list[int]] = {}
    for number, account in enumerate(accounts):
        for one in account.deployments:
            serving.setdefault(one.name.lower(), []).append(number)
    own = tuple(backend_name(api_name, account.name) for account in accounts)
    routes = []
    for deployment, numbers in serving.items():
        if len(numbers) == 1:
            route = Route(deployment=deployment, backend=own[numbers[0]], members=())
        else:
            members = tuple(
                Member(
                    account=number,
                    backend=backend_name(api_name, accounts[number].name, deployment),
                    priority=accounts[number].priority,
                    weight=accounts[number].weight,
                )
                for number in numbers
            )
            pool = backend_name(api_name, "pool", deployment)
            route = Route(deployment=deployment, backend=pool, members=members)
        routes.append(route)
    return Routing(
        accounts=own,
        routes=tuple(routes),
        failover_check=_failover_check(api_name, accounts, own, routes),
    )


def _failover_check(
    api_name: str, accounts: Sequence[Account], own: Sequence[str], routes: Sequence[Route]
) -> FailoverCheck | None:
    """Plan how the check meets accounts that no call reaches, without a change that others meet.

    The pool has the accounts' own backends, which have no breaker: what the check sees there closes
    no account for others. The only breaker that its calls trip is that of the backend to nobody.
    """
    pools = [route for route in routes if route.members]
    if not pools:
        return None
    serving = {member.account for route in pools for member in route.members}
    first = pools[0]
    nobody = backend_name(api_name, "to-nobody")
    ranks = sorted({one.priority for one in first.members})
    then = tuple(
        replace(one, backend=own[one.account], priority=ranks.index(one.priority) + NEXT)
        for one in first.members[: POOL_LIMIT - 1]
    )
    return FailoverCheck(
        named={accounts[number].name: own[number] for number in sorted(serving)},
        nobody=nobody,
        route=replace(
            first,
            backend=backend_name(api_name, "failover-check"),
            members=(Member(account=-1, backend=nobody, priority=1, weight=1), *then),
        ),
    )


def backend_name(*parts: str) -> str:
    """Return a name of a backend that no other parts have; a long one ends in a hash.

    >>> backend_name("miyagi-api", "weu", "text-turbo")
    'miyagi-api.weu.text-turbo'
    """
    name = ".".join(parts)
    if len(name) <= BACKEND_NAME_LIMIT:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: BACKEND_NAME_LIMIT - len(digest) - 1]}-{digest}"


def declare(
    name: str,
    routing: Routing,
    accounts: Sequence[OpenAIAccount],
    gateway: Gateway,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """Declare every backend and pool; return those that a policy names."""
    own = {
        backend: _single(
            f"{name}-backend-{account.label}", backend, account.backend_url, gateway, parent
        )
        for backend, account in zip(routing.accounts, accounts, strict=True)
    }
    pools = list[pulumi.Resource]()
    for route in routing.routes:
        members = dict[str, apimanagement.Backend]()
        for one in route.members:
            account = accounts[one.account]
            members[one.backend] = _single(
                f"{name}-backend-{account.label}-{route.deployment}",
                one.backend,
                account.backend_url,
                gateway,
                parent,
                breaker=True,
            )
        if members:
            pools.append(_pool(f"{name}-pool-{route.deployment}", route, members, gateway, parent))
    if failover_check := routing.failover_check:
        label = f"{name}-failover-check"
        nobody = _single(
            f"{label}-nobody", failover_check.nobody, NOBODY_URL, gateway, parent, breaker=True
        )
        members = {**own, failover_check.nobody: nobody}
        pools.append(_pool(label, failover_check.route, members, gateway, parent))
    return [*own.values(), *pools]


def _single(
    name: str,
    backend: str,
    url: pulumi.Input[str],
    gateway: Gateway,
    parent: pulumi.Resource,
    *,
    breaker: bool = False,
) -> apimanagement.Backend:
    return apimanagement.Backend(
        name,
        backend_id=backend,
        service_name=gateway.name,
        resource_group_name=gateway.resource_group_name,
        type=apimanagement.BackendType.SINGLE,
        protocol=apimanagement.BackendProtocol.HTTP,
        url=url,
        circuit_breaker=_breaker() if breaker else None,
        opts=gateway.inside(parent),
    )


def _breaker() -> apimanagement.BackendCircuitBreakerArgs:
    """Trip at the first refusal that another account may not give, for as long as Azure says.

    A pool calls the same account again until its breaker trips, so one failure has to be enough,
    and a breaker has one rule: it lists what the policy sends on and nothing else. A 500 or a
    timeout may be the call's own, and one such call would close a deployment in every account.
    https://learn.microsoft.com/azure/api-management/backends
    """
    condition = apimanagement.CircuitBreakerFailureConditionArgs(
        count=1,
        interval="PT1M",
        status_code_ranges=[
            apimanagement.FailureStatusCodeRangeArgs(min=status, max=status)
            for status in SENT_ON_STATUS
        ],
        error_reasons=[SENT_ON_REASON],
    )
    rule = apimanagement.CircuitBreakerRuleArgs(
        name="throttled-or-unavailable",
        failure_condition=condition,
        trip_duration=f"PT{TRIP_SECONDS}S",
        accept_retry_after=True,
    )
    return apimanagement.BackendCircuitBreakerArgs(rules=[rule])


def _pool(
    name: str,
    route: Route,
    members: Mapping[str, apimanagement.Backend],
    gateway: Gateway,
    parent: pulumi.Resource,
) -> apimanagement.Backend:
    services = [
        apimanagement.BackendPoolItemArgs(
            id=members[one.backend].id, priority=one.priority, weight=one.weight
        )
        for one in route.members
    ]
    return apimanagement.Backend(
        name,
        backend_id=route.backend,
        service_name=gateway.name,
        resource_group_name=gateway.resource_group_name,
        type=apimanagement.BackendType.POOL,
        pool=apimanagement.BackendBaseParametersPoolArgs(services=services),
        opts=gateway.inside(parent),
    )
