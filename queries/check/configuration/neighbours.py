"""The gateway's other APIs: which of them lead to the account, and what logs those."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from queries.check.configuration.base import properties
from queries.check.configuration.manager import Manager
from queries.check.configuration.versions import DIAGNOSTICS, LOGGER, SERVICES
from queries.outputs import Target

LIMIT = 50
"""Most other APIs whose policy or diagnostic is read."""
_TARGET = re.compile(
    r"""<set-backend-service\b[^>]*?\b(backend-id|base-url)\s*=\s*["']([^"']+)["']"""
)
"""https://learn.microsoft.com/azure/api-management/set-backend-service-policy"""


def read(arm: Manager, target: Target) -> list[dict[str, Any]]:
    """The gateway's other APIs; those that lead to the account with what logs them, if anything.

    An API without a diagnostic of its own is logged as the one of all APIs says:
    https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
    """
    account, suffix = urlsplit(target.account.backend_url).hostname, f"diagnostics/{LOGGER}"
    apis = arm.list(f"{target.gateway_id}/apis", SERVICES)
    others = [api for api in apis if _is_other(api, target)]
    others.sort(key=lambda api: _host(api, "serviceUrl") != account)
    for api in others[:LIMIT]:
        path = f"{target.gateway_id}/apis/{api['name']}"
        if account == _host(api, "serviceUrl") or account in _hosts(arm, target, path):
            own = arm.get(f"{path}/{suffix}", DIAGNOSTICS)
            api["diagnostic"] = own or arm.get(f"{target.gateway_id}/{suffix}", DIAGNOSTICS)
    return others


def _is_other(api: dict[str, Any], target: Target) -> bool:
    """Not the stack's own, nor a revision that calls reach by its number only.

    https://learn.microsoft.com/azure/api-management/api-management-revisions
    """
    name, _, revision = str(api.get("name") or "").lower().partition(";rev=")
    return bool(name) and not revision and name != target.api_id.lower()


def _hosts(arm: Manager, target: Target, path: str) -> set[str | None]:
    """The hosts that an API's policy names; no pool, expression or named value.

    The portal's import of the service makes a backend, which the policy names:
    https://learn.microsoft.com/azure/api-management/azure-openai-api-from-specification
    """
    policy = properties(arm.get(f"{path}/policies/policy", SERVICES, format="rawxml"))
    hosts = set[str | None]()
    for attribute, value in _TARGET.findall(str(policy.get("value") or "")):
        if attribute == "base-url":
            hosts.add(urlsplit(value).hostname)
        elif re.fullmatch(r"[\w.-]+", value):
            hosts.add(_host(arm.get(f"{target.gateway_id}/backends/{value}", SERVICES), "url"))
    return hosts


def _host(resource: dict[str, Any] | None, name: str) -> str | None:
    return urlsplit(str(properties(resource).get(name) or "")).hostname
