"""The `.kql` files beside this package, with their parameters filled in.

A parameter is a one-line `let NAME = DEFAULT;` of the file, so that each file runs by hand as it
is. Log Analytics takes no query parameters in its interface, so a value is quoted here and can
never become part of the query. https://learn.microsoft.com/kusto/query/scalar-data-types/string
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent
Value = str | int | datetime


@cache
def load(name: str) -> str:
    """The text of `queries/<name>.kql`."""
    return (FOLDER / f"{name}.kql").read_text(encoding="utf-8")


def render(name: str, **values: Value) -> str:
    """The query's text with the named parameters set.

    Raises:
        ValueError: the file has no such parameter, or a string holds a control character.
    """
    text = load(name)
    for parameter, value in values.items():
        line = re.search(rf"^let {re.escape(parameter)} = .*;$", text, re.MULTILINE)
        if not line:
            raise ValueError(f"{name}.kql has no parameter {parameter}")
        text = f"{text[: line.start()]}let {parameter} = {literal(value)};{text[line.end() :]}"
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
