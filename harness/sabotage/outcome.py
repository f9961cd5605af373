"""Make mistakes on copies of one deployment, and read what the check says of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.machine import Machine
from harness.sabotage.mistake import Mistake
from harness.sabotage.site import Json, Site
from queries.check.words import listed

AT_ONCE = 2
SHOWN = 2
"""Most differences of a mistake that the document shows."""
RANDOM = (
    (re.compile(r"proof-[0-9a-f]{16}(-[0-9a-f]{12})?"), "proof-…"),
    (re.compile(r"\b(oai|apim|log)-[a-z0-9]{6}\b"), r"\1-abc123"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "…"),
    (re.compile(r"/subscriptions/…/resourceGroups/[^/ ]+/providers/"), ""),
)
"""Patterns of what differs from one deployment to the next, and how the document shows it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How the check ended on a broken deployment."""

    mistake: Mistake
    status: int
    verdict: Json
    printed: str

    @property
    def unseen(self) -> list[Json]:
        """Return the proofs that show the mistake: those that failed, else those that timed out."""
        proofs = self.verdict.get("proofs", [])
        failed = [proof for proof in proofs if proof["status"] == "failed"]
        return failed or [proof for proof in proofs if proof["status"] == "timeout"]

    @property
    def message(self) -> str:
        """Return all that the check says of the mistake, each sentence once."""
        said = [
            *self.differences,
            *(proof[part] for part in ("detail", "fix") for proof in self.unseen),
            *(str(self.verdict.get(part, "")) for part in ("error", "fix")),
        ]
        return "; ".join(dict.fromkeys(filter(None, said)))

    @property
    def differences(self) -> list[str]:
        """Return what the check found deployed otherwise than declared, in its words."""
        form = "{path} is {deployed}, declared {declared}"
        return [form.format(**one) for one in self.verdict.get("differences", [])]

    @property
    def shown(self) -> str:
        """Return the message for the document: differences, or the first proof; nothing random."""
        said = listed(self.differences, SHOWN)
        if not said and self.unseen:
            first = self.unseen[0]
            said = f"{str(first['detail']).partition('; ')[0]}; {first['fix']}"
        said = said or f"{self.verdict.get('error', '')}; {self.verdict.get('fix', '')}"
        for pattern, replacement in RANDOM:
            said = pattern.sub(replacement, said)
        return said

    @property
    def unnamed(self) -> list[str]:
        """Return the words of the cause that the message lacks."""
        said = self.message.casefold()
        return [word for word in self.mistake.words if word.casefold() not in said]

    @property
    def fault(self) -> str:
        """Say what is wrong with how the check ended; "" if nothing is."""
        if self.status != self.mistake.status:
            return f"exit {self.status} instead of {self.mistake.status}"
        return f"the cause is not named: no {', '.join(self.unnamed)}" if self.unnamed else ""


def outcome(deployed: Machine, folder: Path, mistake: Mistake) -> Outcome:
    """Make one mistake on a copy of the deployment, and run the check there."""
    site = Site(deployed, folder / re.sub(r"\W+", "-", mistake.name))
    mistake.apply(site)
    done = site.check()
    text = site.verdict_file.read_text() if site.verdict_file.exists() else ""
    verdict = json.loads(text) if text else {}
    return Outcome(mistake=mistake, status=done.status, verdict=verdict, printed=done.text)


def outcomes(deployed: Machine, folder: Path, mistakes: Sequence[Mistake]) -> Iterator[Outcome]:
    """Yield each mistake's outcome in their order, as soon as it is known."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: outcome(deployed, folder, one), mistakes)
