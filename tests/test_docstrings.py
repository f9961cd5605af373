"""Docstrings of functions begin with a verb."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("components", "harness", "queries", "tools")
"""The sandbox's state how Azure behaves: `docs/beliefs.md` lists them."""
NO_VERBS = {
    "a",
    "all",
    "an",
    "another",
    "as",
    "at",
    "bars",
    "bodies",
    "both",
    "by",
    "byte",
    "bytes",
    "calls",
    "colours",
    "correlation",
    "deployment",
    "each",
    "every",
    "for",
    "fragments",
    "from",
    "headers",
    "host",
    "hours",
    "how",
    "in",
    "it",
    "its",
    "keys",
    "lines",
    "most",
    "no",
    "nobody",
    "not",
    "numbers",
    "of",
    "one",
    "only",
    "percent",
    "places",
    "platform",
    "rows",
    "seconds",
    "several",
    "since",
    "some",
    "somebody",
    "that",
    "the",
    "there",
    "these",
    "this",
    "those",
    "two",
    "url",
    "us",
    "vectors",
    "verdict",
    "what",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "who",
    "whose",
    "why",
    "without",
}


def _docstrings() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                text = isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
                if isinstance(node, ast.FunctionDef) and text:
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", text


def test_docstrings_of_functions_begin_with_a_verb() -> None:
    found = list(_docstrings())
    assert len(found) > 500, "they are looked for where they are"
    assert not [place for place, text in found if not _may_be_a_verb(text.split()[0])]


def _may_be_a_verb(word: str) -> bool:
    """Tell whether a first word is a word at all, and none of those that are surely no verb."""
    plain = word.strip(",:;.")
    return plain.isalpha() and plain.lower() not in NO_VERBS
