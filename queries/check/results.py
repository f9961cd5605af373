"""The files of a result, emptied before anything else, so that they never hold an older run's."""

from __future__ import annotations

import argparse
from pathlib import Path

UNRUN = ("-h", "--help", "--list")
"""Options with which no run is made."""


def empty(arguments: list[str]) -> None:
    """Empty the result files that the command line names, whatever is wrong with it otherwise.

    A file that cannot be written, or that of the outputs or the state, is left: the parser tells.
    """
    if any(argument in UNRUN for argument in arguments):
        return
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("--json", "--junit", "--outputs", "--state"):
        parser.add_argument(name, nargs="?", type=Path)
    known, _ = parser.parse_known_args(arguments)
    for file in filter(None, (known.json, known.junit)):
        if not same(file, known.outputs) and not same(file, known.state):
            try:
                file.write_text("", encoding="utf-8")
            except OSError:
                continue


def same(one: Path, other: Path | None) -> bool:
    """Tell whether two paths lead to one file, by whichever names."""
    if other is None:
        return False
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()
