"""Compare two lives: where they differ, which beliefs that touches, and which are confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from tools.acceptance.events import Outcome
from tools.acceptance.touched import beliefs_behind, beliefs_confirmed

ABSENT = "-"
"""Shown for a fact that a side does not have."""
TOLD_ONLY = ("verdict", "exit status", "stopped")
"""Facts that only sum up others, so that they confirm no belief."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A fact that is not the same on both sides."""

    step: str
    fact: str
    sandbox: str
    azure: str
    beliefs: list[str]


def differences(sandbox: list[Outcome], azure: list[Outcome]) -> list[Difference]:
    """Return the facts that differ, step by step; a step that a side lacks differs as a whole."""
    ours, theirs = _by_step(sandbox), _by_step(azure)
    found = []
    for step in dict.fromkeys([*ours, *theirs]):
        if step not in ours or step not in theirs:
            sides = ["reached" if step in side else ABSENT for side in (ours, theirs)]
            found.append(_difference(step, "the step", *sides))
            continue
        mine, real = ours[step].facts, theirs[step].facts
        for fact in dict.fromkeys([*mine, *real]):
            said, is_so = mine.get(fact, ABSENT), real.get(fact, ABSENT)
            if said != is_so:
                found.append(_difference(step, fact, *_only_what_differs(fact, said, is_so)))
    return found


def confirmed(sandbox: list[Outcome], azure: list[Outcome]) -> list[str]:
    """Return the ids of beliefs that some equal fact shows, and no different fact contradicts."""
    ours, theirs = _by_step(sandbox), _by_step(azure)
    good: set[str] = set()
    for step in ours.keys() & theirs.keys():
        for fact, value in ours[step].facts.items():
            if theirs[step].facts.get(fact) == value and fact not in TOLD_ONLY:
                good |= {*beliefs_confirmed(step, fact, value)}
    touched = {one for found in differences(sandbox, azure) for one in found.beliefs}
    return sorted(good - touched)


def _by_step(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {one.step: one for one in outcomes}


def _difference(step: str, fact: str, sandbox: str, azure: str) -> Difference:
    beliefs = beliefs_behind(step, fact, sandbox, azure)
    return Difference(step=step, fact=fact, sandbox=sandbox, azure=azure, beliefs=beliefs)


def _only_what_differs(fact: str, sandbox: str, azure: str) -> tuple[str, str]:
    """Reduce two lists to what each has alone."""
    if not fact.startswith("columns of ") or ABSENT in (sandbox, azure):
        return sandbox, azure
    mine, real = (set(side.split(", ")) - {""} for side in (sandbox, azure))
    sides = (mine - real, real - mine)
    first, second = (f"only here: {', '.join(sorted(one))}" if one else ABSENT for one in sides)
    return first, second
