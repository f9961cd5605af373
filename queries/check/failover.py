"""Calls that meet every account of a pool, and one that has to go on to the next (`--failover`).

The policy lets a call name the account that it meets, on a way of its own: by a backend without a
breaker, or by a pool in which nobody stands before the accounts. So no account is broken, and no
breaker trips that other calls meet. Only a call with a token for tracing goes such a way: the
management API gives one for this API alone, for an hour at most, to those who may change the
gateway.
https://learn.microsoft.com/azure/api-management/api-management-howto-api-inspector
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import httpx
from pydantic import SecretStr

from queries.check import kinds, plans
from queries.check.answers import NOT_TRACED, said
from queries.check.calls import ACCOUNT_ID_HEADERS, Caller
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.kinds import Kind, Planned
from queries.check.records import Failed, Failover, OwnCall
from queries.contract import CHECK_HEADER, NEXT_ACCOUNT, Deployment
from queries.outputs import Consumer, Target

ACTION = "Microsoft.ApiManagement/service/gateways/listDebugCredentials/action"
VERSION = "2024-05-01"
"""https://learn.microsoft.com/rest/api/apimanagement/gateway/list-debug-credentials"""
REFUSED = httpx.codes.FORBIDDEN


def token(manager: Manager, target: Target) -> SecretStr:
    """Get a token with which the gateway traces calls of the stack's API.

    Raises:
        UnreadableError: this identity may not have one, or no answer.
    """
    path = f"{target.gateway_id}/gateways/managed/listDebugCredentials"
    asked = {
        "credentialsExpireAfter": "PT1H",
        "apiId": f"{target.gateway_id}/apis/{target.api_id}",
        "purposes": ["tracing"],
    }
    found = (manager.post(path, VERSION, asked) or {}).get("token")
    if not isinstance(found, str) or not found:
        raise UnreadableError("an answer without a token")
    return SecretStr(found)


def make(caller: Caller) -> tuple[Failover | None, list[OwnCall]]:
    """Make the calls; none where the check was not asked for them, or no pool is declared."""
    planned, nobodys = list(_plan(caller.target)), ", ".join(_nobodys(caller.target))
    if caller.tracing is None or not (planned or nobodys):
        return None, []
    if not planned:
        return Failover(unknown=f"{nobodys}: {plans.NOBODY}"), []
    shown, made = _met(caller, caller.tracing, planned)
    if nobodys and shown == Failover():
        shown = Failover(unknown=f"{nobodys}: {plans.NOBODY}")
    return shown, made


def _met(
    caller: Caller, tracing: Callable[[], SecretStr], planned: Sequence[Planned]
) -> tuple[Failover, list[OwnCall]]:
    """Make the calls that are planned, once it is seen that no caller without a token can."""
    try:
        caller.token = tracing()
    except UnreadableError as error:
        return Failover(unknown=f"no token for tracing ({error})"), []
    status, code, of_account = _without_token(caller, planned[0])
    if (status, code) != (REFUSED, NOT_TRACED):
        answer = f"HTTP {status}{f' {code}' if code else ''}"
        if of_account:
            return Failover(open=answer), []
        return Failover(
            unknown=f"a call without a token was not refused as it has to be: {answer}"
        ), []
    made = list(map(caller.call, planned))
    failed = tuple(one for one in made if isinstance(one, Failed))
    for one in failed:
        caller.say(f"{one.label}: {one.cause}")
    if refused := next((one for one in failed if NOT_TRACED in one.cause), None):
        return Failover(unknown=f"the gateway did not take the token ({refused.cause})"), []
    return Failover(failed=failed), [one for one in made if isinstance(one, OwnCall)]


def _plan(target: Target) -> Iterator[Planned]:
    """Plan a call to each deployment of each account that shares it, and one that is sent on."""
    for name, deployment, kind, consumer in _pools(target):
        if consumer is None:
            continue
        first = name == next(iter(target.pools))
        for account in (*target.pools[name], *([NEXT_ACCOUNT] if first else [])):
            yield Planned(
                deployment=deployment, kind=kind, consumer=consumer, brief=True, meets=account
            )


def _nobodys(target: Target) -> Iterator[str]:
    """Yield the deployments of pools that no consumer's plan lets it call."""
    yield from (name for name, _, _, consumer in _pools(target) if consumer is None)


def _pools(target: Target) -> Iterator[tuple[str, Deployment, Kind, Consumer | None]]:
    """Yield each pool that can be called: its name, what is called, and as whom."""
    slots = {one.name.lower(): (one, kind) for one, kind in reversed(kinds.slots(target))}
    for name in target.pools:
        if target.callers and name in slots:
            deployment, kind = slots[name]
            yield name, deployment, kind, plans.caller_of(target, deployment, kind, 0)


def _without_token(caller: Caller, planned: Planned) -> tuple[int, str, bool]:
    """Name an account as any caller could.

    Returns status and code of the answer, and whether an account gave it: then the way is open.
    """
    path = kinds.path_of(caller.target, planned.kind, planned.deployment.name)
    body = kinds.request(planned, f"{caller.run}-open", caller.target)
    key = planned.consumer.sends()
    try:
        response = caller.post(path, body, key, {CHECK_HEADER: planned.meets})
    except httpx.RequestError as error:
        return 0, type(error).__name__, False
    of_account = response.is_success or any(one in response.headers for one in ACCOUNT_ID_HEADERS)
    return response.status_code, said(response)[0], of_account
