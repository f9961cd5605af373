"""Lines for a person: what is left out is counted, and one thing is no plural."""

from __future__ import annotations

import pytest

from queries.check.words import counted, listed


@pytest.mark.parametrize(
    ("texts", "most", "said"),
    [
        ([], 2, ""),
        (["a", "b"], 2, "a; b"),
        (["a", "b", "c"], 2, "a; b; and 1 more"),
        (["a", "b", "c"], 1, "a; and 2 more"),
    ],
)
def test_no_more_are_named_than_wanted_and_the_rest_is_counted(
    texts: list[str], most: int, said: str
) -> None:
    assert listed(iter(texts), most) == said
    assert listed(dict.fromkeys(texts), most, ", ") == said.replace(";", ",")


def test_one_thing_is_no_plural() -> None:
    assert [counted(n, "call") for n in (0, 1, 2, 4000)] == [
        "0 calls",
        "1 call",
        "2 calls",
        "4,000 calls",
    ]
    assert counted(2, "query", "queries") == "2 queries"
