"""What a model accepts in the body of a call, and how the data plane says no."""

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.errors import NotModelledError

Json = dict[str, Any]
REASONING = re.compile(r"o\d|gpt-5(?!.*chat)")
REFUSED = ("top_p", "presence_penalty", "frequency_penalty")
"""Parameters that reasoning models do not take.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning
"""
NEUTRAL = {
    "background", "include", "metadata", "parallel_tool_calls", "prompt_cache_key", "reasoning",
    "reasoning_effort", "safety_identifier", "seed", "service_tier", "store", "temperature",
    "text", "tool_choice", "truncation", "user", "verbosity", *REFUSED,
}  # fmt: skip
"""Parameters that change nothing of what a model answers."""
MOST_INPUTS = 2048
"""Most texts of one call for embeddings.

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/embeddings
"""
Limit = Annotated[int, Field(ge=1)]
Many = Annotated[list[str] | list[int] | list[list[int]] | list[Json], Field(min_length=1)]


class Body(BaseModel):
    """Types of the parameters that do change something, whatever the operation."""

    model_config = ConfigDict(strict=True, extra="allow")
    model: str | None = None
    stream: bool | None = None
    stream_options: dict[str, bool] | None = None
    temperature: float | None = None
    messages: list[Json] | None = None
    input: str | Many | None = None
    instructions: str | None = None
    max_tokens: Limit | None = None
    max_completion_tokens: Limit | None = None
    max_output_tokens: Limit | None = None
    dimensions: Annotated[int, Field(ge=1, le=3072)] | None = None
    encoding_format: Annotated[str, Field(pattern="^(float|base64)$")] | None = None


class RefusalError(Exception):
    """A refusal: HTTP status, JSON body (the usual envelope), seconds to wait or 0."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        retry_after: int = 0,
        **more: str | None,
    ) -> None:
        super().__init__(message)
        self.status, self.retry_after = status, retry_after
        self.body: Json = {"error": {"code": code, "message": message, **more}}


def invalid(code: str | None, message: str, param: str | None) -> RefusalError:
    """A refusal by the model itself: https://github.com/langgenius/dify/issues/9746 ."""
    return RefusalError(400, code, message, param=param, type="invalid_request_error")


def parse(raw: bytes) -> Json:
    """The JSON object of a body, or 400.

    Sure: inferred, as the words are those of OpenAI.
    """
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid(None, "We could not parse the JSON body of your request.", None)
    return body


def need(body: Json, name: str) -> None:
    """400 if a required parameter is missing.

    Sure: inferred, as the words are those of OpenAI.
    """
    if not body.get(name):
        message = f"Missing required parameter: '{name}'."
        raise invalid("missing_required_parameter", message, name)


def check(kind: str, model: str, body: Json) -> None:
    """400 for a body that this operation of this model refuses.

    https://github.com/Azure-Samples/openai-python-enterprise-logging/issues/27 (operation)
    """
    if kind not in ({"embeddings"} if "embedding" in model else {"chatCompletion", "responses"}):
        message = f"The {kind} operation does not work with the specified model, {model}. Please "
        message += "choose different model and try again. You can learn more about which models "
        message += "can be used with each operation here: "
        message += "https://go.microsoft.com/fwlink/?linkid=2197993."
        raise RefusalError(400, "OperationNotSupported", message)
    need(body, "messages" if kind == "chatCompletion" else "input")
    try:
        Body.model_validate(body)
    except ValidationError as error:
        name, text = str(error.errors()[0]["loc"][0]), error.errors()[0]["msg"]
        raise invalid(
            "invalid_type", f"Invalid type or value for '{name}': {text}.", name
        ) from None
    if kind == "embeddings":
        _check_inputs(body["input"])
    for name in sorted(body.keys() - Body.model_fields.keys() - NEUTRAL):
        if body[name] and (name, body[name]) != ("n", 1):
            raise NotModelledError(f"The sandbox's models do not take '{name}'.")
    if REASONING.match(model):
        _check_reasoning(body)


def _check_inputs(given: str | list[Any]) -> None:
    """One call takes 2,048 texts at most.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/embeddings

    Sure: inferred, as the page has the number, and the words are those of OpenAI.
    """
    if isinstance(given, list) and not isinstance(given[0], int) and len(given) > MOST_INPUTS:
        message = "Invalid 'input': array too long. Expected an array with maximum length "
        message += f"{MOST_INPUTS}, but got an array with length {len(given)} instead."
        raise invalid("array_above_max_length", message, "input")


def _check_reasoning(body: Json) -> None:
    """Reasoning models refuse `max_tokens`, and any temperature but 1.

    https://github.com/holoviz/lumen/pull/1087
    """
    for name in ("max_tokens", *REFUSED):
        if body.get(name) is not None:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            message += " Use 'max_completion_tokens' instead." * (name == "max_tokens")
            raise invalid("unsupported_parameter", message, name)
    if (heat := body.get("temperature")) not in {None, 1}:
        message = f"Unsupported value: 'temperature' does not support {heat} with this model. "
        message += "Only the default (1) value is supported."
        raise invalid("unsupported_value", message, "temperature")
