"""The prompt cache gives what began like a prompt before, in steps, for a while."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import clock
from sandbox.model.prompt_cache import Kept, PromptCache
from tests.sandbox.model.conftest import CHAT, World
from tests.sandbox.seen import reply


def text(tokens: int, end: str = "") -> str:
    """A prompt of that many tokens, whose last ones may differ."""
    return ("word" * tokens)[: 4 * tokens - len(end)] + end


@pytest.mark.parametrize(
    ("first", "second", "read"),
    [
        (text(1_023), text(1_023), 0),
        (text(1_024), text(1_024), 1_024),
        (text(1_151), text(1_151), 1_024),
        (text(1_152), text(1_152), 1_152),
        (text(1_566), text(1_566, "end"), 1_536),
        (text(1_024, "end"), text(1_200), 0),
        (text(1_024), text(5_000), 1_024),
        (text(5_000), text(1_300), 1_280),
    ],
)
def test_what_began_alike_is_read_in_steps(first: str, second: str, read: int) -> None:
    cache = PromptCache()

    assert cache.take("/chat", "gpt-4.1", first) == Kept(0, None)
    assert cache.take("/other", "gpt-4.1", second) == Kept(0, None)
    assert cache.take("/chat", "gpt-4.1", second) == Kept(read, None)


def test_newer_models_tell_what_they_wrote() -> None:
    cache = PromptCache()

    taken = [cache.take("/chat", "gpt-5.6-luna", text(tokens)) for tokens in (1_000, 1_300, 1_400)]

    assert taken == [Kept(0, 0), Kept(0, 1_300), Kept(1_280, 120)]


def test_what_is_not_used_is_forgotten() -> None:
    cache, prompt, read = PromptCache(), text(2_000), []
    for time in (0, 299, 598, 899):
        with clock.simulated(1_000_000 + time, "seed"):
            read.append(cache.take("/chat", "gpt-4.1", prompt).read)

    assert read == [0, 1_920, 1_920, 0]


def test_answers_tell_what_was_read(world: World) -> None:
    asked: dict[str, Any] = {"messages": [{"role": "user", "content": text(2_000)}]}
    world.call(CHAT, body=asked)

    usage = reply(world.call(CHAT, body=asked))["usage"]

    assert usage["prompt_tokens_details"]["cached_tokens"] == 1_920
    assert 0 < usage["prompt_tokens_details"]["cache_write_tokens"] < 128
    assert usage["completion_tokens_details"] == {"audio_tokens": 0, "reasoning_tokens": 0}
