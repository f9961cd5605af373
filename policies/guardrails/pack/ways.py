"""Each call's way: from the API's policy, over backends of the stack, to an account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pack.api_policy import NOBODY, Route, account_called, account_of, routes
from pack.finding import Finding, Quoted
from pack.kinds import Kind
from pack.parameters import Config, Parameter
from pack.resource import UNKNOWN, Resource, Stack
from pack.wholes import is_pool

ACCOUNTS: Parameter[tuple[str, ...]] = Parameter(
    "accounts", (), "Subdomains of existing accounts that may be called, each judged by you"
)
MEMBER = {"id", "priority", "weight"}
"""What is said of a backend in a pool."""
_BACKEND = re.compile(r".*/service/(?P<service>[^/]+)/backends/(?P<name>[^/]+)")


def to_accounts(stack: Stack, config: Config) -> Iterator[Finding]:
    """Follow the policy's calls, and each backend, to an account that the pack or somebody judged.

    https://learn.microsoft.com/azure/api-management/backends
    """
    existing = ACCOUNTS.read(config)
    for policy in stack.of_kind(Kind.API_POLICY):
        text = policy.get("value")
        several = routes(text) if isinstance(text, str) else []
        if several:
            yield from _routes(stack, policy, several)
        else:
            called = UNKNOWN if text is UNKNOWN else account_called(str(text))
            path = "value/policies/inbound/set-backend-service base-url"
            yield from _another_account(stack, policy, path, called, existing)
    for backend in stack.of_kind(Kind.BACKEND):
        if is_pool(backend):
            yield from _members(stack, backend)
        else:
            url = backend.get("url")
            if url == NOBODY:
                continue
            called = UNKNOWN if url is UNKNOWN else account_of(str(url))
            yield from _another_account(stack, backend, "url", called, existing)


def _another_account(
    stack: Stack, resource: Resource, path: str, called: Any, existing: Sequence[str]
) -> Iterator[Finding]:
    """Compare the account that is called with those of the stack.

    Of an account that exists outside of the stack the pack sees neither the subdomain nor whether
    it takes keys, so `accounts` names those that somebody has judged.
    """
    own = [one.get("properties.customSubDomainName") for one in stack.of_kind(Kind.ACCOUNT)]
    names = [*own, *existing]
    if called is UNKNOWN or called not in names:
        untold = called is UNKNOWN or UNKNOWN in names or not names
        yield Finding(
            resource=resource,
            path=path,
            found=UNKNOWN if untold and called != "" else called,
            wanted=f"the subdomain of this stack's account, {names}",
            fix="make it from the account's name; or judge the existing account, its keys too, "
            "and name its subdomain in accounts",
        )


def _routes(stack: Stack, policy: Resource, several: Sequence[Route]) -> Iterator[Finding]:
    """Compare the backends that a policy names, and the deployments, with those of the stack."""
    own = {one.get("backendId"): one for one in _beside(stack, policy)}
    path = "value/policies/inbound/choose"
    for route in several:
        at = f"{path}/{route.deployment or 'otherwise'}/set-backend-service backend-id"
        backend = own.get(route.backend)
        if backend is None:
            yield Finding(
                resource=policy,
                path=at,
                found=UNKNOWN if UNKNOWN in own else route.backend,
                wanted=f"a backend of this stack, {[*own]}",
                fix="name one, or declare it",
            )
        elif route.in_pool != is_pool(backend):
            at = f"{path}/{route.deployment or 'otherwise'}/set-variable pool"
            found = Quoted("set") if route.in_pool else None
            wanted = "not set" if route.in_pool else "set"
            fix = "set it where a route leads to a pool, and there only"
            yield Finding(resource=policy, path=at, found=found, wanted=wanted, fix=fix)
    routed = {route.deployment for route in several}
    for name in (one.get("deploymentName") for one in stack.of_kind(Kind.DEPLOYMENT)):
        if str(name).lower() not in routed:
            yield Finding(
                resource=policy,
                path=path,
                found=UNKNOWN if name is UNKNOWN else None,
                wanted=f"a route of {name}",
                fix="add one: its calls go where those go that name no deployment",
            )


def _members(stack: Stack, pool: Resource) -> Iterator[Finding]:
    """Compare the members of a pool with the stack's backends: by what an id is made from, or says.

    Azure knows each backend by its name, in any case, in one gateway.
    """
    own = [one for one in _beside(stack, pool) if not is_pool(one)]
    urns, names = {one.urn for one in own}, [one.get("backendId") for one in own]
    links = pool.links.get("pool", frozenset())
    gateway, members = pool.get("serviceName"), pool.get("pool.services")
    path, wanted = "pool.services", f"backends of this stack, {names}, each with {sorted(MEMBER)}"
    for member in members if isinstance(members, list) and members else [members]:
        whole = isinstance(member, Mapping) and member.keys() <= MEMBER
        found = member.get("id") if whole else None
        said = _BACKEND.fullmatch(str(found).lower())
        if found is UNKNOWN:
            known = bool(links) and links <= urns
        else:
            service, name = (said["service"], said["name"]) if said else ("", "")
            there = gateway is UNKNOWN or str(gateway).lower() == service
            known = there and name in {str(one).lower() for one in names}
        if not known:
            fix = "give each member the id of a backend of the stack"
            yield Finding(resource=pool, path=path, found=member, wanted=wanted, fix=fix)


def _beside(stack: Stack, resource: Resource) -> list[Resource]:
    """Select the stack's backends in the gateway of a resource."""
    return [one for one in stack.of_kind(Kind.BACKEND) if one.shares(resource, "serviceName")]
