"""What preflight says: a line for each thing that was asked, and the verdict over all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

EXIT = {"fine": 0, "wrong": 1, "error": 2, "unverified": 4}
"""Exit status by verdict; the post-deploy check gives the same numbers the same meaning."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that was asked of Azure, and how it stands."""

    id: str
    status: str
    """`fine`, `wrong`, or `unverified`: the answer is not known."""
    detail: str
    fix: str = ""
    """What to do, unless it is fine."""


def fine(name: str, detail: str) -> Line:
    """Say that Azure would take it."""
    return Line(id=name, status="fine", detail=detail)


def wrong(name: str, detail: str, fix: str) -> Line:
    """Say that Azure would refuse it."""
    return Line(id=name, status="wrong", detail=detail, fix=fix)


def unverified(name: str, detail: str, fix: str) -> Line:
    """Say that nobody knows, and why."""
    return Line(id=name, status="unverified", detail=detail, fix=fix)


def verdict(lines: Iterable[Line], allow: Collection[str] = ()) -> str:
    """Return the worst status; an unverified line that `allow` names counts as fine."""
    ends = {line.status for line in lines if line.status != "unverified" or line.id not in allow}
    return next((status for status in ("wrong", "unverified") if status in ends), "fine")


def as_json(lines: Iterable[Line], end: str, seconds: float) -> dict[str, Any]:
    """Return what `--json` writes."""
    return {"verdict": end, "lines": [vars(line) for line in lines], "seconds": round(seconds, 3)}


def told(lines: Iterable[Line], *, also_fine: bool = False) -> list[str]:
    """Write lines for a person, with what to do below each."""
    shown = [line for line in lines if also_fine or line.status != "fine"]
    width = max((len(line.id) for line in shown), default=0)
    text = []
    for line in shown:
        text.append(f"  {line.status:10}  {line.id:{width}}  {line.detail}")
        text += [f"    fix:      {line.fix}"] if line.fix else []
    return text
