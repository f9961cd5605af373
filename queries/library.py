"""The query library: the `.kql` files beside this module, with their parameters filled in.

A file's header names its title, question, parameters and columns. A parameter is a one-line
`let NAME = DEFAULT;`, so that each file runs by hand as it is. Log Analytics takes no query
parameters in its interface, so a value is quoted here and can never become part of the query.
https://learn.microsoft.com/kusto/query/scalar-data-types/string

    >>> render("retries", since=timedelta(hours=6), api="miyagi-api", within=Expression("90s"))

returns the text of `queries/retries.kql` with the lines `let since = ago(21600s);`,
`let api = "miyagi-api";` and `let within = 90s;` in the place of its defaults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
MARK = re.compile(r"^// (?:>>>|<<<) .*\n", re.MULTILINE)
"""A line at the beginning or end of what several queries have in common: see `queries.compose`."""
ACCOUNT = "account"
"""The parameter that takes one ARM id, or a list of several, of which rows are read."""
BACKEND = "backend"
"""The parameter that takes the host of one account, of stacks that have several."""
_SEVERAL = (
    ("isempty(account) or _ResourceId =~ account", "_ResourceId in~ (account)"),
    (
        "(isempty(gateway) and isempty(account)) or _ResourceId in~ (gateway, account)",
        "_ResourceId =~ gateway or _ResourceId in~ (account)",
    ),
)
"""How the files choose the rows of one account or of all, and how those of several are chosen."""
LINES = "lines"
"""Beside the values of parameters: which marked lines a stack needs."""
SEVERAL_ACCOUNTS, TOKEN_CALLERS, PLANS = "several accounts", "token callers", "plans"
"""What a line is marked with that a query needs only for such a stack.

Of a call with a token the policy tells the consumer in a trace, as it has no subscription.
https://learn.microsoft.com/azure/api-management/trace-policy
"""
_MARKED = re.compile(rf"^// ({SEVERAL_ACCOUNTS}|{TOKEN_CALLERS}|{PLANS}): (.*\n)", re.MULTILINE)
_TAKE = re.compile(r"\s*\| take (\d+)\s*$")
_SUBSCRIPTIONS = re.compile("(/subscriptions)(?=/)", re.IGNORECASE)
"""Where an ARM id in a query is cut in two.

Pulumi's provider sees no change of a text beside a whole ARM id in it.
https://github.com/pulumi/pulumi-azure-native/issues/3620
"""


@dataclass(frozen=True)
class Expression:
    """KQL that stands unquoted where a value would: `Expression("bin(ago(6h), 1m)")`."""

    kql: str
    many: bool = False
    """Whether it gives several values, of which each counts."""


Value = (
    str
    | int
    | float
    | datetime
    | timedelta
    | Mapping[str, Any]
    | list[str]
    | tuple[str, ...]
    | Expression
)
"""A time span means that long ago; a map or a list becomes a `dynamic` literal."""


@cache
def load(name: str, *lines: str) -> str:
    """Return the text of `queries/<name>.kql`, without the marks round its common parts.

    Of the marked lines it has those of `lines` alone.
    """
    return _MARKED.sub(lambda line: line[2] if line[1] in lines else "", _written(name))


@cache
def _written(name: str) -> str:
    return MARK.sub("", (FOLDER / f"{name}.kql").read_text(encoding="utf-8"))


@cache
def names() -> tuple[str, ...]:
    """List every query, by file name without `.kql`."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.kql")))


def of_several(name: str) -> bool:
    """Tell whether a query is of stacks of several accounts alone: its header says so."""
    return _header(name, "Stacks") != ""


def title(name: str) -> str:
    """Return what the query shows, in a few words: the first line of its header."""
    return load(name).partition("\n")[0].removeprefix("// ")


def question(name: str) -> str:
    """Return the question that the query answers."""
    return _header(name, "Question")


def columns(name: str) -> tuple[str, ...]:
    """List the columns that a query's header promises, without notes in parentheses."""
    plain = re.sub(r"\([^)]*\)", "", _header(name, "Columns"))
    return tuple(column.strip().rstrip(".") for column in plain.split(",") if column.strip())


def has(name: str, parameter: str, *, several: bool = False) -> bool:
    """Tell whether the query takes a parameter of that name, with `several` accounts or one.

    Every query takes `LINES`.
    """
    text = load(name, *([SEVERAL_ACCOUNTS] if several else []))
    return parameter == LINES or _line(text, parameter) is not None


def default(name: str, parameter: str) -> str:
    """Return the KQL that a parameter stands for in the file: `"5"` for `let minutes = 5;`.

    Raises:
        ValueError: the file has no such parameter.
    """
    return _required(name, load(name), parameter)["value"]


def render(name: str, **values: Value) -> str:
    """Return the query's text with the named parameters set; the others keep their defaults.

    It has the lines that `LINES` names, and those of several accounts if it is given their list.

    Raises:
        ValueError: the file has no such parameter, or a string holds a control character.
    """
    lines = _lines(values.pop(LINES, ()))
    if is_many(values.get(ACCOUNT, "")):
        lines.add(SEVERAL_ACCOUNTS)
    text = load(name, *sorted(lines))
    for parameter, value in values.items():
        line = _required(name, text, parameter)
        text = f"{text[: line.start()]}let {parameter} = {literal(value)};{text[line.end() :]}"
    for one, many in _SEVERAL if SEVERAL_ACCOUNTS in lines else ():
        text = text.replace(one, many)
    return text


def is_many(value: Value) -> bool:
    """Tell whether a value stands for a list, as that of `account` does for several accounts."""
    return value.many if isinstance(value, Expression) else isinstance(value, list | tuple)


def fill(name: str, values: Mapping[str, Value]) -> str:
    """Return the query's text with those of the values set for which it has a parameter."""
    several = is_many(values.get(ACCOUNT, ""))
    known = {key: one for key, one in values.items() if has(name, key, several=several)}
    if several:
        known[LINES] = [*_lines(values.get(LINES, ())), SEVERAL_ACCOUNTS]
    return render(name, **known)


def _lines(value: Value) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list | tuple) else set()


def price_list() -> dict[str, Any]:
    """Read `queries/prices.json`: US dollars per 1,000,000 tokens by model, with source and day."""
    listed: dict[str, Any] = json.loads((FOLDER / "prices.json").read_text(encoding="utf-8"))
    return listed


def unlimited(kql: str) -> tuple[str, int | None]:
    """Split a query into itself without the `take` at its end, and that number of rows or None.

    Where the query chooses as many calls before it reads their texts, it reads those of all.
    """
    found = _TAKE.search(kql)
    if not found:
        return kql.rstrip(), None
    return kql[: found.start()].replace(f"\n| take {found[1]}\n", "\n"), int(found[1])


def literal(value: Value) -> str:
    """Write a value as KQL: a time is UTC, a time span that long ago, a map or list `dynamic`.

    Raises:
        ValueError: a string holds a control character.
    """
    match value:
        case Expression():
            return value.kql
        case datetime():
            return f"datetime({value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z)"
        case timedelta():
            return f"ago({int(value.total_seconds())}s)"
        case int() | float():
            return str(value)
        case str():
            return _quoted(value)
    return _several(value)


def _several(value: Any) -> str:
    """Write a map or a list; ids of Azure one by one, as each is to be cut in two."""
    if isinstance(value, list | tuple) and any(map(_SUBSCRIPTIONS.search, value)):
        return f"pack_array({', '.join(map(_quoted, value))})"
    return f"dynamic({json.dumps(value)})"


def among(ids: str | tuple[str, ...]) -> str:
    """Write the condition that a row is of one resource, or of one of several."""
    return f"_ResourceId {'=~' if isinstance(ids, str) else 'in~'} {_in_place(ids)}"


def _in_place(ids: str | tuple[str, ...]) -> str:
    return literal(ids) if isinstance(ids, str) else f"({', '.join(map(_quoted, ids))})"


def _quoted(text: str) -> str:
    if any(ord(character) < ord(" ") for character in text):
        raise ValueError("a parameter holds a control character")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    pieces = _SUBSCRIPTIONS.sub(r'\1", "', escaped)
    return f'"{escaped}"' if pieces == escaped else f'strcat("{pieces}")'


def _header(name: str, field: str) -> str:
    line = re.search(rf"^// {field}: (.+)$", load(name), re.MULTILINE)
    return line[1] if line else ""


def _line(text: str, parameter: str) -> re.Match[str] | None:
    return re.search(rf"^let {re.escape(parameter)} = (?P<value>.*);$", text, re.MULTILINE)


def _required(name: str, text: str, parameter: str) -> re.Match[str]:
    if line := _line(text, parameter):
        return line
    raise ValueError(f"{name}.kql has no parameter {parameter}")
