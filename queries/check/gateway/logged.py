"""Whether an API that leads to the account is logged as the stack's own is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queries.check.configuration.base import differs, inside, last, missing
from queries.check.difference import Difference
from queries.check.gateway.model import Api, Json, Scope
from queries.outputs import Target

MESSAGES = (
    ("frontend", "request"),
    ("frontend", "response"),
    ("backend", "request"),
    ("backend", "response"),
)
MASKED = ("Authorization", "api-key")
"""Headers that hold secrets."""
LLM_BYTES = 32 * 1024
"""Bytes of a message that are logged unless the diagnostic says otherwise.

https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
"""
IN_PORTAL = "portal: API Management > APIs"
KEY_NAMES = {"header": "Ocp-Apim-Subscription-Key", "query": "subscription-key"}
"""Header and query parameter in which callers send their key, unless the API names others.

https://learn.microsoft.com/azure/api-management/api-management-subscriptions
"""


def diagnostic_of(api: Api, scope: Scope) -> Json | None:
    """Return an API's effective diagnostic: its own, or that of all APIs of its scope.

    https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
    """
    return api.diagnostic if api.diagnostic is not None else scope.diagnostic


def unlogged(api: Api, scope: Scope, name: str, fix: str, target: Target) -> Iterator[Difference]:
    """Yield what the log of an API lacks, which `name` names, of what the stack's own declares."""
    found = diagnostic_of(api, scope)
    if found is None:
        declared = "on every API that leads to the account"
        yield missing(f"diagnostic azuremonitor of {name}", declared, fix)
        return
    logger = scope.loggers.get(last(found.get("loggerId")).lower())
    yield from differs(
        f"loggerType of the diagnostic of {name}", "azureMonitor", inside(logger, "loggerType"), fix
    )
    percentage = inside(found, "sampling", "percentage")
    sampled = 100.0 if percentage is None else float(percentage)
    yield from differs(f"sampling of the diagnostic of {name}", 100.0, sampled, fix)
    yield from differs(f"alwaysLog of {name}", "allErrors", found.get("alwaysLog"), fix)
    yield from differs(f"logClientIp of {name}", "true", bool(found.get("logClientIp")), fix)
    if str(found.get("verbosity") or "").lower() == "error":
        yield from differs(f"verbosity of {name}", "information", found["verbosity"], fix)
    yield from _content(found, name, fix, target)
    yield from _keys_shown(api, found, name, fix)
    yield from _elsewhere(api, name, target)
    yield from _without_key(api, scope, name)


def _content(found: Json, name: str, fix: str, target: Target) -> Iterator[Difference]:
    """Yield where fewer bytes of a body or a message are logged than of the stack's own.

    Where no content may be logged, yield each place where some is.
    """
    without = target.capture == "metadata"
    for side, message in MESSAGES:
        wanted = target.response_bodies if message == "response" else target.bodies
        size = int(inside(found, side, message, "body", "bytes") or 0)
        path = f"{side} {message} body bytes of {name}"
        if without or (wanted and size < target.body_bytes):
            yield from differs(path, 0 if without else target.body_bytes, size, fix)
    llm: Any = found.get("largeLanguageModel")
    logs = inside(llm, "logs") or "disabled"
    if target.llm_logging:
        yield from differs(f"largeLanguageModel.logs of {name}", "enabled", logs, fix)
    for side in ("requests", "responses") if logs == "enabled" else ():
        path = f"largeLanguageModel.{side} of {name}"
        if without:
            yield from differs(f"{path}, messages", None, inside(llm, side, "messages"), fix)
        if not target.messages:
            continue
        yield from differs(f"{path}, messages", "all", inside(llm, side, "messages"), fix)
        size = int(inside(llm, side, "maxSizeInBytes") or LLM_BYTES)
        if size < target.llm_message_bytes:
            yield from differs(f"{path}, bytes", target.llm_message_bytes, size, fix)


def _elsewhere(api: Api, name: str, target: Target) -> Iterator[Difference]:
    """Yield where a further diagnostic logs content, and none may be logged."""
    for other, found in api.others if target.capture == "metadata" else ():
        for side, message in MESSAGES:
            size = int(inside(found, side, message, "body", "bytes") or 0)
            path = f"{side} {message} body bytes of the diagnostic {other} of {name}"
            yield from differs(path, 0, size, f"{IN_PORTAL} > {api.name} > Settings, or delete it")


def _keys_shown(api: Api, found: Json, name: str, fix: str) -> Iterator[Difference]:
    """Yield where the log would hold a key or a token: a header or parameter without a mask.

    Headers are logged by name only, the query with every URL.
    https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update
    """
    own: Any = api.properties.get("subscriptionKeyParameterNames")
    header, query = (str(inside(own, kind) or name_) for kind, name_ in KEY_NAMES.items())
    secret = {one.lower() for one in (*MASKED, KEY_NAMES["header"], header)}
    for side, message in MESSAGES:
        part = inside(found, side, message)
        logged = {str(one).lower() for one in inside(part, "headers") or []}
        bare = sorted(logged & secret - _masked(part, "headers"))
        if message == "request" and query.lower() not in _masked(part, "queryParams"):
            bare.append(f"{query} in the URL")
        if bare:
            yield Difference(
                path=f"keys that the {side} {message} of {name} shows",
                declared="masked",
                deployed=f"{', '.join(bare)}, in clear",
                fix=fix,
            )


def _masked(part: Any, kind: str) -> set[str]:
    entries = inside(part, "dataMasking", kind) or []
    return {str(inside(one, "value")).lower() for one in entries}


def _without_key(api: Api, scope: Scope, name: str) -> Iterator[Difference]:
    """Yield what lets callers in without a key: the rows of such calls name no consumer.

    An API asks for a key unless it says otherwise; a product without one opens all its APIs.
    https://learn.microsoft.com/azure/api-management/api-management-subscriptions#how-api-management-handles-requests-with-or-without-subscription-keys
    """
    if api.properties.get("subscriptionRequired") is False:
        fix = f"{IN_PORTAL} > {api.name} > Settings > Subscription required, or delete it"
        yield from differs(f"subscriptionRequired of {name}", "true", "false", fix)
    for product in scope.products:
        if product.open and api.base in product.apis:
            path = f"subscriptionRequired of the product {product.name}, which holds {name}"
            fix = f"portal: API Management > Products > {product.name}: ask for a subscription"
            yield from differs(path, "true", "false", fix)
