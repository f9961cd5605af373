"""Azure Resource Manager, asked read-only; changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any, TypeVar

import httpx

from queries.check.configuration.connection import (
    AT_ONCE,
    NO_TIME,
    Connection,
    UnreadableError,
)

PAGES = 100
"""Most pages of a list that are read; a longer list counts as unreadable."""
NOT_FOUND, OK = 404, 200
SPARE = 1.0
"""Seconds that a read may end after the deadline by itself, with a cause of its own."""
OTHER_SHAPE = "an answer of another shape than Resource Manager's"
Resource = dict[str, Any]
list_type = list
"""The built-in type, which the method `list` hides inside the class."""
T = TypeVar("T")


class AbsentError(UnreadableError):
    """A list cannot be read, as nothing is there that could hold it."""

    def __init__(self) -> None:
        super().__init__(f"HTTP {NOT_FOUND} for a list")


class Manager(Connection):
    """Resources as an identity sees them; several threads may ask at once."""

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
        self, action: str, version: str, body: Mapping[str, Any] | None = None
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
        body: Mapping[str, Any] | None = None,
    ) -> Resource | None:
        if not url.startswith(f"{self.endpoint}/"):
            raise UnreadableError("a list continues at another host")
        answer = self.answer(method, url, query, body)
        if answer.status_code not in {OK, NOT_FOUND}:
            raise UnreadableError(f"HTTP {answer.status_code}", _code(answer))
        try:
            found: Resource | None = answer.json() if answer.status_code == OK else None
        except ValueError:
            raise UnreadableError("an answer that is no JSON") from None
        if answer.status_code == OK and not isinstance(found, dict):
            raise UnreadableError(OTHER_SHAPE)
        return found


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
