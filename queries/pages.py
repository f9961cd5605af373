"""Results larger than one answer, read as pages of time.

The service has no paging: it cuts an answer of more than 500,000 rows or 100 MB, and a query that
takes some thousands of rows at a time says itself that it may have left rows out.
https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from queries.library import literal, unlimited

Row = dict[str, Any]
SHORTEST = timedelta(seconds=1)
"""A time that is not divided any more."""
MOST_PAGES = 60
"""Queries that one result may take: a third of what the service answers in 30 s."""
_TIME = r"^let {} = datetime\(([^)]+)\);$"


class TooManyError(Exception):
    """The rows of a query are too many to be read."""


@dataclass(frozen=True)
class Paged:
    """A query of which every row counts, read in as many pages of time as it takes.

    Both times belong to a page, so a row of the very moment between two comes twice.
    """

    kql: str
    """It has lines `let since` and `let until`, and a `take` at its end."""


def in_pages(ask: Callable[[str], list[Row]], query: str | Paged) -> list[Row]:
    """Read every row: where an answer is as large as its `take`, ask for each half of the time.

    Raises:
        TooManyError: the rows are too many to be read.
    """
    if isinstance(query, str):
        return ask(query)
    rows: list[Row] = []
    left, asked = [query.kql], 0
    while left:
        page = left.pop()
        asked += 1
        if asked > MOST_PAGES:
            raise TooManyError(f"more rows than {MOST_PAGES} queries can read")
        found = ask(page)
        if len(found) < limit(page):
            rows += found
        else:
            left += _halves(page)
    return rows


def limit(kql: str) -> int:
    """The most rows that a query answers.

    Raises:
        ValueError: it does not end with `take`.
    """
    _, rows = unlimited(kql)
    if rows is None:
        raise ValueError("a paged query ends with `take`")
    return rows


def _halves(kql: str) -> list[str]:
    since, until = _time(kql, "since"), _time(kql, "until")
    if until - since < SHORTEST:
        raise TooManyError(f"more than {limit(kql)} rows in a second, which cannot be read")
    middle = since + (until - since) / 2
    return [_with(kql, "until", middle), _with(kql, "since", middle)]


def _time(kql: str, name: str) -> datetime:
    found = re.search(_TIME.format(name), kql, re.MULTILINE)
    if found is None:
        raise ValueError(f"a paged query has a line `let {name}`")
    return datetime.fromisoformat(found[1])


def _with(kql: str, name: str, time: datetime) -> str:
    line = f"let {name} = {literal(time)};"
    return re.sub(_TIME.format(name), line, kql, count=1, flags=re.MULTILINE)
