"""A stack as the rules see it, and which of its resources belong to which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rules.resource import UNKNOWN, Resource


@dataclass(frozen=True)
class Stack:
    """Every resource of a stack."""

    resources: tuple[Resource, ...]

    def of_type(self, *arm_types: str) -> Iterator[Resource]:
        """The resources of those Azure types."""
        for resource in self.resources:
            if any(resource.is_a(arm_type) for arm_type in arm_types):
                yield resource


def refers(child: Resource, key: str, target: Resource, *names: str) -> bool | None:
    """Whether a property of `child` names `target`; None if that cannot be told yet.

    `names` are the properties of `target` that hold its name. A value made from an output of
    `target` refers to it whether it is known or not.
    """
    value = child.value(key)
    links = child.linked(key)
    if target.urn in links:
        return True
    if isinstance(value, str):
        own = [target.value(name) for name in names]
        if any(_names(value, target, name) for name in own if isinstance(name, str)):
            return True
        return None if UNKNOWN in own and _may_name(value, target) else False
    if value is None or any(_type_in(link) == _type_in(target.urn) for link in links):
        return False
    return True if target.urn in child.depends_on else None


def _names(value: str, target: Resource, name: str) -> bool:
    kind = target.arm_type.rsplit("/", 1)[-1]
    text = value.rstrip("/").split(";", 1)[0].lower()
    return text == name.lower() or text.endswith(f"/{kind}/{name}".lower())


def _may_name(value: str, target: Resource) -> bool:
    """Whether a text is a bare name, or an id of the target's type."""
    kind = target.arm_type.rsplit("/", 1)[-1].lower()
    return "/" not in value or f"/{kind}/" in value.lower()


def _type_in(urn: str) -> str:
    """`urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`."""
    return urn.split("::")[2].rsplit("$", 1)[-1]
