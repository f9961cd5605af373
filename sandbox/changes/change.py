"""Describe a change: something that happens to a deployed stack without `pulumi up`.

Sure: no belief.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sandbox.cloud import Cloud, Resource

Cause = Literal["Azure", "a colleague", "a policy of the tenant"]
Certainty = Literal["documented", "seen in public code", "inferred"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change, with its source and how sure that is."""

    about: str
    by: Cause
    dated: str
    """Day (ISO 8601) of the source's text where it tells one, else the day it was read."""
    sure: Certainty
    sources: tuple[str, ...]
    apply: Callable[[Cloud], Iterator[Resource]]
    """Changes the cloud inside `Cloud.change()`, and yields each resource that it touched."""


def live(cloud: Cloud, arm_type: str) -> list[Resource]:
    """Return the live resources of a type, sorted by id."""
    return sorted(cloud.of_type(arm_type), key=lambda found: found.id.lower())
