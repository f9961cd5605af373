"""Log Analytics workspaces: rows kept on disk, visible after a delay and out of order.

https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""

import fcntl
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sandbox.logs.facts import FACTS
from sandbox.options import Options

_TABLES = (Path(__file__).parent / "tables").glob("*.json")
COLUMNS: dict[str, dict[str, str]] = {f.stem: json.loads(f.read_text()) for f in _TABLES}
"""Column name to KQL type: https://learn.microsoft.com/azure/azure-monitor/reference/tables-index"""
Span = tuple[datetime, datetime]


def column_type(table: str, column: str) -> str:
    """The KQL type of a column; ValueError if the table has none of that name.

    AzureDiagnostics grows columns as rows bring them, typed by suffix:
    https://learn.microsoft.com/azure/azure-monitor/reference/tables/azurediagnostics
    """
    grown = FACTS["types"].get(column[-2:], "") if table == "AzureDiagnostics" else ""
    kind = COLUMNS[table].get(column, grown)
    if not kind:
        raise ValueError(f"{table} has no column {column!r}")
    return kind


def _stored(value: Any, kind: str) -> Any:
    """A value as its JSON: times in UTC; a cut document is a string, as parse_json has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat()
    if kind == "dynamic" and isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return str(value) if kind == "string" else value


class Workspaces:
    """Rows by customer id, in files under `folder`/workspaces: a recovered workspace has its own.

    https://learn.microsoft.com/azure/azure-monitor/logs/delete-workspace
    """

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder = folder / "workspaces"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._delay = options.ingestion_delay
        self._chance = random.Random(options.seed)  # noqa: S311 - a repeatable choice

    def ingest(self, customer_id: str, table: str, row: Mapping[str, Any]) -> None:
        """Append a row, on disk when this returns; it shows after 0.2 to 1 times the delay.

        https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
        Sure: inferred, as the page gives how long it takes, and not in which order rows come.
        """
        given = {name: value for name, value in row.items() if value is not None}
        typed = {name: _stored(value, column_type(table, name)) for name, value in given.items()}
        visible = time.time() + self._delay * self._chance.uniform(0.2, 1.0)
        with self._file(customer_id) as stream:
            line = json.dumps([visible, table, typed], ensure_ascii=False)
            stream.write(line.encode(errors="replace") + b"\n")

    def query(self, customer_id: str, text: str, span: Span | None = None) -> dict[str, Any]:
        """Answer KQL over the rows visible now whose TimeGenerated lies in `span`.

        A table and its columns exist from their first visible row on, whatever the span.

        Sure: inferred, as a table is seen to exist from its first row on.
        """
        from sandbox.logs import kql  # noqa: PLC0415 slow, and most runs of the sandbox query nothing

        with self._file(customer_id) as stream:
            stream.seek(0)
            entries = [entry for entry in map(json.loads, stream) if entry[0] <= time.time()]
        start, end = (_stored(moment, "datetime") for moment in span) if span else ("", "~")
        rows, shapes = defaultdict(list), dict[str, dict[str, str]]()
        for _, table, row in sorted(entries, key=lambda entry: float(entry[0])):
            shape = shapes.setdefault(table, dict(COLUMNS[table]))
            shape |= {name: column_type(table, name) for name in row}
            if start <= row["TimeGenerated"] <= end:
                rows[table].append(row)
        return kql.run(text, shapes, rows)

    @contextmanager
    def _file(self, customer_id: str) -> Iterator[IO[bytes]]:
        """Open the file of a workspace's rows, locked against other threads and processes."""
        with (self._folder / f"{customer_id.lower()}.jsonl").open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield stream
