"""A generated mistake, and whether the check is content with it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from queries.check.proofs.base import Verdict


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One mistake: what it is, where, and how the check judges the stack that has it."""

    kind: str
    """What is done, as `number changed`: mistakes of one kind are counted together."""
    name: str
    """Where it is done, for a person."""
    words: tuple[str, ...]
    """Words that the verdict must contain, in whatever case: resource and property."""
    judged: Callable[[], Verdict]
    """Makes the mistake, has it judged, and takes the mistake back."""

    @property
    def fault(self) -> str:
        """Say how the check fails to tell the mistake; "" if the check tells it."""
        verdict = self.judged()
        if verdict.status not in {"failed", "unjudged"}:
            return f"{verdict.status}: {verdict.detail}"
        lacking = [word for word in self.words if word.casefold() not in verdict.detail.casefold()]
        return f"{verdict.detail} does not name {', '.join(lacking)}" if lacking else ""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many mistakes of each kind were made, and which of them the check did not tell."""

    made: Counter[str]
    faults: dict[str, str]
    """By kind and name of the mistake, what the check said instead."""

    @property
    def lines(self) -> list[str]:
        """Write how many of how many were told, by kind."""
        missed = Counter(key.partition(": ")[0] for key in self.faults)
        return [f"{self.made[one] - missed[one]} of {self.made[one]} {one}" for one in self.made]


def sampled(mutations: Iterable[Mutation], share: float, seed: int = 0) -> Iterator[Mutation]:
    """Choose a share of the mistakes by a seed, and of each kind the first, so that none lacks."""
    chance, known = random.Random(seed), set[str]()
    for one in mutations:
        if one.kind not in known or chance.random() < share:
            known.add(one.kind)
            yield one


def tell(mutations: Iterable[Mutation]) -> Count:
    """Make each mistake by itself, and count."""
    made, faults = Counter[str](), dict[str, str]()
    for one in mutations:
        made[one.kind] += 1
        if fault := one.fault:
            faults[f"{one.kind}: {one.name}"] = fault
    return Count(made=made, faults=faults)
