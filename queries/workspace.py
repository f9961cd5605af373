"""Log Analytics: KQL in, rows out, and why there are none."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.monitor.query import (
    LogsQueryClient,
    LogsQueryPartialResult,
    LogsQueryResult,
    LogsTable,
)

from queries.errors import CannotRunError
from queries.pages import CutError, Paged, TooManyError, in_pages
from queries.partial import is_cut, is_whole
from queries.retries import Retries

Row = dict[str, Any]

AT_ONCE = 3
"""Queries at a time, beside which a look may ask."""
MOST_AT_ONCE = 5
"""Queries that the service answers at a time of one user.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""
UNRESOLVED = ("Failed to resolve", "SEM0100")
"""The workspace has no such table or column, or not yet."""
COLUMN = re.compile(r"Failed to resolve (?!table)[a-z ]*expression named '([^']+)'")
"""A name that no table of the query has; a table that is missing is `table or column`."""
BROUGHT = re.compile(r"_[sdbtg]$")
"""How columns end that AzureDiagnostics gets with the first row that has them.

https://learn.microsoft.com/azure/azure-monitor/reference/tables/azurediagnostics
"""
NO_TABLE = "the table has no rows yet"
"""What is said of a table that Azure makes with its first row."""
NO_IDENTITY = (None, 401)
"""No request was sent as there was no token, or the token was not accepted."""
OK, BAD_REQUEST, FORBIDDEN, NOT_FOUND = 200, 400, 403, 404
READER_FIX = (
    "give this identity the role Log Analytics Reader or Monitoring Reader on the workspace; a new "
    "assignment may take up to an hour to act"
)
"""https://learn.microsoft.com/azure/azure-monitor/logs/manage-access#log-analytics-reader"""
WORKSPACE_FIX = (
    "the stack's workspace is gone: pulumi up --refresh; or the outputs are those of an older stack"
)
CLIENT = {"connection_timeout": 20, "read_timeout": 200}
"""The service ends a query after 180 s."""
NO_ANSWER = "the answer is not one of Log Analytics: a proxy may stand in between"


class NotYetError(Exception):
    """No answer now, and one may come: a table that does not exist, a throttled query."""

    after = 0.0
    """Seconds for which the service does not want to be asked again."""


class NoTableError(NotYetError):
    """A table that Azure makes with its first row has had none yet."""

    def __init__(self) -> None:
        super().__init__(NO_TABLE)


class NoColumnError(NotYetError):
    """A column that the tables of the query lack: wrong, unless no table of it exists yet."""


class RefusedError(NotYetError):
    """The workspace, or the role that reads it, is new or missing; `fix` says what to do."""

    def __init__(self, message: str, fix: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.fix = fix
        self.missing = missing


class _CutAnswerError(CutError):
    """An answer that is cut by its size; its `tables` have all columns, and not all rows."""

    def __init__(self, tables: list[LogsTable]) -> None:
        super().__init__()
        self.tables = tables


class LogAnalytics:
    """A workspace behind the Log Analytics query endpoint."""

    def __init__(self, endpoint: str, customer_id: str) -> None:
        # The identity library would log every way it tried; the error says it in one line.
        logging.getLogger("azure").setLevel(logging.CRITICAL)
        self._retries = Retries()
        self._client = LogsQueryClient(
            DefaultAzureCredential(), endpoint=endpoint, retry_policy=self._retries, **CLIENT
        )
        self._customer_id = customer_id
        self._let_in = False
        self._slots = threading.Semaphore(MOST_AT_ONCE)

    def query(self, query: str | Paged) -> list[Row]:
        """Return the rows by column name, of a paged query every one; raises as `columns` does."""
        return whole(self._rows, query)

    def _rows(self, kql: str) -> list[Row]:
        tables = self._tables(kql)
        return [dict(zip(t.columns, row, strict=True)) for t in tables for row in t.rows]

    def columns(self, kql: str) -> list[str]:
        """Return the names of the columns that a query returns, also without rows.

        Raises:
            NotYetError: ask again later.
            CannotRunError: asking again will not help.
        """
        try:
            tables = self._tables(kql)
        except _CutAnswerError as error:
            tables = error.tables
        if not tables:
            raise NotYetError("the workspace has no data yet")
        return list(tables[0].columns)

    def _tables(self, kql: str) -> list[LogsTable]:
        self._be_patient("the workspace is throttled, and takes no query for another {:.0f} s")
        try:
            with self._slots:
                # Each query bounds its own time, so the service's time span is left open.
                result = self._client.query_workspace(self._customer_id, kql, timespan=None)
        except json.JSONDecodeError as error:
            # A workspace without data answers 204 and no body, which the client cannot parse.
            # https://learn.microsoft.com/azure/azure-monitor/logs/api/errors
            if error.doc.strip():
                raise NotYetError(NO_ANSWER) from None
            return []
        except HttpResponseError as error:
            self._be_patient(f"the workspace answered {error.status_code}")
            if error.status_code in NO_IDENTITY:
                raise self._no_identity(error) from None
            raise _meaning(error) from None
        except AzureError as error:
            raise NotYetError(f"the workspace cannot be reached: {first_line(error)}") from None
        except (AttributeError, KeyError, TypeError, ValueError):
            raise NotYetError(NO_ANSWER) from None
        self._let_in = True
        return _whole_answer(result, kql)

    def _be_patient(self, words: str) -> None:
        """Leave the service alone for as long as it asked; the caller knows how long it can."""
        if left := self._retries.left():
            error = NotYetError(words.format(left))
            error.after = left
            raise error

    def _no_identity(self, error: HttpResponseError) -> Exception:
        """Return the error for a token that is not had; one that was had before may be again."""
        if self._let_in:
            return NotYetError("the identity's token is being renewed")
        return CannotRunError(
            f"no identity to read the workspace with: {first_line(error)}",
            "az login, or set the environment variables of a service principal",
        )


def _whole_answer(result: LogsQueryResult | LogsQueryPartialResult, kql: str) -> list[LogsTable]:
    """Return the tables of a whole answer: what one leaves out could tell the contrary.

    Raises:
        CutError: it is cut by its size.
        NotYetError: it leaves something else out, or holds no table.
    """
    if isinstance(result, LogsQueryPartialResult):
        if is_cut(result.partial_error):
            raise _CutAnswerError(list(result.partial_data or []))
        if not is_whole(getattr(result.partial_error, "details", None), kql):
            raise NotYetError("the workspace answered only in part")
        tables = result.partial_data
    else:
        tables = result.tables
    if not tables:
        raise NotYetError(NO_ANSWER)
    return list(tables)


def whole(ask: Callable[[str], list[Row]], query: str | Paged) -> list[Row]:
    """Return the rows that `ask` answers, in pages where the query is paged.

    Raises:
        NotYetError: they are too many.
    """
    try:
        return in_pages(ask, query)
    except TooManyError as error:
        raise NotYetError(str(error)) from None


def _meaning(error: HttpResponseError) -> Exception:
    """Wait, or give up: https://learn.microsoft.com/azure/azure-monitor/logs/api/errors."""
    said = f"{getattr(error, 'model', None) or ''} {error}"
    if error.status_code == OK:
        return NotYetError(NO_ANSWER)
    if error.status_code == FORBIDDEN:
        return RefusedError("the workspace refuses to be read (403)", READER_FIX)
    if error.status_code == NOT_FOUND:
        return RefusedError("the workspace is not found (404)", WORKSPACE_FIX, missing=True)
    if error.status_code == BAD_REQUEST and any(words in said for words in UNRESOLVED):
        return _unresolved(said)
    if error.status_code == BAD_REQUEST:
        return CannotRunError(f"the workspace refuses a query: {first_line(error)}")
    return NotYetError(f"the workspace answered {error.status_code}")


def _unresolved(said: str) -> NotYetError:
    """Return the error for a name that is not known, which a first row may still bring."""
    column = COLUMN.search(said)
    if column is None:
        return NoTableError()
    if BROUGHT.search(column[1]):
        return NotYetError(f"no row has brought the column {column[1]} yet")
    return NoColumnError(f"the workspace knows no column '{column[1]}': {column.group()}")


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, without its long tail."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
