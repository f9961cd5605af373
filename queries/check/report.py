"""What a run found: its verdict, exit status, and the files that a pipeline reads."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from queries.check.difference import Difference
from queries.check.proofs.base import OF_CALLS, PART, Proof, Verdict
from queries.command_line import NOT_WHOLE
from queries.errors import CannotRunError
from queries.interrupts import INTERRUPTED

EXIT = {"proven": 0, "failed": 1, "error": 2, "timeout": 3, "unjudged": NOT_WHOLE}
COUNTS = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
SHOWN = ("id", "status", "detail", "fix")
"""What the JSON tells of each proof."""
TIME_UP_FIX = "what was asked gave no answer: is it reachable from here, and not slow or throttled?"
ENDS = (("failed", "failed"), ("waiting", "timeout"), ("unjudged", "unjudged"))
"""The verdict of a run by the status of some proof, worst first; else the run is proven."""
NOTHING_FIX = "see the fix shown for each proof that was not judged"


@dataclass(frozen=True, kw_only=True)
class Line:
    """How one proof ended.

    It was seen, failed, skipped, unjudged, has a timeout, or waits if the run ended earlier.
    """

    id: str
    status: str
    detail: str
    fix: str
    allowed: bool = False
    """It is unjudged, and `--allow` accepts that."""


@dataclass(kw_only=True)
class Report:
    """A run's end; `verdict` is a key of `EXIT`."""

    verdict: str = "error"
    proofs: list[Line] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""
    fix: str = ""
    differences: list[Difference] = field(default_factory=list)
    """Where the deployment is not as declared; looked for when a proof was not seen."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Parts of the deployment that could not be read, and why."""
    status: int = EXIT["error"]
    doing: str = "reading the stack's outputs"
    """What the run is at, to be named should its time be up."""

    def judge(
        self, proofs: list[Proof], verdicts: dict[str, Verdict], allow: Collection[str] = ()
    ) -> None:
        """Take over the verdicts; what is still waited for has timed out, unless one failed.

        Proofs with nothing to judge are passed over, and unjudged ones that `allow` names, as long
        as rows of some call were read.
        """
        allowed = {name for name, verdict in verdicts.items() if _allowed(name, verdict, allow)}
        ends = {verdict.status for name, verdict in verdicts.items() if name not in allowed}
        self.verdict = next((end for status, end in ENDS if status in ends), "proven")
        self.proofs = [
            replace(_line(proof, verdicts[proof.id], self.verdict), allowed=proof.id in allowed)
            for proof in proofs
        ]
        self.status = EXIT[self.verdict]
        seen = [proof for proof in proofs if verdicts[proof.id].status == "seen"]
        rows = any(OF_CALLS & set(proof.needs) for proof in seen)
        if self.verdict in {"proven", "unjudged"} and not rows:
            self.stop("no proof that reads the calls' rows could be judged", NOTHING_FIX)

    def stop(self, error: str, fix: str = "", verdict: str = "error") -> None:
        """Record why the run could not end by itself; the proofs so far stay."""
        self.verdict, self.error, self.fix, self.status = verdict, error, fix, EXIT[verdict]
        self.proofs = [
            replace(line, status="waiting", fix="") if line.status == "timeout" else line
            for line in self.proofs
        ]

    def interrupt(self) -> None:
        """End as somebody gave up: a proof that had failed stays the verdict."""
        self.stop("interrupted", verdict="failed" if self.verdict == "failed" else "error")
        self.status = INTERRUPTED

    def time_up(self) -> None:
        """Tell at what the run was when its time was up; what is known stays the verdict."""
        known = self.verdict in {"failed", "unjudged"}
        begun = "timeout" if self.proofs else "error"
        self.verdict = self.verdict if known else begun
        self.status = EXIT[self.verdict]
        self.error, self.fix = f"the time was up while {self.doing}", TIME_UP_FIX

    def write_json(self, file: Path) -> None:
        """Write verdict, proofs with id, status, detail and fix, seconds, and differences.

        A difference has path, declared, deployed and fix. `allowed` names the unjudged proofs that
        `--allow` accepts.
        """
        value: dict[str, Any] = {
            "verdict": self.verdict,
            "proofs": [{key: getattr(line, key) for key in SHOWN} for line in self.proofs],
            "seconds": self.seconds,
            "differences": [vars(difference) for difference in self.differences],
        }
        if allowed := [line.id for line in self.proofs if line.allowed]:
            value["allowed"] = allowed
        if self.unreadable:
            value["unreadable"] = self.unreadable
        if self.error:
            value |= {"error": self.error, "fix": self.fix}
        _write(file, json.dumps(value, indent=2) + "\n")

    def write_junit(self, file: Path) -> None:
        """Write one test case a proof: timed out or unjudged is an error.

        Nothing to judge, given up or allowed is skipped. A test reporter shows a skipped case as
        no fault, which an unjudged proof would be unless somebody allowed it.
        """
        suite = ET.Element("testsuite", name="queries.check", time=f"{self.seconds:.3f}")
        for line in self.proofs:
            case = ET.SubElement(suite, "testcase", classname="queries.check", name=line.id)
            if line.status == "seen":
                ET.SubElement(case, "system-out").text = line.detail
            elif line.allowed or line.status in {"skipped", "waiting"}:
                ET.SubElement(case, "skipped", message=line.detail).text = line.fix
            else:
                tag = "failure" if line.status == "failed" else "error"
                text = "\n".join([line.fix, *(f"{one}: {one.fix}" for one in self.differences)])
                ET.SubElement(case, tag, message=line.detail, type=line.status).text = text
        if self.error:
            case = ET.SubElement(suite, "testcase", classname="queries.check", name="run")
            ET.SubElement(case, "error", message=self.error, type="error").text = self.fix
        for name, tag in COUNTS.items():
            suite.set(name, str(len(list(suite.iter(tag)))))
        _write(file, ET.tostring(suite, encoding="utf-8", xml_declaration=True).decode())


def _allowed(name: str, verdict: Verdict, allow: Collection[str]) -> bool:
    """Tell whether a proof is unjudged, and `--allow` names it or each of its parts in doubt."""
    parts = [f"{name}{PART}{part}" for part in verdict.parts]
    named = name in allow or (bool(parts) and all(part in allow for part in parts))
    return verdict.status == "unjudged" and named


def _line(proof: Proof, verdict: Verdict, end: str) -> Line:
    late = verdict.status == "waiting" and end == "timeout"
    status, fix = ("timeout", proof.fix) if late else (verdict.status, verdict.fix)
    return Line(id=proof.id, status=status, detail=verdict.detail, fix=fix)


def _write(file: Path, content: str) -> None:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise CannotRunError(f"cannot write {file}: {error.strerror}") from None
