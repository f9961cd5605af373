"""What a model answers: repeatable text and vectors from the seed and the prompt.

Sure: no belief.
"""

import base64
import json
import random
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox import clock
from sandbox.model import content_filter
from sandbox.model.content_filter import DEFAULT, Filter
from sandbox.model.parameters import Json, invalid
from sandbox.model.prompt_cache import Kept

NOTHING_KEPT = Kept(0, 0)
WORDS = ["gateway", "prompt", "token", "model", "region", "policy", "route", "stream", "ledger"]


@dataclass(frozen=True)
class Answer:
    """A finished answer: its parts as sent, and the tokens of prompt and completion."""

    parts: Sequence[bytes]
    tokens: tuple[int, int] = (0, 0)
    status: int = 200
    stopped: bool = False
    """Whether a content filter stopped the prompt or the answer."""


def one(value: Json, tokens: tuple[int, int] = (0, 0), status: int = 200) -> Answer:
    """An answer of one JSON object."""
    return Answer([json.dumps(value).encode()], tokens, status)


def count(text: Any) -> int:
    """Four bytes of UTF-8 to a token, rounded up: near real counts, without a vocabulary."""
    return -(-len((text if isinstance(text, str) else json.dumps(text)).encode()) // 4)


def write(
    seed: int, prompt: Any, limit: int | None, by: Filter = DEFAULT
) -> tuple[str, str, tuple[int, int]]:
    """Text of 24 words, or as many as the prompt asks for ("500 words"); its end; token counts.

    It ends by "stop", "length" or "content_filter", as `finish_reason` has it.
    """
    asked = re.search(r"(\d{1,6}) words", json.dumps(prompt))
    chance = random.Random(f"{seed}:{prompt}")  # noqa: S311
    text = " ".join(chance.choices(WORDS, k=int(asked[1]) if asked else 24))
    cut = text[: (limit or len(text)) * 4]
    end = "stop" if cut == text else "length"
    if content_filter.in_answer(prompt, by):
        cut, end = cut[: len(cut) // 2], "content_filter"
    return cut, end, (count(prompt), count(cut))


def prompt_of(body: Json) -> Any:
    """What of a chat or response is the prompt, in the order in which the model reads it."""
    if "messages" in body:
        return body["messages"]
    return {key: body[key] for key in ("instructions", "input") if body.get(key)}


def pieces(text: str) -> list[str]:
    """The text as it is streamed: in some 256 parts at most."""
    size = max(16, len(text) // 256)
    return [text[at : at + size] for at in range(0, len(text), size)]


def _details(kept: Kept) -> Json:
    """What the prompt cache gave of a prompt, and took where the model tells that."""
    return {"cached_tokens": kept.read} | (
        {} if kept.written is None else {"cache_write_tokens": kept.written}
    )


def chat(
    seed: int, model: str, body: Json, by: Filter = DEFAULT, kept: Kept = NOTHING_KEPT
) -> Answer:
    """A chat completion; with `stream`, its chunks.

    Its usage has the kinds of tokens:
    https://learn.microsoft.com/azure/foundry/openai/how-to/prompt-caching
    The first chunk has the prompt's filter results, without id, model or choices:
    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming
    """
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    text, finish, tokens = write(seed, body["messages"], limit, by)
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    usage: Json = dict(zip(names, (*tokens, sum(tokens)), strict=True))
    usage["prompt_tokens_details"] = {"audio_tokens": 0, **_details(kept)}
    usage["completion_tokens_details"] = {"audio_tokens": 0, "reasoning_tokens": 0}
    stream, harm = bool(body.get("stream")), content_filter.in_answer(body["messages"], by)
    head: Json = {"id": f"chatcmpl-{clock.guid()}", "created": int(clock.now())}
    head |= {"object": "chat.completion" + ".chunk" * stream, "model": model}
    safe = content_filter.results()
    filters = {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": safe}]}

    def choice(said: str, end: str | None, key: str = "delta") -> list[Json]:
        verdict = content_filter.results(harm if end == "content_filter" else None)
        ends = {"finish_reason": end, "logprobs": None, "content_filter_results": verdict}
        return [{"index": 0, key: {"role": "assistant", "content": said}, **ends}]

    if not stream:
        said = {"choices": choice(text, finish, "message"), "usage": usage}
        return replace(one({**head, **said, **filters}, tokens), stopped=bool(harm))
    chunks = [{**head, "id": "", "model": "", "choices": [], **filters}]
    chunks += [{**head, "choices": choice(piece, None)} for piece in pieces(text)]
    chunks.append({**head, "choices": choice("", finish)})
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": usage})
    parts = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks]
    return Answer([*parts, b"data: [DONE]\n\n"], tokens, stopped=bool(harm))


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


def respond(
    seed: int, model: str, body: Json, by: Filter = DEFAULT, kept: Kept = NOTHING_KEPT
) -> Answer:
    """A response to `input` under `instructions`; with `stream`, its events.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
    """
    text, end, tokens = write(seed, prompt_of(body), body.get("max_output_tokens"), by)
    status = "completed" if end == "stop" else "incomplete"
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    item: Json = {"type": "message", "id": f"msg_{clock.guid()}", "role": "assistant"}
    name = f"resp_{clock.guid().replace('-', '')}"
    head = {"id": name, "object": "response", "created_at": int(clock.now())}
    head |= {"model": model, "error": None, "parallel_tool_calls": True, "tool_choice": "auto"}
    head |= {"tools": [], "instructions": body.get("instructions"), "metadata": {}}
    usage: Json = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    usage["input_tokens_details"] = _details(kept)
    usage |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": sum(tokens)}
    final: Json = {**head, "status": status, "usage": usage}
    final["output"] = [{**item, "status": status, "content": [part]}]
    reason = {"length": "max_output_tokens"}.get(end, end)
    final["incomplete_details"] = None if end == "stop" else {"reason": reason}
    stopped = end == "content_filter"
    if not body.get("stream"):
        return replace(one(final, tokens), stopped=stopped)
    parts = []
    for number, (kind, more) in enumerate(_events(head, final, part)):
        event = {"type": f"response.{kind}", "sequence_number": number, **more}
        parts.append(f"event: response.{kind}\ndata: {json.dumps(event)}\n\n".encode())
    return Answer(parts, tokens, stopped=stopped)


def _events(head: Json, final: Json, part: Json) -> Iterator[tuple[str, Json]]:
    """A streamed response is begun, filled in pieces and completed.

    https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses#streaming
    """
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
