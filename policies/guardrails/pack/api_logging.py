"""What the gateway logs of each call to the API: all of it, without secrets."""

from __future__ import annotations

from pack.parameters import Config, Parameter
from pack.resource import Resource
from pack.shapes import Allowed, Shape, between, free, reference
from pack.wholes import KEY_HEADER, KEY_QUERY_PARAMETER

ACCOUNTING_HEADER = "x-gateway-accounting"
"""The response header in which the policy tells the tokens of an answer."""
BODY_LIMIT = 8192
"""https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference"""
MESSAGE_LIMIT = 2_097_152
"""https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs"""

CAPTURE = Parameter(
    "capture",
    "full",
    "metadata accepts diagnostics that log no prompts and completions",
    {"enum": ["full", "metadata"]},
)
BODY_BYTES = Parameter(
    "bodyBytes",
    BODY_LIMIT,
    "Least bytes that are logged of each body that has to be logged",
    {"minimum": 0, "maximum": BODY_LIMIT},
)
RESPONSE_BODIES = Parameter(
    "responseBodies",
    "none",
    "all demands the bodies of responses in the gateway log too, which may hold streams back",
    {"enum": ["none", "all"]},
)
LLM_LOGGING = Parameter(
    "llmLogging",
    "enabled",
    "disabled accepts diagnostics without the LLM log, and demands the bodies of responses there",
    {"enum": ["enabled", "disabled"]},
)
MESSAGE_BYTES = Parameter(
    "messageBytes",
    32_768,
    "Least bytes that the LLM log keeps of the prompt, and of the completion, of a call",
    {"minimum": 1, "maximum": MESSAGE_LIMIT},
)
OR_METADATA = "; or set capture to metadata in the pack's configuration"
NO_RESPONSE = between(
    0,
    0,
    "log no bodies of responses, as the LLM log has the answers; or set responseBodies to all in "
    "the pack's configuration",
)


def diagnostic(resource: Resource, config: Config) -> Shape:
    """Log every call, whole: a sample accounts for nothing, and a body cut short proves nothing.

    A body of a response in the gateway log may hold a stream back, and the LLM log has the answer.
    https://learn.microsoft.com/azure/api-management/diagnostic-logs-reference
    https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
    """
    off = LLM_LOGGING.read(config) == "disabled" and _llm_is_off(resource)
    request = _request(config)
    response = request if off or RESPONSE_BODIES.read(config) == "all" else NO_RESPONSE
    return {
        **free("apiId", "serviceName"),
        "diagnosticId": "azuremonitor",
        "loggerId": reference(r".*/loggers/azuremonitor", "the gateway's logger azuremonitor"),
        "alwaysLog": "allErrors",
        "logClientIp": True,
        "verbosity": "information",
        "sampling": {"samplingType": "fixed", "percentage": between(100, 100)},
        "frontend": {
            "request": _message(request),
            "response": _message(response, ACCOUNTING_HEADER),
        },
        "backend": {"request": _message(request), "response": _message(response)},
        "largeLanguageModel": {"logs": "disabled"} if off else _llm(config),
    }


def _llm_is_off(resource: Resource) -> bool:
    return str(resource.get("largeLanguageModel.logs")).lower() == "disabled"


def _request(config: Config) -> Allowed:
    least = 0 if CAPTURE.read(config) == "metadata" else BODY_BYTES.read(config)
    return between(least, BODY_LIMIT, f"set it to {least} to {BODY_LIMIT}{OR_METADATA}")


def _message(body: Allowed, *headers: str) -> Shape:
    """Allow a message's body, these headers and no other, and masks of all that is secret."""
    return {
        "headers": list(headers),
        "body": {"bytes": body},
        "dataMasking": {
            "headers": _masks("Authorization", KEY_HEADER),
            "queryParams": _masks(KEY_QUERY_PARAMETER),
        },
    }


def _masks(*secrets: str) -> list[dict[str, str]]:
    """Mask each of these names.

    https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update#datamasking
    """
    return [{"mode": "Mask", "value": secret} for secret in secrets]


def _llm(config: Config) -> Shape:
    """Allow the LLM log with every message, and a stated size of each.

    https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
    """
    if CAPTURE.read(config) == "metadata":
        return {"logs": "enabled", **free("requests", "responses")}
    least = MESSAGE_BYTES.read(config)
    fix = f"set it to {least} to {MESSAGE_LIMIT}{OR_METADATA}, or set messageBytes there"
    message = {"messages": "all", "maxSizeInBytes": between(least, MESSAGE_LIMIT, fix)}
    return {"logs": "enabled", "requests": message, "responses": message}
