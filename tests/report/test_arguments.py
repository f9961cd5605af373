"""The command line refuses what cannot work before anything is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queries.errors import CannotRunError
from queries.report.arguments import parse
from queries.report.page import write


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        parse(list(arguments))
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("days", ["0", "-1", "731", "x", "1.5", ""])
def test_days_out_of_range(capsys: pytest.CaptureFixture[str], tmp_path: Path, days: str) -> None:
    said = refused(capsys, "--out", str(tmp_path / "r.html"), "--days", days)
    assert f"{days!r} is not a number of days from 1 to 730" in said


@pytest.mark.parametrize(("until", "why"), [("soon", "ISO 8601"), ("2999-01-01", "future")])
def test_times_that_are_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, until: str, why: str
) -> None:
    assert why in refused(capsys, "--out", str(tmp_path / "r.html"), "--until", until)


def test_a_time_without_a_zone_is_utc(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "r.html"), "--until"]
    assert parse([*out, "2026-03-01"]).until == datetime(2026, 3, 1, tzinfo=UTC)
    assert parse([*out, "2026-03-01T02:00+02:00"]).until == datetime(2026, 3, 1, tzinfo=UTC)


def test_without_a_time_it_is_now(tmp_path: Path) -> None:
    until = parse(["--out", str(tmp_path / "r.html")]).until
    assert timedelta() <= datetime.now(UTC) - until < timedelta(minutes=1)


def test_pages_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text("{}")

    assert "there is no folder" in refused(capsys, "--out", str(tmp_path / "no" / "r.html"))
    assert "it is no file" in refused(capsys, "--out", str(tmp_path))
    same = refused(capsys, "--out", str(outputs), "--outputs", str(outputs))
    assert "is the file of the outputs" in same
    assert outputs.read_text() == "{}"


def test_a_folder_without_permission(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is denied to root, who may run this."""
    monkeypatch.setattr(os, "access", lambda place, _: Path(place) != tmp_path)
    assert "permission denied" in refused(capsys, "--out", str(tmp_path / "r.html"))


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    page.write_text("old")
    with pytest.raises(CannotRunError, match="cannot write"):
        write("new", tmp_path / "gone" / "r.html")
    with pytest.raises(UnicodeEncodeError):
        write("\ud800", page)
    assert page.read_text() == "old"

    write("new", page)

    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]
    assert page.read_text() == "new"


def test_the_command_ends_with_one_line_and_status_2_without_a_stack(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "queries.report", "--outputs", "none", "--out", tmp_path / "r"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "queries.report: cannot read none: No such file or directory\n"
