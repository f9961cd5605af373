"""What the gateway logs of each call to the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from components.gateway_policy import KEY_HEADER, KEY_QUERY_PARAMETER
from components.settings import Settings

MASKED_HEADERS = ("Authorization", KEY_HEADER)
MASKED_QUERY_PARAMETERS = (KEY_QUERY_PARAMETER,)


@dataclass(frozen=True, kw_only=True)
class ApiLogging:
    """How much of each call is logged, and whether that includes its content."""

    capture_content: bool
    """False keeps prompts and completions out of every table; tokens and callers stay."""
    body_bytes: int
    """Bytes of each of the four bodies in the gateway log, at most 8,192."""
    sampling_percentage: int
    llm_logging: bool
    """Log tokens, and whole messages in chunks, beside the gateway log."""
    llm_message_bytes: int
    """Bytes of prompt, and of completion, in the LLM log of one call."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The logging that the stack file asks for."""
        return cls(
            capture_content=settings.capture == "full",
            body_bytes=settings.body_bytes,
            sampling_percentage=settings.sampling_percentage,
            llm_logging=settings.llm_logging,
            llm_message_bytes=settings.llm_message_bytes,
        )


def diagnostic_properties(logging: ApiLogging, logger_id: Any) -> dict[str, Any]:
    """The ARM properties of the API's `azuremonitor` diagnostic, `largeLanguageModel` included.

    https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update
    """
    pipeline = {"request": _message(logging), "response": _message(logging)}
    return {
        "loggerId": logger_id,
        "alwaysLog": "allErrors",
        "logClientIp": True,
        "verbosity": "information",
        "sampling": {"samplingType": "fixed", "percentage": logging.sampling_percentage},
        "frontend": pipeline,
        "backend": pipeline,
        "largeLanguageModel": _llm(logging),
    }


def _message(logging: ApiLogging) -> dict[str, Any]:
    return {
        "headers": [],
        "body": {"bytes": logging.body_bytes if logging.capture_content else 0},
        "dataMasking": {
            "headers": [{"mode": "Mask", "value": name} for name in MASKED_HEADERS],
            "queryParams": [{"mode": "Mask", "value": name} for name in MASKED_QUERY_PARAMETERS],
        },
    }


def _llm(logging: ApiLogging) -> dict[str, Any]:
    if not logging.llm_logging:
        return {"logs": "disabled"}
    if not logging.capture_content:
        return {"logs": "enabled"}
    messages = {"messages": "all", "maxSizeInBytes": logging.llm_message_bytes}
    return {"logs": "enabled", "requests": messages, "responses": messages}
