"""What a model answers: repeatable text and vectors from the seed and the prompt."""

import base64
import json
import random
import re
import time
import uuid
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.model.parameters import Json, invalid

WORDS = ["gateway", "prompt", "token", "model", "region", "policy", "route", "stream", "ledger"]
SAFE = {name: {"filtered": False} for name in ("hate", "self_harm", "sexual", "violence")}
"""https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter"""


@dataclass(frozen=True)
class Answer:
    """A finished answer: its parts as sent, and the tokens of prompt and completion."""

    parts: Iterable[bytes]
    tokens: tuple[int, int] = (0, 0)
    status: int = 200


def one(value: Json, tokens: tuple[int, int] = (0, 0), status: int = 200) -> Answer:
    """An answer of one JSON object."""
    return Answer([json.dumps(value).encode()], tokens, status)


def count(text: Any) -> int:
    """Four bytes of UTF-8 to a token, rounded up: near real counts, without a vocabulary."""
    return -(-len((text if isinstance(text, str) else json.dumps(text)).encode()) // 4)


def write(seed: int, prompt: Any, limit: int | None) -> tuple[str, bool, tuple[int, int]]:
    """Text of 24 words, or as many as the prompt asks for ("500 words"); whole?; token counts."""
    asked = re.search(r"(\d{1,6}) words", json.dumps(prompt))
    chance = random.Random(f"{seed}:{prompt}")  # noqa: S311
    text = " ".join(chance.choices(WORDS, k=int(asked[1]) if asked else 24))
    cut = text[: (limit or len(text)) * 4]
    return cut, cut == text, (count(prompt), count(cut))


def pieces(text: str) -> list[str]:
    """The text as it is streamed: in some 256 parts at most."""
    size = max(16, len(text) // 256)
    return [text[at : at + size] for at in range(0, len(text), size)]


def chat(seed: int, model: str, body: Json) -> Answer:
    """A chat completion; with `stream`, its chunks.

    The first chunk has the prompt's filter results, without id, model or choices:
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
    """
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    text, whole, tokens = write(seed, body["messages"], limit)
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    usage = dict(zip(names, (*tokens, sum(tokens)), strict=True))
    stream, finish = bool(body.get("stream")), "stop" if whole else "length"
    head: Json = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time())}
    head |= {"object": "chat.completion" + ".chunk" * stream, "model": model}
    filters = {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}]}

    def choice(said: str, end: str | None, key: str = "delta") -> list[Json]:
        ends = {"finish_reason": end, "logprobs": None, "content_filter_results": SAFE}
        return [{"index": 0, key: {"role": "assistant", "content": said}, **ends}]

    if not stream:
        said = {"choices": choice(text, finish, "message"), "usage": usage}
        return one({**head, **said, **filters}, tokens)
    chunks = [{**head, "id": "", "model": "", "choices": [], **filters}]
    chunks += [{**head, "choices": choice(piece, None)} for piece in pieces(text)]
    chunks.append({**head, "choices": choice("", finish)})
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": usage})
    parts = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks]
    return Answer([*parts, b"data: [DONE]\n\n"], tokens)


def embeddings(seed: int, model: str, body: Json) -> Answer:
    """One unit vector for each input, as numbers or as base64 of little-endian floats.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/embeddings
    """
    if body.get("dimensions") and "ada" in model:
        raise invalid(None, "This model does not support specifying dimensions.", None)
    size = body.get("dimensions") or (3072 if "large" in model else 1536)
    given = body["input"]
    inputs = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    data = []
    for index, text in enumerate(inputs):
        chance = random.Random(f"{seed}:{text}")  # noqa: S311
        vector = [chance.gauss() for _ in range(size)]
        length = sum(value * value for value in vector) ** 0.5
        floats = array("f", [value / length for value in vector])
        packed = base64.b64encode(floats.tobytes()).decode()
        shown = packed if body.get("encoding_format") == "base64" else floats.tolist()
        data.append({"object": "embedding", "index": index, "embedding": shown})
    total = sum(count(text) for text in inputs)
    usage = {"prompt_tokens": total, "total_tokens": total}
    return one({"object": "list", "data": data, "model": model, "usage": usage}, (total, 0))


def respond(seed: int, model: str, body: Json) -> Answer:
    """A response to `input` under `instructions`; with `stream`, its events.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
    """
    asked = {key: body[key] for key in ("instructions", "input") if body.get(key)}
    text, whole, tokens = write(seed, asked, body.get("max_output_tokens"))
    status = "completed" if whole else "incomplete"
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    item: Json = {"type": "message", "id": f"msg_{uuid.uuid4().hex}", "role": "assistant"}
    head = {"id": f"resp_{uuid.uuid4().hex}", "object": "response", "created_at": int(time.time())}
    head |= {"model": model, "error": None, "parallel_tool_calls": True, "tool_choice": "auto"}
    head |= {"tools": [], "instructions": body.get("instructions"), "metadata": {}}
    usage: Json = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    usage["input_tokens_details"] = {"cached_tokens": 0, "cache_write_tokens": 0}
    usage |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": sum(tokens)}
    final: Json = {**head, "status": status, "usage": usage}
    final["output"] = [{**item, "status": status, "content": [part]}]
    final["incomplete_details"] = None if whole else {"reason": "max_output_tokens"}
    if not body.get("stream"):
        return one(final, tokens)
    parts = []
    for number, (kind, more) in enumerate(_events(head, final, part)):
        event = {"type": f"response.{kind}", "sequence_number": number, **more}
        parts.append(f"event: response.{kind}\ndata: {json.dumps(event)}\n\n".encode())
    return Answer(parts, tokens)


def _events(head: Json, final: Json, part: Json) -> Iterator[tuple[str, Json]]:
    """https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses#streaming ."""
    begun, item = {**head, "status": "in_progress", "output": []}, final["output"][0]
    at: Json = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    opened = {**item, "status": "in_progress", "content": []}
    yield "created", {"response": begun}
    yield "in_progress", {"response": begun}
    yield "output_item.added", {"output_index": 0, "item": opened}
    yield "content_part.added", {**at, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield "output_text.delta", {**at, "logprobs": [], "delta": piece}
    yield "output_text.done", {**at, "logprobs": [], "text": part["text"]}
    yield "content_part.done", {**at, "part": part}
    yield "output_item.done", {"output_index": 0, "item": item}
    yield final["status"], {"response": final}
