"""What is known so far: the calls made, the rows found, and which rows belong to which call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from queries.check.difference import Difference
from queries.check.fields import ids, text, within
from queries.check.kinds import path_of
from queries.check.records import Attempt, Call, Run
from queries.outputs import Target
from queries.workspace import Row

Source = Literal[
    "gateway",
    "llm",
    "account",
    "gateway-metrics",
    "account-metrics",
    "gateway-whole",
    "llm-whole",
    "diagnostics-whole",
    "every-table",
]
SOURCES: tuple[Source, ...] = get_args(Source)
"""In the order in which they are asked: the gateway's ids find rows of the other logs."""
GATEWAY_LOG, LLM_LOG, DIAGNOSTICS = (
    "ApiManagementGatewayLogs",
    "ApiManagementGatewayLlmLog",
    "AzureDiagnostics",
)
TABLES: dict[Source, str] = {
    "gateway-whole": GATEWAY_LOG,
    "llm-whole": LLM_LOG,
    "diagnostics-whole": DIAGNOSTICS,
}
"""Sources that give rows with every column."""
BODIES = ("RequestBody", "BackendRequestBody", "BackendResponseBody", "ResponseBody")
MARGIN = timedelta(minutes=2)
"""How far around the calls their rows are asked for; markers and ids tell whose they are."""
SETTLE = timedelta(minutes=5)
"""Default of `--settle`: each table has its own delay, of some minutes at most as a rule.

https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""
OK = 200


@dataclass(kw_only=True)
class Evidence:
    """Rows by where they were asked for; each look replaces a source's rows."""

    target: Target
    since: datetime
    until: datetime
    calls: list[Call] = field(default_factory=list)
    rows: dict[Source, list[Row]] = field(default_factory=dict)
    waiting: dict[Source, str] = field(default_factory=dict)
    """Why a source gave nothing at the last look."""
    attempts: list[Attempt] = field(default_factory=list)
    """Calls that had to fail."""
    library: dict[str, Run] = field(default_factory=dict)
    """How each query of the library ran."""
    audit_differences: list[Difference] = field(default_factory=list)
    """What keeps audit logs from the workspace, by the deployed settings."""
    declared_differences: list[Difference] = field(default_factory=list)
    """What is deployed otherwise, and shows in a call by chance or not at all."""
    remarks: list[str] = field(default_factory=list)
    """What Azure has changed by itself, or plans to: told, and not judged."""
    stream_differences: list[Difference] = field(default_factory=list)
    """What is deployed otherwise, and makes the gateway hold streamed answers back."""
    configured: bool = False
    """The deployed configuration has been looked at."""
    unreadable: str = ""
    """Why some of the deployed configuration could not be read."""
    failed_calls: list[tuple[str, str, str]] = field(default_factory=list)
    """Label, cause and fix of each call that was not answered."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Kinds of call that were not made, by label, and why."""
    leaks: set[str] = field(default_factory=set)
    """Where a row of any look holds a secret."""
    marker: str = ""
    """What the markers of all calls begin with."""
    settle: timedelta = SETTLE
    """How long rows must have stayed the same before their silence counts."""
    caller_ip: str = ""
    """The address that the rows must show; "" for any."""
    changed: datetime | None = None
    """When a look last brought more or fewer rows."""
    now: datetime | None = None
    """When the last look was."""
    _links: dict[tuple[str, str], set[str]] = field(default_factory=dict, init=False, repr=False)
    _texts: list[tuple[str, str, str]] = field(default_factory=list, init=False, repr=False)

    def add(self, calls: list[Call]) -> None:
        """Calls made here, whose rows are to be found too."""
        self.calls = [*self.calls, *calls]
        self.since = min([self.since, *(call.started - MARGIN for call in calls)])
        self.until = max([self.until, *(call.ended + MARGIN for call in calls)])

    def add_attempts(self, attempts: list[Attempt]) -> None:
        """Calls that had to fail, whose rows are to be found as well."""
        self.attempts = [*self.attempts, *attempts]
        self.until = max([self.until, *(attempt.ended + MARGIN for attempt in attempts)])

    def first(self) -> list[Call]:
        """The first round of calls made here; none if others made the calls."""
        return [call for call in self.calls if call.marker and call.round == self.calls[0].round]

    def of(self, source: Source) -> list[Row]:
        """Rows of a source, none if it was not asked or had none."""
        return self.rows.get(source, [])

    def still_for(self) -> timedelta:
        """How long the looks have brought the same number of rows."""
        return self.now - self.changed if self.now and self.changed else timedelta()

    def linked(self, source: Source, call: Call) -> list[Row]:
        """Rows of the gateway or LLM log that belong to a call."""
        ids = self.correlations(call)
        rows = self.of_api() if source == "gateway" else self.of(source)
        return [row for row in rows if row.get("CorrelationId") in ids]

    def of_api(self) -> list[Row]:
        """The gateway's rows of the stack's API."""
        api = self.target.api_id.lower()
        return [row for row in self.of("gateway") if text(row, "ApiId").lower() == api]

    def take(self, source: Source, rows: list[Row]) -> None:
        """The rows of a look, in place of those before."""
        before, self.rows[source] = self.of(source), rows
        if len(rows) != len(before):
            self.changed = self.now
        if source in {"gateway", "llm"} and ids(rows) != ids(before):
            self._links.clear()
            self._texts.clear()

    def correlations(self, call: Call) -> set[str]:
        """The gateway's ids of a call: by its marker or response id in either log."""
        key = (call.marker, call.correlation)
        if key not in self._links:
            self._links[key] = self._linked(call)
        return self._links[key]

    def _linked(self, call: Call) -> set[str]:
        if call.correlation:
            return {call.correlation}
        needles = [call.marker, f'"{call.response_id}"' if call.response_id else ""]
        needles = [needle for needle in needles if needle]
        found = {
            correlation
            for correlation, request_id, said in self._searchable()
            if (call.response_id and request_id == call.response_id)
            or any(needle in said for needle in needles)
        }
        return (found - {""}) or self._only_one_possible(call)

    def _searchable(self) -> list[tuple[str, str, str]]:
        """Correlation id, response id and content of each row of both logs."""
        if not self._texts:
            columns = [(self.of_api(), BODIES), (self.of("llm"), ("Request",))]
            self._texts = [
                (
                    text(row, "CorrelationId"),
                    text(row, "RequestId"),
                    "\n".join(text(row, name) for name in names),
                )
                for rows, names in columns
                for row in rows
            ]
        return self._texts

    def _only_one_possible(self, call: Call) -> set[str]:
        """Without content to go by: the one such call of that consumer in that time, if only one.

        Where bodies are meant to be logged, a short call without any says that they are not.
        """
        if call.is_chat and self.target.llm_logging:
            return set()
        possible = {
            text(row, "CorrelationId")
            for row in self.calls_like(call)
            if text(row, "ApimSubscriptionId").lower() in {"", self.target.consumer.lower()}
            and not any(text(row, body) for body in BODIES)
        }
        return possible if len(possible) == 1 else set()

    def calls_like(self, call: Call) -> list[Row]:
        """The gateway's rows of answered calls to that deployment at that time."""
        path = path_of(call.kind, call.deployment).lower()
        return [
            row
            for row in self.of_api()
            if row.get("ResponseCode") == OK
            and path in text(row, "Url").lower()
            and within(row, call)
        ]

    def all_correlations(self) -> set[str]:
        """Every gateway id that some call is known by."""
        return {one for call in self.calls for one in self.correlations(call)}
