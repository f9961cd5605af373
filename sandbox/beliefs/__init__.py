"""Read from the sandbox's code what it believes of Azure: each rule, its source, how sure it is.

A belief is a function, class or constant whose docstring names a source or says how sure it is,
and an entry of a data file. A source says how sure by its kind: Microsoft's and Pulumi's pages
document, issues and code in public repositories show. Where that says too much, or there is no
source, the docstring ends in a line `Sure: inferred, as …`, and an entry has a key `sure`; a
module's such line says it of all its functions without a source of their own. Of several sources
the weakest counts, and words that tell of a doubt demand `inferred`. `Sure: no belief.` is for what
only serves the others.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from sandbox.beliefs.belief import NONE, ROOMS, Belief
from sandbox.beliefs.code import from_code
from sandbox.beliefs.data import from_data
from sandbox.changes import CHANGES

SEEN = Path(__file__).with_name("seen.json")
"""What `make acceptance` saw to be so on Azure: belief's id to `date`, `tier` and `region`."""
OUTSIDE = ("beliefs", "traffic")
"""Rooms without beliefs: this one, and the one that makes up what callers do."""


def beliefs() -> list[Belief]:
    """Return every belief of every room, in the order of the files."""
    return [one for one in _everything() if one.sure != NONE]


def faults() -> list[str]:
    """List what beliefs lack, a line each; public functions and refusals must be beliefs."""
    return [f"{one.file}: {one.id} {one.fault}" for one in _everything() if one.fault]


def seen() -> dict[str, dict[str, str]]:
    """Return date, tier and region of when each belief was last seen on Azure, by id."""
    found: dict[str, dict[str, str]] = json.loads(SEEN.read_text())
    return found


def _everything() -> list[Belief]:
    modules = [*sorted(ROOMS.glob("*/**/*.py")), ROOMS / "identity.py", ROOMS / "entra.py"]
    files = [*modules, *sorted(ROOMS.glob("*/**/*.json"))]
    inside = [one for one in files if one.relative_to(ROOMS).parts[0] not in OUTSIDE]
    told = [
        one for file in inside for one in (from_code if file.suffix == ".py" else from_data)(file)
    ]
    return [*told, *_changes()]


def _changes() -> Iterator[Belief]:
    """Yield the beliefs of changes, each with sources of its own."""
    for name, change in CHANGES.items():
        yield Belief(
            id=f"changes.{name}",
            says=change.about,
            file=f"{change.apply.__module__.replace('.', '/')}.py",
            sources=change.sources,
            sure=change.sure,
        )
