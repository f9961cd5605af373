"""What a model answers, and what is known of a request."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Self

import httpx

Row = dict[str, Any]
TEXT = 'All is well, "friend".'
OPERATIONS = {
    "chat/completions": "ChatCompletions_Create",
    "completions": "Completions_Create",
    "embeddings": "Embeddings_Create",
    "responses": "V1_Responses_Create",
}


@dataclass(frozen=True)
class Asked:
    """A request as the gateway sees it."""

    url: str
    content: bytes
    body: Row
    kind: str
    deployment: str

    @classmethod
    def of(cls, request: httpx.Request) -> Self:
        body = json.loads(request.content)
        parts = request.url.path.split("/")[2:]
        kind = "/".join(parts[1:] if parts[0] == "v1" else parts[2:])
        name = body.get("model", "") if parts[0] == "v1" else parts[1]
        return cls(str(request.url), request.content, body, kind, name)

    @property
    def operation(self) -> str:
        return OPERATIONS.get(self.kind, "V1_Responses_Cancel")

    @property
    def careless(self) -> bool:
        """Whether it is a stream that does not ask for its tokens."""
        return bool(self.body.get("stream")) and "stream_options" not in self.body

    @property
    def forwarded(self) -> bytes:
        """What the policy sends on: it asks where the caller did not."""
        asked = b'{"stream_options":{"include_usage":true},'
        return asked + self.content[1:] if self.careless else self.content

    @property
    def logged_by_llm(self) -> bool:
        return self.kind in {"chat/completions", "completions"} and "messages" in self.body


def whole(asked: Asked, number: int, usage: Row) -> Row:
    """The answer in one piece; as many words as the prompt asks for."""
    if asked.kind == "embeddings":
        inputs = asked.body["input"]
        vectors = [0.5] * 8 * (len(inputs) if isinstance(inputs, list) else 1)
        return {"object": "list", "usage": usage, "data": vectors}
    wanted = re.search(r"(\d+) words", json.dumps(asked.body))
    text = " ".join(["ledger"] * int(wanted[1])) if wanted else TEXT
    if asked.kind == "responses":
        counts = {"input_tokens": usage["prompt_tokens"], "output_tokens": 5}
        output = [{"type": "message", "content": [{"type": "output_text", "text": text}]}]
        more = {"usage": counts | {"total_tokens": usage["total_tokens"]}, "output": output}
        return {"id": f"resp_{number}", "object": "response", **more}
    message = {"role": "assistant", "content": text}
    choices = [{"message": message}] if "messages" in asked.body else [{"text": text}]
    return {"id": f"chatcmpl-{number}", "object": "chat", "usage": usage, "choices": choices}


def streamed(answer: Row) -> str:
    """The same answer as server-sent events, whose first has no id."""
    text = answer["choices"][0]["message"]["content"]
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    chunks: list[Row] = [{"id": "", "choices": [], "prompt_filter_results": []}]
    chunks += [{"id": answer["id"], "choices": [{"delta": {"content": p}}]} for p in pieces]
    if "usage" in answer:
        chunks.append({"id": answer["id"], "choices": [], "usage": answer["usage"]})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def refused(status: int, code: str, message: str, **headers: str) -> httpx.Response:
    """An error in the model endpoint's shape."""
    error = {"error": {"code": code, "message": message}}
    return httpx.Response(status, json=error, headers=headers)


def wrong_key() -> httpx.Response:
    """What the gateway says to a key that it does not know."""
    message = "Access denied due to invalid subscription key. Make sure to provide a valid key."
    return httpx.Response(401, json={"statusCode": 401, "message": message})
