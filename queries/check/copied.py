"""What the second copies of the logs hold of a run's calls: read from their storage accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from queries.blobs import NoBlobsError, Record, hours_between
from queries.contract import Copy
from queries.outputs import Target

GATEWAY_LOGS, LLM_LOGS, REQUESTS = "GatewayLogs", "GatewayLlmLogs", "RequestResponse"
"""Categories in which calls have records.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-apimanagement-service-logs
https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-cognitiveservices-accounts-logs
"""
ACCOUNT = "account"
"""What the only account is called; of several each has its short name."""
MARGIN = timedelta(minutes=5)
"""By how much this clock, and a service's, may differ."""


class Reader(Protocol):
    """What reads the records of a storage account."""

    def records(self, category: str, resource_id: str, hours: frozenset[datetime]) -> list[Record]:
        """Return records; raises NoBlobsError."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One category of one resource in one copy."""

    copy: str
    category: str
    resource: str
    """`gateway`, `account`, or an account's short name."""
    records: tuple[Record, ...] = ()
    problem: NoBlobsError | None = field(default=None, compare=False)
    """Why there are no records."""

    @property
    def said(self) -> str:
        """Name the part for a person."""
        return f"{self.copy}: {self.category} of {self.resource}"


def parts(target: Target, copy: Copy) -> Iterator[tuple[str, str, str]]:
    """Yield category, resource and ARM id of all that a copy is meant to have of calls."""
    if copy.copies("gateway"):
        yield GATEWAY_LOGS, "gateway", target.gateway_id
        if target.llm_logging:
            yield LLM_LOGS, "gateway", target.gateway_id
    for one in target.every_account:
        name = one.name or ACCOUNT
        if copy.copies(name):
            yield REQUESTS, name, one.id


def look(
    target: Target, since: datetime, until: datetime, open_blobs: Callable[[str], Reader]
) -> tuple[Part, ...]:
    """Read each part of each copy in a storage account, of the hours between two moments."""
    hours, found = hours_between(since - MARGIN, until + MARGIN), list[Part]()
    for copy in target.copies:
        reader = open_blobs(copy.blob_endpoint) if copy.blob_endpoint else None
        for category, resource, arm_id in parts(target, copy) if reader else ():
            part = Part(copy=copy.name, category=category, resource=resource)
            try:
                records = tuple(reader.records(category, arm_id, hours)) if reader else ()
                found.append(replace(part, records=records))
            except NoBlobsError as error:
                found.append(replace(part, problem=error))
    return tuple(found)
