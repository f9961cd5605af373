"""What the proofs judge: what was called, what came, and what is deployed. Nothing changes it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from queries.check import leaks
from queries.check.copied import Part
from queries.check.difference import NOTHING, Findings
from queries.check.drift.outcome import Drift
from queries.check.fields import BODIES, names_response, text, within
from queries.check.kinds import PREFIX, path_of
from queries.check.records import Aside, Call, CallOfOthers, OwnCall
from queries.check.rows import TABLES, Rows, Source
from queries.check.traffic import OwnTraffic, Traffic
from queries.outputs import Target
from queries.workspace import Row

T = TypeVar("T")
SETTLE = timedelta(minutes=5)
"""Default of `--settle`: each table has its own delay, of some minutes at most as a rule.

https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""
OK = 200
_WORD = re.compile(rf"{PREFIX}[0-9a-f-]+|(?<=\")[\w.-]+(?=\")")
"""A marker anywhere, or a JSON string without spaces: a response id is one."""


@dataclass(frozen=True, kw_only=True)
class AsDeployed:
    """What the deployed configuration shows that no call does."""

    audit: Findings = NOTHING
    """What keeps audit logs from the workspace."""
    declared: Findings = NOTHING
    """What is deployed otherwise, and shows in a call by chance or not at all."""
    streams: Findings = NOTHING
    """What is deployed otherwise, and makes the gateway hold streamed answers back."""
    routes: Findings = NOTHING
    """What leads to the account around the logs, or changes the stack's calls."""
    access: Findings = NOTHING
    """Who else may call the account."""
    account_closed: Findings = NOTHING
    """Who reaches an account over the internet that the stack closes."""
    gateway_closed: Findings = NOTHING
    """The same of the gateway."""
    remarks: tuple[str, ...] = ()
    """What Azure has changed by itself, or plans to: a remark, not judged."""
    products: Mapping[str, str] = field(default_factory=dict)
    """The product to which each consumer's subscription is; none of one that is to no product."""
    revision: str = ""
    """The API's current revision; "" where it could not be read."""
    drift: Drift | None = None
    """What of the stack's whole state is otherwise in Azure; None: nobody has looked."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that is known at one moment; each look makes a new one."""

    target: Target
    traffic: Traffic
    """What was called."""
    rows: Rows = field(default_factory=Rows)
    """What came."""
    deployed: AsDeployed | None = None
    """What is deployed; None: the configuration has not been looked at."""
    settle: timedelta = SETTLE
    """How long rows must have stayed the same before their silence counts."""
    copied: tuple[Part, ...] | None = None
    """What the second copies hold; None: nobody has looked."""
    caller_ip: str = ""
    """The address that the rows must show; "" for any."""

    @property
    def calls(self) -> Sequence[Call]:
        """Return the answered calls, whoever made them."""
        return self.traffic.calls

    @property
    def now(self) -> datetime | None:
        """Return when the last look was."""
        return self.rows.now

    def took(self, source: Source, rows: list[Row]) -> Evidence:
        """Replace a source's rows by those of a look; where a secret stood is kept."""
        came = self.rows.took(source, rows)
        if came is self.rows:
            return self
        if source in TABLES and came.of(source) != self.of(source):
            found = leaks.found(self.target, self.traffic, TABLES[source], rows)
            came = replace(came, leaks=came.leaks | found)
        return replace(self, rows=came)

    def of(self, source: Source) -> list[Row]:
        """Return rows of a source; none if it was not asked or had none."""
        return self.rows.of(source)

    @cached_property
    def of_api(self) -> list[Row]:
        """Return the gateway's rows of the stack's API."""
        api = self.target.api_id.lower()
        return [row for row in self.of("gateway") if text(row, "ApiId").lower() == api]

    def linked(self, source: Source, call: Call) -> list[Row]:
        """Return rows of the gateway or LLM log that belong to a call."""
        ids = self.correlations(call)
        return [row for one in sorted(ids) for row in self.with_id(source, one)]

    def with_id(self, source: Source, correlation: str) -> list[Row]:
        """Return rows of a source that have a gateway id; those of the gateway are the API's."""
        if source not in self._by_id:
            found = self._by_id[source] = defaultdict(list)
            for row in self.of_api if source == "gateway" else self.of(source):
                found[text(row, "CorrelationId")].append(row)
        return self._by_id[source].get(correlation, [])

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` finds in this evidence, found once and kept under `key`."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        """Return what `once` has found."""
        return {}

    @cached_property
    def _by_id(self) -> dict[Source, dict[str, list[Row]]]:
        """Return rows by their gateway id, of the sources that were asked for."""
        return {}

    def correlations(self, call: Call) -> frozenset[str]:
        """Return the gateway's ids of a call: by its marker or response id in either log."""
        match call:
            case CallOfOthers():
                return frozenset({call.correlation})
            case OwnCall():
                links = self.rows.links
                if call.marker not in links:
                    links[call.marker] = self._found(call) or self._only_one_possible(call)
                return links[call.marker]

    @cached_property
    def aside_ids(self) -> frozenset[str]:
        """Return the gateway's ids of the calls beside those that are compared."""
        made = self.traffic.aside if isinstance(self.traffic, OwnTraffic) else ()
        return frozenset(text(row, "CorrelationId") for call in made for row in self.aside(call))

    def aside(self, call: Aside) -> list[Row]:
        """Return the gateway's rows of a call beside those that are compared.

        They are known by its marker. Without that, it is the call that no other one explains.
        """
        return self.once(("aside", call.marker), lambda: self._aside(call))

    def _aside(self, call: Aside) -> list[Row]:
        in_llm = {
            text(row, "CorrelationId")
            for row in self.of("llm")
            if text(row, "RequestId") == call.response_id or call.marker in text(row, "Request")
        }
        rows = self.of_api
        sure = [
            row
            for row in rows
            if text(row, "CorrelationId") in in_llm
            or any(call.marker in text(row, place) for place in (*BODIES, "Url"))
        ]
        path = path_of(self.target, call.kind, call.deployment).lower()
        possible = [
            row
            for row in rows
            if within(row, call)
            and path in text(row, "Url").lower()
            and text(row, "ApimSubscriptionId").lower() in {"", call.consumer.lower()}
            and text(row, "CorrelationId") not in self.all_correlations
            and not any(text(row, body) for body in BODIES)
        ]
        return sure or (possible if len(possible) == 1 else [])

    @cached_property
    def all_correlations(self) -> frozenset[str]:
        """Return every gateway id that some call is known by."""
        return frozenset[str]().union(*map(self.correlations, self.calls))

    def _found(self, call: OwnCall) -> frozenset[str]:
        said = {call.marker, *([call.response_id] if call.response_id else [])}
        return frozenset[str]().union(*(self._by_word.get(word, frozenset()) for word in said))

    @cached_property
    def _by_word(self) -> dict[str, frozenset[str]]:
        """Return correlation ids by each marker or response id of a call that a row holds."""
        calls = [call for call in self.calls if isinstance(call, OwnCall)]
        wanted = {call.marker for call in calls} | {call.response_id for call in calls} - {""}
        found = defaultdict[str, set[str]](set)
        for rows, names in ((self.of_api, BODIES), (self.of("llm"), ("Request",))):
            for row in rows:
                words = {text(row, "RequestId")}
                for name in names:
                    words.update(_WORD.findall(text(row, name)))
                for word in words & wanted:
                    found[word].add(text(row, "CorrelationId"))
        return {word: frozenset(ids - {""}) for word, ids in found.items()}

    def _only_one_possible(self, call: OwnCall) -> frozenset[str]:
        """Return the one such call of that consumer in that time, if only one: no content tells.

        What the policy told of the answer tells one from another. Where bodies are meant to be
        logged, a short call without any says that they are not.
        """
        if call.is_chat and self.target.llm_logging:
            return frozenset()
        possible = [
            row
            for row in self.calls_like(call)
            if text(row, "ApimSubscriptionId").lower() in {"", call.consumer.lower()}
            and not any(text(row, body) for body in BODIES)
        ]
        header = call.accounting
        same = [row for row in possible if header and header in text(row, "ResponseHeaders")]
        ids = frozenset(text(row, "CorrelationId") for row in same or possible)
        return ids if len(ids) == 1 else frozenset()

    def calls_like(self, call: Call) -> list[Row]:
        """Return the gateway's rows of answered calls to that deployment at that time."""
        path = path_of(self.target, call.kind, call.deployment).lower()
        return [
            row
            for row in self.of_api
            if row.get("ResponseCode") == OK
            and within(row, call)
            and path in text(row, "Url").lower()
            and not names_response(row)
        ]
