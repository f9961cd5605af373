"""Blobs that diagnostic settings write: the records of a resource in some hours, and why none.

https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs#send-to-azure-storage
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

Record = dict[str, Any]
HOUR = timedelta(hours=1)
PATIENCE: dict[str, Any] = {"connection_timeout": 20, "read_timeout": 60, "retry_total": 2}
READER_FIX = (
    "give this identity the role Storage Blob Data Reader on the storage account, and let it in "
    "from here (Networking); a new assignment may take some minutes to act"
)
"""https://learn.microsoft.com/azure/storage/blobs/assign-azure-role-data-access"""


class NoBlobsError(Exception):
    """The records cannot be read; `later` tells whether they may be a little later."""

    def __init__(self, message: str, *, later: bool = False, fix: str = "") -> None:
        super().__init__(message)
        self.later = later
        self.fix = fix


class Blobs:
    """A storage account behind its blob endpoint, read with a token of Microsoft Entra."""

    def __init__(self, endpoint: str) -> None:
        logging.getLogger("azure").setLevel(logging.CRITICAL)
        self._client = BlobServiceClient(endpoint, DefaultAzureCredential(), **PATIENCE)

    def records(self, category: str, resource_id: str, hours: Collection[datetime]) -> list[Record]:
        """Return the records of a category and a resource, of some hours.

        Raises:
            NoBlobsError: there are none, or they cannot be read.
        """
        container = self._client.get_container_client(f"insights-logs-{category.lower()}")
        try:
            found = [_content(container, name) for name in _named(container, resource_id, hours)]
        except ResourceNotFoundError:
            raise NoBlobsError("no record has come yet", later=True) from None
        except HttpResponseError as error:
            later = error.status_code in (None, 403, 404, 408, 429) or error.status_code >= 500  # noqa: PLR2004
            said = getattr(error, "error_code", None) or f"status {error.status_code}"
            raise NoBlobsError(f"not read: {said}", later=later, fix=READER_FIX) from None
        except AzureError as error:
            said = str(error).strip().partition("\n")[0]
            raise NoBlobsError(f"not reached: {said}", later=True, fix=READER_FIX) from None
        return [record for text in found for record in _records(text)]


def hours_between(begin: datetime, end: datetime) -> frozenset[datetime]:
    """Return the beginning of each hour from one moment to another."""
    first = begin.replace(minute=0, second=0, microsecond=0)
    count = (end - first) // HOUR + 1
    return frozenset(first + number * HOUR for number in range(count))


def _named(
    container: ContainerClient, resource_id: str, hours: Collection[datetime]
) -> Iterator[str]:
    """Yield the names of a resource's blobs of those hours, in whatever case the id is written.

    Most services write the id in capitals: where that finds nothing, all names are compared.
    """
    tails = {f"{hour:y=%Y/m=%m/d=%d/h=%H}/" for hour in hours}
    for prefix in (f"resourceId={resource_id.upper()}/", ""):
        start = f"resourceid={resource_id}/".lower()
        names = [
            name
            for name in container.list_blob_names(name_starts_with=prefix or None)
            if name.lower().startswith(start) and any(tail in name for tail in tails)
        ]
        if names:
            yield from names
            return


def _content(container: ContainerClient, name: str) -> str:
    content: bytes = container.download_blob(name).readall()
    return content.decode(errors="replace")


def _records(text: str) -> Iterator[Record]:
    """Yield the events of a blob, one a line; the last one may be half written."""
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value
