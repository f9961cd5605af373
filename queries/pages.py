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
NO_KEY = "the answer is cut by its size, and the query has no time by which to ask for less"
_TIME = r"^let {} = datetime\(([^)]+)\);$"


class TooManyError(Exception):
    """The rows of a query are too many to be read."""


class CutError(Exception):
    """The service has cut an answer by its size."""


@dataclass(frozen=True)
class Paged:
    """A query of which every row counts, read in as many pages of time as it takes.

    Both times belong to a page, so a row of the very moment between two comes twice.
    """

    kql: str
    """It has lines `let since` and `let until`, and a `take` at its end."""
    every: bool = True
    """An answer as large as its `take` is halved too, not only one that the service has cut."""


def in_pages(ask: Callable[[str], list[Row]], query: str | Paged) -> list[Row]:
    """Read every row: where an answer is cut or as large as its `take`, ask for half the time.

    Rows come page by page, the earliest page first.

    Raises:
        TooManyError: the rows are too many to be read, or the query is not paged and is cut.
    """
    if isinstance(query, str):
        try:
            return ask(query)
        except CutError:
            raise TooManyError(NO_KEY) from None
    rows: list[Row] = []
    left, asked = [query.kql], 0
    while left:
        page = left.pop()
        asked += 1
        if asked > MOST_PAGES:
            raise TooManyError(f"more rows than {MOST_PAGES} queries can read")
        try:
            found = ask(page)
        except CutError:
            found = None
        if found is None:
            left += _halves(page, "the rows of one second are cut by their size")
        elif query.every and len(found) >= limit(page):
            left += _halves(page, f"more than {limit(page)} rows in a second")
        else:
            rows += found
    return rows


def limit(kql: str) -> int:
    """Return the most rows that a query answers.

    Raises:
        ValueError: it does not end with `take`.
    """
    _, rows = unlimited(kql)
    if rows is None:
        raise ValueError("a paged query ends with `take`")
    return rows


def _halves(kql: str, why: str) -> list[str]:
    """Divide a page into its later half and its earlier one, which is to be asked first."""
    since, until = _time(kql, "since"), _time(kql, "until")
    if until - since < SHORTEST:
        raise TooManyError(f"{why}, which cannot be read")
    middle = since + (until - since) / 2
    return [_with(kql, "since", middle), _with(kql, "until", middle)]


def _time(kql: str, name: str) -> datetime:
    found = re.search(_TIME.format(name), kql, re.MULTILINE)
    if found is None:
        raise ValueError(f"a paged query has a line `let {name}`")
    return datetime.fromisoformat(found[1])


def _with(kql: str, name: str, time: datetime) -> str:
    line = f"let {name} = {literal(time)};"
    return re.sub(_TIME.format(name), line, kql, count=1, flags=re.MULTILINE)
