"""What a rule found wrong, or could not tell, in words that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rules.resource import UNKNOWN, Resource

SHOWN = 160
"""Characters of a found value in a report."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One property of one resource that is not as wanted, or whose value is not known yet."""

    resource: Resource
    path: str
    found: Any
    wanted: str
    fix: str

    @property
    def known(self) -> bool:
        """False: the rule could not be evaluated, and says so."""
        return self.found is not UNKNOWN

    def __str__(self) -> str:
        """The report: resource, property, found, wanted, fix."""
        kind = self.resource.arm_type or self.resource.token
        lines = {
            "resource": f"{self.resource.name} ({kind})",
            "property": self.path,
            "found": shown(self.found),
            "wanted": self.wanted,
            "fix": self.fix,
        }
        return "\n".join(f"{label + ':':<10}{text}" for label, text in lines.items())


@dataclass(frozen=True)
class Quoted:
    """A found value that is shown as it stands, such as a description of a secret."""

    text: str


def shown(value: Any) -> str:
    """A value as a report shows it."""
    if value is None:
        return "not set"
    if value is UNKNOWN:
        return "not known before the deployment"
    text = value.text if isinstance(value, Quoted) else json.dumps(value, default=repr)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def expect(
    resource: Resource, path: str, accepts: Callable[[Any], bool], *, wanted: str, fix: str
) -> Iterator[Finding]:
    """A finding unless the property, as the API names it, is as wanted."""
    found = resource.get(path)
    if found is UNKNOWN or not accepts(found):
        yield Finding(
            resource=resource, path=resource.path(path), found=found, wanted=wanted, fix=fix
        )
