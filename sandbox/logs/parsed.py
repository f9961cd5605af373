"""Parsed queries, kept between runs: the engine parses in Python, a tenth of a second a query.

The same query comes with other times and ids in each run. So what is kept is a query whose times
and plain texts are places, which are filled when it is loaded.

Sure: no belief.
"""

import hashlib
import io
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from duckdb_kql import ir
from duckdb_kql.errors import KqlError
from duckdb_kql.lower import lower

MOST = 2000
"""Files that are kept at most, of some 10 KB each."""
_FORMAT = 1
"""Raise it with any change to what a file holds."""
_TIMES = r"datetime\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\)"
_TEXTS = r'^let \w+ = "([^"\\\n]+)";$'
_VALUE = re.compile(f"{_TIMES}|{_TEXTS}", re.MULTILINE)
_UNREADABLE = (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError)


class _NoTemplateError(Exception):
    """A place does not stand in the parsed query as it was written."""


@lru_cache(maxsize=256)
def parsed(text: str) -> ir.Query:
    """Parse a query, or load it as another run has parsed it.

    Raises:
        KqlError: it is no KQL.
    """
    values, template = _template(text)
    file = _file(template)
    try:
        os.utime(file)
        return _Reader(file.read_bytes(), values).query()
    except _UNREADABLE:
        pass
    try:
        content = _Writer(len(values)).bytes(lower(template))
        query = _Reader(content, values).query()
        _keep(file, content)
    except (KqlError, _NoTemplateError, OSError, pickle.PicklingError):
        return lower(text)
    return query


def _template(text: str) -> tuple[Sequence[str], str]:
    """Split a query into its times and texts, and what is left with a place for each."""
    values: list[str] = []

    def place(found: re.Match[str]) -> str:
        number, group = len(values), 1 if found[1] else 2
        values.append(found[group])
        before, after = (
            text[found.start() : found.start(group)],
            text[found.end(group) : found.end()],
        )
        return before + (_time, _word)[group - 1](number) + after

    return values, _VALUE.sub(place, text)


def _time(number: int) -> str:
    """Return a time that no query asks for."""
    return f"0042-01-01T00:00:00.{number:06}Z"


def _word(number: int) -> str:
    """Return a text that no query holds."""
    return f"\ue042{number}\ue042"


def _file(template: str) -> Path:
    """Return where a query is kept: by its text, and by all that reads and writes it."""
    tools = (_FORMAT, version("duckdb-kql"), *sys.version_info[:2])
    name = hashlib.sha256(f"{tools}\0{template}".encode()).hexdigest()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "sandbox-kql" / name


def _keep(file: Path, content: bytes) -> None:
    """Write a file at once, so that another process reads all of it or none.

    Where there are too many, the half goes first that was not read for longest.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = list(file.parent.iterdir())
    if len(kept) >= MOST:
        for old in sorted(kept, key=lambda file: file.stat().st_mtime)[: len(kept) // 2]:
            old.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as draft:
        draft.write(content)
    Path(draft.name).replace(file)


class _Writer(pickle.Pickler):
    """Writes a query, its places by number."""

    def __init__(self, count: int) -> None:
        self._to = io.BytesIO()
        super().__init__(self._to, pickle.HIGHEST_PROTOCOL)
        self._places = {form(n): n for n in range(count) for form in (_time, _word)}
        self._left = set(range(count))

    def persistent_id(self, obj: Any) -> int | None:
        """Return the number of a place, and refuse a text that a place is only part of."""
        if not isinstance(obj, str):
            return None
        if obj in self._places:
            self._left.discard(self._places[obj])
            return self._places[obj]
        if "\ue042" in obj or "0042-01-01T" in obj:
            raise _NoTemplateError
        return None

    def bytes(self, query: ir.Query) -> bytes:
        """Return a file's content.

        Raises:
            _NoTemplateError: a place has become something else.
        """
        self.dump(query)
        if self._left:
            raise _NoTemplateError
        return self._to.getvalue()


class _Reader(pickle.Unpickler):
    """Reads a query, with a run's own values in their places, and nothing but a query."""

    def __init__(self, content: bytes, values: Sequence[str]) -> None:
        super().__init__(io.BytesIO(content))
        self._values = values

    def persistent_load(self, pid: Any) -> str:
        """Return the value of a place."""
        return str(self._values[pid])

    def find_class(self, module: str, name: str) -> Any:
        """Return a class of the parser; a file that names another is none of ours."""
        if not module.startswith("duckdb_kql."):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)

    def query(self) -> ir.Query:
        """Return the query that the file holds."""
        query = self.load()
        if not isinstance(query, ir.Query):
            raise pickle.UnpicklingError("no query")
        return query
