"""What a model accepts in the body of a call, and how the data plane says no."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.errors import NotModelledError

Json = dict[str, Any]
REASONING = re.compile(r"o\d|gpt-5(?!.*chat)")
"""https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning"""
ABSENT = {"background", "n", "previous_response_id", "response_format", "stop", "tools"}


class RefusalError(Exception):
    """A refusal: its HTTP status and JSON body, by default in the usual envelope."""

    def __init__(self, status: int, code: str | None, message: str, **more: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"error": {"code": code, "message": message, **more}}


def invalid(code: str | None, message: str, param: str | None) -> RefusalError:
    """A refusal by the model itself: https://github.com/langgenius/dify/issues/9746 ."""
    return RefusalError(400, code, message, param=param, type="invalid_request_error")


def parse(raw: bytes) -> Json:
    """The JSON object of a body, or 400."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid(None, "We could not parse the JSON body of your request.", None)
    return body


def need(body: Json, name: str) -> None:
    """400 if a required parameter is missing."""
    if not body.get(name):
        message = f"Missing required parameter: '{name}'."
        raise invalid("missing_required_parameter", message, name)


def check(kind: str, model: str, body: Json) -> None:
    """400 for a body that this operation of this model refuses.

    https://github.com/Azure-Samples/openai-python-enterprise-logging/issues/27 (operation)
    https://github.com/holoviz/lumen/pull/1087 (temperature)
    """
    old = model.endswith("-instruct") or model in {"babbage-002", "davinci-002"}
    served = {"embeddings"} if "embedding" in model else {"chatCompletion", "responses"}
    if kind not in ({"completion"} if old else served):
        message = f"The {kind} operation does not work with the specified model, {model}. Please "
        message += (
            "choose different model and try again. You can learn more about which models can "
        )
        message += (
            "be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993."
        )
        raise RefusalError(400, "OperationNotSupported", message)
    need(body, {"chatCompletion": "messages", "completion": "prompt"}.get(kind, "input"))
    for name in sorted(ABSENT):
        if body.get(name) and (name, body[name]) != ("n", 1):
            raise NotModelledError(f"The sandbox's models do not take '{name}'.")
    if not REASONING.match(model):
        return
    if kind == "chatCompletion" and body.get("max_tokens") is not None:
        message = "Unsupported parameter: 'max_tokens' is not supported with this model. "
        message += "Use 'max_completion_tokens' instead."
        raise invalid("unsupported_parameter", message, "max_tokens")
    if (heat := body.get("temperature")) not in {None, 1}:
        message = f"Unsupported value: 'temperature' does not support {heat} with this model. "
        message += "Only the default (1) value is supported."
        raise invalid("unsupported_value", message, "temperature")
