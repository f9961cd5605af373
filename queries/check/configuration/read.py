"""Reads the deployed configuration through Azure Resource Manager; changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from queries.check.answers import retry_after
from queries.outputs import Target

SERVICES = "2024-05-01"
DIAGNOSTICS = "2024-06-01-preview"
"""The first API version whose diagnostics tell of LLM logging.

https://github.com/Azure/azure-rest-api-specs/tree/main/specification/apimanagement/resource-manager/Microsoft.ApiManagement/ApiManagement/preview/2024-06-01-preview
"""
SETTINGS = "2021-05-01-preview"
ROLES = "2022-04-01"
ACCOUNTS = "2024-10-01"
LOGGER = "azuremonitor"
TIMEOUT = httpx.Timeout(30, connect=10)
NEIGHBOURS = 50
"""Most other APIs that are looked at."""
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
            raise UnreadableError("a list goes on at another host")
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
            with self.client() as client:
                answer = client.request(method, url, params=query, headers=headers, timeout=TIMEOUT)
            if answer.status_code != THROTTLED or number == TRIES:
                break
            self.sleep(max(1, retry_after(answer)))
        return answer

    def _bearer(self) -> str:
        """A token that is valid now: the credential keeps it, and renews it in time."""
        self._identity = self._identity or self.credential()
        return str(self._identity.get_token(f"{self.endpoint}/.default").token)


Read = Callable[[Manager, Target], Any]


def _service(child: str, version: str = SERVICES, **query: str) -> Read:
    return lambda arm, target: arm.get(target.gateway_id + child, version, **query)


def _api(child: str, version: str = SERVICES, **query: str) -> Read:
    return lambda arm, target: arm.get(
        f"{target.gateway_id}/apis/{target.api_id}{child}", version, **query
    )


def _settings(of: Callable[[Target], str]) -> Read:
    path = "/providers/Microsoft.Insights/diagnosticSettings"
    return lambda arm, target: arm.list(of(target) + path, SETTINGS)


def _subscription(arm: Manager, target: Target) -> Any:
    return arm.get(f"{target.gateway_id}/subscriptions/{target.caller}", SERVICES)


def _product(arm: Manager, target: Target) -> Any:
    """The product of the consumer, with the ids of its APIs, by whichever way they are linked."""
    scope = str(((_subscription(arm, target) or {}).get("properties") or {}).get("scope") or "")
    _, _, name = scope.partition("/products/")
    if not name:
        return None
    product_id = f"{target.gateway_id}/products/{name}"
    product = arm.get(product_id, SERVICES)
    if product is None:
        return None
    apis = arm.list(f"{product_id}/apiLinks", SERVICES)
    linked = [str((link.get("properties") or {}).get("apiId")) for link in apis]
    return product | {"apis": linked}


def _neighbours(arm: Manager, target: Target) -> Any:
    """The gateway's other APIs, each with its own diagnostic if it is there."""
    apis = arm.list(f"{target.gateway_id}/apis", SERVICES)
    own = target.api_id.lower()
    others = [api for api in apis if api.get("name") and str(api["name"]).lower() != own]
    path = f"diagnostics/{LOGGER}"
    return [
        api | {"diagnostic": arm.get(f"{target.gateway_id}/apis/{api['name']}/{path}", DIAGNOSTICS)}
        for api in others[:NEIGHBOURS]
    ]


def _roles(arm: Manager, target: Target) -> Any:
    path = "/providers/Microsoft.Authorization/roleAssignments"
    return arm.list(target.account_id + path, ROLES, **{"$filter": "atScope()"})


READS: dict[str, Read] = {
    "gateway": _service(""),
    "logger": _service(f"/loggers/{LOGGER}"),
    "global diagnostic": _service(f"/diagnostics/{LOGGER}", DIAGNOSTICS),
    "gateway settings": _settings(lambda target: target.gateway_id),
    "account settings": _settings(lambda target: target.account_id),
    "api": _api(""),
    "diagnostic": _api(f"/diagnostics/{LOGGER}", DIAGNOSTICS),
    "policy": _api("/policies/policy", SERVICES, format="rawxml"),
    "operations": lambda arm, target: arm.list(
        f"{target.gateway_id}/apis/{target.api_id}/operations", SERVICES
    ),
    "neighbours": _neighbours,
    "subscription": _subscription,
    "product": _product,
    "account": lambda arm, target: arm.get(target.account_id, ACCOUNTS),
    "deployments": lambda arm, target: arm.list(f"{target.account_id}/deployments", ACCOUNTS),
    "roles": _roles,
}
"""Every part of the configuration that a rule compares, and how it is read."""
