"""The stack's own state, as `pulumi stack export` writes it: what was declared of each resource."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from queries.check.words import counted

Json = dict[str, Any]
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  marks secrets, and is none
"""How a state marks a secret.

https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/deployment-execution/property-values.html
"""
_TYPE = re.compile(r"azure-native(?:_\w+)?:(\w+)(?:/v\w+)?:(\w+)")
"""A type of azure-native, or of a local package of one of its modules."""
VERSION = "azureApiVersion"


@dataclass(frozen=True)
class Hidden:
    """A secret value of the state: printed nowhere, and readable only with the passphrase."""

    value: Any = None
    known: bool = False

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource of azure-native in the state."""

    name: str
    """What the program calls it."""
    kind: str
    """Module and type, as `apimanagement:Api`."""
    id: str
    inputs: Json
    """What the program declared; values that nobody may see are `Hidden`."""
    outputs: Json
    """What Azure answered right after the program's last write, or at the last refresh."""
    ignored: tuple[str, ...] = ()
    """Properties of which the program says that changes in Azure are left."""

    @property
    def title(self) -> str:
        """Name the resource for a person."""
        return f"the {self.kind.partition(':')[2]} {self.name}"

    @property
    def version(self) -> str:
        """Return the API version that the provider used; "" where the state does not tell it."""
        return str(self.outputs.get(VERSION) or self.inputs.get(VERSION) or "")


class StateError(Exception):
    """A text that is no state."""


def read(text: str) -> list[Declared]:
    """List the resources of a state that the program keeps in Azure.

    Left out is what is not of azure-native, what the program only reads, and what waits to be
    deleted because another took its place.

    Raises:
        StateError: the text is no state of a deployed stack.
    """
    try:
        listed = json.loads(text)["deployment"]["resources"]
        return list(_resources(listed))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(f"no state of a deployed stack ({type(error).__name__})") from None


def unfinished(text: str) -> dict[str, str]:
    """Return what the last update has left half done, by URN, and in which way.

    https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go
    (`pending_operations`, `initErrors`)

    Raises:
        StateError: the text is no state of a deployed stack.
    """
    try:
        deployment = json.loads(text)["deployment"]
        begun = {
            str(one["resource"]["urn"]): f"still {one['type']}, when the update ended"
            for one in deployment.get("pending_operations") or []
        }
        failed = {
            str(one["urn"]): f"made with {counted(len(one['initErrors']), 'error')}"
            for one in deployment["resources"]
            if one.get("initErrors")
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(f"no state of a deployed stack ({type(error).__name__})") from None
    return failed | begun


def holds_secrets(declared: list[Declared]) -> bool:
    """Tell whether some value cannot be read without the stack's passphrase."""
    return any(holds_hidden([one.inputs, one.outputs], known=False) for one in declared)


def _resources(listed: list[Json]) -> Iterator[Declared]:
    for one in listed:
        found = _TYPE.fullmatch(one["type"])
        if not found or not one.get("custom") or one.get("external") or one.get("delete"):
            continue
        yield Declared(
            name=one["urn"].rsplit("::", 1)[-1],
            kind=f"{found[1]}:{found[2]}",
            id=one["id"],
            inputs=_plain(one.get("inputs") or {}),
            outputs=_plain(one.get("outputs") or {}),
            ignored=tuple(one.get("ignoreChanges") or ()),
        )


def _plain(value: Any) -> Any:
    """Take the marks of secrets away; keep the value, if the state tells it, in `Hidden`."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get(_SIGNATURE) == _SECRET:
        plain = value.get("plaintext")
        return Hidden() if plain is None else Hidden(json.loads(plain), known=True)
    return {name: _plain(one) for name, one in value.items() if not name.startswith("__")}


def holds_hidden(value: Any, *, known: bool = True) -> bool:
    """Tell whether some value within is a secret; without `known`, one that nobody may read."""
    if isinstance(value, Hidden):
        return known or not value.known
    below = value.values() if isinstance(value, Mapping) else value
    if not isinstance(below, list | type({}.values())):
        return False
    return any(holds_hidden(one, known=known) for one in below)
