"""Set-up tells what is wrong in plain words, takes nothing unseen, and does nothing twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.packages import wheel
from tools.setup import __main__ as setup
from tools.setup import browser, common, engine, go, node, packages


def executable(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing on PATH."""
    for module in (common, setup, node):
        monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(common, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(engine, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(setup, "STAMP", tmp_path / ".venv" / "set-up")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
def test_a_python_that_the_pins_are_not_made_for_is_refused(version: tuple[int, int]) -> None:
    found = ".".join(map(str, version))
    with pytest.raises(common.SetupError, match=rf"Python {found} does not fit; 3\.11 to 3\.14 do"):
        setup.check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_the_oldest_and_the_newest_python_are_taken(version: tuple[int, int]) -> None:
    setup.check_python(version)


@pytest.fixture
def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bool]:
    """An index of packages, and whether what a lock says of `thing` can be installed."""
    kept = ("--isolated", "--no-index", "--find-links", str(tmp_path / "kept"))
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "WHEELS", tmp_path / "kept")
    monkeypatch.setattr(packages, "KEPT_ALONE", kept)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "locks").mkdir()
    venv = [sys.executable, "-m", "venv", "--without-pip"]
    pip = f'shift 2\nexec {sys.executable} -m pip --python {tmp_path}/installed/bin/python "$@"'
    python = executable(tmp_path / "python", pip)

    def installed(lock: str) -> bool:
        subprocess.run([*venv, "--clear", str(tmp_path / "installed")], check=True)
        (tmp_path / "locks" / "some.txt").write_text(lock)
        try:
            packages.install(python, "some.txt")
        except common.SetupError:
            assert not list(tmp_path.glob("installed/lib/*/site-packages/thing.py"))
            return False
        (thing,) = tmp_path.glob("installed/lib/*/site-packages/thing.py")
        return thing.read_text() == "true"

    return installed


@pytest.mark.parametrize(("minor", "kept"), [(0, True), (1, False), (-1, False)])
def test_an_environment_of_another_python_is_made_anew(
    machine: Path, monkeypatch: pytest.MonkeyPatch, minor: int, kept: bool
) -> None:
    answers = f"import sys; sys.version_info = (3, {sys.version_info[1] + minor}, 0)"
    python = executable(
        machine / ".venv" / "bin" / "python",
        f'[ "$1" = -c ] || exit 0\nexec {sys.executable} -c "{answers}; exec(sys.argv[1])" "$2"',
    )
    for name, value in (("ENVIRONMENT", machine / ".venv"), ("PYTHON", python)):
        monkeypatch.setattr(packages, name, value)
    for name in ("install", "install_sdks"):
        monkeypatch.setattr(packages, name, lambda *_: None)
    packages.make_environment("requirements.txt")
    assert python.is_symlink() is not kept
    packages.make_environment("requirements.txt")
    made = (machine / ".venv" / "pyvenv.cfg").exists()
    assert made is not kept


def test_packages_are_fetched_once(tmp_path: Path, fetching: Callable[[str], bool]) -> None:
    lock = wheel(tmp_path / "index", "thing", text="true")
    assert fetching(lock)
    shutil.rmtree(tmp_path / "index")
    assert fetching(lock)


def test_a_package_with_another_hash_is_refused(
    tmp_path: Path, fetching: Callable[[str], bool]
) -> None:
    lock = wheel(tmp_path / "index", "thing", text="true")
    wheel(tmp_path / "index", "thing", text="stolen")
    assert not fetching(lock)


def test_a_package_that_was_changed_where_it_is_kept_is_fetched_again_or_refused(
    tmp_path: Path, fetching: Callable[[str], bool]
) -> None:
    lock = wheel(tmp_path / "index", "thing", text="true")
    assert fetching(lock)
    wheel(tmp_path / "kept", "thing", text="stolen")
    assert fetching(lock)
    wheel(tmp_path / "kept", "thing", text="stolen")
    shutil.rmtree(tmp_path / "index")
    assert not fetching(lock)


def test_nothing_comes_along_that_the_lock_does_not_name(
    tmp_path: Path, fetching: Callable[[str], bool]
) -> None:
    lock = wheel(tmp_path / "index", "thing", text="true", needs="other")
    wheel(tmp_path / "index", "other")
    assert fetching(lock)
    assert not list(tmp_path.glob("installed/lib/*/site-packages/other.py"))
    assert not fetching(lock.partition(" ")[0]), "a line without a hash"


def test_the_engine_on_path_is_taken_if_its_version_fits(machine: Path) -> None:
    fits = executable(machine / "path" / "pulumi", f"echo v{engine.ENGINE}")
    assert engine.find() == fits


def test_another_version_on_path_gives_way_to_the_cache(machine: Path) -> None:
    executable(machine / "path" / "pulumi", "echo v3.1.0")
    assert engine.find() is None
    cached = executable(machine / "cache" / "pulumi", f"echo v{engine.ENGINE}")
    assert engine.find() == cached


def test_for_a_stack_the_pinned_engine_alone_is_taken(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies on PATH may be newer, and some other job's."""
    major = engine.ENGINE.partition(".")[0]
    newer = executable(machine / "path" / "pulumi", f"echo v{major}.9999.0")
    assert engine.get(pinned=False) == newer
    cached = machine / "cache" / "pulumi"
    version = f"echo v{engine.ENGINE}"
    monkeypatch.setattr(engine, "works", lambda *_: bool(executable(cached, version)))
    executable(newer, version)
    assert engine.get(pinned=True) == cached, "installed"
    monkeypatch.setattr(engine, "works", lambda *_: pytest.fail("installed again"))
    assert engine.get(pinned=True) == cached


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
def test_engine_of_the_same_major_and_no_older_fits(
    version: str, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ENGINE", "3.259.0")
    assert engine.fits(version) is fits


def test_no_go_and_no_package_index_says_what_is_missing(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go, "works", lambda *_, **__: False)
    with pytest.raises(common.SetupError, match=r"needs Go 1\.\d+ or newer"):
        engine.build()
    monkeypatch.setattr(go, "works", lambda *_, **__: True)
    monkeypatch.setattr(packages, "works", lambda *_, **__: False)
    with pytest.raises(common.SetupError, match=r"needs Go 1\.\d+ or newer: install it"):
        engine.build()


@pytest.mark.parametrize(
    ("version", "new"), [("go1.26.8", True), ("go1.27rc1", True), ("go1.22", False), ("", False)]
)
def test_only_a_new_go_is_used(
    machine: Path, version: str, new: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = machine / "fetched" / "go" / "bin" / "go"
    monkeypatch.setattr(go, "wanted", lambda _: (1, 26))
    monkeypatch.setattr(go, "works", lambda *_: bool(executable(fetched, "")))
    monkeypatch.setattr(packages, "install", lambda *_: None)
    found = executable(machine / "path" / "go", f"echo {version}")
    assert go.compiler("engine", machine / "fetched") == (found if new else fetched)


def test_done_once_is_done_until_an_input_changes(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not setup.is_current(setup.WHOLE)
    executable(machine / ".venv" / "bin" / "pulumi", "")
    setup.STAMP.write_text(setup.fingerprint(setup.WHOLE))
    assert setup.is_current(setup.WHOLE)
    assert not setup.is_current(setup.STACK)
    monkeypatch.setattr(setup, "INPUTS", ("Makefile",))
    assert not setup.is_current(setup.WHOLE)


def test_every_input_is_a_file() -> None:
    for pattern in setup.INPUTS:
        assert list(common.ROOT.glob(pattern)), pattern


@pytest.mark.parametrize("tool", ["pulumi", "actionlint", "chromium"])
def test_a_tool_that_was_there_and_is_gone_is_set_up_again(machine: Path, tool: str) -> None:
    executable(machine / ".venv" / "bin" / "pulumi", "")
    setup.STAMP.write_text(setup.fingerprint(setup.WHOLE))
    kept = executable(machine / "kept" / tool, "")
    common.link(tool, kept)
    assert setup.is_current(setup.WHOLE)
    kept.unlink()
    assert not setup.is_current(setup.WHOLE)


@pytest.mark.parametrize(("asked", "made"), [([], "whole"), (["--stack"], "stack")])
def test_a_stack_needs_its_packages_and_the_engine_alone(
    machine: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], made: str
) -> None:
    done: list[str] = []
    monkeypatch.setattr(packages, "make_environment", done.append)
    whose = []

    def get(*, pinned: bool) -> Path:
        whose.append("the pinned" if pinned else "any that fits")
        return executable(machine / "cache" / "pulumi", "")

    monkeypatch.setattr(engine, "get", get)
    for module, name in ((node, "analyzer"), (node, "browser"), (go, "actionlint")):
        monkeypatch.setattr(module, f"install_{name}", lambda name=name: done.append(name))
    assert setup.main(asked) == 0
    assert (
        done
        == {
            "whole": ["requirements-dev.txt", "analyzer", "browser", "actionlint"],
            "stack": ["requirements.txt"],
        }[made]
    )
    assert whose == ["the pinned" if made == "stack" else "any that fits"]
    setup.main(["--stack"])
    assert done.count("requirements.txt") == (made == "stack"), "the whole holds a stack's"
    common.link("pulumi", executable(machine / "path" / "pulumi", ""))
    if made == "whole":
        setup.main(["--stack"])
        assert whose == ["any that fits", "the pinned"], "but not with an engine from PATH"


@pytest.fixture
def building(machine: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A Go that builds, or does not, and how often it was asked."""
    builds: list[str] = []

    def works(command: list[Any], *, environment: dict[str, str], **_: Any) -> bool:
        builds.append(command[-1])
        executable(machine / environment["GOBIN"] / "actionlint", "echo v1")
        return machine.joinpath("reachable").exists()

    monkeypatch.setattr(go, "compiler", lambda *_: machine / "go")
    monkeypatch.setattr(go, "works", works)
    return builds


def test_actionlint_is_built_once_and_kept_outside_the_clone(
    machine: Path, building: list[str]
) -> None:
    machine.joinpath("reachable").touch()
    go.install_actionlint()
    go.install_actionlint()
    assert building == ["github.com/rhysd/actionlint/cmd/actionlint"]
    command = machine / ".venv" / "bin" / "actionlint"
    assert command.resolve().is_relative_to(machine / "kept")


def test_without_actionlint_the_rest_of_the_set_up_stands(
    machine: Path, building: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    common.link("actionlint", machine / "gone")
    go.install_actionlint()
    assert "`make lint` and `make test` fail until" in capsys.readouterr().out
    assert not (machine / ".venv" / "bin" / "actionlint").is_symlink(), (
        "or each command tries again"
    )


@pytest.fixture
def npm(machine: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An index that is reached or not, a package that unpacks, and what was fetched."""
    fetched: list[str] = []

    def works(command: list[Any], **_: Any) -> bool:
        fetched.append("npm")
        package = machine.joinpath(command[command.index("--prefix") + 1])
        package.joinpath("node_modules").mkdir()
        return machine.joinpath("reachable").exists()

    def unpack(_: Path, __: Path, target: Path) -> bool:
        return bool(executable(target / "start", "echo Chromium"))

    monkeypatch.setattr(node, "bundled", lambda: machine / "lib" / "bin" / "node")
    monkeypatch.setattr(node, "works", works)
    monkeypatch.setattr(browser, "unpack", unpack)
    monkeypatch.setattr(node, "is_linux_on_x64", lambda: True)
    return fetched


def test_without_npm_the_rest_of_the_set_up_stands_and_each_command_does_not_try_again(
    machine: Path,
    npm: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    analyzer = machine / "analyzer"
    shutil.copytree(node.ANALYZER, analyzer, ignore=shutil.ignore_patterns("node_modules"))
    monkeypatch.setattr(node, "ANALYZER", analyzer)
    executable(machine / ".venv" / "bin" / "pulumi", "")
    executable(machine / "lib" / "bin" / "node", "")
    setup.STAMP.write_text(setup.fingerprint(setup.WHOLE))

    node.install_analyzer()
    assert "no KQL analyzer: tests of queries fail until npm reaches" in capsys.readouterr().out
    assert not (machine / ".venv" / "bin" / "node").exists()
    assert setup.is_current(setup.WHOLE)

    machine.joinpath("reachable").touch()
    node.install_analyzer()
    node.install_analyzer()
    assert npm == ["npm", "npm"], "once it was reached, never again"
    assert (machine / ".venv" / "bin" / "node").exists()
    assert setup.is_current(setup.WHOLE)
    shutil.rmtree(analyzer / "node_modules")
    assert not setup.is_current(setup.WHOLE)


def test_the_browser_is_fetched_once_and_kept_outside_the_clone(
    machine: Path, npm: list[str]
) -> None:
    machine.joinpath("reachable").touch()
    node.install_browser()
    node.install_browser()
    assert npm == ["npm"]
    command = machine / ".venv" / "bin" / "chromium"
    assert command.resolve().is_relative_to(machine / "kept")


def test_without_an_index_the_rest_of_the_set_up_stands(
    machine: Path, npm: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    common.link("chromium", machine / "gone")
    node.install_browser()
    assert "no browser: tests/report fails until npm reaches" in capsys.readouterr().out
    assert not (machine / ".venv" / "bin" / "chromium").is_symlink(), "or each command tries again"


def test_elsewhere_the_browser_on_path_serves(
    machine: Path,
    npm: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(node, "is_linux_on_x64", lambda: False)
    monkeypatch.setattr(node, "BROWSERS", ("google-chrome",))
    node.install_browser()
    assert "until Chrome is on PATH" in capsys.readouterr().out
    found = executable(machine / "path" / "google-chrome", "echo")
    node.install_browser()
    assert (machine / ".venv" / "bin" / "chromium").resolve() == found
    assert npm == []
