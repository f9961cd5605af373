"""Calls of which all is known, and the rows that Azure logs for each.

Limits of the gateway log: 8,192 bytes of a body, and no body at all in an entry over 32 KB.
https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/api-management-log-entry-size-limit.md
LLM log: a header row, then messages, in pieces of 32 KB if longer; tokens of a stream only if it
carries usage. https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]
BODY = 8_192
ENTRY = CHUNK = 32 * 1024
LLM_TEXT = 256 * 1024
CHAT, RESPONSES = "ChatCompletions_Create", "createResponse"
EMBEDDINGS, COMPLETIONS = "Embeddings_Create", "Completions_Create"
FILTERED = {
    "error": {
        "code": "content_filter",
        "innererror": {"content_filter_result": {"hate": {"filtered": True, "severity": "high"}}},
    }
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: what was said, what it cost, and what of its log was lost."""

    id: str
    prompt: str = "hello"
    answers: tuple[str, ...] = ("good day",)
    tokens: tuple[int, int] = (10, 5)
    cached: int = 512
    """Tokens that the prompt cache gave, and `written` that it took, of a prompt long enough."""
    written: int | None = 100
    audio: int = 0
    operation: str = CHAT
    consumer: str = "aoai-a"
    ip: str = "10.0.0.1"
    deployment: str = "chat"
    stream: bool = False
    usage: bool = True
    tools: bool = False
    status: int = 200
    backend: int | None = None
    sent: bool = True
    """Whether the gateway sent it to the model endpoint."""
    answered: bool = True
    """Whether the model endpoint answered the gateway."""
    left: bool = False
    """Whether its caller hung up before the answer's end."""
    error: Json | None = None
    apart: bool = False
    """Whether the LLM log has each message in a row of its own."""
    bodies: bool = True
    plain: bool = False
    """Logged as by default: no body of a response, but a header of what came whole."""
    in_gateway_log: bool = True
    lost: frozenset[int] = field(default_factory=frozenset)

    @property
    def messages(self) -> list[Json]:
        return [{"role": "system", "content": "be kind"}, {"role": "user", "content": self.prompt}]

    @property
    def replies(self) -> list[Json]:
        if self.tools:
            function = {"name": "look", "arguments": '{"usage":{"total_tokens":999999}}'}
            calls = [{"id": "call_1", "type": "function", "function": function}]
            return [{"role": "assistant", "content": None, "tool_calls": calls}]
        return [{"role": "assistant", "content": text} for text in self.answers]

    @property
    def total(self) -> int:
        return sum(self.tokens)

    @property
    def request_body(self) -> str:
        asked: Json = {"model": self.deployment}
        if self.operation == CHAT:
            asked |= {"messages": self.messages, "stream": self.stream}
        else:
            asked["input" if self.operation != COMPLETIONS else "prompt"] = self.prompt
        return dumps(asked)

    @property
    def response_body(self) -> str:
        if not self.succeeded:
            return dumps(self.error) if self.error else ""
        return self._streamed() if self.stream else dumps(self._reply())

    @property
    def succeeded(self) -> bool:
        """Code 0 is that of a caller who left before the answer."""
        return 200 <= self.status < 400

    @property
    def counts(self) -> Json:
        """The usage that the caller is told."""
        first, second = self.tokens
        if self.operation == EMBEDDINGS:
            return {"prompt_tokens": first, "total_tokens": first}
        cached, written = self.kept
        asked: Json = {"cached_tokens": cached, "audio_tokens": self.audio or None}
        if written is not None:
            asked["cache_write_tokens"] = written
        if self.operation == RESPONSES:
            return {
                "input_tokens": first,
                "input_tokens_details": asked,
                "output_tokens": second,
                "output_tokens_details": {"reasoning_tokens": 1},
                "total_tokens": self.total,
            }
        return {
            "completion_tokens": second,
            "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": self.audio},
            "prompt_tokens": first,
            "prompt_tokens_details": asked,
            "total_tokens": self.total,
        }

    @property
    def kept(self) -> tuple[int, int | None]:
        """Tokens read from the prompt cache and written to it; no shorter prompt is kept."""
        if self.tokens[0] < 1024:
            return 0, None if self.written is None else 0
        return self.cached, self.written

    def _reply(self) -> Json:
        usage = {"usage": self.counts} if self.usage else {}
        if self.operation == EMBEDDINGS:
            return {
                "object": "list",
                "data": [{"embedding": self.answers[0]}],
                "model": "emb",
                **usage,
            }
        if self.operation == RESPONSES:
            return {"id": "resp_1", "model": "gpt", "output": self.replies, **usage}
        if self.operation == COMPLETIONS:
            return {"choices": [{"text": text} for text in self.answers], "model": "old", **usage}
        choices = [{"index": i, "message": reply} for i, reply in enumerate(self.replies)]
        return {"choices": choices, "id": "chatcmpl-1", "model": "gpt", **usage}

    def _streamed(self) -> str:
        if self.operation == RESPONSES:
            created = {"type": "response.created", "response": {"usage": None}}
            events = [created, {"type": "response.completed", "response": self._reply()}]
            return "".join(f"event: {e['type']}\ndata: {dumps(e)}\n\n" for e in events)
        pieces = [text[i : i + 512] for text in self.answers for i in range(0, len(text), 512)]
        deltas = [{"choices": [{"delta": {"content": piece}}], "usage": None} for piece in pieces]
        last = [{"choices": [], "model": "gpt", "usage": self.counts}] if self.usage else []
        return "".join(f"data: {dumps(event)}\n\n" for event in deltas + last) + "data: [DONE]\n\n"

    @property
    def told(self) -> str:
        """What the gateway's policy tells of an answer that is JSON: no text, and no quotes."""
        reply = self._reply() if self.succeeded else self.error or {}
        if self.stream or not self.answered or not ({"usage", "error"} & reply.keys()):
            return ""
        error = reply.get("error") or {}
        said: Json = {
            "model": reply.get("model"),
            "usage": reply.get("usage"),
            "finish_reason": [],
            "reason": None,
            "code": error.get("code"),
            "answer_filter": [],
            "prompt_filter": (error.get("innererror") or {}).get("content_filter_result"),
        }
        return dumps(said).replace('"', "")

    @property
    def in_llm_log(self) -> bool:
        """Embeddings, completions and failed calls are not in it."""
        return self.succeeded and self.operation in (CHAT, RESPONSES)


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sized(call: Callable[[str], str], size: int) -> str:
    """The text with which what `call` makes of it is exactly `size` bytes."""
    return "x" * (size - len(call("").encode()))


def cut(body: str) -> str:
    """A body as logged: a character cut in two becomes a replacement character."""
    return body.encode()[:BODY].decode(errors="replace")


def has_bodies(call: Call) -> bool:
    """Whether the entry holds its bodies, as the caller saw them and as the model."""
    said = (call.request_body, "" if call.plain else call.response_body)
    logged = 2 * sum(len(body.encode()[:BODY]) for body in said)
    return call.bodies and logged + 1_000 <= ENTRY


def gateway_row(call: Call, time: datetime) -> Json:
    path = {CHAT: "chat/completions", EMBEDDINGS: "embeddings"}.get(call.operation, "completions")
    by_deployment = f"deployments/{call.deployment}/{path}?api-version=1"
    path = "v1/responses" if call.operation == RESPONSES else by_deployment
    row = {
        "TimeGenerated": time, "CorrelationId": call.id, "ApiId": "miyagi-api", "Method": "POST",
        "OperationId": call.operation, "ApimSubscriptionId": call.consumer,
        "CallerIpAddress": call.ip, "Url": f"https://gateway/openai/{path}",
        "ResponseCode": call.status,
        "BackendResponseCode": (call.backend or call.status) if call.answered else None,
        "BackendUrl": f"https://account/openai/{path}" if call.sent else "",
        "RequestSize": len(call.request_body), "ResponseSize": len(call.response_body),
        "RequestBody": "", "BackendRequestBody": "", "ResponseBody": "", "BackendResponseBody": "",
        "LastErrorReason": "ClientConnectionFailure" if call.left else "",
        "LastErrorSource": "transfer-response" if call.left else "", "_ResourceId": "/gateway",
        "ResponseHeaders": {"x-gateway-accounting": call.told} if call.plain and call.told else {},
    }  # fmt: skip
    if has_bodies(call):
        for side in ("", "Backend"):
            row[f"{side}RequestBody"] = cut(call.request_body)
            row[f"{side}ResponseBody"] = "" if call.plain else cut(call.response_body)
    return row


def llm_rows(call: Call, time: datetime) -> Iterator[Json]:
    """The header, the prompt and the completion, without those lost."""
    tokens = (*call.tokens, call.total) if call.usage else (0, 0, 0)
    names = ("PromptTokens", "CompletionTokens", "TotalTokens")
    head = {
        "DeploymentName": call.deployment,
        "ModelName": "gpt",
        **dict(zip(names, tokens, strict=True)),
    }
    rows = [head | {"IsStreamCompletion": call.stream}]
    for column, said in (("RequestMessages", call.messages), ("ResponseMessages", call.replies)):
        text = dumps(said)
        if call.apart:
            rows += [{column: [message]} for message in said]
        elif len(text) <= CHUNK:
            rows.append({column: said})
        else:
            kept = text[:LLM_TEXT]
            rows += [{column: kept[i : i + CHUNK]} for i in range(0, len(kept), CHUNK)]
    empty = {"DeploymentName": "", "ModelName": ""}
    for number, row in enumerate(rows):
        if call.in_llm_log and number not in call.lost:
            times = {"TimeGenerated": time + timedelta(seconds=1), "CorrelationId": call.id}
            yield empty | row | times | {"SequenceNumber": number, "_ResourceId": "/gateway"}


def source(call: Call) -> str:
    """Where the tokens of a call can be known from."""
    if call.in_llm_log and call.usage and 0 not in call.lost:
        return "llm log"
    if not call.answered:
        return "unknown" if call.sent else "none"
    if not call.succeeded:
        refused = call.backend is None and (call.status != 400 or not call.error)
        return "none" if refused or (call.error and call.error != FILTERED) else "unknown"
    if call.plain:
        return "response header" if call.told and call.usage and call.in_gateway_log else "unknown"
    read = cut(call.response_body) if call.in_gateway_log and has_bodies(call) else ""
    if call.usage and dumps(call.counts) in read:
        return "streamed usage" if call.stream else "response body"
    return "unknown"


def unanswered(call: Call) -> bool:
    """Whether the tokens are unknown as the call ended before its answer did."""
    return source(call) == "unknown" and (call.left or not call.status or call.status >= 400)


def tells_kinds(call: Call) -> bool:
    """Whether the gateway log holds what was cached: in its header, or in the body's usage."""
    if not (call.succeeded and call.usage and call.in_gateway_log and call.operation != EMBEDDINGS):
        return False
    if call.plain:
        return bool(call.told)
    return has_bodies(call) and dumps(call.counts) in cut(call.response_body)


def outcome(call: Call) -> str:
    """The column that counts a call which was not answered: whose matter it is."""
    if call.status == 429:
        return "Throttled"
    if call.status in (401, 408) or call.status >= 500:
        return "Failed"
    return "ClientErrors" if call.status >= 400 or call.status == 0 else ""
