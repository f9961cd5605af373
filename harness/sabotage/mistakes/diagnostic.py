"""Mistakes in the API's diagnostic: what the gateway logs of a call."""

from __future__ import annotations

from typing import Any

from harness.sabotage.mistake import Apply, Mistake, deleted, edited, the_only
from harness.sabotage.site import DIAGNOSTIC, Json, Site
from sandbox.arm.base import SERVICE

LOGGER = f"{SERVICE}/loggers"
SIDES = [(side, way) for side in ("frontend", "backend") for way in ("request", "response")]


def _set(path: str, value: Any) -> Apply:
    return edited(the_only(DIAGNOSTIC), path, value)


def _bytes(count: int) -> Apply:
    """Set the portal's `Number of payload bytes to log` of all four messages."""

    def change(body: Json) -> None:
        for side, way in SIDES:
            body["properties"][side][way]["body"]["bytes"] = count

    return lambda site: site.edit(site.the(DIAGNOSTIC), change)


def _one_body_off(side: str, way: str) -> Mistake:
    """Switch off one body; for a response, the stack file has asked for it before."""
    off, how = _set(f"{side}.{way}.body.bytes", 0), "."

    def change(site: Site) -> None:
        site.up(logResponseBodies=True)
        off(site)

    if way == "response":
        how = ", though logResponseBodies is true."
    return Mistake(
        f"{side} {way} without body",
        f"Number of payload bytes to log is set to 0 for the {side} {way} alone{how}",
        change if way == "response" else off,
        1,
        (f"{side} {way} body bytes", "is 0"),
    )


def _response_body_on(side: str) -> Mistake:
    return Mistake(
        f"{side} response with body",
        f"Number of payload bytes to log is set to 8192 for the {side} response, to see answers: "
        "streamed ones come late since.",
        _set(f"{side}.response.body.bytes", 8192),
        1,
        ("the gateway holds streamed answers back", f"{side} response body bytes", "is 8192"),
    )


def _by_all_apis(site: Site) -> None:
    """Replace the API's diagnostic by one of all APIs, which logs less than this API needs."""
    own = site.the(DIAGNOSTIC)
    site.delete(own)
    service = f"{site.the(SERVICE).id}/diagnostics/azuremonitor"
    site.again(own, service, largeLanguageModel=None, frontend=None, backend=None)


MISTAKES = (
    Mistake(
        "half of the calls sampled",
        "Sampling is set to 50 % in the API's Azure Monitor settings, to save money.",
        _set("sampling.percentage", 50),
        1,
        ("sampling of the diagnostic of the stack's API is 50",),
    ),
    Mistake(
        "no call sampled",
        "Sampling is set to 0 %.",
        _set("sampling.percentage", 0),
        1,
        ("sampling of the diagnostic of the stack's API is 0",),
    ),
    Mistake(
        "no bodies",
        "Number of payload bytes to log is set to 0.",
        _bytes(0),
        1,
        (
            "frontend request body bytes",
            "is 0",
        ),
    ),
    Mistake(
        "bodies of 100 bytes",
        "Number of payload bytes to log is set to 100.",
        _bytes(100),
        1,
        (
            "frontend request body bytes",
            "is 100",
        ),
    ),
    *(_one_body_off(*one) for one in SIDES),
    *(_response_body_on(side) for side in ("frontend", "backend")),
    Mistake(
        "accounting header not logged",
        "Headers to log of the frontend response is emptied, for privacy.",
        _set("frontend.response.headers", []),
        1,
        ("frontend.response.headers[0] of the ApiDiagnostic", "declared x-gateway-accounting"),
    ),
    Mistake(
        "no backend messages",
        "The diagnostic is written by a script that sends no backend section.",
        _set("backend", None),
        1,
        ("backend request body bytes",),
    ),
    Mistake(
        "no address of the caller",
        "Log client IP address is unticked, for privacy.",
        _set("logClientIp", False),
        1,
        ("logClientIp of the stack's API is false",),
    ),
    Mistake(
        "no logger",
        "The logger azuremonitor is deleted by a clean-up script.",
        deleted(the_only(LOGGER)),
        1,
        ("the Logger gateway-logger is missing",),
    ),
    Mistake(
        "override deleted",
        "Override global is unticked in the API's Azure Monitor settings; there is no global one.",
        deleted(the_only(DIAGNOSTIC)),
        1,
        ("diagnostic azuremonitor of the stack's API is missing",),
    ),
    Mistake(
        "settings of all APIs instead",
        "Override global is unticked, and the global settings log no bodies.",
        _by_all_apis,
        1,
        ("diagnostic azuremonitor of the stack's API is missing",),
    ),
    Mistake(
        "LLM logging off",
        "Log LLM messages is unticked.",
        _set("largeLanguageModel.logs", "disabled"),
        1,
        (
            "largeLanguageModel.logs",
            "is disabled",
        ),
    ),
    Mistake(
        "LLM logging forgotten",
        "The diagnostic is written by a tool with an API version that knows no largeLanguageModel.",
        _set("largeLanguageModel", None),
        1,
        (
            "largeLanguageModel.logs",
            "is disabled",
        ),
    ),
    Mistake(
        "LLM logs without messages",
        "Log LLM messages is left on, with neither prompts nor completions ticked.",
        lambda site: (
            _set("largeLanguageModel.requests", None)(site),
            _set("largeLanguageModel.responses", None)(site),
        ),
        1,
        (
            "largeLanguageModel.requests",
            "largeLanguageModel.responses",
        ),
    ),
    Mistake(
        "LLM logs without prompts",
        "Log prompts is unticked.",
        _set("largeLanguageModel.requests", None),
        1,
        (
            "largeLanguageModel.requests",
            "is not set",
        ),
    ),
    Mistake(
        "LLM logs without completions",
        "Log completions is unticked.",
        _set("largeLanguageModel.responses", None),
        1,
        (
            "largeLanguageModel.responses",
            "is not set",
        ),
    ),
    Mistake(
        "LLM messages of errors only",
        "Log prompts and Log completions are set to errors.",
        lambda site: (
            _set("largeLanguageModel.requests.messages", "errors")(site),
            _set("largeLanguageModel.responses.messages", "errors")(site),
        ),
        1,
        (
            "largeLanguageModel.requests",
            "is errors",
        ),
    ),
    Mistake(
        "LLM messages of 16 bytes",
        "The size of logged prompts is set to 16 bytes.",
        _set("largeLanguageModel.requests.maxSizeInBytes", 16),
        1,
        (
            "largeLanguageModel.requests",
            "is 16",
        ),
    ),
    Mistake(
        "LLM messages of 32 KB",
        "The size of logged prompts is set to the portal's default, which no short call shows.",
        _set("largeLanguageModel.requests.maxSizeInBytes", 32768),
        1,
        (
            "largeLanguageModel.requests",
            "is 32768, declared 262144",
        ),
    ),
)
