"""The `.kql` files beside this package: their headers, and their parameters filled in.

A parameter is a one-line `let NAME = DEFAULT;` of the file, so that each file runs by hand as it
is. `render` replaces the default by a literal of the value's type. Log Analytics takes no query
parameters in its interface, so a value is quoted here and can never become part of the query.
https://learn.microsoft.com/kusto/query/scalar-data-types/string
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent
_LET = r"^let {name} = .*;$"

Value = str | int | datetime


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question: what its header says, and its text as it stands."""

    name: str
    title: str
    question: str
    parameters: str
    columns: tuple[str, ...]
    text: str


@cache
def load(name: str) -> Query:
    """The query of `queries/<name>.kql`.

    Raises:
        ValueError: the header lacks a line.
    """
    text = (FOLDER / f"{name}.kql").read_text(encoding="utf-8")
    title, *fields = (line[3:].strip() for line in text.splitlines() if line.startswith("// "))
    header = {key: value.strip() for key, _, value in (field.partition(":") for field in fields)}
    missing = {"Question", "Parameters", "Columns"} - header.keys()
    if missing:
        raise ValueError(f"{name}.kql: its header lacks {', '.join(sorted(missing))}")
    return Query(
        name=name,
        title=title,
        question=header["Question"],
        parameters=header["Parameters"],
        columns=tuple(column.strip() for column in header["Columns"].split(",")),
        text=text,
    )


def render(name: str, **values: Value) -> str:
    """The query's text with the named parameters set.

    Raises:
        ValueError: the file has no such parameter, or a string holds a control character.
    """
    text = load(name).text
    for parameter, value in values.items():
        statement = f"let {parameter} = {literal(value)};"
        line = re.compile(_LET.format(name=re.escape(parameter)), re.MULTILINE)
        text, found = line.subn(lambda _, s=statement: s, text)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"{name}.kql has no parameter {parameter}")
    return text


def literal(value: Value) -> str:
    """A KQL literal of a string, a whole number or a time (UTC)."""
    if isinstance(value, datetime):
        return f"datetime({value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z)"
    if isinstance(value, int):
        return str(value)
    if any(ord(character) < ord(" ") for character in value):
        raise ValueError("a parameter holds a control character")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
