"""Python packages: the newest that fit together, and what these bring along."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.setup import OLDEST_PYTHON
from tools.upgrade.command import Moves, Run, Tree, UpgradeError

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
CONSTRAINTS = "constraints.txt"
ENGINE = "pulumi"
"""The package whose version is the engine's too."""
GO = re.compile(r'^GO_PACKAGE = "(?P<name>[\w-]+)==(?P<version>\S+)"', re.MULTILINE)
"""How the set-up names the package of the Go compiler."""
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)


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


def interpreter() -> str:
    """The Python that the pipelines use: what fits another one need not fit it.

    Raises:
        UpgradeError: it is not on this machine.
    """
    if sys.version_info[:2] == OLDEST_PYTHON:
        return sys.executable
    name = "python{}.{}".format(*OLDEST_PYTHON)
    found = shutil.which(name)
    if found is None:
        raise UpgradeError(f"{name} is not on PATH: pins must fit it, as the pipelines use it")
    return found


def resolve(names: Sequence[str], run: Run) -> dict[str, str]:
    """The newest versions that fit together, of the packages and of all that they need.

    Written as the packages spell their names, and sorted.
    """
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "environment" / "bin" / "python"
        run([interpreter(), "-m", "venv", str(python.parents[1])], Path(folder))
        options = ["--quiet", "--disable-pip-version-check", "--dry-run", "--ignore-installed"]
        command = [str(python), "-m", "pip", "install", *options, "--report", "-", *names]
        report: dict[str, Any] = json.loads(run(command, Path(folder)))
    found = {item["metadata"]["name"]: item["metadata"]["version"] for item in report["install"]}
    return dict(sorted(found.items(), key=lambda item: f"{item[0]}==".lower()))


def move(tree: Tree, run: Run, engine: str | None) -> Moves:
    """Move the packages, and the constraints to all that they need.

    Raises:
        UpgradeError: newer versions cannot be found, or do not fit together.
    """
    texts = {name: tree.read(name) for name in REQUIREMENTS}
    direct = {name: version for text in texts.values() for name, version in pins(text).items()}
    wanted = [f"{ENGINE}=={engine}"] if engine else []
    resolved = resolve([*wanted, *sorted(direct)], run)
    new = {key(name): version for name, version in resolved.items()}
    old = pins(tree.read(CONSTRAINTS))
    for name, text in texts.items():
        tree.write(name, repinned(text, new))
    tree.write(CONSTRAINTS, "".join(f"{name}=={version}\n" for name, version in resolved.items()))
    return {name: (old.get(name, ""), new.get(name, "")) for name in sorted({*old, *new})}


def move_go(tree: Tree, run: Run) -> Moves:
    """Move the package of the Go compiler: it is in no environment, so nothing must fit it."""
    (found,) = GO.finditer(tree.read("tools/setup.py"))
    new = resolve([found["name"]], run)[found["name"]]
    tree.replace("tools/setup.py", found[0], found[0].replace(found["version"], new))
    return {found["name"]: (found["version"], new)}
