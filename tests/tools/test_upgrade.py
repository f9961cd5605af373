"""`make upgrade` moves every pin and its lock together, or none, from where pip is told to look."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.packages import index, wheel
from tools import upgrade


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that needs `first`, which needs `second`; each has a newer version in the index."""
    texts = {
        "requirements.txt": "# The stack.\nFirst==1.0\n",
        "requirements-dev.txt": "# And the rest.\n-r requirements.txt\nthird==1.0\n",
        "requirements-go.txt": "compiler==1.0\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "locks").mkdir()
    for version in ("1.0", "2.0"):
        for name, needs in (("first", "second"), ("second", ""), ("third", ""), ("compiler", "")):
            wheel(tmp_path / "index", name, version, needs=needs)
    monkeypatch.setattr(upgrade, "ROOT", tmp_path)
    monkeypatch.setattr(upgrade, "lock", lambda name: tmp_path / "locks" / name)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "index"))
    return tmp_path


def contents(project: Path) -> dict[str, str]:
    files = [*project.glob("*.txt"), *project.glob("locks/*.txt")]
    return {str(file.relative_to(project)): file.read_text() for file in files}


def test_requirements_and_locks_move_together(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upgrade.main(["--days", "0"]) == 0
    made = contents(project)
    assert made["requirements.txt"] == "# The stack.\nFirst==2.0\n"
    assert made["requirements-dev.txt"].endswith("-r requirements.txt\nthird==2.0\n")
    first, second, third = (
        wheel(project / "x", name, "2.0", needs=needs)
        for name, needs in (("first", "second"), ("second", ""), ("third", ""))
    )
    assert made["locks/requirements.txt"] == first + second
    assert made["locks/requirements-dev.txt"] == first + second + third
    assert "requirements.txt: first 1.0 -> 2.0" in capsys.readouterr().out


def test_a_version_can_be_held(project: Path) -> None:
    assert upgrade.main(["--days", "0", "--hold", "first"]) == 0
    assert contents(project)["requirements.txt"] == "# The stack.\nFirst==1.0\n"
    assert upgrade.pins(contents(project)["locks/requirements.txt"]) == {
        "first": "1.0",
        "second": "2.0",
    }


def test_a_pin_that_was_written_by_hand_is_locked_and_no_other_moves(project: Path) -> None:
    (project / "requirements-dev.txt").write_text("-r requirements.txt\nthird==1.0\n")
    assert upgrade.main(["--days", "0", "--hold", "first", "--hold", "third"]) == 0
    (project / "requirements.txt").write_text("First==2.0\n")
    wheel(project / "index", "second", "3.0")
    index(project / "index")
    assert upgrade.main(["--days", "0", "--keep"]) == 0
    assert upgrade.pins(contents(project)["locks/requirements-dev.txt"]) == {
        "first": "2.0",
        "second": "2.0",
        "third": "1.0",
    }


def test_what_does_not_fit_or_is_too_new_moves_nothing(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A package whose day the index does not tell counts as too new."""
    before = contents(project)
    assert upgrade.main([]) == 1
    assert "nothing was moved" in capfd.readouterr().err
    (project / "index" / "simple" / "second" / "index.html").unlink()
    assert upgrade.main(["--days", "0"]) == 1
    assert "second" in capfd.readouterr().err
    assert contents(project) == before


def test_uv_looks_where_pip_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says wins over a file."""
    for name in ("PIP_INDEX_URL", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://file.example/simple\ncert = /file.pem\n"
        "extra-index-url =\n    https://one.example\n    https://two.example\n"
    )
    options, environment = upgrade.index()
    assert options == [
        *("--default-index", "https://file.example/simple"),
        *("--index", "https://one.example", "--index", "https://two.example"),
    ]
    assert environment["SSL_CERT_FILE"] == "/file.pem"
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment.example/simple")
    options, _ = upgrade.index()
    assert options[:2] == ["--default-index", "https://environment.example/simple"]
