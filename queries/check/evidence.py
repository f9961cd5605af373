"""What is known so far: the calls made, the rows found, and which rows belong to which call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from queries.check.outputs import Target
from queries.check.workspace import Row

Source = Literal["gateway", "llm", "account", "gateway-metrics", "account-metrics"]
BODIES = ("RequestBody", "BackendRequestBody", "BackendResponseBody", "ResponseBody")
SLACK = timedelta(seconds=2)
"""How far a row's time may lie outside the call that it belongs to."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one call as the caller was told."""

    prompt: int
    completion: int
    total: int

    @classmethod
    def of(cls, usage: dict[str, Any]) -> Usage:
        """From the `usage` object of a response; embeddings have no completion."""
        prompt, completion = (
            int(usage.get(key) or 0) for key in ("prompt_tokens", "completion_tokens")
        )
        total = int(usage.get("total_tokens") or 0)
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
    calls: list[Call]
    since: datetime
    until: datetime
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

    def of(self, source: Source) -> list[Row]:
        """Rows of a source, none if it was not asked or had none."""
        return self.rows.get(source, [])

    def still_for(self) -> timedelta:
        """How long the looks have brought the same number of rows."""
        return self.now - self.changed if self.now and self.changed else timedelta()

    def correlations(self, call: Call) -> set[str]:
        """The gateway's ids of a call: by its marker or response id in either log."""
        if call.correlation:
            return {call.correlation}
        needles = [text for text in (call.marker, call.response_id) if text]
        found = {
            str(row.get("CorrelationId"))
            for source, columns in (("gateway", BODIES), ("llm", ("RequestId", "Request")))
            for row in self.of(source)  # type: ignore[arg-type]
            if row.get("CorrelationId") and _holds(row, columns, needles)
        }
        return found or self._only_one_possible(call)

    def _only_one_possible(self, call: Call) -> set[str]:
        """Without content to go by: the one such call of that consumer in that time, if only one.

        Where bodies are meant to be logged, a short call without any says that they are not.
        """
        if call.kind == "chat" and self.target.llm_logging:
            return set()
        possible = {
            str(row["CorrelationId"])
            for row in self.of("gateway")
            if f"/deployments/{call.deployment}/".lower() in text(row, "Url").lower()
            and within(row, call)
            and text(row, "ApimSubscriptionId").lower() in {"", self.target.consumer.lower()}
            and not any(text(row, body) for body in BODIES)
        }
        return possible if len(possible) == 1 else set()

    def linked(self, source: Source, call: Call) -> list[Row]:
        """Rows of the gateway or LLM log that belong to a call."""
        ids = self.correlations(call)
        return [row for row in self.of(source) if row.get("CorrelationId") in ids]

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


def _holds(row: Row, columns: Iterable[str], needles: Iterable[str]) -> bool:
    return any(needle in text(row, column) for needle in needles for column in columns)
