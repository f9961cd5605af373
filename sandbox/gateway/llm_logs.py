"""Rows of `ApiManagementGatewayLlmLog`: tokens, model, and messages in chunks.

https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
https://github.com/Azure-Samples/Apim-Samples/tree/main/samples/costing
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sandbox.gateway.call import Call, Json

CHUNK_BYTES = 32 * 1024
"""Longest message in one row, and the default of `maxSizeInBytes` (same page)."""


WITHOUT_MESSAGES, NOT_AT_ALL = 1, 2
"""What is logged of the responses API, by the seed's remainder of three; with 0, all as of chats.

The page is on chat completions alone; Apim-Samples shows tokens of responses, and no source shows
messages. So all three are possible, and a check may rely on none.
"""


def rows(call: Call, settings: Json, seed: int) -> Iterator[Json]:
    """Row 0 has model and tokens; then come the request's messages, then the response's.

    Chat completions are logged, and responses unless the seed says otherwise; embeddings are not in
    the documented scope.

    Sure: inferred, as the page documents chat completions only: rows of responses, and pieces of
    one JSON, are made up.
    """
    request = _object(call.request.body)
    events = [_object(line[5:]) for line in call.body.splitlines() if line.startswith(b"data:")]
    reply = _joined(events) if events else _object(call.body)
    answer = reply.get("output") or [c.get("message") for c in reply.get("choices") or []]
    unlike_chat = seed % 3 if "output" in reply else 0
    if settings.get("logs") != "enabled" or not any(answer) or unlike_chat == NOT_AT_ALL:
        return
    common = {"TimeGenerated": call.started, "CorrelationId": call.id}
    yield common | {"IsStreamCompletion": bool(events)} | _head(call, request, reply)
    if unlike_chat == WITHOUT_MESSAGES:
        return
    prompt = request.get("messages") or request.get("input")
    prompt = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    parts = [("RequestMessages", part) for part in _chunks(prompt, settings.get("requests"))]
    parts += [("ResponseMessages", part) for part in _chunks(answer, settings.get("responses"))]
    for number, (column, part) in enumerate(parts, start=1):
        yield common | {"SequenceNumber": number, column: part}


def _head(call: Call, request: Json, reply: Json) -> Json:
    """Names and tokens; a stream that carries no usage has no tokens to log.

    Sure: inferred, as no page says where the deployment's name comes from on /openai/v1.
    """
    usage = reply.get("usage") or {}
    return {
        "SequenceNumber": 0,
        "DeploymentName": call.parameters.get("deployment-id") or request.get("model") or "",
        "ModelName": reply.get("model") or "",
        "RequestId": reply.get("id") or "",
        "ApiVersion": dict(call.request.query).get("api-version", ""),
        "PromptTokens": usage.get("prompt_tokens", usage.get("input_tokens", 0)),
        "CompletionTokens": usage.get("completion_tokens", usage.get("output_tokens", 0)),
        "TotalTokens": usage.get("total_tokens", 0),
    }


def _object(body: bytes | bytearray) -> Json:
    with suppress(ValueError, RecursionError):
        if isinstance(value := json.loads(body), dict):
            return value
    return {}


def _joined(events: list[Json]) -> Json:
    """Join a stream's events to the reply that the call would have had in one piece."""
    whole: Json = {}
    texts: dict[int, str] = {}
    for event in events:
        whole |= event.get("response") or {}
        whole |= {key: event[key] for key in ("id", "model", "usage") if event.get(key)}
        for choice in event.get("choices") or []:
            text = (choice.get("delta") or {}).get("content") or ""
            texts[choice["index"]] = texts.get(choice["index"], "") + text
    choices = [{"message": {"role": "assistant", "content": texts[i]}} for i in sorted(texts)]
    return whole | {"choices": choices}


def _chunks(messages: list[Any] | None, asked: Json | None) -> Iterator[Any]:
    """The messages themselves if they fit one row; else pieces of their JSON, in order.

    Sure: inferred, as the page says 32 KB chunks with sequence numbers, and not how they are cut.
    """
    if not messages or not asked or asked.get("messages") != "all":
        return
    text = json.dumps(messages)
    cut = text[: asked.get("maxSizeInBytes") or CHUNK_BYTES]
    if len(text) <= min(len(cut), CHUNK_BYTES):
        yield messages
    else:
        yield from (cut[i : i + CHUNK_BYTES] for i in range(0, len(cut), CHUNK_BYTES))
