"""What is known so far: the calls made, the rows found, and which rows belong to which call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from queries.check.outputs import Target
from queries.check.workspace import Row

Source = Literal["gateway", "llm", "account", "gateway-metrics", "account-metrics"]
BODIES = ("RequestBody", "BackendRequestBody", "BackendResponseBody", "ResponseBody")
SLACK = timedelta(seconds=6)
"""How far a row's time may lie outside its call: two clocks, one of them read in whole seconds."""
MARGIN = timedelta(minutes=2)
"""How far around the calls their rows are asked for; markers and ids tell whose they are."""
OK = 200


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one call as the caller was told."""

    prompt: int
    completion: int
    total: int

    @classmethod
    def of(cls, usage: dict[str, Any]) -> Usage:
        """From the `usage` object of a response; embeddings have no completion.

        Raises:
            ValueError: no tokens, which no answered call has.
        """
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        prompt, completion, total = (int(usage.get(name) or 0) for name in names)
        if not (prompt and total):
            raise ValueError("usage without tokens")
        return cls(prompt=prompt, completion=completion, total=total)

    def __str__(self) -> str:
        return f"{self.prompt} + {self.completion} = {self.total}"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that the gateway answered with 200, made here or read from its log."""

    deployment: str
    started: datetime
    """By the service's clock, UTC."""
    ended: datetime
    round: int
    """Calls of one round, one to each deployment, are proven together."""
    kind: str = "chat"
    marker: str = ""
    """Random text of the prompt; "" for a call that was not made here."""
    response_id: str = ""
    """The response's own `id`; embeddings have none."""
    usage: Usage | None = None
    answer: str = ""
    """Some plain words of the completion; "" if it has none."""
    request: bytes = b""
    response: bytes = b""
    correlation: str = ""
    """The gateway's id of a call that was read from its log."""
    account_ids: frozenset[str] = frozenset()
    """Request ids that the model endpoint put into the response's headers."""


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
    failed_calls: list[tuple[str, str, str]] = field(default_factory=list)
    """Deployment, cause and fix of each call that was not answered."""
    marker: str = ""
    """What the markers of all calls begin with."""
    caller_ip: str = ""
    """The address that the rows must show; "" for any."""
    changed: datetime | None = None
    """When a look last brought more or fewer rows."""
    now: datetime | None = None
    """When the last look was."""

    def add(self, calls: list[Call]) -> None:
        """Calls made here, whose rows are to be found too."""
        self.calls = [*self.calls, *calls]
        self.since = min([self.since, *(call.started - MARGIN for call in calls)])
        self.until = max([self.until, *(call.ended + MARGIN for call in calls)])

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

    def correlations(self, call: Call) -> set[str]:
        """The gateway's ids of a call: by its marker or response id in either log."""
        if call.correlation:
            return {call.correlation}
        needles = [call.marker, f'"{call.response_id}"' if call.response_id else ""]
        columns = {"gateway": BODIES, "llm": ("Request",)}
        found = {
            text(row, "CorrelationId")
            for log, rows in (("gateway", self.of_api()), ("llm", self.of("llm")))
            for row in rows
            if (call.response_id and text(row, "RequestId") == call.response_id)
            or any(n and n in text(row, column) for column in columns[log] for n in needles)
        }
        return (found - {""}) or self._only_one_possible(call)

    def _only_one_possible(self, call: Call) -> set[str]:
        """Without content to go by: the one such call of that consumer in that time, if only one.

        Where bodies are meant to be logged, a short call without any says that they are not.
        """
        if call.kind == "chat" and self.target.llm_logging:
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
        path = f"/deployments/{call.deployment}/".lower()
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


def within(row: Row, call: Call) -> bool:
    """The row's time lies in the call's."""
    time = row.get("TimeGenerated")
    return isinstance(time, datetime) and call.started - SLACK <= time <= call.ended + SLACK


def text(row: Row, column: str) -> str:
    """A column as text, "" for null."""
    value = row.get(column)
    return "" if value is None else str(value)


def held(row: Row, column: str) -> str:
    """A message's text; an entry without one holds nothing or an empty list."""
    value = text(row, column)
    return value if value.strip("[] ") not in {"", "null"} else ""
