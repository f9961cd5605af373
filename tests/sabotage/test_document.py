"""docs/sabotage.md lists what the suite breaks."""

from __future__ import annotations

from harness.sabotage.mistakes import MISTAKES
from tools.sabotage import DOCUMENT


def test_document_lists_every_mistake_and_no_other() -> None:
    rows = [line.split(" | ") for line in DOCUMENT.read_text().splitlines() if line[:2] == "| "]
    listed = [(cells[0].removeprefix("| "), cells[1], int(cells[2])) for cells in rows[1:]]
    assert listed == [(one.name, one.how, one.status) for one in MISTAKES]
    assert all(cells[3].removesuffix(" |").strip() for cells in rows)
