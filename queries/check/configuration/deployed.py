"""The deployed configuration against the declared one, read once and read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import starmap
from typing import Any

from queries.check import role_assignments
from queries.check.configuration import (
    access,
    consumers,
    diagnostic_settings,
    logs,
    models,
    remarks,
    streams,
)
from queries.check.configuration.base import Comparison, properties
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.configuration.read import READS
from queries.check.difference import Difference, Findings, unread
from queries.check.gateway import judge
from queries.outputs import Target

DECLARED: tuple[Comparison, ...] = (
    access.LOCAL_AUTH,
    *models.COMPARISONS,
    *consumers.COMPARISONS,
    *logs.COMPARISONS,
    *streams.TIMEOUTS,
)
COMPARISONS: tuple[Comparison, ...] = (
    *access.COMPARISONS,
    *DECLARED,
    *streams.COMPARISONS,
    *diagnostic_settings.COMPARISONS,
)
Judge = Callable[[Any, Any, Target], Findings]
UNEXPECTED = (KeyError, TypeError, ValueError, AttributeError)
"""What an answer of unexpected shape than documented raises."""

UNEXPECTED_SHAPE = "an answer of unexpected shape"
NOT_THERE = "HTTP 404, although it must exist"
NO_REMARKS = "whether Azure has upgraded the account, or plans to, cannot be read"


@dataclass(kw_only=True)
class Configuration:
    """What was read so far; each part is asked for once."""

    target: Target
    manager: Manager
    read: dict[str, Any] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def compared(
        self, comparisons: Iterable[Comparison] = COMPARISONS
    ) -> tuple[tuple[Difference, ...], dict[str, str]]:
        """Return every difference, and why parts could not be read to find more, by their names."""
        chosen = list(comparisons)
        needs = dict.fromkeys(need for one in chosen for need in one.needs)
        self._fetch(needs)
        found: list[Difference] = []
        differing = set[str]()
        for comparison in chosen:
            if all(need in self.read for need in comparison.needs):
                differences = self._differing(comparison)
                found += differences
                differing |= set(comparison.needs if differences else ())
        absent = [n for n in needs if n not in differing and self.read.get(n, n) is None]
        unreadable = dict.fromkeys(absent, NOT_THERE)
        unreadable |= {need: self.unreadable[need] for need in needs if need in self.unreadable}
        return tuple(dict.fromkeys(found)), unreadable

    def audit(self) -> Findings:
        """List what keeps audit logs from the workspace."""
        return self._findings(diagnostic_settings.AUDIT)

    def declared(self) -> Findings:
        """List what the outputs declare, and a few calls show by chance or not at all."""
        return self._findings(DECLARED)

    def remarks(self) -> list[str]:
        """List what Azure has changed by itself, or plans to."""
        self._fetch(remarks.NEEDS)
        if not all(need in self.read for need in remarks.NEEDS):
            return [NO_REMARKS]
        return list(remarks.remarks(self.target, self.read))

    def streams(self) -> Findings:
        """List what makes the gateway hold streamed answers back."""
        return self._findings(streams.COMPARISONS)

    def products(self) -> dict[str, str]:
        """Return the product of each consumer whose subscription is to one, as far as is known.

        Whether these are as declared, `drift` tells.
        """
        self._fetch(("consumers",))
        found = {
            name: str(properties(one).get("scope") or "").partition("/products/")[2]
            for name, one in (self.read.get("consumers") or {}).items()
        }
        return {name: product for name, product in found.items() if product}

    def revision(self) -> str:
        """Return the number of the API's current revision; "" where it could not be read."""
        self._fetch(("gateway APIs",))
        gateway, name = self.read.get("gateway APIs"), self.target.api_id.lower()
        found = [one for one in gateway.service.apis if one.name.lower() == name] if gateway else []
        return str(found[0].properties.get("apiRevision") or "") if found else ""

    def routes(self) -> Findings:
        """Judge every way through the gateway."""
        return self._found("gateway APIs", judge.judge)

    def access(self) -> Findings:
        """Judge who else may call the account."""
        return self._found("callers", role_assignments.judge)

    def _findings(self, comparisons: Iterable[Comparison]) -> Findings:
        differences, unreadable = self.compared(comparisons)
        return Findings(differences=differences, unclear=tuple(starmap(unread, unreadable.items())))

    def _found(self, part: str, judged: Judge) -> Findings:
        """Judge a part by the account; what cannot be read of either is not judged."""
        self._fetch((part, "account"))
        left = {n: self.unreadable[n] for n in (part, "account") if n in self.unreadable}
        unclear = tuple(starmap(unread, left.items()))
        if part in left:
            return Findings(unclear=unclear)
        try:
            found = judged(self.read[part], self.read.get("account"), self.target)
        except UNEXPECTED:
            return Findings(unclear=(f"{part}: {UNEXPECTED_SHAPE}",))
        return replace(found, unclear=(*unclear, *found.unclear))

    def _differing(self, comparison: Comparison) -> list[Difference]:
        try:
            return list(comparison.compare(self.target, self.read))
        except UNEXPECTED:
            self.unreadable |= dict.fromkeys(comparison.needs, UNEXPECTED_SHAPE)
            return []

    def _fetch(self, names: Iterable[str]) -> None:
        """Read the parts that have not been asked for, several at once."""
        known = self.read.keys() | self.unreadable.keys()
        asked = [name for name in names if name not in known]
        found = self.manager.at_once(partial(self._read, name) for name in asked)
        for name, part in zip(asked, found, strict=True):
            if isinstance(part, UnreadableError):
                self.unreadable[name] = str(part)
            else:
                self.read[name] = part

    def _read(self, name: str) -> Any:
        try:
            return READS[name](self.manager, self.target)
        except UNEXPECTED:
            raise UnreadableError(UNEXPECTED_SHAPE) from None
