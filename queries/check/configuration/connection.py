"""One connection to Azure Resource Manager: tokens, lost and throttled requests, an end in time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from queries.check.answers import retry_after
from queries.clock import Clock

TIMEOUT = 30.0
CONNECT_TIMEOUT = 10.0
"""Seconds that a request may take, and that its connection may."""
KEPT = ("content-type", "retry-after")
"""Headers of an answer that still hold once its body is read."""
AT_ONCE = 8
"""Requests at a time.

Resource Manager lets an identity read 250 times at once, and 25 times a second after that:
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""
THROTTLED = 429
TRIES = 4
"""How often a throttled request is made."""
LONGEST_WAIT = 60.0
"""Seconds for which a throttled read is waited for, as all else waits meanwhile."""
LOST_TRIES, LOST_PAUSE = 2, 1.0
"""How often a request is made whose connection is lost, and the seconds in between."""
NEVER_REACHED = 3
"""Reads lost, each at its last try, while none was ever answered, after which no more are made."""
NO_TIME = "no answer before the run's end"
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer above which something is wrong with it."""


class Credential(Protocol):
    """What gives tokens."""

    def get_token(self, *scopes: str) -> Any:
        """Return a token for the scopes."""


class UnreadableError(Exception):
    """Something cannot be read; `str()` says why, `code` is Azure's own word if it gave one."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


@dataclass(kw_only=True)
class Connection:
    """Requests that an identity makes of Resource Manager; several threads may make some."""

    endpoint: str
    client: Callable[[], httpx.Client]
    credential: Callable[[], Credential] = DefaultAzureCredential
    clock: Clock = field(default_factory=Clock)
    deadline: float = math.inf
    """Value of `clock.elapsed()` after which nothing is asked."""
    _identity: Credential | None = field(default=None, repr=False)
    _connection: httpx.Client | None = field(default=None, repr=False)
    """Open until the process ends: a handshake costs more than a request."""
    _down: str = ""
    """Why nothing at all can be read, once that is known."""
    _let_in: bool = False
    """A token was given."""
    _lost: int = 0
    """Reads lost while none has been answered; -1 once one has."""
    _quiet_until: float = 0.0
    """Value of `clock.elapsed()` up to which the service wants to be left alone."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _slots: threading.Semaphore = field(
        default_factory=lambda: threading.Semaphore(AT_ONCE), repr=False
    )

    def answer(
        self,
        method: str,
        url: str,
        query: dict[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> httpx.Response:
        """Return the answer, of a throttled request the last.

        Raises:
            UnreadableError: there is none.
        """
        lost = 0
        for number in range(1, TRIES + 1):
            self._be_patient()
            try:
                with self._slots:
                    answer = self._once(method, url, query, body)
            except httpx.HTTPError as error:
                lost += 1
                self._missed(error, last=lost == LOST_TRIES)
                self._leave_alone(LOST_PAUSE)
                continue
            self._lost = -1
            if answer.status_code != THROTTLED or number == TRIES:
                break
            asked = max(1.0, retry_after(answer, math.inf))
            if asked > LONGEST_WAIT or self.clock.elapsed() + asked >= self.deadline:
                raise UnreadableError(f"HTTP {THROTTLED}, to be asked again in {asked:.0f} s")
            self._leave_alone(asked)
        return answer

    def _once(
        self,
        method: str,
        url: str,
        query: dict[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._bearer()}"}
        with self._lock:
            self._connection = self._connection or self.client()
        left = max(1.0, min(TIMEOUT, self.deadline - self.clock.elapsed()))
        timeout = httpx.Timeout(left, connect=min(left, CONNECT_TIMEOUT))
        until = self.clock.elapsed() + left
        with self._connection.stream(
            method, url, params=query, headers=headers, timeout=timeout, json=body
        ) as answer:
            parts, size = list[bytes](), 0
            for part in answer.iter_bytes():
                parts.append(part)
                size += len(part)
                if self.clock.elapsed() > until or size > LARGEST:
                    raise httpx.ReadTimeout("an answer without an end")
        kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        return httpx.Response(answer.status_code, headers=kept, content=b"".join(parts))

    def _missed(self, error: httpx.HTTPError, *, last: bool) -> None:
        """Give a read up at its last try; a service that never answered is not asked for ever.

        Raises:
            UnreadableError: another try is no use.
        """
        if not last:
            return
        said = f"no answer: {type(error).__name__}"
        with self._lock:
            if self._lost >= 0:
                self._lost += 1
            if self._lost >= NEVER_REACHED:
                self._down = said
        raise UnreadableError(said) from None

    def _be_patient(self) -> None:
        """Wait for as long as the service wants to be left alone.

        Raises:
            UnreadableError: nothing can be read any more, or not before the run's end.
        """
        now = self.clock.elapsed()
        if self._down:
            raise UnreadableError(self._down)
        if max(now, self._quiet_until) >= self.deadline:
            raise UnreadableError(NO_TIME)
        if now < self._quiet_until:
            self.clock.sleep(self._quiet_until - now)

    def _leave_alone(self, seconds: float) -> None:
        with self._lock:
            self._quiet_until = max(self._quiet_until, self.clock.elapsed() + seconds)

    def _bearer(self) -> str:
        """Return a token that is valid now: the credential keeps it, and renews it in time.

        Raises:
            UnreadableError: none is given.
        """
        with self._lock:
            try:
                self._identity = self._identity or self.credential()
                token = str(self._identity.get_token(f"{self.endpoint}/.default").token)
            except AzureError as error:
                said = f"no identity: {type(error).__name__}"
                self._down = self._down if self._let_in else said
                raise UnreadableError(said) from None
            self._let_in = True
        return token
