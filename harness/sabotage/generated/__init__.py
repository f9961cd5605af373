"""Make mistakes that nobody listed: every one that a deployed stack allows, made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.machine import Machine
from harness.sabotage.generated import added, documents, operations, properties, strays, ways
from harness.sabotage.generated.mutation import Mutation

GENERATORS: tuple[Callable[[Machine], Iterator[Mutation]], ...] = (
    properties.mutations,
    documents.mutations,
    operations.mutations,
    strays.mutations,
    ways.mutations,
    added.mutations,
)
"""What makes mistakes of a deployed stack. Each judges in this process, and leaves no trace."""


def mutations(deployed: Machine) -> Iterator[Mutation]:
    """Make every generated mistake of a deployed stack."""
    for generator in GENERATORS:
        yield from generator(deployed)
