"""Circuit breakers of backends: which of them a gateway leaves alone, and until when.

https://learn.microsoft.com/azure/api-management/backends
https://learn.microsoft.com/rest/api/apimanagement/backend/create-or-update#backendcircuitbreaker
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sandbox import clock
from sandbox.cloud import Resource
from sandbox.errors import NotModelledError

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS = (86_400, 3_600, 60, 1)
"""Seconds of the units of a duration, in its order."""


def seconds(duration: str) -> int:
    """Return the seconds of an ISO 8601 duration such as `PT1M`.

    Sure: no belief.
    """
    found = _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        raise NotModelledError(f"the sandbox's gateway reads no duration {duration!r}")
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), _UNITS, strict=True))


class Breakers:
    """What the breakers of one gateway instance have counted; other instances know nothing of it.

    https://learn.microsoft.com/azure/api-management/backends (note on tripping rules)
    """

    def __init__(self) -> None:
        self._failures: dict[str, list[float]] = defaultdict(list)
        self._until: dict[str, float] = {}

    def is_open(self, backend: Resource) -> bool:
        """Whether a backend gets no calls now: a tripped breaker resets after its duration.

        https://learn.microsoft.com/azure/api-management/backends
        """
        return self._until.get(backend.id.lower(), 0) > clock.now()

    def answered(self, backend: Resource, status: int, retry_after: str) -> None:
        """Count an answer whose status a rule lists, and trip at the rule's number of them.

        A rule that accepts `Retry-After` trips for as long as the answer says.
        https://learn.microsoft.com/azure/api-management/backends
        """
        for rule in _rules(backend):
            ranges = rule["failureCondition"].get("statusCodeRanges") or []
            if any(one["min"] <= status <= one["max"] for one in ranges):
                told = retry_after if rule.get("acceptRetryAfter") else ""
                self._count(backend, rule, told)

    def failed(self, backend: Resource, reason: str) -> None:
        """Count a call without an answer if a rule lists the reason of its error.

        https://learn.microsoft.com/rest/api/apimanagement/backend/create-or-update#circuitbreakerfailurecondition
        Sure: inferred, as no page lists the reasons: those of `LastErrorReason` are taken.
        """
        for rule in _rules(backend):
            if reason in (rule["failureCondition"].get("errorReasons") or []):
                self._count(backend, rule, "")

    def _count(self, backend: Resource, rule: dict[str, Any], told: str) -> None:
        key, now, condition = backend.id.lower(), clock.now(), rule["failureCondition"]
        since = now - seconds(condition["interval"])
        self._failures[key] = [*(at for at in self._failures[key] if at > since), now]
        if len(self._failures[key]) >= condition["count"]:
            wait = int(told) if told.isdigit() else seconds(rule["tripDuration"])
            self._until[key] = now + wait
            del self._failures[key]


def _rules(backend: Resource) -> Iterator[dict[str, Any]]:
    yield from (backend.properties.get("circuitBreaker") or {}).get("rules") or []
