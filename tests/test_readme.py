"""What README promises is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def test_every_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        shown = re.findall(r"(?:^ +|`)make (\w+)", document.read_text(), re.MULTILINE)
        assert set(shown) <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_no_file_is_too_long_to_read() -> None:
    for room in ("components", "policies", "queries", "sandbox", "tests", "tools"):
        for file in (ROOT / room).rglob("*.py"):
            if "node_modules" not in file.parts:
                assert len(file.read_text().splitlines()) <= 400, file
