"""What the comparison of the whole stack came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from queries.check.drift.findings import Finding, Level


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Every finding, and what was compared."""

    resources: int = 0
    properties: int = 0
    """Plain values that the program declares of these resources."""
    findings: tuple[Finding, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """By resource, why its answer could not be had or understood."""
    reason: str = ""
    """Why nothing could be compared; "" if something was."""
    fix: str = ""
    """What to do about that."""

    def of(self, level: Level) -> list[Finding]:
        """Return the findings of a level."""
        return [one for one in self.findings if one.level == level]
