"""With which key a consumer has called of late, as the gateway's policy has told the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queries.errors import CannotRunError
from queries.outputs import Target
from queries.workspace import LogAnalytics, NoTableError, NotYetError

TOLD = ("primary", "secondary")
"""What the policy's trace `key-used` says; a row without it tells of no key."""


@dataclass(frozen=True, kw_only=True)
class Used:
    """Calls of a consumer with one key, or with one that the log does not tell."""

    key: str
    calls: int
    last: str
    callers: Sequence[str]
    """Some of the addresses from which they came."""

    def __str__(self) -> str:
        key = f"the {self.key} key" if self.key in TOLD else "a key that the log does not tell"
        called = f"{self.calls:,} call{'s' * (self.calls != 1)} with {key}"
        return f"{called}, the last at {self.last} from {', '.join(self.callers) or 'nowhere'}"


def kql(target: Target, consumer: str, since: datetime, until: datetime) -> str:
    """Write the query; where the trace's two fields stand in either order, both are read.

    Calls that the gateway refused for their key are of no consumer, and so not counted; nor are
    those by which a rotation or the check tries a key, to a deployment that there is not.
    """
    first = r'"source"\s*:\s*"key-used"[^{}]*"key-used=([a-z]+)"'
    last = r'"key-used=([a-z]+)"[^{}]*"source"\s*:\s*"key-used"'
    return f"""ApiManagementGatewayLogs
| where TimeGenerated between (datetime({since.isoformat()}) .. datetime({until.isoformat()}))
| where _ResourceId =~ "{target.gateway_id}" and ApiId =~ "{target.api_id}"
| where ApimSubscriptionId =~ "{consumer}" and Url !contains "no-such-"
| extend Key = coalesce(extract(@'{first}', 1, tostring(TraceRecords)), extract(@'{last}', 1, tostring(TraceRecords)))
| summarize Calls = count(), Last = max(TimeGenerated), Callers = make_set(CallerIpAddress, 3) by Key
| project Key, Calls, Last, Callers
"""  # noqa: E501 - a line of KQL


def used(
    workspace: LogAnalytics, target: Target, consumer: str, since: datetime, until: datetime
) -> list[Used]:
    """Return the calls by key.

    Raises:
        CannotRunError: the log cannot be read: unread is not unused.
    """
    try:
        rows = workspace.query(kql(target, consumer, since, until))
    except NoTableError:
        raise CannotRunError(
            "the gateway's log has no row yet, so nobody knows who calls with which key",
            "prove first that calls are logged: python -m queries.check",
        ) from None
    except NotYetError as error:
        fix = "run it again, or with --force if you know that nobody calls with the old key"
        raise CannotRunError(f"the log cannot be read: {error}", fix) from None
    return [_read(row) for row in rows]


def _read(row: dict[str, Any]) -> Used:
    callers = row.get("Callers")
    listed = callers if isinstance(callers, list) else [str(callers or "")]
    return Used(
        key=str(row.get("Key") or ""),
        calls=int(row.get("Calls") or 0),
        last=f"{row.get('Last')}",
        callers=[str(one) for one in listed if one],
    )
