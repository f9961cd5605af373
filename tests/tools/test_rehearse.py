"""The rehearsal runs the whole life, and says so; a failure shows its cause."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import rehearse

ROOT = Path(__file__).resolve().parents[2]


def test_rehearsal_proves_every_phase_and_leaves_the_tree_clean(tmp_path: Path) -> None:
    before = (ROOT / "Pulumi.dev.yaml").read_text()
    done = subprocess.run(
        [sys.executable, "-m", "tools.rehearse"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = done.stdout[done.stdout.rindex("┏") :]
    for phase in rehearse.PHASES:
        assert phase.title in table
    assert "no change" in table
    assert "8192 => 4096" in table
    assert (ROOT / "Pulumi.dev.yaml").read_text() == before


def test_failed_phase_ends_the_rehearsal_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rehearse, "FOLDER", tmp_path)
    monkeypatch.setattr(rehearse, "JOURNAL", tmp_path / "journal.jsonl")
    monkeypatch.setattr(rehearse, "EDITED", tmp_path / "edited" / "Pulumi.dev.yaml")
    monkeypatch.setattr(rehearse, "GROWN", tmp_path / "grown" / "Pulumi.dev.yaml")
    never = rehearse.Phase("never", "pulumi about", lambda _: "reached")
    wrong = rehearse.Phase("wrong", "pulumi preview --no-such-flag", lambda _: "reached")
    monkeypatch.setattr(rehearse, "PHASES", (wrong, never))
    assert rehearse.main() == 1
    shown = capfd.readouterr()
    assert "unknown flag: --no-such-flag" in shown.out + shown.err
    assert "failed: exit status" in shown.out
    assert "never" not in shown.out
    assert "Traceback" not in shown.out + shown.err
