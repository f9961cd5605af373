"""`python -m sandbox changes`: listed, refused, and told of in docs/sandbox.md."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.changes import CHANGES

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "sandbox.md"


def test_each_change_is_dated_sourced_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes"]) == 0
    said = capsys.readouterr().out
    for name, change in CHANGES.items():
        assert f"{name}: {change.about}" in said
        assert date.fromisoformat(change.dated)
        assert all(source.startswith("https://") and source in said for source in change.sources)


def test_the_page_has_each_change() -> None:
    rows = [f"| `{name}` | {one.by} | {one.about} |" for name, one in CHANGES.items()]
    missing = [row for row in rows if row not in DOCUMENT.read_text()]
    assert missing == []


def test_what_cannot_happen_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", "flood", "--dir", str(tmp_path)]) == 2
    assert "no change flood: kind-upgraded" in capsys.readouterr().err
    assert main(["changes", "kind-upgraded", "--dir", str(tmp_path / "none")]) == 2
    assert "there is no sandbox" in capsys.readouterr().err
    assert main(["changes", "kind-upgraded", "--dir", str(tmp_path)]) == 2
    assert "has nothing to act on" in capsys.readouterr().err
