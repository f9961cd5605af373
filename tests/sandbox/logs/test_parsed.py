"""Parsed queries are kept between runs, and come back as if they had been parsed anew."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from duckdb_kql.errors import KqlError
from duckdb_kql.lower import lower

from queries import library
from sandbox.logs import parsed as kept
from sandbox.logs.parsed import parsed

NOW = datetime(2026, 11, 27, 8, 1, 2, 345, tzinfo=UTC)
ODD = "datetime(2026-11-27T08:00:00Z), 'x' | take 5"
"""A text that looks like KQL."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    parsed.cache_clear()
    return tmp_path / "sandbox-kql"


def texts(run: int, word: str) -> list[str]:
    """Return each query of the library, as a run would ask it."""
    found = []
    for name in library.names():
        given = {"since": NOW - timedelta(hours=run), "until": NOW + timedelta(minutes=run)}
        words = dict.fromkeys(("gateway", "api", "marker", "account", "correlations"), word)
        values = {key: value for key, value in (given | words).items() if library.has(name, key)}
        found.append(library.render(name, **values))
    return found


def test_every_query_of_the_library_comes_back_with_the_runs_own_values(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a value is the name of a column, or looks like a query."""
    for text in texts(1, "proof-1"):
        assert parsed(text) == lower(text)
    assert len(list(folder.iterdir())) == len(set(library.names()))
    wanted = {text: lower(text) for word in ("CorrelationId", ODD, "e") for text in texts(2, word)}
    monkeypatch.setattr(kept, "lower", lambda _: pytest.fail("it is parsed again"))

    assert {text: parsed(text) for text in wanted} == wanted


@pytest.mark.parametrize("spoilt", [b"", b"\x80", pickle.dumps(Path), pickle.dumps("no query")])
def test_a_file_that_cannot_be_read_is_written_anew(folder: Path, spoilt: bytes) -> None:
    text = 'let x = "a";\nprint y = x'
    whole = parsed(text)
    (file,) = folder.iterdir()
    file.write_bytes(spoilt)
    parsed.cache_clear()

    assert parsed(text) == whole
    assert file.read_bytes() != spoilt


def test_another_version_of_the_parser_reads_nothing_of_this_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed("print x = 1")
    parsed.cache_clear()
    monkeypatch.setattr(kept, "version", lambda _: "0")
    parsed("print x = 1")

    assert len(list(folder.iterdir())) == 2


def test_several_at_once_read_whole_files(folder: Path) -> None:
    text = texts(1, "x")[0]
    wanted = lower(text)

    def ask(_: int) -> bool:
        parsed.cache_clear()
        return parsed(text) == wanted

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(24)))
    assert len(list(folder.iterdir())) == 1


def test_a_wrong_query_is_refused_in_its_own_words(folder: Path) -> None:
    text = 'let x = "abc";\nprint y = = x'
    with pytest.raises(KqlError) as wanted:
        lower(text)
    with pytest.raises(KqlError) as error:
        parsed(text)

    assert str(error.value) == str(wanted.value)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))

    assert parsed("print x = 1") == lower("print x = 1")


def test_a_full_folder_loses_what_was_not_read_for_longest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 4)
    for number in range(6):
        for _ in "written", "read":
            parsed.cache_clear()
            parsed("print x = 'often'")
        parsed(f"print x = {number}")

    assert len(list(folder.iterdir())) <= 4
    parsed.cache_clear()
    monkeypatch.setattr(kept, "lower", pytest.fail)
    assert parsed("print x = 'often'")
    assert parsed("print x = 5")
