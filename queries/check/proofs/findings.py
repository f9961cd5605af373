"""Judge what was found in the deployed configuration, where no call can show it."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from queries.check.difference import Findings
from queries.check.evidence import AsDeployed, Evidence
from queries.check.proofs.base import PART, Judge, Verdict, failed, seen, unjudged, waiting
from queries.check.words import listed

NOT_LOOKED = "the deployed configuration has not been read"
READER_FIX = (
    "give this identity the role Reader on the stack's resource group; if it is meant to lack it, "
    "--allow with the proof's name accepts this"
)
LISTED = 5
"""Differences or places named in a verdict, before the number of the others."""


def by_findings(proof: str, of: Callable[[AsDeployed], Findings], fix: str = READER_FIX) -> Judge:
    """Judge a proof by its findings; `fix` is what helps where something cannot be judged."""

    def judge(evidence: Evidence) -> Verdict:
        if evidence.deployed is None:
            return waiting(NOT_LOOKED)
        return verdict(proof, of(evidence.deployed), fix)

    return judge


def verdict(proof: str, found: Findings, fix: str = READER_FIX) -> Verdict:
    """Fail by a difference; where something is unclear, the absence of one is not known.

    Each unclear place is a part of its own: to accept one shuts no eye to another.
    """
    if found.differences:
        said = listed(map(str, found.differences), LISTED)
        return failed(said, found.differences[0].fix)
    if found.unclear:
        said = listed(found.unclear, LISTED)
        return unjudged(said, f"{fix}; {_allowing(proof, found)}", found.parts)
    return seen(found.said)


def _allowing(proof: str, found: Findings) -> str:
    """Write the options that accept each unclear place, for a shell."""
    options = (f"--allow {shlex.quote(f'{proof}{PART}{part}')}" for part in found.parts)
    return (
        f"what may stay so is accepted by its name, and nothing else with it: {' '.join(options)}"
    )
