"""Log Analytics as the check sees it: KQL in, rows out, and why there are none."""

from __future__ import annotations

import json
from typing import Any, Protocol

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.monitor.query import LogsQueryClient, LogsQueryPartialResult

from queries.check.errors import CannotRunError

Row = dict[str, Any]

ROLE = "Log Analytics Reader"
"""Least built-in role that reads a workspace's rows.

https://learn.microsoft.com/azure/azure-monitor/logs/manage-access#log-analytics-reader
"""
UNRESOLVED = "Failed to resolve"
"""Start of SEM0100: the workspace has no such table or column yet."""
NOT_THERE = 404
FORBIDDEN = 403
BAD_REQUEST = 400


class NotYetError(Exception):
    """No answer now, and one may come: a table that does not exist, a throttled query."""


class Workspace(Protocol):
    """Anything that answers KQL."""

    def query(self, kql: str) -> list[Row]:
        """Rows by column name.

        Raises:
            NotYetError: ask again later.
            CannotRunError: asking again will not help.
        """
        ...


class LogAnalytics:
    """A workspace behind the Log Analytics query endpoint."""

    def __init__(self, endpoint: str, customer_id: str) -> None:
        self._client = LogsQueryClient(DefaultAzureCredential(), endpoint=endpoint)
        self._customer_id = customer_id

    def query(self, kql: str) -> list[Row]:
        """Rows by column name; see `Workspace`."""
        try:
            # Each query bounds its own time, so the service's time span is left open.
            result = self._client.query_workspace(self._customer_id, kql, timespan=None)
        except json.JSONDecodeError:
            # A workspace without data answers 204 and no body, which the client cannot parse.
            # https://learn.microsoft.com/azure/azure-monitor/logs/api/errors
            return []
        except ClientAuthenticationError as error:
            raise CannotRunError(
                f"no identity to read the workspace with: {first_line(error)}",
                "az login, or the environment variables of a service principal",
            ) from None
        except HttpResponseError as error:
            raise _meaning(error) from None
        except AzureError as error:
            raise NotYetError(f"the workspace cannot be reached: {first_line(error)}") from None
        partial = isinstance(result, LogsQueryPartialResult)
        tables = (
            result.partial_data if isinstance(result, LogsQueryPartialResult) else result.tables
        )
        if partial and not tables:
            raise NotYetError("the workspace answered in part only")
        return [dict(zip(t.columns, row, strict=True)) for t in tables for row in t.rows]


def _meaning(error: HttpResponseError) -> Exception:
    """Wait, or give up: https://learn.microsoft.com/azure/azure-monitor/logs/api/errors."""
    said = f"{getattr(error, 'model', None) or ''} {error}"
    if error.status_code == FORBIDDEN:
        return CannotRunError(
            "the workspace refuses to be read (403)",
            f"give this identity the role {ROLE} or Monitoring Reader on the workspace; a new "
            "assignment may take up to an hour to act",
        )
    if error.status_code == BAD_REQUEST and (UNRESOLVED in said or "SEM0100" in said):
        return NotYetError("the table has no rows yet")
    if error.status_code == BAD_REQUEST:
        return CannotRunError(f"the workspace refuses a query: {first_line(error)}")
    if error.status_code == NOT_THERE:
        return NotYetError("the workspace does not answer queries yet")
    return NotYetError(f"the workspace answered {error.status_code}")


def first_line(error: Exception) -> str:
    """The first line of an error's text, without its long tail."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
