"""`python3 -m tools.setup`: what `make` runs first. When nothing has changed, it does nothing.

With `--stack` it makes only what a pipeline needs to work on a stack: the packages of
requirements.txt and the engine, nothing for the tests.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

from tools.setup import engine, go, node, packages
from tools.setup.common import ENVIRONMENT, ROOT, SetupError, link, say

STAMP = ENVIRONMENT / "set-up"
INPUTS = (
    "requirements*.txt",
    "locks/*.txt",
    "sdks/*.json",
    "tests/*/*/package-lock.json",
    "tools/*/go.*",
    "tools/setup/*.py",
)
PYTHONS = ((3, 11), (3, 14))
"""The oldest and the newest Python that every pinned package has a wheel for."""
COMMANDS = ("pulumi", "actionlint", "chromium", "node")
"""What set-up links into the environment; all but the first are for some tests."""
STACK, WHOLE = "requirements.txt", "requirements-dev.txt"


def main(arguments: list[str]) -> int:
    """Bring everything up to date; 1 with a plain message if that cannot be done."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.setup", description=__doc__)
    parser.add_argument("--stack", action="store_const", const=STACK, default=WHOLE)
    requirements = parser.parse_args(arguments).stack
    try:
        check_python(sys.version_info[:2])
        if is_current(requirements) or (is_current(WHOLE) and has_pinned_engine()):
            return 0
        packages.make_environment(requirements)
        link("pulumi", engine.get(pinned=requirements == STACK))
        if requirements == WHOLE:
            node.install_analyzer()
            node.install_browser()
            go.install_actionlint()
        STAMP.write_text(fingerprint(requirements))
    except SetupError as error:
        sys.stderr.write(f"set-up: {error}\n")
        return 1
    say("ready")
    return 0


def check_python(version: tuple[int, ...]) -> None:
    """Refuse a Python for which the pinned packages are not made, before anything else is done.

    Raises:
        SetupError: the version is too old or too new.
    """
    oldest, newest = PYTHONS
    if not oldest <= version <= newest:
        found, *range_ = (".".join(map(str, each)) for each in (version, *PYTHONS))
        raise SetupError(
            f"Python {found} does not fit; {' to '.join(range_)} do"
            " (name one with `make PYTHON=/path/to/python3 …`)"
        )


def fingerprint(requirements: str) -> str:
    """Give a digest of all that the environment is made from."""
    digest = hashlib.sha256(f"{ROOT} {sys.version} {requirements}".encode())
    for file in sorted(file for pattern in INPUTS for file in ROOT.glob(pattern)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_current(requirements: str) -> bool:
    """Tell whether the last set-up finished, with these inputs, and what it made is still there.

    A tool of some tests that was not to be had is not asked for: each command would try again.
    """
    if not STAMP.exists() or STAMP.read_text() != fingerprint(requirements):
        return False
    pulumi, *others = (ENVIRONMENT / "bin" / name for name in COMMANDS)
    there = all(os.access(name, os.X_OK) for name in (pulumi, *filter(Path.is_symlink, others)))
    runs_analyzer = (ENVIRONMENT / "bin" / "node").is_symlink()
    return there and (not runs_analyzer or (node.ANALYZER / "node_modules").is_dir())


def has_pinned_engine() -> bool:
    """Tell whether the environment's engine is the pinned version, not one that was on PATH."""
    return (ENVIRONMENT / "bin" / "pulumi").resolve() == (engine.CACHE / "pulumi").resolve()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
