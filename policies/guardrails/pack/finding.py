"""What a policy found wrong, or could not tell, in words that a person can act on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pack.resource import UNKNOWN, Resource

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
        """Tell what is wrong from what could not be evaluated."""
        return self.found is not UNKNOWN

    def __str__(self) -> str:
        """Report resource, property, found, wanted and fix."""
        lines = {
            "resource": f"{self.resource.name} ({self.resource.kind})",
            "property": self.path,
            "found": shown(self.found),
            "wanted": self.wanted,
            "fix": self.fix,
        }
        return "\n".join(f"{label + ':':<10}{text}" for label, text in lines.items())


@dataclass(frozen=True)
class Quoted:
    """A found value in words of the policy, as it may be a secret."""

    text: str


def shown(value: Any) -> str:
    """Write a value as a report shows it."""
    if value is None:
        return "not set"
    if value is UNKNOWN:
        return "cannot be told from what is known now"
    text = value.text if isinstance(value, Quoted) else json.dumps(value, default=repr)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
