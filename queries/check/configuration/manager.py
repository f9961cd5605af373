"""Azure Resource Manager, asked read-only; changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from queries.check.answers import retry_after

TIMEOUT = httpx.Timeout(30, connect=10)
PAGES = 20
"""Most pages of a list that are read."""
NOT_FOUND, OK, THROTTLED = 404, 200, 429
TRIES = 4
"""How often a throttled request is made: Resource Manager limits requests by identity.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""


class Credential(Protocol):
    """What gives tokens."""

    def get_token(self, *scopes: str) -> Any:
        """A token for the scopes."""


class UnreadableError(Exception):
    """Something cannot be read; `str()` says why."""


@dataclass(kw_only=True)
class Manager:
    """Azure Resource Manager as an identity sees it."""

    endpoint: str
    client: Callable[[], httpx.Client]
    credential: Callable[[], Credential] = DefaultAzureCredential
    sleep: Callable[[float], None] = time.sleep
    _identity: Credential | None = field(default=None, repr=False)
    _connection: httpx.Client | None = field(default=None, repr=False)
    """Open until the process ends: a handshake costs more than a request."""
    _down: str = ""
    """Why nothing can be read; found out once."""

    def get(self, resource_id: str, version: str, **query: str) -> dict[str, Any] | None:
        """A resource, or None if it does not exist.

        Raises:
            UnreadableError: refused, or no answer.
        """
        return self._get(f"{self.endpoint}{resource_id}", {"api-version": version, **query})

    def post(self, action: str, version: str) -> dict[str, Any] | None:
        """What a read-only action of a resource answers, or None if there is no such resource.

        Raises:
            UnreadableError: refused, or no answer.
        """
        return self._get(f"{self.endpoint}{action}", {"api-version": version}, method="POST")

    def list(self, resource_id: str, version: str, **query: str) -> list[dict[str, Any]]:
        """Every resource of a list, page by page; none if what holds them does not exist.

        Raises:
            UnreadableError: refused, or no answer.
        """
        url: str | None = f"{self.endpoint}{resource_id}"
        asked: dict[str, str] | None = {"api-version": version, **query}
        found: list[dict[str, Any]] = []
        for _ in range(PAGES):
            page = self._get(url, asked) if url else None
            if page is None:
                break
            found += [item for item in page.get("value") or [] if isinstance(item, dict)]
            url, asked = page.get("nextLink"), None
        return found

    def _get(
        self, url: str, query: dict[str, str] | None, *, method: str = "GET"
    ) -> dict[str, Any] | None:
        if not url.startswith(f"{self.endpoint}/"):
            raise UnreadableError("a list continues at another host")
        if self._down:
            raise UnreadableError(self._down)
        try:
            answer = self._answer(method, url, query)
            body = answer.json() if answer.status_code == OK else None
        except AzureError as error:
            self._down = f"no identity: {type(error).__name__}"
            raise UnreadableError(self._down) from None
        except (httpx.HTTPError, ValueError) as error:
            self._down = f"no answer: {type(error).__name__}"
            raise UnreadableError(self._down) from None
        if answer.status_code not in {OK, NOT_FOUND}:
            raise UnreadableError(f"HTTP {answer.status_code}")
        return body if isinstance(body, dict) else None

    def _answer(self, method: str, url: str, query: dict[str, str] | None) -> httpx.Response:
        """The answer, of a throttled request the last."""
        for number in range(1, TRIES + 1):
            headers = {"Authorization": f"Bearer {self._bearer()}"}
            self._connection = self._connection or self.client()
            answer = self._connection.request(
                method, url, params=query, headers=headers, timeout=TIMEOUT
            )
            if answer.status_code != THROTTLED or number == TRIES:
                break
            self.sleep(max(1, retry_after(answer)))
        return answer

    def _bearer(self) -> str:
        """A token that is valid now: the credential keeps it, and renews it in time."""
        self._identity = self._identity or self.credential()
        return str(self._identity.get_token(f"{self.endpoint}/.default").token)
