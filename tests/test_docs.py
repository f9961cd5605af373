"""What follows from the code stands in the documents as `make docs` writes it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tools import docs

DOCUMENTS = list(docs.documents())


@pytest.mark.parametrize(
    ("file", "text", "wanted"), DOCUMENTS, ids=[file.name for file, *_ in DOCUMENTS]
)
def test_a_document_is_as_the_code_says(file: Path, text: str, wanted: str) -> None:
    assert text == wanted, f"run `make docs`: {file.name} is not as the code says"


def test_each_part_stands_in_one_document() -> None:
    found = Counter(name for _, text, _ in DOCUMENTS for name in docs.named(text))
    assert found == Counter(docs.parts().keys())


def test_a_cell_shows_its_text_and_code_stays_as_it_is() -> None:
    row = ("a < b | c", "`a < b`", "")
    assert docs.table("one | two | three", [row]).splitlines() == [
        "| one | two | three |",
        "|---|---|---|",
        r"| a \< b \| c | `a < b` | |",
    ]


def test_two_parts_of_one_document_are_told_apart() -> None:
    text = "<!-- make docs: a -->\nold\n<!-- end -->\ntyped\n# make docs: b, from x\n# end\n"
    assert docs.named(text) == ["a", "b"]
