"""The deployed configuration against the declared one, read once and read-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from queries.check.configuration import (
    access,
    diagnostic_settings,
    logs,
    models,
    policy,
    product,
    remarks,
    route,
    streams,
)
from queries.check.configuration.base import Comparison
from queries.check.configuration.manager import Manager, UnreadableError
from queries.check.configuration.read import READS
from queries.check.difference import Difference
from queries.check.evidence import Compared
from queries.outputs import Target

COMPARISONS: tuple[Comparison, ...] = (
    *access.COMPARISONS,
    *models.COMPARISONS,
    *product.COMPARISONS,
    *route.COMPARISONS,
    *policy.COMPARISONS,
    *streams.COMPARISONS,
    *logs.COMPARISONS,
    *diagnostic_settings.COMPARISONS,
)
"""In the order of a call's way, from the caller to the workspace."""
UNSEEN: tuple[Comparison, ...] = (
    access.LOCAL_AUTH,
    *models.COMPARISONS,
    product.CONSUMERS,
    route.UNLOGGED,
    logs.PRESENT,
    logs.SAMPLING,
    logs.LLM_SIZES,
    *streams.TIMEOUTS,
)
CONTENT: tuple[Comparison, ...] = (logs.BODIES, logs.LLM)
UNEXPECTED = (KeyError, TypeError, ValueError, AttributeError)
"""What an answer of unexpected shape than documented raises."""


@dataclass(kw_only=True)
class Configuration:
    """What was read so far; each part is asked for once."""

    target: Target
    manager: Manager
    read: dict[str, Any] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def compared(self, comparisons: Iterable[Comparison] = COMPARISONS) -> Compared:
        """List every difference, and the parts that could not be read to find more."""
        found: list[Difference] = []
        unreadable: dict[str, str] = {}
        for comparison in comparisons:
            if self._have(comparison.needs):
                found += self._differing(comparison)
            failed = [need for need in comparison.needs if need in self.unreadable]
            unreadable |= {need: self.unreadable[need] for need in failed}
        return Compared(differences=tuple(dict.fromkeys(found)), unreadable=unreadable)

    def audit(self) -> Compared:
        """List what keeps audit logs from the workspace."""
        return self.compared(diagnostic_settings.AUDIT)

    def unseen(self) -> Compared:
        """List what calls show by chance or not at all, such as a way around the gateway.

        Where no content may be logged, list also what would log content: rows of a few calls may
        not show it.
        """
        metadata = self.target.capture == "metadata"
        return self.compared((*UNSEEN, *(CONTENT if metadata else ())))

    def remarks(self) -> list[str]:
        """List what Azure has changed by itself, or plans to; nothing where it cannot be read."""
        if not self._have(remarks.NEEDS):
            return []
        return list(remarks.remarks(self.read))

    def streams(self) -> Compared:
        """List what makes the gateway hold streamed answers back."""
        return self.compared(streams.COMPARISONS)

    def _differing(self, comparison: Comparison) -> list[Difference]:
        try:
            return list(comparison.compare(self.target, self.read))
        except UNEXPECTED:
            self.unreadable |= dict.fromkeys(comparison.needs, "an answer of unexpected shape")
            return []

    def _have(self, names: Iterable[str]) -> bool:
        """Read every part, also behind one that cannot be read, and tell whether all could be."""
        has = [self._has(name) for name in names]
        return all(has)

    def _has(self, name: str) -> bool:
        if name not in self.read and name not in self.unreadable:
            try:
                self.read[name] = READS[name](self.manager, self.target)
            except UnreadableError as error:
                self.unreadable[name] = str(error)
            except UNEXPECTED:
                self.unreadable[name] = "an answer of unexpected shape"
        return name in self.read
