"""The policy that a call meets: global, product, API and operation, put together as Azure does.

https://learn.microsoft.com/azure/api-management/api-management-howto-policies#scopes
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rules import policy_text
from rules.ancestry import PRODUCT, WORKSPACE, belongs, name, of_one_gateway, share
from rules.policy_text import Statement
from rules.resource import GENERIC, UNKNOWN, Resource
from rules.stack import Stack

_SERVICE = "Microsoft.ApiManagement/service"
GLOBAL = f"{_SERVICE}/policies"
OF_PRODUCTS = f"{_SERVICE}/products/policies"
OF_APIS = f"{_SERVICE}/apis/policies"
OF_OPERATIONS = f"{_SERVICE}/apis/operations/policies"
OF_RESOLVERS = f"{_SERVICE}/apis/resolvers/policies"
POLICIES = (GLOBAL, OF_PRODUCTS, OF_APIS, OF_OPERATIONS, OF_RESOLVERS)
FRAGMENTS = f"{_SERVICE}/policyFragments"
NAMED_VALUES = f"{_SERVICE}/namedValues"
SUBSCRIPTIONS = f"{_SERVICE}/subscriptions"
LINKS = (f"{_SERVICE}/products/apis", f"{_SERVICE}/products/apiLinks")
_NAMED = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_DEEPEST = 8
"""Fragments inside of fragments that are followed; Azure refuses those that include themselves."""


@dataclass
class Effective:
    """What one section of the policies does to a call, in order."""

    chain: Sequence[Resource]
    """The policies it is made of, from the innermost outwards."""
    section: str = "inbound"
    steps: list[Statement] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names of policies, fragments and values that are known only after the deployment."""
    unseen: list[str] = field(default_factory=list)
    """Fragments and linked documents that are not in the stack."""


def of_api(stack: Stack, api: Resource, section: str = "inbound") -> list[Effective]:
    """Each way in which an API's calls are treated, by product and operation."""
    own = _of(stack, api, OF_APIS)
    inner = [[policy, *own] for policy in _of(stack, api, OF_OPERATIONS, OF_RESOLVERS)]
    outer = _outer(stack, api)
    return [
        assemble(stack, [*policies, *product, *outer], section)
        for policies in (own, *inner)
        for product in _products(stack, api)
    ]


def of_policy(stack: Stack, policy: Resource, section: str = "inbound") -> Effective:
    """A policy, and those around it, of an API or product that is not in the stack."""
    chain = [policy]
    if policy.is_a(OF_OPERATIONS) or policy.is_a(OF_RESOLVERS):
        chain += _of(stack, policy, OF_APIS)
    outer = [one for one in _outer(stack, policy) if one is not policy]
    return assemble(stack, [*chain, *outer], section)


def assemble(stack: Stack, chain: Sequence[Resource], section: str = "inbound") -> Effective:
    """Policies put together at each `<base />`."""
    made = Effective(chain, section)
    if chain:
        made.steps = list(_steps(stack, made, chain))
    return made


def text_of(stack: Stack, holder: Resource) -> str | None:
    """The text of a policy or fragment, with the stack's named values; None if not known yet."""
    text = holder.get("value")
    if text is UNKNOWN:
        return None
    named = {
        str(value.get("displayName")).lower(): value.get("value")
        for value in stack.of_type(NAMED_VALUES)
        if of_one_gateway(stack, value, holder) is not False
    }

    def replaced(found: re.Match[str]) -> str:
        value = named.get(found[1].lower())
        return value if isinstance(value, str) else found[0]

    return _NAMED.sub(replaced, str(text or ""))


def _steps(stack: Stack, made: Effective, chain: Sequence[Resource]) -> Iterator[Statement]:
    policy, *parents = chain
    for step in _read(stack, made, policy):
        if step.tag == "base":
            if parents:
                yield from _steps(stack, made, parents)
        else:
            yield from _expanded(stack, made, policy, step, _DEEPEST)


def _expanded(
    stack: Stack, made: Effective, user: Resource, step: Statement, depth: int
) -> Iterator[Statement]:
    """A step, or those of the fragment that it includes."""
    if step.tag != "include-fragment":
        yield step
        return
    wanted = step.attribute("fragment-id")
    found = _fragments(stack, user)
    if wanted in found and depth:
        for inner in _read(stack, made, found[wanted]):
            yield from _expanded(stack, made, found[wanted], inner, depth - 1)
    elif UNKNOWN in found:
        made.unknown.append(f"fragment {wanted}")
    else:
        made.unseen.append(f"fragment {wanted}")


def _fragments(stack: Stack, user: Resource) -> dict[object, Resource]:
    """The fragments on a policy's gateway by name; a name may be unknown."""
    found: dict[object, Resource] = {}
    for one in stack.of_type(FRAGMENTS):
        if of_one_gateway(stack, one, user) is not False:
            key = one.value("resourceName" if one.token == GENERIC else "id")
            found[key.rsplit("/", 1)[-1].lower() if isinstance(key, str) else key] = one
    return found


def _read(stack: Stack, made: Effective, holder: Resource) -> list[Statement]:
    if str(holder.get("format")).lower().endswith("link"):
        made.unseen.append(f"the document that {holder.name} links to")
        return []
    text = text_of(stack, holder)
    if text is None:
        made.unknown.append(holder.name)
        return []
    return policy_text.section(text, made.section)


def _of(stack: Stack, api: Resource, *arm_types: str) -> list[Resource]:
    """What belongs to an API; if none does for certain, what may."""
    states = [(one, belongs(stack, one, api)) for one in stack.of_type(*arm_types)]
    sure = [one for one, state in states if state]
    return sure or [one for one, state in states if state is None]


def _outer(stack: Stack, inner: Resource) -> list[Resource]:
    """The policy of the workspace, if it stands in one, and the gateway's."""
    around = [
        policy
        for policy in stack.of_type(GLOBAL)
        if of_one_gateway(stack, policy, inner) is not False
        and (name(policy, WORKSPACE) is None or share(stack, policy, inner, WORKSPACE) is not False)
    ]
    return sorted(around, key=lambda policy: name(policy, WORKSPACE) is None)


def _products(stack: Stack, api: Resource) -> list[list[Resource]]:
    """The policies of each product through which the API is called; [] for calls past products.

    Only a subscription to a product brings its policy into play.
    https://learn.microsoft.com/azure/api-management/api-management-subscriptions
    """
    links = _of(stack, api, *LINKS)
    ways = [
        [
            policy
            for policy in stack.of_type(OF_PRODUCTS)
            if of_one_gateway(stack, policy, link) is not False
            and share(stack, policy, link, PRODUCT) is not False
        ]
        for link in links
    ]
    return ways if ways and not _past_products(stack, api) else [*ways, []]


def _past_products(stack: Stack, api: Resource) -> bool:
    """Whether a call needs no subscription, or one that is not to a product."""
    if api.get("subscriptionRequired") is False:
        return True
    scopes = [
        one.get("scope")
        for one in stack.of_type(SUBSCRIPTIONS)
        if of_one_gateway(stack, one, api) is not False
    ]
    return any(isinstance(scope, str) and "/products/" not in scope.lower() for scope in scopes)
