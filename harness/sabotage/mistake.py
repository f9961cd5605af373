"""A mistake as data: how it happens, and what the check must say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.sabotage.site import Json, Site
from sandbox.cloud import Resource

Where = Callable[[Site], Resource]
Apply = Callable[[Site], object]


@dataclass(frozen=True)
class Mistake:
    """One mistake that breaks a deployment."""

    name: str
    how: str
    """How a person comes to make it, in one line."""
    apply: Apply
    status: int
    """Exit status of the check: 1 a proof failed, 3 rows did not arrive."""
    words: tuple[str, ...]
    """Words of the cause that the check's message must contain, in whatever case."""


def the_only(kind: str) -> Where:
    """Find the stack's only resource of a type."""
    return lambda site: site.the(kind)


def setting_of(kind: str) -> Where:
    """Find the diagnostic setting of the stack's resource of a type."""
    return lambda site: site.setting_of(kind)


def consumer(site: Site) -> Resource:
    """Find the subscription of the consumer that the check calls as."""
    return site.consumer


def edited(where: Where, path: str, value: Any) -> Apply:
    """Edit one property of a resource; the value None removes the property."""

    def change(body: Json) -> None:
        *inner, last = ("properties." + path).split(".")
        for part in inner:
            body = body[part]
        body[last] = value
        if value is None:
            del body[last]

    return lambda site: site.edit(where(site), change)


def deleted(where: Where) -> Apply:
    """Delete a resource."""
    return lambda site: site.delete(where(site))
