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
    "as",
    "at",
    "both",
    "each",
    "every",
    "for",
    "how",
    "in",
    "it",
    "its",
    "most",
    "no",
    "of",
    "one",
    "only",
    "rows",
    "seconds",
    "since",
    "some",
    "the",
    "there",
    "these",
    "this",
    "those",
    "what",
    "when",
    "where",
    "whether",
    "which",
    "who",
    "whose",
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
    nouns = [place for place, text in found if text.split()[0].strip(",:;.").lower() in NO_VERBS]
    assert not nouns
