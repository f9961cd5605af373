"""The recipes of CONTRIBUTING.md name files that are there, and few of them."""

from __future__ import annotations

import re

import pytest

from harness.example import ROOT
from tests.recipes.copy import RECIPES, TEXT


def test_there_is_a_recipe_for_what_people_add() -> None:
    assert {"A proof", "A query", "A guardrail", "A resource"} <= RECIPES.keys()


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_touches_at_most_three_files(title: str) -> None:
    files = RECIPES[title]
    assert 1 <= len(files) <= 3
    for file in files:
        assert any(ROOT.glob(re.sub(r"<\w+>", "*", file))), file


def test_every_target_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", TEXT)) <= targets
