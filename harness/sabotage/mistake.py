"""A mistake as data: how a person comes to it, and what the check has to say of it."""

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
    """One broken deployment."""

    name: str
    how: str
    """How a person comes to it, in one line."""
    apply: Apply
    status: int
    """Exit status of the check: 1 a proof failed, 3 rows did not arrive."""
    words: tuple[str, ...]
    """What the message must contain, whatever the case: it names the cause."""


def of(kind: str) -> Where:
    """The stack's only resource of a type."""
    return lambda site: site.the(kind)


def setting_of(kind: str) -> Where:
    """The diagnostic setting of a resource of that type."""
    return lambda site: site.setting_of(kind)


def consumer(site: Site) -> Resource:
    """The subscription of the consumer that the check calls as."""
    return site.consumer


def edited(where: Where, path: str, value: Any) -> Apply:
    """An edit of one property of a resource; None takes the property away."""

    def change(body: Json) -> None:
        *inner, last = ("properties." + path).split(".")
        for part in inner:
            body = body[part]
        body[last] = value
        if value is None:
            del body[last]

    return lambda site: site.edit(where(site), change)


def deleted(where: Where) -> Apply:
    """A resource that was deleted."""
    return lambda site: site.delete(where(site))
