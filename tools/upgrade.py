"""Move the pins: `make upgrade`. With `--dry-run`, print what would move and change nothing.

The packages of requirements*.txt go to the newest versions that fit together, constraints.txt to
what these bring along, and the engine to the version of its Python package. Everything is found out
first and written last: whatever fails leaves every file as it was.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tools.setup import ROOT

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
CONSTRAINTS = "constraints.txt"
ENGINE = "pulumi"
"""The package whose version is the engine's too."""
ENGINE_PLACES = {
    "tools/setup.py": 'ENGINE = "{}.{}.{}"',
    "sandbox/stack.py": 'ENGINE_VERSION = "{}.{}.{}"',
    "Pulumi.yaml": 'requiredPulumiVersion: ">={}.{}.{} <',
    "README.md": ") {}.{} or newer",
}
"""Where the engine's version stands, and in which words; its three parts fill the braces."""
ENGINE_MODULE = "tools/engine"
ENGINE_SOURCE = "github.com/pulumi/pulumi/pkg/v3"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)

Run = Callable[[Sequence[str], Path], str]


class UpgradeError(Exception):
    """Why nothing was moved."""


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints.

    Raises:
        UpgradeError: it failed, or is not there.
    """
    try:
        done = subprocess.run(  # noqa: S603 only commands of this file
            command, cwd=folder, capture_output=True, text=True, check=True
        )
    except OSError as error:
        raise UpgradeError(f"{command[0]}: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        raise UpgradeError(f"{' '.join(command)}\n{error.stderr.strip()}") from None
    return done.stdout


def key(name: str) -> str:
    """The one form of a package's name that can be compared.

    https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """The version of each package that a requirements file pins, by its comparable name."""
    return {key(name): version for name, version in PIN.findall(text)}


def repinned(text: str, versions: dict[str, str]) -> str:
    """The same file with other versions; its comments, order and spelling stay."""
    return PIN.sub(lambda found: f"{found[1]}=={versions[key(found[1])]}", text)


def resolve(names: Sequence[str], run: Run) -> dict[str, str]:
    """The newest versions that fit together, of the packages and of all that they need.

    Written as the packages spell their names, and sorted.
    """
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "environment" / "bin" / "python"
        run([sys.executable, "-m", "venv", str(python.parents[1])], Path(folder))
        options = ["--quiet", "--disable-pip-version-check", "--dry-run", "--ignore-installed"]
        command = [str(python), "-m", "pip", "install", *options, "--report", "-", *names]
        report: dict[str, Any] = json.loads(run(command, Path(folder)))
    found = {item["metadata"]["name"]: item["metadata"]["version"] for item in report["install"]}
    return dict(sorted(found.items(), key=lambda item: f"{item[0]}==".lower()))


def engine_files(root: Path, old: str, new: str, run: Run) -> dict[str, str]:
    """The new text of each file that holds the engine's version.

    Raises:
        UpgradeError: a file does not hold it as expected, or the engine's modules are not found.
    """
    texts = {}
    for name, words in ENGINE_PLACES.items():
        text = (root / name).read_text()
        before, after = (words.format(*version.split(".")) for version in (old, new))
        if text.count(before) != 1:
            raise UpgradeError(f"{name} does not say {before!r} once")
        texts[name] = text.replace(before, after)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("go.mod", "go.sum"):
            shutil.copy(root / ENGINE_MODULE / name, folder)
        run(["go", "get", "-tool", f"{ENGINE_SOURCE}/cmd/pulumi@v{new}"], Path(folder))
        run(["go", "mod", "tidy"], Path(folder))
        for name in ("go.mod", "go.sum"):
            texts[f"{ENGINE_MODULE}/{name}"] = (Path(folder) / name).read_text()
    return texts


def plan(
    root: Path, run: Run, engine: str | None
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """What moves (from, to; "" for none) by package, and the new text of each file of packages.

    Raises:
        UpgradeError: newer versions cannot be found, or do not fit together.
    """
    texts = {name: (root / name).read_text() for name in REQUIREMENTS}
    direct = {name: version for text in texts.values() for name, version in pins(text).items()}
    wanted = [f"{ENGINE}=={engine}"] if engine else []
    resolved = resolve([*wanted, *sorted(direct)], run)
    new = {key(name): version for name, version in resolved.items()}
    old = pins((root / CONSTRAINTS).read_text())
    names = sorted({*old, *new})
    moves = {name: (old.get(name, ""), new.get(name, "")) for name in names}
    moves = {name: (before, after) for name, (before, after) in moves.items() if before != after}
    files = {name: repinned(text, new) for name, text in texts.items()}
    files[CONSTRAINTS] = "".join(f"{name}=={version}\n" for name, version in resolved.items())
    return moves, files


def main(arguments: list[str], *, root: Path = ROOT, run: Run = run) -> int:
    """Move the pins and say which; 1 with a plain message if that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tools.upgrade", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="change nothing")
    parser.add_argument("--engine", metavar="VERSION", help="default: the newest")
    options = parser.parse_args(arguments)
    try:
        moves, files = plan(root, run, options.engine)
        if ENGINE in moves and not options.dry_run:
            files |= engine_files(root, *moves[ENGINE], run)
    except UpgradeError as error:
        sys.stderr.write(f"upgrade: {error}\nupgrade: nothing was moved\n")
        return 1
    for name, (before, after) in moves.items():
        sys.stdout.write(f"{name:40} {before or 'new':>20} -> {after or 'gone'}\n")
    if not moves:
        sys.stdout.write("every pin is the newest that fits\n")
    elif not options.dry_run:
        for name, text in files.items():
            (root / name).write_text(text)
        sys.stdout.write("moved; `make test` says whether it holds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
