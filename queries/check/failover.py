"""Calls that meet every account of a pool, and one that has to go on to the next (`--failover`).

The policy lets a call name the account that it meets, on a way of its own: by a backend without a
breaker, or by a pool in which nobody stands before the accounts. So no account is broken, and no
breaker trips that other calls meet. Only a call with a token for tracing goes such a way: the
management API gives one for this API alone, for an hour at most, to those who may change the
gateway.
https://learn.microsoft.com/azure/api-management/api-management-howto-api-inspector
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from pydantic import SecretStr

from queries.check import kinds
from queries.check.answers import NOT_TRACED, said
from queries.check.calls import Caller
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.kinds import Planned
from queries.check.records import Failed, Failover, OwnCall
from queries.contract import CHECK_HEADER, NEXT_ACCOUNT
from queries.outputs import Target

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
    planned = list(_plan(caller.target))
    if caller.tracing is None or not planned:
        return None, []
    try:
        caller.token = caller.tracing()
    except UnreadableError as error:
        return Failover(unknown=f"no token for tracing ({error})"), []
    status, code = _without_token(caller, planned[0])
    if (status, code) != (REFUSED, NOT_TRACED):
        answer = f"HTTP {status}{f' {code}' if code else ''}"
        if status == httpx.codes.OK:
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
    consumer = next(iter(target.callers), None)
    slots = {one.name.lower(): (one, kind) for one, kind in reversed(kinds.slots(target))}
    for name, accounts in target.pools.items():
        if consumer is None or name not in slots:
            continue
        deployment, kind = slots[name]
        first = name == next(iter(target.pools))
        for account in (*accounts, *([NEXT_ACCOUNT] if first else [])):
            yield Planned(
                deployment=deployment, kind=kind, consumer=consumer, brief=True, meets=account
            )


def _without_token(caller: Caller, planned: Planned) -> tuple[int, str]:
    """Name an account as any caller could; return status and code of the answer."""
    path = kinds.path_of(caller.target, planned.kind, planned.deployment.name)
    body = kinds.request(planned, f"{caller.run}-open", caller.target)
    key = planned.consumer.sends()
    try:
        response = caller.post(path, body, key, {CHECK_HEADER: planned.meets})
    except httpx.RequestError as error:
        return 0, type(error).__name__
    return response.status_code, said(response)[0]
