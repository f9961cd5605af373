"""A deployed stack in memory, to be changed and judged many times over."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from harness.azure import Spoil, manager
from harness.machine import Machine
from queries.check.drift.state import Declared, read
from queries.check.drift.whole import compared
from queries.check.proofs.base import Verdict
from queries.check.proofs.drift import verdict
from sandbox.cloud import Cloud, Resource
from sandbox.engine.shapes import SHAPES, Shape

Json = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """A deployed stack's cloud, held in memory, and what its state declares."""

    cloud: Cloud
    declared: list[Declared]

    @classmethod
    def of(cls, deployed: Machine) -> Bench:
        """Take the cloud and the state of a deployed stack; neither is changed."""
        text = deployed.pulumi("stack", "export", "--stack", "dev")
        return cls(Cloud(deployed.cloud), read(text))

    def judge(self, *of: Declared, spoil: Spoil = lambda _: None) -> Verdict:
        """Judge some resources as the check does; by default all."""
        return verdict(compared(manager(self.cloud, spoil), self.declared, of=of or None))

    @contextmanager
    def without(self, resource_id: str) -> Iterator[None]:
        """Delete a resource for a while."""
        with self._replaced(resource_id, None):
            yield

    @contextmanager
    def beside(self, like: str, resource_id: str, **properties: Any) -> Iterator[None]:
        """Make a resource like another one for a while, with some properties changed."""
        first = self.stored(like)
        body = copy.deepcopy(first.body)
        body["properties"] = (body.get("properties") or {}) | properties
        name = resource_id.rpartition("/")[2]
        with self._replaced(resource_id, Resource(resource_id, first.type, name, body)):
            yield

    @contextmanager
    def having(self, made: Resource) -> Iterator[None]:
        """Have a resource for a while."""
        with self._replaced(made.id, made):
            yield

    @contextmanager
    def edited(self, resource_id: str, change: Callable[[Json], object]) -> Iterator[None]:
        """Change the stored body of a resource for a while, past all rules of Azure."""
        found = self.stored(resource_id)
        body = copy.deepcopy(found.body)
        change(body)
        with self._replaced(resource_id, replace(found, body=body)):
            yield

    def stored(self, resource_id: str) -> Resource:
        """Return a resource as Azure keeps it."""
        found = self.cloud.get(resource_id)
        assert found is not None, resource_id
        return found

    @contextmanager
    def _replaced(self, resource_id: str, new: Resource | None) -> Iterator[None]:
        """Put another resource in the place of one, in memory alone."""
        key, live = resource_id.lower(), self.cloud._live  # noqa: SLF001 - never saved
        old = live.pop(key, None)
        live |= {key: new} if new else {}
        try:
            yield
        finally:
            live.pop(key, None)
            live |= {key: old} if old else {}

    def shape(self, one: Declared) -> Shape:
        """Return how a resource looks in Azure."""
        return SHAPES[one.kind]
