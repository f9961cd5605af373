"""Write every row of a workspace to files, a file a table, before the workspace ends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from components.azure.environment import named
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.library import literal
from queries.pages import Paged
from queries.workspace import LogAnalytics, NotYetError
from tools.leftovers.owned import Owned

AT_ONCE = 5_000
"""Rows that one query asks for: the service answers 100 MB at most, and a row may have 64 KB.

https://learn.microsoft.com/azure/azure-monitor/service-limits#log-queries-and-language
"""
DAY = timedelta(days=1)
HELD = (
    "search * | summarize First = min(TimeGenerated), Last = max(TimeGenerated) by $table "
    "| order by $table asc"
)
"""Which tables have rows, and from when to when.

https://learn.microsoft.com/kusto/query/search-operator
"""
READ = "analytics"
"""Plan of the tables that such queries read: of the others `search` finds no row.

https://learn.microsoft.com/azure/azure-monitor/logs/basic-logs-query
https://learn.microsoft.com/rest/api/loganalytics/tables/list-by-workspace
"""
Span = tuple[datetime, datetime]


@dataclass(kw_only=True)
class Export:
    """The export of workspaces into a folder, each into one of its own."""

    manager: Manager
    folder: Path
    config: Mapping[str, str]
    """The stack's configuration, which names the cloud."""

    def run(self, workspace: Owned) -> None:
        """Write every table that has rows.

        Raises:
            UnreadableError: some row cannot be read; then the workspace must stay.
        """
        if unread := self._of_other_plans(workspace):
            raise UnreadableError(
                f"its rows are not exported, as queries do not read {', '.join(unread)}: set the "
                "plan to Analytics, or copy them otherwise and purge without --export"
            )
        found = self.manager.get(workspace.id, workspace.version) or {}
        customer = str((found.get("properties") or {}).get("customerId") or "")
        endpoint = named(self.config.get("azure-native:environment")).logs_endpoint
        logs = LogAnalytics(endpoint, customer)
        place = self.folder / workspace.id.rpartition("/")[2]
        place.mkdir(parents=True, exist_ok=True)
        try:
            for table in logs.query(HELD):
                name = str(table["$table"])
                _write(logs, name, _spans(table), place / f"{name}.jsonl")
        except NotYetError as error:
            raise UnreadableError(f"its rows are not exported: {error}") from None

    def _of_other_plans(self, workspace: Owned) -> list[str]:
        """Return the tables whose rows would be lost unseen.

        Raises:
            UnreadableError: Azure does not tell.
        """
        tables = self.manager.list(f"{workspace.id}/tables", workspace.version)
        plans = [(str((one.get("properties") or {}).get("plan") or READ), one) for one in tables]
        return [f"{one.get('name')} (plan {plan})" for plan, one in plans if plan.lower() != READ]


def _write(logs: LogAnalytics, name: str, spans: Iterator[Span], file: Path) -> None:
    with file.open("w") as written:
        for since, until in spans:
            query = (
                f"let since = {literal(since)};\nlet until = {literal(until)};\n{name}\n"
                f"| where TimeGenerated >= since and TimeGenerated < until\n| take {AT_ONCE}"
            )
            for row in logs.query(Paged(query)):
                written.write(json.dumps(row, default=str) + "\n")


def _spans(table: Mapping[str, Any]) -> Iterator[Span]:
    """Yield the days, from the first row's to the last row's."""
    since, last = _time(table["First"]), _time(table["Last"])
    while since <= last:
        yield since, since + DAY
        since += DAY


def _time(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
