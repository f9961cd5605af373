"""The API's diagnostic: what the gateway logs of each call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from pulumi_azure_native_apimanagement_v20240601preview import apimanagement as preview

from components.openai_api.policy import ACCOUNTING_HEADER, KEY_HEADER, KEY_QUERY_PARAMETER
from components.settings.stack import Settings

MASKED_HEADERS = ("Authorization", KEY_HEADER)
MASKED_QUERY_PARAMETERS = (KEY_QUERY_PARAMETER,)


@dataclass(frozen=True, kw_only=True)
class ApiLogging:
    """How much of each call is logged, and whether that includes its content."""

    capture_content: bool
    """Whether prompts and completions are logged; tokens and callers always are."""
    body_bytes: int
    """Bytes of each body in the gateway log, at most 8,192."""
    response_bodies: bool
    """Whether the gateway log has the bodies of responses too. A diagnostic covers the whole API,
    with its streams, and API Management may hold back an answer whose body it logs.

    https://learn.microsoft.com/azure/api-management/how-to-server-sent-events
    """
    sampling_percentage: int
    llm_logging: bool
    """Whether tokens, and whole messages in chunks, are logged beside the gateway log."""
    llm_message_bytes: int
    """Bytes of the prompt, and of the completion, of one call in the LLM log."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the logging that the stack file asks for."""
        return cls(
            capture_content=settings.capture == "full",
            body_bytes=settings.body_bytes,
            response_bodies=settings.response_bodies,
            sampling_percentage=settings.sampling_percentage,
            llm_logging=settings.llm_logging,
            llm_message_bytes=settings.llm_message_bytes,
        )

    def as_inputs(self) -> dict[str, Any]:
        """Build the inputs of the API's `azuremonitor` diagnostic, `largeLanguageModel` included.

        https://learn.microsoft.com/rest/api/apimanagement/api-diagnostic/create-or-update
        """
        request = _message(self, logged=True)
        answer = partial(_message, self, logged=self.response_bodies)
        return {
            "always_log": preview.AlwaysLog.ALL_ERRORS,
            "log_client_ip": True,
            "verbosity": preview.Verbosity.INFORMATION,
            "sampling": preview.SamplingSettingsArgs(
                sampling_type=preview.SamplingType.FIXED, percentage=self.sampling_percentage
            ),
            "frontend": preview.PipelineDiagnosticSettingsArgs(
                request=request, response=answer(headers=[ACCOUNTING_HEADER])
            ),
            "backend": preview.PipelineDiagnosticSettingsArgs(request=request, response=answer()),
            "large_language_model": _llm(self),
        }


def _message(
    logging: ApiLogging, *, logged: bool, headers: Sequence[str] = ()
) -> preview.HttpMessageDiagnosticArgs:
    """Return what is logged of one message: its body if `logged`, and these headers."""
    return preview.HttpMessageDiagnosticArgs(
        headers=list(headers),
        body=preview.BodyDiagnosticSettingsArgs(
            bytes=logging.body_bytes if logged and logging.capture_content else 0
        ),
        data_masking=preview.DataMaskingArgs(
            headers=[_masked(name) for name in MASKED_HEADERS],
            query_params=[_masked(name) for name in MASKED_QUERY_PARAMETERS],
        ),
    )


def _masked(name: str) -> preview.DataMaskingEntityArgs:
    return preview.DataMaskingEntityArgs(mode=preview.DataMaskingMode.MASK, value=name)


def _llm(logging: ApiLogging) -> preview.LLMDiagnosticSettingsArgs:
    logs = preview.LlmDiagnosticSettings
    if not logging.llm_logging:
        return preview.LLMDiagnosticSettingsArgs(logs=logs.DISABLED)
    if not logging.capture_content:
        return preview.LLMDiagnosticSettingsArgs(logs=logs.ENABLED)
    messages = preview.LLMMessageDiagnosticSettingsArgs(
        messages=preview.LlmMessageLogTypes.ALL, max_size_in_bytes=logging.llm_message_bytes
    )
    return preview.LLMDiagnosticSettingsArgs(
        logs=logs.ENABLED, requests=messages, responses=messages
    )
