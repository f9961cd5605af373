"""Read beliefs from data files: refusals, durations and all other entries."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.beliefs.belief import INFERRED, Belief, by_kind, named, project_path, sources, weaker

TABLE_PAGE = "https://learn.microsoft.com/azure/azure-monitor/reference/tables/{}"
_ABOUT = ("source", "sources", "sure", "says", "as_of")


def from_data(path: Path) -> Iterator[Belief]:
    """Yield the entries of a data file that have sources of their own, else its keys."""
    whole = json.loads(path.read_text())
    if path.parent.name == "tables":
        page = {"source": TABLE_PAGE.format(path.stem.lower())}
        yield _entry(path, "columns", page, whole)
        return
    for key, value in whole.items():
        parts = value if isinstance(value, dict) else {}
        apart = any(isinstance(part, dict) and "source" in part for part in parts.values())
        if key in _ABOUT:
            continue
        if apart or key == "refusals":
            for name, part in parts.items():
                yield _entry(path, f"{key}.{name}", part, whole)
        else:
            yield _entry(path, key, value, whole)


def _entry(path: Path, name: str, part: Any, whole: dict[str, Any]) -> Belief:
    """Make the belief of an entry; what it does not say, its file says of the key, or of all."""
    own = part if isinstance(part, dict) else {}
    stated = own.get("sure") or (whole.get("sure") or {}).get(name.partition(".")[0])
    found = sources(
        str(own.get("source") or ("" if stated == INFERRED else _of(path, name, whole)))
    )
    return Belief(
        id=f"{named(path)}.{name}",
        says=(whole.get("says") or {}).get(name) or _says(name, part),
        file=project_path(path),
        sources=found,
        sure=weaker(stated, found) if stated else by_kind(found),
    )


def _of(path: Path, name: str, whole: dict[str, Any]) -> Any:
    """Return a file's source of a key; else the page of the module of that name."""
    given = whole.get("sources") or whole.get("source")
    if isinstance(given, dict):
        first = name.partition(".")[0]
        return [page for key, page in given.items() if first in re.split(r"[. ]", key)]
    module = path.with_suffix(".py")
    if given is None and module.exists():
        return ast.get_docstring(ast.parse(module.read_text()))
    return given


def _says(name: str, part: Any) -> str:
    if name == "columns":
        return f"{len(part)} columns of the table, and their types"
    if isinstance(part, dict) and "api_version" in part:
        return f"Lies at `{part['path']}`, API version {part['api_version']}"
    if isinstance(part, dict) and "seconds" in part:
        return f"{part['seconds']} s"
    if isinstance(part, dict) and "text" in part:
        return f"{part['status']}: {part['text']}"
    if name.startswith("refusals."):
        return ": ".join(map(str, part))
    return ""
