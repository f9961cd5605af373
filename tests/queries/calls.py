"""The calls that the queries are held against: every size, kind and mishap that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from tests.queries.truth import (
    BODY,
    CHAT,
    CHUNK,
    COMPLETIONS,
    EMBEDDINGS,
    FILTERED,
    LLM_TEXT,
    RESPONSES,
    Call,
    dumps,
    sized,
)

_numbers = count(1)


def every_call() -> list[Call]:
    """All, each with a price of its own; all but the sizes once more as logged by default."""
    made = [*_kinds(), *_failures(), *_losses()]
    return [*_sizes(), *made, *(replace(call, id=f"{call.id}-plain", plain=True) for call in made)]


def _price() -> tuple[int, int]:
    number = next(_numbers)
    return 1_000 + number, 7 * number


def _sizes() -> Iterator[Call]:
    """Texts, bodies and logged messages of a size, one byte under it and one over it."""
    for size in (0, 1, 2):
        yield Call(id=f"prompt-{size}", prompt="x" * size, tokens=_price())
        yield Call(id=f"answer-{size}", answers=("x" * size,), tokens=_price())
    for size in (n + d for n in (BODY, CHUNK, LLM_TEXT) for d in (-1, 0, 1)):
        prompt = sized(lambda t: Call(id="", prompt=t).request_body, size)
        yield Call(id=f"request-body-{size}", prompt=prompt, tokens=_price())
        priced = Call(id=f"response-body-{size}", tokens=_price())
        yield _answered(priced, size)
        yield _answered(replace(priced, id=f"old-{size}", operation=COMPLETIONS), size)
        yield Call(id=f"stream-{size}", answers=("x" * size,), tokens=_price(), stream=True)
        prompt = sized(lambda t: dumps(Call(id="", prompt=t).messages), size)
        answer = sized(lambda t: dumps(Call(id="", answers=(t,)).replies), size)
        yield Call(id=f"messages-{size}", prompt=prompt, answers=(answer,), tokens=_price())
    for shift in range(4):
        text = "x" * shift + "é漢🙂" * 2_000
        yield Call(id=f"multi-byte-{shift}", prompt=text, answers=(text,), tokens=_price())
        text = "x" * shift + "é漢🙂" * 1_000
        yield Call(id=f"half-{shift}", answers=(text,), tokens=_price(), lost=frozenset({0}))


def _answered(call: Call, size: int) -> Call:
    """The call with one answer that makes its response's body that large."""
    answer = sized(lambda text: replace(call, answers=(text,)).response_body, size)
    return replace(call, answers=(answer,))


def _kinds() -> Iterator[Call]:
    said = ('a "list]', "[of", '"][" and, "]\n["', "é" * CHUNK)
    yield Call(id="apart", prompt="p" * CHUNK, answers=said, tokens=_price(), apart=True)
    yield Call(id="apart-cut", answers=said, tokens=_price(), apart=True, lost=frozenset({3}))
    yield Call(id="choices", answers=("one", "two", "three"), tokens=_price())
    yield Call(id="tools", tools=True, tokens=_price())
    yield Call(id="tools-unlogged", tools=True, tokens=_price(), lost=frozenset({0, 1, 2}))
    yield Call(
        id="quoted",
        answers=('"usage":{"total_tokens":999999}',),
        tokens=_price(),
        lost=frozenset({0}),
    )
    for stream in (False, True):
        yield Call(id=f"response-{stream}", operation=RESPONSES, stream=stream, tokens=_price())
        lost = frozenset({0, 1, 2})
        call = Call(
            id=f"response-unlogged-{stream}",
            operation=RESPONSES,
            stream=stream,
            tokens=_price(),
            lost=lost,
        )
        yield call
        yield Call(id=f"without-usage-{stream}", stream=stream, usage=False, tokens=_price())
    for words in ("0.1,0.2", "0.1," * 3_000):
        yield Call(
            id=f"embeddings-{len(words)}",
            operation=EMBEDDINGS,
            answers=(words,),
            tokens=(_price()[0], 0),
            deployment="emb",
            consumer="aoai-b",
        )
    yield Call(id="completions", operation=COMPLETIONS, answers=("a", "b"), tokens=_price())
    yield Call(id="neighbour", consumer="aoai-b", ip="10.0.0.1", tokens=_price())
    yield Call(id="elsewhere", consumer="aoai-a", ip="10.0.0.2", tokens=_price())


def _failures() -> Iterator[Call]:
    for status in (401, 404, 429, 500, 503):
        error = {"error": {"code": str(status), "message": "no"}}
        yield Call(id=f"failed-{status}", status=status, error=error, tokens=(0, 0))
    yield Call(id="bad-request", status=400, error={"error": {"code": "bad"}}, tokens=(0, 0))
    yield Call(id="filtered", status=400, backend=400, error=FILTERED, tokens=_price())
    yield Call(id="timeout", status=408, backend=408, tokens=_price())
    yield Call(id="broken-after-answer", status=500, backend=200, tokens=_price())
    for status in (0, 499, 500, 504):
        yield Call(id=f"unanswered-{status}", status=status, answered=False, tokens=_price())
    yield Call(id="left", stream=True, usage=False, left=True, tokens=_price())
    yield Call(id="left-at-its-end", stream=True, left=True, tokens=_price())
    yield Call(id="never-sent", status=500, sent=False, answered=False, tokens=(0, 0))


def _losses() -> Iterator[Call]:
    long = "all work and no play " * 4_000
    for number in (1, 2, 3):
        yield Call(
            id=f"chunk-{number}-lost", prompt=long, tokens=_price(), lost=frozenset({number})
        )
    yield Call(id="last-lost", answers=(long,), tokens=_price(), lost=frozenset({4}))
    yield Call(id="header-lost", tokens=_price(), lost=frozenset({0}))
    yield Call(id="header-and-body-lost", tokens=_price(), lost=frozenset({0}), bodies=False)
    yield Call(id="no-llm-row", tokens=_price(), lost=frozenset({0, 1, 2}))
    yield Call(id="nothing", tokens=_price(), lost=frozenset({0, 1, 2}), bodies=False)
    yield Call(id="no-bodies", operation=CHAT, tokens=_price(), bodies=False)
    alone = Call(id="llm-only", consumer="", ip="", in_gateway_log=False, tokens=_price())
    yield alone
    yield replace(alone, id="llm-only-untold", tokens=_price(), usage=False)
