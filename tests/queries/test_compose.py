"""What several queries have in common is written once, and stands in each of them."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from queries import compose
from queries.library import FOLDER, MARK, load, names

SHARED = {f"shared/{file.name}": file for file in (FOLDER / "shared").glob("*")}
FEW = 4
"""Lines that two queries may have in a row by chance: less than it takes to mark them."""


def text(name: str) -> str:
    return (FOLDER / f"{name}.kql").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", names())
def test_every_query_has_the_common_parts_as_they_are_now(name: str) -> None:
    written = compose.composed(text(name))

    assert text(name) == written, "run .venv/bin/python -m queries.compose"


@pytest.mark.parametrize("name", names())
def test_what_is_deployed_is_what_is_pasted_without_the_marks(name: str) -> None:
    pasted, deployed = text(name).splitlines(), load(name).splitlines()

    marks = ("// >>>", "// <<<", "// several accounts: ", "// token callers: ", "// plans: ")
    assert [line for line in pasted if not line.startswith(marks)] == deployed


def test_every_common_part_stands_in_several_queries() -> None:
    uses = {part: sum(f" queries/{part}:" in text(name) for name in names()) for part in SHARED}

    assert uses
    assert {part for part, number in uses.items() if number < 2} == set()


def test_no_other_lines_stand_twice() -> None:
    """A parameter stands in many, with its own default in each."""
    blocks = {name: own_blocks(text(name)) for name in names()}
    blocks |= {part: [file.read_text().splitlines()] for part, file in SHARED.items()}
    found: dict[str, set[tuple[str, int, int]]] = defaultdict(set)
    for name, own in blocks.items():
        for number, block in enumerate(own):
            for at in range(len(block) - FEW + 1):
                found["\n".join(block[at : at + FEW])].add((name, number, at))

    copies = {lines: places for lines, places in found.items() if len(places) > 1}
    assert copies == {}, "put these lines into queries/shared/, between marks in each query"


def own_blocks(query: str) -> list[list[str]]:
    """The lines of a query that are no header, no parameter and no common part."""
    own = compose.PART.sub("\n\n", query)
    body = re.sub(r"\A(?://.*\n)+(?:let \w+ = [^\n]*;\n|\n|//.*\n)*", "", own)
    return [block.splitlines() for block in re.split(r"\n{2,}", body)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of one common part, and of one query that has it."""
    monkeypatch.setattr(compose, "FOLDER", tmp_path)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "one.kql").write_text("let one = 1;\nlet two = 2;\n")
    marks = "// >>> queries/shared/one.kql\nlet old = 0;\n// <<< queries/shared/one.kql\n"
    (tmp_path / "asked.kql").write_text(f"// Asked\nlet since = ago(1d);\n{marks}\nprint one\n")
    return tmp_path


def test_a_changed_part_is_written_into_its_queries(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compose.main() == 0

    written = (folder / "asked.kql").read_text()
    question = "// Asked\nlet since = ago(1d);\nlet one = 1;\nlet two = 2;\n\nprint one\n"
    assert MARK.sub("", written) == question
    assert capsys.readouterr().out == "asked.kql: written\n"
    assert compose.main() == 0
    assert capsys.readouterr().out == ""
    assert (folder / "asked.kql").read_text() == written


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("// <<< queries/shared/one.kql\n", "", "needs a line"),
        ("// >>> queries/shared/one.kql\n", "", "needs a line"),
        ("<<< queries/shared/one.kql", "<<< queries/shared/two.kql", "needs a line"),
        ("shared/one.kql", "shared/two.kql", "there is no queries/shared/two.kql"),
    ],
)
def test_a_part_without_its_end_or_its_file_is_told_and_nothing_written(
    old: str, new: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = folder / "asked.kql", folder / "also-asked.kql"
    shutil.copy(file, other)
    whole = other.read_text()
    file.write_text(broken := whole.replace(old, new))

    assert compose.main() == 1

    assert "asked.kql: " in (told := capsys.readouterr().err)
    assert said in told
    assert (file.read_text(), other.read_text()) == (broken, whole)
