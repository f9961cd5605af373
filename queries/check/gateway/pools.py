"""Which of several accounts answers a deployment's calls: its branch, backend or pool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from queries.check.configuration.base import differs, inside, last
from queries.check.difference import REFRESH, Difference
from queries.check.gateway.effective import Effective, Statement, UnclearError
from queries.check.gateway.model import Json
from queries.check.gateway.statements import BACKEND
from queries.check.gateway.targets import Accounts, Unclear
from queries.contract import CHECK_HEADER, NEXT_ACCOUNT, NOBODY_URL
from queries.outputs import Target

BRANCH = re.compile(
    r'@\(context\.Variables\.GetValueOrDefault<string>\("called-deployment", ""\) == "([^"]+)"\)'
)
"""The condition by which the API's policy knows a deployment's calls."""
CHECKED = re.compile(
    rf'@\(context\.Request\.Headers\.GetValueOrDefault\("{CHECK_HEADER}", ""\) == "([^"]+)"\)'
)
"""The condition by which the API's policy knows a call of the check's own, and for whom it is."""
CHECK = "check:"
"""How a branch of the check's own calls is known here, before the account's short name."""
NOBODY = "nobody"
MOST = 29
"""Accounts behind nobody in a pool, which takes 30 backends.

https://learn.microsoft.com/azure/api-management/backends#load-balanced-pool
"""
OTHERS = ""
"""Stands for what names no deployment of the stack, which goes to the first account."""


def pools(
    way: Effective, statements: Sequence[Statement], account: Accounts, target: Target
) -> Iterator[Difference | Unclear]:
    """Hold the way of each deployment's calls against the accounts that the outputs declare.

    `drift` compares backends with the state, into which a refresh takes an edit.
    """
    if not target.accounts:
        return
    branches = [(one, _branch(one)) for one in statements if one.element.name == BACKEND]
    while branches and branches[0][1] is None:
        branches.pop(0)  # The choice that follows replaces what was set before.
    found = dict[str, Statement]()
    for one, name in branches:
        if name is None:
            yield Unclear(one.place, BACKEND, "it stands beside the choice of an account")
        else:
            found.setdefault(name, one)
    declared = {each.name.lower() for one in target.accounts for each in one.deployments}
    pooled = {name for names in target.pools.values() for name in names}
    declared |= {f"{CHECK}{name}" for name in (*pooled, *([NEXT_ACCOUNT] if pooled else []))}
    for name in sorted({*declared, OTHERS} - found.keys()):
        yield Unclear(f"the API {target.api_id}", BACKEND, f"none is known for {_calls(name)}")
    for name, one in found.items():
        try:
            if name.startswith(CHECK):
                yield from _of_check(way, name, one, account, target)
            else:
                yield from _of_branch(way, name, one, account, target)
        except UnclearError as reason:
            yield Unclear(one.place, BACKEND, str(reason))


def _branch(one: Statement) -> str | None:
    """Return the deployment whose calls meet a statement; None where that is not understood."""
    if one.section != "inbound" or len(one.within) != 2:  # noqa: PLR2004 - a choice and a branch
        return None
    if one.within[1].name == "otherwise":
        return OTHERS
    condition = one.within[1].attributes.get("condition", "").strip()
    if checked := CHECKED.fullmatch(condition):
        return f"{CHECK}{checked[1]}"
    known = BRANCH.fullmatch(condition)
    return known[1].lower() if known else None


def _calls(name: str) -> str:
    if name.startswith(CHECK):
        return f"the check's own calls for {name.removeprefix(CHECK)}"
    return f"calls of {name}" if name else "calls that name no deployment of the stack"


def _of_branch(
    way: Effective, name: str, one: Statement, account: Accounts, target: Target
) -> Iterator[Difference | Unclear]:
    """Compare the accounts to which a branch leads, with rank and weight where they are several."""
    backend = _backend(way, one.element.attributes.get("backend-id", ""))
    services = inside(backend, "pool", "services") or []
    serving = [each for each in target.serving(name) if each in target.accounts] if name else []
    wanted = serving or list(target.accounts[:1])
    declared, deployed = list[str](), list[str]()
    for each in wanted:
        declared.append(_said(each.name, each.priority, each.weight, several=len(wanted) > 1))
    if not services:
        deployed.append(_whose(way, backend, account, target))
    for service in services:
        priority, weight = inside(service, "priority"), inside(service, "weight")
        member = _backend(way, last(inside(service, "id")))
        whose = _whose(way, member, account, target)
        if priority is None or weight is None:
            raise UnclearError(f"priority or weight of {whose} is not told")
        breaker = bool(inside(member, "circuitBreaker", "rules"))
        deployed.append(_said(whose, priority, weight, several=True, breaker=breaker))
    path = f"where {_calls(name)} go ({BACKEND} in {one.place})"
    yield from differs(path, ", ".join(sorted(declared)), ", ".join(sorted(deployed)), REFRESH)


def _of_check(
    way: Effective, name: str, one: Statement, account: Accounts, target: Target
) -> Iterator[Difference | Unclear]:
    """Compare whom the check's own calls meet: the account that they name, or nobody and others."""
    named = name.removeprefix(CHECK)
    backend = _backend(way, one.element.attributes.get("backend-id", ""))
    services = inside(backend, "pool", "services") or []
    members = [_backend(way, last(inside(service, "id"))) for service in services] or [backend]
    declared = (
        [NOBODY, *next(iter(target.pools.values()), ())[:MOST]]
        if named == NEXT_ACCOUNT
        else [named]
    )
    deployed = [_whose(way, each, account, target) for each in members]
    path = f"whom {_calls(name)} meet ({BACKEND} in {one.place})"
    yield from differs(path, ", ".join(sorted(declared)), ", ".join(sorted(deployed)), REFRESH)


def _said(name: str, priority: float, weight: float, *, several: bool, breaker: bool = True) -> str:
    without = "" if breaker else ", no circuit breaker"
    return f"{name} (priority {priority:g}, weight {weight:g}{without})" if several else name


def _backend(way: Effective, given: str) -> Json:
    """Return the properties of the backend of a name.

    Raises:
        UnclearError: there is none, or an expression decides.
    """
    name = way.text(given)
    for scope in (way.scope, way.service):
        if found := scope.backends.get(name.lower()):
            return found
    raise UnclearError(f"there is no backend {name}")


def _whose(way: Effective, backend: Json, account: Accounts, target: Target) -> str:
    """Name the account to which a backend leads."""
    url = way.text(str(backend.get("url") or ""))
    if url == NOBODY_URL:
        return NOBODY
    both = zip(target.every_account, account.every, strict=True)
    return next((declared.name for declared, one in both if one.has(url)), "another")
