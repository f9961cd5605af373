"""Azure Resource Manager, asked read-only; changes nothing."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

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
PAGES = 100
"""Most pages of a list that are read; a longer list counts as unreadable."""
AT_ONCE = 8
"""Requests at a time.

Resource Manager lets an identity read 250 times at once, and 25 times a second after that:
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""
NOT_FOUND, OK, THROTTLED = 404, 200, 429
TRIES = 4
"""How often a throttled request is made."""
LONGEST_WAIT = 60.0
"""Seconds for which a throttled read is waited for, as all else waits meanwhile."""
LOST_TRIES, LOST_PAUSE = 2, 1.0
"""How often a request is made whose connection is lost, and the seconds in between."""
NEVER_REACHED = 3
"""Reads lost, each at its last try, while none was ever answered, after which no more are made."""
NO_TIME = "no answer before the run's end"
SPARE = 1.0
"""Seconds that a read may end after the deadline by itself, with a cause of its own."""
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer above which something is wrong with it."""
OTHER_SHAPE = "an answer of another shape than Resource Manager's"
Resource = dict[str, Any]
list_type = list
"""The built-in type, which the method `list` hides inside the class."""
T = TypeVar("T")


class Credential(Protocol):
    """What gives tokens."""

    def get_token(self, *scopes: str) -> Any:
        """Return a token for the scopes."""


class UnreadableError(Exception):
    """Something cannot be read; `str()` says why, `code` is Azure's own word if it gave one."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class AbsentError(UnreadableError):
    """A list cannot be read, as nothing is there that could hold it."""

    def __init__(self) -> None:
        super().__init__(f"HTTP {NOT_FOUND} for a list")


@dataclass(kw_only=True)
class Manager:
    """Azure Resource Manager as an identity sees it; several threads may ask at once."""

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

    def get(self, resource_id: str, version: str, **query: str) -> Resource | None:
        """Get a resource, or None if it does not exist.

        Raises:
            UnreadableError: refused, no answer, or one that is no resource.
        """
        found = self._get(f"{self.endpoint}{resource_id}", {"api-version": version, **query})
        if found is not None and not _is_resource(found):
            raise UnreadableError(OTHER_SHAPE)
        return found

    def fact(self, path: str, version: str) -> Resource | None:
        """Get what is no resource, and so has no id; None if it does not exist.

        Raises:
            UnreadableError: refused, or no answer.
        """
        return self._get(f"{self.endpoint}{path}", {"api-version": version})

    def post(
        self, action: str, version: str, body: Mapping[str, str] | None = None
    ) -> Resource | None:
        """Get what a read-only action of a resource answers, or None if there is no such resource.

        Raises:
            UnreadableError: refused, or no answer.
        """
        url, query = f"{self.endpoint}{action}", {"api-version": version}
        return self._get(url, query, method="POST", body=body)

    def list(self, resource_id: str, version: str, **query: str) -> list[Resource]:
        """Get every resource of a list, page by page.

        Raises:
            AbsentError: what holds the list does not exist.
            UnreadableError: refused, no answer, or one that is no list, or not a whole one.
        """
        return self._pages(resource_id, {"api-version": version, **query}, _is_resource)

    def facts(self, path: str, version: str) -> list_type[Resource]:
        """Get every item of a list of what is no resource, and so has no id, page by page.

        Raises:
            AbsentError: what holds the list does not exist.
            UnreadableError: refused, no answer, or one that is no list, or not a whole one.
        """
        return self._pages(path, {"api-version": version}, lambda item: isinstance(item, dict))

    def _pages(
        self, path: str, query: dict[str, str], fits: Callable[[object], bool]
    ) -> list_type[Resource]:
        url: object = f"{self.endpoint}{path}"
        asked: dict[str, str] | None = query
        found: list_type[Resource] = []
        for _ in range(PAGES):
            page = self._get(url, asked) if isinstance(url, str) else {}
            if page is None:
                raise AbsentError
            items = page.get("value")
            if not isinstance(items, list_type) or not all(map(fits, items)):
                raise UnreadableError(OTHER_SHAPE)
            found += items
            url, asked = page.get("nextLink"), None
            if not url:
                return found
        raise UnreadableError(f"a list of more than {PAGES} pages")

    def many(
        self, paths: Iterable[str], version: str, **query: str
    ) -> dict[str, Resource | UnreadableError | None]:
        """Get several resources at once: each, or None if it does not exist, or why not read."""
        asked = list(dict.fromkeys(paths))
        found = self.at_once(partial(self.get, path, version, **query) for path in asked)
        return dict(zip(asked, found, strict=True))

    def at_once(self, reads: Iterable[Callable[[], T]]) -> Sequence[T | UnreadableError]:
        """Make several reads at once, of whatever kind; return what each returned, or why none."""
        asked = list(reads)
        left = self.deadline - self.clock.elapsed()
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="manager")
        try:
            running = [pool.submit(_attempt, read) for read in asked]
            wait(running, timeout=None if left == math.inf else max(0.0, left) + SPARE)
            return [one.result() if one.done() else UnreadableError(NO_TIME) for one in running]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _get(
        self,
        url: str,
        query: dict[str, str] | None,
        *,
        method: str = "GET",
        body: Mapping[str, str] | None = None,
    ) -> Resource | None:
        if not url.startswith(f"{self.endpoint}/"):
            raise UnreadableError("a list continues at another host")
        answer = self._answer(method, url, query, body)
        if answer.status_code not in {OK, NOT_FOUND}:
            raise UnreadableError(f"HTTP {answer.status_code}", _code(answer))
        try:
            found: Resource | None = answer.json() if answer.status_code == OK else None
        except ValueError:
            raise UnreadableError("an answer that is no JSON") from None
        if answer.status_code == OK and not isinstance(found, dict):
            raise UnreadableError(OTHER_SHAPE)
        return found

    def _answer(
        self,
        method: str,
        url: str,
        query: dict[str, str] | None,
        body: Mapping[str, str] | None,
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
        body: Mapping[str, str] | None,
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


def _is_resource(value: object) -> bool:
    """Tell whether an answer has the shape of every resource: an id, and properties if any.

    A revision of an API has the API's id alone:
    https://learn.microsoft.com/rest/api/apimanagement/api-revision/list-by-service

    https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/resource-api-reference.md
    """
    found = value if isinstance(value, dict) else {}
    name = found.get("id", found.get("apiId"))
    return isinstance(name, str) and isinstance(found.get("properties", {}), dict)


def _code(answer: httpx.Response) -> str:
    """Return Azure's own word for a refusal; "" where the answer has none."""
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _attempt(read: Callable[[], T]) -> T | UnreadableError:
    try:
        return read()
    except UnreadableError as error:
        return error
