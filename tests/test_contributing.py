"""The recipes of CONTRIBUTING.md name files that are there, and few of them."""

from __future__ import annotations

import re

import pytest

from harness.example import ROOT
from tests.recipes.copy import RECIPES, TEXT

MOST = {
    "A proof": 3,
    "A query": 3,
    "A tile of the workbook": 3,
    "An alert": 3,
    "A guardrail": 3,
    "A rule of the sandbox": 3,
    "A resource of a known type": 4,
    "A resource of a new type": 4,
    "A configuration key": 4,
    "A value that the check compares": 4,
}
"""Most files by hand of each recipe that there must be."""


def test_there_is_a_recipe_for_what_people_add() -> None:
    assert set(MOST) <= RECIPES.keys()


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_touches_few_files(title: str) -> None:
    files = RECIPES[title]
    assert 1 <= len(files) <= MOST.get(title, 4)
    for file in files:
        assert any(ROOT.glob(re.sub(r"<\w+>", "*", file))), file


def test_every_target_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", TEXT)) <= targets
