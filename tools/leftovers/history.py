"""Read a stack's states, the newest first: what it has, and what it had before it was destroyed.

`pulumi stack export --version` works with Pulumi's own service alone. Every other backend keeps a
copy of each state beside the state; of these a folder is read here, and from a bucket a person
takes the newest copies for `--state`.
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/state.go
https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_export/
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from queries.errors import CannotRunError
from tools.adopt.engine import Engine
from tools.adopt.stack import State

COPIES = 20
"""States that are read: each `pulumi up` or destroy keeps one."""
FOLDERS = ("history", "backups")
"""https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/store.go"""
ENDINGS = (".json", ".json.gz")


def states(engine: Engine, copies: int = COPIES) -> tuple[list[State], str]:
    """Return the states, the current one first, and why no earlier ones could be read, or "".

    Raises:
        CannotRunError: Pulumi is missing or fails, or the stack does not exist.
    """
    current, url = engine.export(), engine.backend()
    if url.startswith(("https://", "http://")):
        return [current, *_of_the_service(engine, copies)], ""
    folder = engine.folder()
    if folder is None:
        where = url.split("?", maxsplit=1)[0]
        return [current], (
            f"earlier states lie in {where} under .pulumi/history: copy the last ones "
            "(*.checkpoint.json) to this machine, and give each by --state"
        )
    name = engine.name()
    found = [file for one in FOLDERS for file in _files(folder / ".pulumi" / one, name)]
    return [current, *map(read, sorted(found, key=_number, reverse=True)[:copies])], ""


def _files(folder: Path, name: tuple[str, str]) -> Iterator[Path]:
    """Yield the copies of one stack's states, with the project in the path or without."""
    project, stack = name
    for place in (folder / project / stack, folder / stack):
        for file in place.glob("*") if place.is_dir() else ():
            kept = ".history." not in file.name and file.name.startswith((f"{stack}-", f"{stack}."))
            if kept and file.name.endswith(ENDINGS):
                yield file


def _number(file: Path) -> int:
    """Return the time in a copy's name, in nanoseconds."""
    digits = [part for part in file.name.replace("-", ".").split(".") if part.isdigit()]
    return int(digits[-1]) if digits else 0


def _of_the_service(engine: Engine, copies: int) -> Iterable[State]:
    """Return earlier states that Pulumi's own service keeps, the newest first."""
    versions = [one["version"] for one in engine.history(copies) if one.get("version")]
    return [engine.export(str(version)) for version in sorted(versions, reverse=True)]


def read(file: Path) -> State:
    """Read a state: what `pulumi stack export` printed, or a copy that a backend keeps.

    Raises:
        CannotRunError: the file is neither.
    """
    try:
        raw = file.read_bytes()
        found: Any = json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)
        held = found["deployment"] if "deployment" in found else found["checkpoint"]["latest"]
        return State({"deployment": held or {}})
    except (OSError, ValueError, KeyError, TypeError):
        raise CannotRunError(f"{file} is no state of a stack") from None
