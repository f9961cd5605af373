"""Which resources belong to the same gateway, workspace, API or product."""

from __future__ import annotations

from typing import Any

from rules.resource import GENERIC, UNKNOWN, Resource
from rules.stack import Stack

SERVICE, WORKSPACE, API, PRODUCT = "service", "workspaces", "apis", "products"
_KEYS = {SERVICE: "serviceName", WORKSPACE: "workspaceId", API: "apiId", PRODUCT: "productId"}
"""The property of a typed resource that names its ancestor of a kind."""


def name(resource: Resource, kind: str) -> Any:
    """The name of its ancestor of that kind, or its own; None if it has none."""
    if resource.token != GENERIC:
        found = resource.value(_KEYS[kind])
        return _last(found) if isinstance(found, str) else found
    if _is(resource, kind):
        found = resource.value("resourceName")
        return _last(found) if isinstance(found, str) else found
    path = resource.value("parentResourcePath")
    if not isinstance(path, str):
        return path
    parts = path.strip("/").lower().split("/")
    return dict(zip(parts[::2], parts[1::2], strict=False)).get(kind)


def share(stack: Stack, one: Resource, other: Resource, kind: str) -> bool | None:
    """Whether both have the same ancestor of a kind, or are it; None if that is not known yet.

    What stands on a gateway may stand in no workspace, and then their other ancestors decide.
    """
    first, second = name(one, kind), name(other, kind)
    if isinstance(first, str) and isinstance(second, str):
        return first == second
    if first is None or second is None:
        vague = kind == WORKSPACE and UNKNOWN in (first, second)
        return kind == SERVICE or vague or first is second
    mine, others = _ancestors(stack, one, kind), _ancestors(stack, other, kind)
    if mine and others:
        return bool(mine & others)
    if mine & other.depends_on or others & one.depends_on:
        return True
    made_of, others_of = one.linked(_key(one, kind)), other.linked(_key(other, kind))
    return True if made_of and made_of == others_of else None


def of_one_gateway(stack: Stack, one: Resource, other: Resource) -> bool | None:
    """Whether both stand on the same gateway; None if that is not known yet."""
    return share(stack, one, other, SERVICE)


def belongs(stack: Stack, child: Resource, api: Resource) -> bool | None:
    """Whether something is an API's; another gateway may have an API of the same name."""
    if api.urn in child.linked(_key(child, API)):
        return True
    return both(*(share(stack, child, api, kind) for kind in (SERVICE, WORKSPACE, API)))


def both(*states: bool | None) -> bool | None:
    """Whether all hold: False if one does not, None if one is not known."""
    return False if False in states else None if None in states else True


def _last(text: str) -> str:
    """The name at the end of a resource's id, without the revision of an API."""
    return text.rstrip("/").rsplit("/", 1)[-1].split(";", 1)[0].lower()


def _is(resource: Resource, kind: str) -> bool:
    return resource.arm_type.lower().rsplit("/", 1)[-1] == kind


def _key(resource: Resource, kind: str) -> str:
    if resource.token != GENERIC:
        return _KEYS[kind]
    return "resourceName" if _is(resource, kind) else "parentResourcePath"


def _ancestors(stack: Stack, resource: Resource, kind: str) -> frozenset[str]:
    """URNs of the stack's resources of that kind from which its name is made."""
    if _is(resource, kind):
        return frozenset({resource.urn})
    links = resource.linked(_key(resource, kind))
    if not links:
        return links
    return frozenset(one.urn for one in stack.resources if one.urn in links and _is(one, kind))
