"""What policies around the stack's own API do to its calls, beside leading them to the account."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from policies.gateway.reader import Element
from queries.check.difference import Difference
from queries.check.gateway import refusals
from queries.check.gateway.content import COPY, copies
from queries.check.gateway.effective import API, Effective, Statement, UnclearError
from queries.check.gateway.needs import Needs
from queries.check.gateway.statements import (
    AUTHENTICATION,
    CACHES,
    CERTIFICATE,
    FORWARD,
    HEADER,
    KNOWN,
    PROXY,
    QUERY,
    RETRY,
    RETURN,
    REWRITES,
    SEND,
    TELLS,
)
from queries.check.gateway.targets import Unclear
from queries.outputs import Target

REFUSED = 400
"""The least status of an answer that no model has given."""
BODY_HEADERS = frozenset({"content-type", "content-encoding", "transfer-encoding", "host"})
SET_ANEW = frozenset({"authorization", "api-key", "accept-encoding"})
"""Headers that the API's own policy sets or deletes after those of wider scopes."""
STEERING = frozenset({"x-policy-id", "x-ms-spillover-deployment"})
"""Headers by which one call gets another content filter, or another deployment, than declared.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/content-filters
https://learn.microsoft.com/azure/ai-foundry/openai/how-to/spillover-traffic-management
"""
BODY = "set-body"
"""By which the API's own policy asks streams for their tokens: `drift` compares that policy whole,
and `whole` what the account gets.
"""
SAID = {
    **dict.fromkeys(REWRITES, "changes a request or its answer"),
    **dict.fromkeys(CACHES, "may answer from a cache"),
    RETURN: "answers in the place of a model",
    PROXY: "sends them through another proxy",
}
"""What a statement does to the calls that meet it."""
STATUS = {RETURN: "code", "set-status": "code", "mock-response": "status-code"}
"""Statements that say an answer's status, and the attribute that holds it."""
PROBE = re.compile(r'@\(\s*context\.Request\.Method\s*==\s*"(OPTIONS|HEAD)"\s*\)')
"""A condition that calls of models do not meet: browsers ask so, and probes."""
FIX = "remove the statement, or give the stack's API a product of its own without it"


def changes(
    way: Effective, statements: Sequence[Statement], kept: Sequence[Statement], target: Target
) -> Iterator[Difference | Unclear]:
    """Yield each statement that changes, copies or answers the stack's calls.

    `kept` are those of the API's own policy, which `drift` compares. One that counts calls, tells
    of them, or refuses them by their key, changes none.
    """
    own, needs = {id(one) for one in kept}, Needs.of(kept)
    for one in statements:
        if one.element.name not in KNOWN:
            yield Unclear(one.place, one.element.name, "the statement is not known")
            continue
        try:
            said = _needed(way, one, needs) if id(one) not in own else ""
            said = said or _said(way, one, target, own=id(one) in own)
            said = said or _copied(way, one, statements, target)
        except UnclearError as reason:
            yield Unclear(one.place, one.element.name, str(reason))
            continue
        if said:
            yield _difference(one, said)
    yield from _forwards(statements, own, several=bool(target.accounts))


def _forwards(
    statements: Sequence[Statement], own: Collection[int], *, several: bool
) -> Iterator[Difference]:
    """Demand that each call goes to an account once, as the API's own policy sends it.

    Where there are several accounts, that policy chooses: it sends on to the next what one refuses,
    or sends what is too long to be held once.
    """
    forwards = [one for one in statements if one.element.name == FORWARD]
    again = [one for one in forwards if any(holder.name == RETRY for holder in one.within)]
    main = next((one for one in forwards if one.sure), None)
    mains = [main] if main else [one for one in forwards if several and _chosen(one, own)]
    once = {id(one) for one in mains}
    again = [one for one in again if id(one) not in once]
    for one in again:
        yield _difference(one, "may call the account again and again")
    if not mains and not again:
        deployed = "under a condition" if forwards else "in no policy"
        yield Difference(path=FORWARD, declared="once", deployed=deployed, fix=FIX)
    for one in forwards:
        if one is main and one.level < API and id(one) not in own:
            yield _difference(one, "calls the account otherwise than the API's own policy")
        elif id(one) not in once and one not in again:
            yield _difference(one, f"{'calls' if one.sure else 'may call'} the account once more")


def _chosen(one: Statement, own: Collection[int]) -> bool:
    """Tell whether a statement is the own policy's, in a branch of its one choice."""
    holders = [holder.name for holder in one.within if holder.name not in {"when", "otherwise"}]
    return id(one) in own and holders in (["choose"], ["choose", RETRY])


def _difference(one: Statement, said: str) -> Difference:
    path = f"what {one.element.name} in {one.place} does to the stack's calls"
    return Difference(path=path, declared="nothing", deployed=f"a change: it {said}", fix=FIX)


def _said(way: Effective, one: Statement, target: Target, *, own: bool) -> str:
    """Say what a statement does to a call; "" where it does nothing that counts."""
    name, given = one.element.name, one.element.attributes
    if one.section == "on-error":
        hidden = name in STATUS and _status(way, one) < REFUSED
        return "tells callers of no error" if hidden else ""
    if name in {HEADER, QUERY}:
        changed = "" if own else way.text(given.get("name", "")).lower()
        return f"changes {changed}" if changed in _guarded(one, target) else ""
    if name in AUTHENTICATION:
        return "sends other credentials" if one.level <= API and not own else ""
    refuses = name == RETURN and _status(way, one) >= REFUSED
    if not own and (refuses or name != RETURN):
        refusals.check(way, one)
    if refuses or (own and name == BODY):
        return ""
    if name == RETURN and any(map(_is_probe, one.within)):
        return ""
    return SAID.get(name, "")


def _needed(way: Effective, one: Statement, needs: Needs) -> str:
    """Say whether a statement changes what the API's own policy decides by."""
    if name := needs.changed(way, one):
        return f"changes the variable {name}, which the API's own policy reads"
    header = _header(way, one)
    if not header:
        return ""
    if header in needs.headers - BODY_HEADERS:
        return f"changes {header}, which the API's own policy reads"
    adds = one.element.attributes.get("exists-action") != "delete"
    steers = header in STEERING and adds and one.section in {"inbound", "backend"}
    return f"sets {header}, by which the account answers otherwise" if steers else ""


def _header(way: Effective, one: Statement) -> str:
    """Name the header of a request or an answer that a statement sets or deletes; "" for none.

    https://learn.microsoft.com/azure/api-management/authentication-managed-identity-policy
    https://learn.microsoft.com/azure/api-management/authentication-basic-policy
    """
    name, given = one.element.name, one.element.attributes
    if name == HEADER:
        return way.text(given.get("name", "")).lower()
    kept = name == CERTIFICATE or "output-token-variable-name" in given
    return "authorization" if name in AUTHENTICATION and not kept else ""


def _is_probe(holder: Element) -> bool:
    return PROBE.fullmatch(holder.attributes.get("condition", "")) is not None


def _copied(way: Effective, one: Statement, statements: Sequence[Statement], target: Target) -> str:
    """Say whether a statement sends what calls say, or a key, to somebody else."""
    name, given = one.element.name, one.element.attributes
    if name in SEND and way.text(given.get("mode", "new")) == "copy":
        return COPY
    if name not in SEND and name not in TELLS:
        return ""
    return copies(way, one, statements, target.subscription_key_header)


def _guarded(one: Statement, target: Target) -> frozenset[str]:
    """Return headers and query parameters by which a call is sent, answered or accounted for."""
    if one.element.name == QUERY:
        return frozenset({"api-version"})
    guarded = BODY_HEADERS | SET_ANEW | {target.accounting_header.lower()}
    later = SET_ANEW if one.level > API and one.section == "inbound" else frozenset()
    if one.section == "outbound" and one.element.attributes.get("exists-action") == "skip":
        later = BODY_HEADERS
    return frozenset(guarded - later) - {""}


def _status(way: Effective, one: Statement) -> int:
    """Return the status of the answer that a statement gives; without one it is 200.

    https://learn.microsoft.com/azure/api-management/return-response-policy

    Raises:
        UnclearError: an expression or a variable decides, or it is no number.
    """
    name, given = one.element.name, one.element.attributes
    if name == RETURN and (status := one.element.first("set-status")):
        given = status.attributes
    elif name == RETURN and "response-variable-name" in given:
        raise UnclearError("a variable decides its status")
    code = way.text(given.get(STATUS[name], "200"))
    if not code.isdecimal():
        raise UnclearError("its status is no number")
    return int(code)
