"""The API's diagnostic: what the gateway logs of each call, and where to.

https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update
"""

from __future__ import annotations

from collections.abc import Iterator

from queries.check.configuration.base import (
    Comparison,
    Deployed,
    Json,
    differs,
    inside,
    missing,
    properties,
    same_id,
)
from queries.check.configuration.versions import LOGGER
from queries.check.difference import REFRESH, Difference
from queries.outputs import Target

DIAGNOSTIC = "the API's diagnostic azuremonitor"
IN_PORTAL = "portal: API > Settings > Azure Monitor; " + REFRESH
MESSAGES = (
    ("frontend", "request"),
    ("frontend", "response"),
    ("backend", "request"),
    ("backend", "response"),
)
MASKED = ("Authorization", "api-key")


def present(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Without a diagnostic of its own, an API is logged as the global one says, or not at all."""
    if deployed["diagnostic"] is None:
        yield missing(DIAGNOSTIC, f"on {target.api_id}", IN_PORTAL)


def logger(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the diagnostic names the logger of Azure Monitor, which exists."""
    declared = f"{target.gateway_id}/loggers/{LOGGER}"
    if deployed["logger"] is None:
        fix = f"pulumi up --refresh makes the logger {LOGGER} again"
        yield missing(f"the gateway's logger {LOGGER}", "of type azureMonitor", fix)
    else:
        kind = properties(deployed["logger"]).get("loggerType")
        yield from differs(f"loggerType of the gateway's logger {LOGGER}", "azureMonitor", kind)
    found = _of_api(deployed).get("loggerId")
    if deployed["diagnostic"] and not same_id(found, declared):
        yield from differs(f"loggerId of {DIAGNOSTIC}", declared, found, IN_PORTAL)


def sampling(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand every call, or the declared share; without a setting it is all."""
    found = inside(_of_api(deployed), "sampling", "percentage")
    if deployed["diagnostic"]:
        percentage = 100.0 if found is None else float(found)
        declared = float(target.sampling_percentage)
        yield from differs(f"sampling of {DIAGNOSTIC}", declared, percentage, IN_PORTAL)


def bodies(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand as many bytes of each body as declared; none where capture is metadata."""
    if deployed["diagnostic"] is None:
        return
    for side, message in MESSAGES:
        logged = target.response_bodies if message == "response" else target.bodies
        declared = target.body_bytes if logged else 0
        found = inside(_of_api(deployed), side, message, "body", "bytes") or 0
        path = f"{side} {message} body bytes of {DIAGNOSTIC}"
        yield from differs(path, declared, int(found), IN_PORTAL)


def accounting(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand the response header that tells the tokens of answers without a body in the logs."""
    if target.accounting_header and deployed["diagnostic"]:
        headers = inside(_of_api(deployed), "frontend", "response", "headers") or []
        if target.accounting_header not in headers:
            path = f"frontend response headers of {DIAGNOSTIC}"
            said = ", ".join(map(str, headers))
            yield from differs(path, target.accounting_header, said, IN_PORTAL)


def always_log(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Errors are logged whatever the sampling."""
    if deployed["diagnostic"]:
        found = _of_api(deployed).get("alwaysLog")
        yield from differs(f"alwaysLog of {DIAGNOSTIC}", "allErrors", found, IN_PORTAL)


def client_ip(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that the caller's address is logged."""
    if deployed["diagnostic"]:
        found = bool(_of_api(deployed).get("logClientIp"))
        yield from differs(f"logClientIp of {DIAGNOSTIC}", "true", found, IN_PORTAL)


def masks(_: Target, deployed: Deployed) -> Iterator[Difference]:
    """Headers that carry secrets are masked wherever headers could be logged."""
    if deployed["diagnostic"] is None:
        return
    for side, message in MESSAGES:
        masked = inside(_of_api(deployed), side, message, "dataMasking", "headers") or []
        names = {str(entry.get("value")).lower() for entry in masked if isinstance(entry, dict)}
        lacking = [name for name in MASKED if name.lower() not in names]
        if lacking:
            yield Difference(
                path=f"masked headers of the {side} {message} of {DIAGNOSTIC}",
                declared=", ".join(MASKED),
                deployed=f"without {', '.join(lacking)}",
                fix=IN_PORTAL,
            )


def llm(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Tokens and messages go to the LLM log.

    https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
    """
    if deployed["diagnostic"] is None:
        return
    found = _of_api(deployed).get("largeLanguageModel")
    declared = "enabled" if target.llm_logging else "disabled"
    logs = inside(found, "logs") or "disabled"
    yield from differs(f"largeLanguageModel.logs of {DIAGNOSTIC}", declared, logs, IN_PORTAL)
    if not target.llm_logging or logs != "enabled":
        return
    for side in ("requests", "responses"):
        path = f"largeLanguageModel.{side} of {DIAGNOSTIC}"
        wanted = "all" if target.messages else None
        yield from differs(path + ", messages", wanted, inside(found, side, "messages"), IN_PORTAL)


def llm_sizes(target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand as many bytes of a message as declared: only a longer message would show fewer."""
    found = _of_api(deployed).get("largeLanguageModel")
    for side in ("requests", "responses"):
        size = inside(found, side, "maxSizeInBytes")
        if target.messages and size is not None:
            path = f"largeLanguageModel.{side} of {DIAGNOSTIC}, bytes"
            yield from differs(path, target.llm_message_bytes, int(size), IN_PORTAL)


def _of_api(deployed: Deployed) -> Json:
    return properties(deployed["diagnostic"])


PRESENT = Comparison(("diagnostic",), present)
SAMPLING = Comparison(("diagnostic",), sampling)
BODIES = Comparison(("diagnostic",), bodies)
LLM = Comparison(("diagnostic",), llm)
LLM_SIZES = Comparison(("diagnostic",), llm_sizes)
COMPARISONS = (
    PRESENT,
    Comparison(("diagnostic", "logger"), logger),
    SAMPLING,
    BODIES,
    Comparison(("diagnostic",), accounting),
    Comparison(("diagnostic",), always_log),
    Comparison(("diagnostic",), client_ip),
    Comparison(("diagnostic",), masks),
    LLM,
    LLM_SIZES,
)
