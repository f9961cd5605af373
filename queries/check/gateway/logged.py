"""Whether an API that leads to the account is logged as the stack's own is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queries.check.configuration.base import differs, inside, last, missing
from queries.check.configuration.logs import MESSAGES
from queries.check.difference import Difference
from queries.check.gateway.model import Api, Json, Scope
from queries.outputs import Target

LLM_BYTES = 32 * 1024
"""Bytes of a message that are logged unless the diagnostic says otherwise.

https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
"""
IN_PORTAL = "portal: API Management > APIs"


def diagnostic_of(api: Api, scope: Scope) -> Json | None:
    """Return an API's effective diagnostic: its own, or that of all APIs of its scope.

    https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
    """
    return api.diagnostic if api.diagnostic is not None else scope.diagnostic


def unlogged(api: Api, scope: Scope, why: str, target: Target) -> Iterator[Difference]:
    """Yield what an API's log lacks of that of the stack's own; `why` says how calls get there."""
    found = diagnostic_of(api, scope)
    name = f"the API {api.name}, which leads to the account ({why})"
    fix = f"{IN_PORTAL} > {api.name} > Settings > Azure Monitor, or delete it"
    if found is None:
        yield missing(f"diagnostic azuremonitor of {name}", "as of the stack's API", fix)
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


def _content(found: Json, name: str, fix: str, target: Target) -> Iterator[Difference]:
    """Yield where fewer bytes of a body or a message are logged than of the stack's own."""
    for side, message in MESSAGES:
        wanted = target.response_bodies if message == "response" else target.bodies
        size = int(inside(found, side, message, "body", "bytes") or 0)
        if wanted and size < target.body_bytes:
            path = f"{side} {message} body bytes of {name}"
            yield from differs(path, target.body_bytes, size, fix)
    llm: Any = found.get("largeLanguageModel")
    if target.llm_logging:
        path = f"largeLanguageModel.logs of {name}"
        yield from differs(path, "enabled", inside(llm, "logs") or "disabled", fix)
    for side in ("requests", "responses") if target.messages else ():
        path = f"largeLanguageModel.{side} of {name}"
        yield from differs(f"{path}, messages", "all", inside(llm, side, "messages"), fix)
        size = int(inside(llm, side, "maxSizeInBytes") or LLM_BYTES)
        if size < target.llm_message_bytes:
            yield from differs(f"{path}, bytes", target.llm_message_bytes, size, fix)
