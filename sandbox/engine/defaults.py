"""What the provider adds to the inputs that a program gives: a name, a place, an API version.

https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider.go
(`applyDefaults`)
Sure: seen in public code.
"""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.engine.shapes import Shape
from sandbox.engine.values import UNKNOWN, reveal

CREATE_FIRST = "__createBeforeDelete"
"""Input set where the provider chose the name: a replacement can then live beside the old one."""
API_VERSION = "azureApiVersion"
"""Input and output that hold the version which the provider calls Azure with."""

Values = dict[str, Any]


def add_name(shape: Shape, olds: Values, news: Values, urn: str, seed: bytes) -> None:
    """Keep the name that the resource has, or choose one.

    A resource within another of its provider is called as the program calls it; others, and role
    assignments, get a name that no one else has.
    https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/resources/resources.go
    (`AutoName`)
    """
    key = shape.keys[-1]
    if news.get(key) is not None:
        return
    if key in olds:
        news[key], own = olds[key], bool(olds.get(CREATE_FIRST))
    else:
        own = shape.uuid_name or shape.path.lower().rpartition("microsoft.")[2].count("{") == 1
        news[key] = _name(shape, urn, seed) if own else _logical(urn)
    if own:
        news[CREATE_FIRST] = True


def add_location(
    shape: Shape, olds: Values, news: Values, place_of: Callable[[str], str | None]
) -> None:
    """Take the place that the resource was given before, else its group's, if that can be read."""
    if not shape.located or news.get("location") is not None:
        return
    group = reveal(news.get("resourceGroupName"))
    if "location" in olds:
        news["location"] = olds["location"]
    elif group == UNKNOWN:
        news["location"] = UNKNOWN
    elif group and (place := place_of(group)):
        news["location"] = place


def _logical(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def _name(shape: Shape, urn: str, seed: bytes) -> str:
    """The logical name and eight hex digits, or a UUID, from the engine's seed.

    https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
    """
    digest = hashlib.sha256(urn.encode() + seed).hexdigest()
    return str(uuid.UUID(digest[:32], version=4)) if shape.uuid_name else _logical(urn) + digest[:8]
