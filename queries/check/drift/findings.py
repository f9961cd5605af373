"""What a comparison found of one property, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from queries.check.difference import REFRESH, Difference
from queries.check.drift.documents import Parting, parting
from queries.check.drift.moves import KEPT
from queries.check.drift.shape import MISSING
from queries.check.drift.state import Hidden
from queries.check.masked import masked

Level = Literal["drift", "unjudged", "remark"]
SHOWN = 60
"""Most characters of a value that a message shows."""
AROUND = 20
"""Characters shown before the place where two long texts begin to differ."""
NOBODY = "by nobody"
"""What stands for the declaration of a property that the program leaves alone."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One property that is otherwise than declared, or could not be judged."""

    level: Level
    path: str
    """Property and resource."""
    declared: str
    deployed: str
    fix: str = REFRESH

    @property
    def difference(self) -> Difference:
        """Write the finding as the check lists differences."""
        return Difference(
            path=self.path, declared=self.declared, deployed=self.deployed, fix=self.fix
        )

    @property
    def text(self) -> str:
        """Write the finding in one line."""
        return str(self.difference)

    def hidden(self) -> Finding:
        """Take the values out, as one of them is a secret."""
        declared = NOBODY if self.declared.startswith(NOBODY) else repr(Hidden())
        return replace(self, declared=declared, deployed="another")


def gone(title: str, resource_id: str) -> Finding:
    """Make the finding of a resource that does not exist."""
    name = resource_id.rpartition("/providers/")[2] or resource_id
    fix = "pulumi up --refresh makes it again"
    return Finding(level="drift", path=title, declared=name, deployed="missing", fix=fix)


def beside(path: str, level: Level = "drift") -> Finding:
    """Make the finding of a thing in Azure that the program does not declare."""
    fix = "delete it in the portal, or declare it: pulumi up does not see what it does not declare"
    return Finding(level=level, path=path, declared=NOBODY, deployed="there", fix=fix)


def drifted(path: str, declared: Any, now: Any) -> Finding:
    """Make the finding of a property that was changed in Azure; of a document, by its part."""
    if found := _parting(declared, now):
        name, _, title = path.partition(" of ")
        at = f"{name} of {title} at {found.where}"
        path = f"{found.where} in {title}" if declared.lstrip()[:1] == "<" else at
        declared, now = found.mine, found.theirs
    first, second = _both(declared, now)
    return Finding(level="drift", path=path, declared=first, deployed=second)


def added(path: str, before: Any, now: Any) -> Finding:
    """Make the finding of a property that nobody declared, and somebody changed."""
    first, second = _both(before, now)
    was = "" if before is MISSING else f" (it was {first} after the last pulumi up)"
    fix = (
        "declare it, or put it back in the portal: pulumi up does not see what it does not declare"
    )
    return Finding(level="drift", path=path, declared=NOBODY + was, deployed=second, fix=fix)


def kept(path: str, declared: Any, now: Any) -> Finding:
    """Make the finding of a value that Azure never took as declared."""
    first, second = _both(declared, now)
    said = f"{second}, as it was right after the last pulumi up"
    fix = "find out whether Azure means the same by it; pulumi up writes the declared value again"
    return Finding(level="unjudged", path=path, declared=first, deployed=said, fix=fix)


def unanswered(path: str, declared: Any) -> Finding:
    """Make the finding of a declared property of which Azure's answer says nothing."""
    fix = "look it up in the portal; only a write can set it again: pulumi up after a change of it"
    shown = _both(declared, MISSING)[0]
    return Finding(
        level="unjudged", path=path, declared=shown, deployed="not in Azure's answer", fix=fix
    )


def sealed(path: str) -> Finding:
    """Make the finding of a declared secret that the state does not tell."""
    fix = (
        "run the check where the stack's passphrase or key is known, or save the state with "
        "pulumi stack export --show-secrets"
    )
    return Finding(
        level="unjudged", path=path, declared=repr(Hidden()), deployed="not compared", fix=fix
    )


def uncompared(path: str, declared: str, fix: str) -> Finding:
    """Make the finding of what is declared in a form that cannot be read here."""
    return Finding(level="unjudged", path=path, declared=declared, deployed="not compared", fix=fix)


def unfinished(urn: str, what: str) -> Finding:
    """Make the finding of a resource that an update has left half done."""
    fix = "pulumi up ends what was begun; pulumi refresh asks what became of it"
    return Finding(level="unjudged", path=urn, declared="whole", deployed=what, fix=fix)


def unclassed(path: str, before: Any, now: Any) -> Finding:
    """Make the finding of a change of which nobody knows who may make it."""
    first, second = _both(before, now)
    fix = "the check does not know the type: pulumi refresh --preview-only shows what changed"
    said = f"{NOBODY} (it was {first} after the last pulumi up)"
    return Finding(level="unjudged", path=path, declared=said, deployed=second, fix=fix)


def moved(path: str, declared: Any, now: Any) -> Finding:
    """Make the remark of a property that Azure moves by itself."""
    first, second = _both(declared, now)
    return Finding(level="remark", path=path, declared=first, deployed=second)


def retired(path: str, declared: Any, now: Any) -> Finding:
    """Make the finding of a newer version of a model where Azure is asked to leave it."""
    first, second = _both(declared, now)
    fix = (
        "if the declared version is retired, write the new one into the stack file; if not, "
        "somebody moved it, and pulumi up --refresh puts it back"
    )
    said = f"{first} under {KEPT}"
    return Finding(level="unjudged", path=path, declared=said, deployed=second, fix=fix)


def _parting(declared: Any, now: Any) -> Parting | None:
    both = isinstance(declared, str) and isinstance(now, str)
    return parting(declared, now) if both else None


def _both(one: Any, other: Any) -> tuple[str, str]:
    """Write two values so that their difference shows; long texts from where they part.

    Keys and tokens are masked before anything is cut, as a part of one has no form to know it by.
    """
    written = _written(one), _written(other)
    first, second = map(masked, written)
    if first == second and written[0] != written[1]:
        return _cut(first, 0), f"{_cut(second, 0)} (another)"
    if len(first) <= SHOWN and len(second) <= SHOWN:
        return first, second
    same = next(
        (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    start = max(0, same - AROUND)
    return _cut(first, start), _cut(second, start)


def _cut(text: str, start: int) -> str:
    end = start + SHOWN
    piece = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{piece}{'…' if len(text) > end else ''}" or "nothing"


def _written(value: Any) -> str:
    if value is MISSING or value is None:
        return "missing"
    if isinstance(value, str):
        return value.replace("\r\n", "\n") or "empty"
    if isinstance(value, Hidden):
        return repr(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, default=repr, sort_keys=True)
