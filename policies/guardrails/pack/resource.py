"""A resource as the policies see it: its kind, what was asked for, and what that is made from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_policy.proxy import UnknownValueError


class Unknown:
    """A value that is known only once Azure has made something else."""

    def __repr__(self) -> str:
        """Say so, as reports show it."""
        return "not known yet"


UNKNOWN: Final = Unknown()

# `azure-native:monitor:X`, `azure-native:monitor/v20210501preview:X` and, from version 3 on,
# `azure-native_monitor_v20210501preview:monitor:X` are one kind: `monitor:X`.
_AZURE = re.compile(r"azure-native(?:_\w+)?:(?P<module>\w+)(?:/\w+)?:(?P<name>\w+)")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack. Values that are unknown at a preview are `UNKNOWN`."""

    kind: str
    """Module and class of an azure-native type, whatever its version; any other type as it is."""
    name: str
    urn: str
    props: Mapping[str, Any] | Unknown
    """What was asked for, as the program names it; `UNKNOWN` if no policy was shown it."""
    protect: bool = False
    links: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URNs of the resources from whose outputs each property is made."""

    def get(self, path: str) -> Any:
        """Return a value by its path; None if it is not set, `UNKNOWN` as far as that."""
        found: Any = self.props
        for key in path.split("."):
            if found is UNKNOWN:
                return UNKNOWN
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def shares(self, other: Resource, key: str) -> bool:
        """Tell whether a property of both is made from the same resource, or says the same."""
        first, second = (one.links.get(key, frozenset()) for one in (self, other))
        if first or second:
            return bool(first & second)
        found = self.get(key)
        return found is not UNKNOWN and found == other.get(key)

    @property
    def type(self) -> str:
        """Return its type with the provider, without a version: `azure-native:apimanagement:Api`.

        The URN holds the type as the program names it, behind the types of the parents and a $.
        """
        named = self.urn.split("::")[2].rpartition("$")[2]
        return f"azure-native:{self.kind}" if _AZURE.fullmatch(named) else named

    @property
    def stack(self) -> str:
        """Name of the stack: `urn:pulumi:<stack>::<project>::<type>::<name>`."""
        return self.urn.removeprefix("urn:pulumi:").split("::", 1)[0]


def kind_of(pulumi_type: str) -> str:
    """Leave provider and version out of an azure-native type: `apimanagement:Api`."""
    found = _AZURE.fullmatch(pulumi_type)
    return f"{found['module']}:{found['name']}" if found else pulumi_type


def plain(value: Any) -> Any:
    """Turn a value of the engine into plain Python, `UNKNOWN` in the place of each unknown."""
    if isinstance(value, Mapping):
        return {key: _known(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_known(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _known(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN


def is_known(value: Any) -> bool:
    """Tell whether a value, and all that it holds, is known."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else value is not UNKNOWN


@dataclass(frozen=True)
class Stack:
    """Every resource of a stack."""

    resources: tuple[Resource, ...]

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Select the resources of those kinds."""
        return [resource for resource in self.resources if resource.kind in kinds]

    def made_from(self, resource: Resource, key: str, *kinds: str) -> bool:
        """Tell whether a property is made from an output of a resource of those kinds."""
        links = resource.links.get(key, frozenset())
        return any(target.urn in links for target in self.of_kind(*kinds))
