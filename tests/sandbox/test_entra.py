"""The issuer of tokens signs with one key, however many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sandbox import entra

AT_ONCE = 8


def test_tokens_that_are_asked_for_at_once_are_all_good() -> None:
    entra._made.cache_clear()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tokens = list(pool.map(lambda number: entra.signed({"n": number}), range(AT_ONCE)))
    assert [entra.verified(token) for token in tokens] == [{"n": n} for n in range(AT_ONCE)]
