"""Logs in storage accounts and event hubs: records as Azure writes them, kept on disk.

https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-blob-format
"""

import fcntl
import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sandbox.cloud import Resource
from sandbox.options import Options

Row = Mapping[str, Any]
TOP_LEVEL = {
    "CorrelationId": "correlationId",
    "CallerIpAddress": "callerIpAddress",
    "CallerIPAddress": "callerIpAddress",
    "TotalTime": "durationMs",
    "DurationMs": "durationMs",
    "OperationName": "operationName",
    "ResultSignature": "resultSignature",
    "IsRequestSuccess": "isRequestSuccess",
    "event_s": "event",
    "location_s": "location",
    "Tenant_s": "Tenant",
}
"""Fields of a record's first level, by the column that workspaces have for them.

https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema
https://github.com/elastic/integrations/tree/main/packages/azure_openai/data_stream/logs
"""


def record(owner: Resource, category: str, row: Row) -> dict[str, Any]:
    """One event in the schema that all services share; the rest is in its `properties`.

    https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema
    https://learn.microsoft.com/azure/api-management/gateway-log-schema-reference

    Sure: inferred, as the pages have the fields and no whole record of each category.
    """
    top: dict[str, Any] = {
        "time": row["TimeGenerated"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
        "resourceId": owner.id.upper(),
        "category": category,
        "operationName": f"{owner.type.partition('/')[0]}/{category}",
        "location": str(owner.body.get("location", "")),
    }
    rest: dict[str, Any] = {}
    for name, value in row.items():
        if name in TOP_LEVEL:
            top[TOP_LEVEL[name]] = value
        elif name != "TimeGenerated":
            rest[name[0].lower() + name[1:]] = value
    return {**top, "properties": row.get("properties_s", rest)}


def blob_name(owner: Resource, moment: datetime) -> str:
    """The one blob that holds a resource's events of an hour.

    https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs#send-to-azure-storage
    """
    return f"resourceId={owner.id.upper()}/{moment:y=%Y/m=%m/d=%d/h=%H}/m=00/PT1H.json"


class Copies:
    """What came to storage accounts and event hubs, a file of each; it shows after a delay."""

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder = folder / "copies"
        self._delay = options.ingestion_delay
        self._chance = random.Random(options.seed)  # noqa: S311 - a repeatable choice

    def store(self, account: Resource, owner: Resource, category: str, row: Row) -> None:
        """Append an event to the blob of its hour, where the account lets Azure Monitor in.

        The container is made with the first event of its category.
        https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings#destination-limitations
        """
        entry, moment = record(owner, category, row), row["TimeGenerated"].astimezone(UTC)
        place = [f"insights-logs-{category.lower()}", blob_name(owner, moment)]
        if not _lets_azure_in(account) or (_is_frozen(account) and self._has(account, place)):
            return
        self._append(account.name, place, entry)

    def stream(
        self, namespace: Resource, hub: str, owner: Resource, category: str, row: Row
    ) -> None:
        """Send an event to a hub; without a name, to one that Azure makes for the category.

        https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs#send-to-azure-event-hubs
        """
        place = [hub or f"insights-logs-{category.lower()}", ""]
        self._append(f"{namespace.name}.hubs", place, record(owner, category, row))

    def containers(self, account: str) -> dict[str, dict[str, list[str]]]:
        """The lines that show now, by container and blob.

        Sure: no belief.
        """
        found: dict[str, dict[str, list[str]]] = {}
        for visible, container, blob, line in self._entries(account):
            if visible <= time.time():
                found.setdefault(container, {}).setdefault(blob, []).append(line)
        return found

    def _has(self, account: Resource, place: list[str]) -> bool:
        return any(entry[1:3] == place for entry in self._entries(account.name))

    def _entries(self, name: str) -> list[Any]:
        with self._file(name) as stream:
            stream.seek(0)
            return [json.loads(line) for line in stream]

    def _append(self, name: str, place: list[str], entry: Row) -> None:
        visible = time.time() + self._delay * self._chance.uniform(0.2, 1.0)
        line = json.dumps(entry, ensure_ascii=False, default=str)
        with self._file(name) as stream:
            whole = json.dumps([visible, *place, line], ensure_ascii=False)
            stream.write(whole.encode(errors="replace") + b"\n")

    @contextmanager
    def _file(self, name: str) -> Iterator[IO[bytes]]:
        """Open a place's file, locked against other threads and processes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{name.lower()}.jsonl").open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield stream


def _lets_azure_in(account: Resource) -> bool:
    """An account that is closed to networks takes logs only if trusted services may pass.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings#destination-limitations
    """
    rules = account.properties.get("networkAcls") or {}
    trusted = "AzureServices" in str(rules.get("bypass"))
    return rules.get("defaultAction") != "Deny" or trusted


def _is_frozen(account: Resource) -> bool:
    """Nothing is appended under an immutability policy without protected append writes.

    https://learn.microsoft.com/azure/storage/blobs/immutable-container-level-worm-policies#allow-protected-append-blobs-writes
    """
    given = account.properties.get("immutableStorageWithVersioning") or {}
    policy = given.get("immutabilityPolicy") or {}
    active = bool(given.get("enabled")) and policy.get("state") in {"Unlocked", "Locked"}
    return active and not policy.get("allowProtectedAppendWrites")
