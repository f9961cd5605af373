"""What a deployment keeps of the prompts that it has read.

https://learn.microsoft.com/azure/foundry/openai/how-to/prompt-caching
"""

import json
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sandbox import clock

BYTES = 4
"""Bytes of UTF-8 of a token, as answers count them."""
LEAST, STEP = 1024, 128
"""Tokens of the shortest prefix that is kept, and of each step beyond it."""
LIFE = 300
"""Seconds without use after which a prefix is forgotten: 5 to 10 minutes, typically."""
WRITES = re.compile(r"gpt-(5\.([6-9]|\d\d)|[6-9]|\d\d)")
"""Models that tell what they wrote: GPT-5.6 and later ones."""


@dataclass(frozen=True)
class Kept:
    """Tokens of one prompt that the cache gave, and those that it took; None if not told."""

    read: int = 0
    written: int | None = None


@dataclass
class PromptCache:
    """The prefixes of prompts by deployment, each with the time of its last use."""

    _used: dict[bytes, float] = field(default_factory=dict)

    def take(self, deployment: str, model: str, prompt: Any) -> Kept:
        """A prompt of 1,024 tokens or more is read from the cache as far as one before began alike.

        The cache gives it in steps of 128 tokens, and keeps its prefixes until they were not used
        for minutes; GPT-5.6 and later models tell the rest as written.

        Sure: inferred, as the page does not say how much of a prompt is written; public probes
        saw all but a few tokens: https://github.com/BerriAI/litellm/pull/38370
        """
        text = (prompt if isinstance(prompt, str) else json.dumps(prompt)).encode()
        tokens, known, read = -(-len(text) // BYTES), blake2b(deployment.encode()), 0
        tells = WRITES.match(model) is not None
        if tokens < LEAST:
            return Kept(0, 0 if tells else None)
        done, now = 0, clock.now()
        for length in range(LEAST, tokens + 1, STEP):
            known.update(text[done : length * BYTES])
            done, key = length * BYTES, known.digest()
            if now - self._used.get(key, -LIFE) < LIFE:
                read = length
            self._used[key] = now
        return Kept(read, tokens - read if tells else None)
