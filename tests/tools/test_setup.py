"""Set-up tells what is wrong in plain words, and does nothing twice."""

from __future__ import annotations

import pytest

from tools import setup


def executable(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with an empty cache and nothing on PATH."""
    monkeypatch.setattr(setup, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(setup, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(setup, "STAMP", tmp_path / ".venv" / "set-up")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def test_an_old_python_is_refused():
    with pytest.raises(setup.SetupError, match=r"Python 3\.9 is too old; 3\.11 or newer"):
        setup.check_python((3, 9))


def test_the_engine_on_path_is_taken_if_its_version_fits(machine):
    fits = executable(machine / "path" / "pulumi", f"echo v{setup.ENGINE}")
    assert setup.find_engine() == fits


def test_another_version_on_path_gives_way_to_the_cache(machine):
    executable(machine / "path" / "pulumi", "echo v3.1.0")
    assert setup.find_engine() is None
    cached = executable(machine / "cache" / "pulumi", f"echo v{setup.ENGINE}")
    assert setup.find_engine() == cached


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v3.259.0", True),
        ("v3.260.1", True),
        ("v3.258.9", False),
        ("v4.0.0", False),
        ("v3.259.0-dev.1", True),
        ("", False),
    ],
)
def test_engine_of_the_same_major_and_no_older_fits(version, fits):
    assert setup.fits(version) is fits


def test_no_go_and_no_package_index_says_what_is_missing(machine, monkeypatch):
    monkeypatch.setattr(setup, "works", lambda *_, **__: False)
    with pytest.raises(setup.SetupError, match=r"needs Go 1\.26 or newer"):
        setup.build_engine()


@pytest.mark.parametrize(
    ("version", "new"), [("go1.26.8", True), ("go1.27rc1", True), ("go1.22", False), ("", False)]
)
def test_only_a_new_go_is_used(machine, version, new):
    go = executable(machine / "path" / "go", f"echo {version}")
    assert setup.find_go() == (go if new else None)


def test_done_once_is_done_until_an_input_changes(machine, monkeypatch):
    assert not setup.is_current()
    executable(machine / ".venv" / "bin" / "pulumi", "")
    assert not (machine / ".venv" / "bin" / "chromium").exists()
    setup.STAMP.write_text(setup.fingerprint())
    assert setup.is_current()
    monkeypatch.setattr(setup, "INPUTS", ("Makefile",))
    assert not setup.is_current()


@pytest.mark.parametrize("tool", ["pulumi", "actionlint", "chromium"])
def test_a_tool_that_was_there_and_is_gone_is_set_up_again(machine, tool):
    executable(machine / ".venv" / "bin" / "pulumi", "")
    setup.STAMP.write_text(setup.fingerprint())
    kept = executable(machine / "kept" / tool, "")
    setup.link(machine / ".venv" / "bin" / tool, kept)
    assert setup.is_current()
    kept.unlink()
    assert not setup.is_current()


@pytest.fixture
def building(machine, monkeypatch):
    """A Go that builds, or does not, and how often it was asked."""
    builds = []

    def works(command, *, folder, environment, **_):
        builds.append(command[-1])
        executable(machine / environment["GOBIN"] / "actionlint", "echo v1")
        return machine.joinpath("reachable").exists()

    monkeypatch.setattr(setup, "KEPT", machine / "kept")
    monkeypatch.setattr(setup, "find_go", lambda: machine / "go")
    monkeypatch.setattr(setup, "works", works)
    executable(machine / ".venv" / "bin" / "python", "")
    return builds


def test_actionlint_is_built_once_and_kept_outside_the_clone(machine, building):
    machine.joinpath("reachable").touch()
    setup.install_actionlint()
    setup.install_actionlint()
    assert building == ["github.com/rhysd/actionlint/cmd/actionlint"]
    command = machine / ".venv" / "bin" / "actionlint"
    assert command.resolve().is_relative_to(machine / "kept")


def test_without_actionlint_the_rest_of_the_set_up_stands(machine, building, capsys):
    command = machine / ".venv" / "bin" / "actionlint"
    setup.link(command, machine / "gone")
    setup.install_actionlint()
    assert "`make lint` and `make test` fail until" in capsys.readouterr().out
    assert not command.is_symlink(), "or each command would try again"


@pytest.fixture
def fetching(machine, monkeypatch):
    """An index that is reached or not, a package that unpacks, and what was fetched."""
    fetched = []

    def works(command, **_):
        if "ci" in command:
            fetched.append("npm")
            package = machine.joinpath(command[command.index("--prefix") + 1])
            package.joinpath("node_modules").mkdir()
            return machine.joinpath("reachable").exists()
        executable(command[-1] / "start", "echo Chromium")
        return True

    monkeypatch.setattr(setup, "KEPT", machine / "kept")
    monkeypatch.setattr(setup, "bundled_node", lambda: machine / "lib" / "bin" / "node")
    monkeypatch.setattr(setup, "works", works)
    monkeypatch.setattr(setup, "is_linux_on_x64", lambda: True)
    machine.joinpath(".venv", "bin").mkdir(parents=True)
    return fetched


def test_the_browser_is_fetched_once_and_kept_outside_the_clone(machine, fetching):
    machine.joinpath("reachable").touch()
    setup.install_browser()
    setup.install_browser()
    assert fetching == ["npm"]
    command = machine / ".venv" / "bin" / "chromium"
    assert command.resolve().is_relative_to(machine / "kept")


def test_without_an_index_the_rest_of_the_set_up_stands(machine, fetching, capsys):
    command = machine / ".venv" / "bin" / "chromium"
    setup.link(command, machine / "gone")
    setup.install_browser()
    assert "no browser: tests/report fails until npm reaches" in capsys.readouterr().out
    assert not command.is_symlink(), "or each command would try again"


def test_elsewhere_the_browser_on_path_serves(machine, fetching, monkeypatch, capsys):
    monkeypatch.setattr(setup, "is_linux_on_x64", lambda: False)
    monkeypatch.setattr(setup, "BROWSERS", ("google-chrome",))
    setup.install_browser()
    assert "until Chrome or Chromium is on PATH" in capsys.readouterr().out
    found = executable(machine / "path" / "google-chrome", "echo")
    setup.install_browser()
    assert (machine / ".venv" / "bin" / "chromium").resolve() == found
    assert fetching == []
