"""What the command lines of the check and of the report share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from queries.errors import CannotRunError

CANNOT_RUN = 2
"""Exit status of wrong options."""
NOT_WHOLE = 4
"""Exit status where nothing is known to be wrong, and something could not be read."""


def ask(question: str, *, instead: str = "give --yes") -> bool:
    """Tell whether the person at the terminal says `y` or `yes`; the end of the input is a no.

    `instead` says what to do where nobody can be asked.

    Raises:
        CannotRunError: there is no terminal, so that nobody can answer.
    """
    if not sys.stdin.isatty():
        raise CannotRunError("nobody is here to answer", instead)
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def ask_name(question: str, name: str, *, given: Collection[str] = ()) -> bool:
    """Tell whether the person at the terminal types a `name`, or has `given` it beforehand.

    Raises:
        CannotRunError: there is no terminal, so that nobody can answer.
    """
    if name in given:
        return True
    if not sys.stdin.isatty():
        raise CannotRunError("nobody is here to type a name", f"give --yes {name}")
    try:
        return input(f"{question} ({name}): ").strip() == name
    except EOFError:
        return False


def leave(status: int) -> NoReturn:
    """End the process now: it would wait for threads whose queries take minutes yet."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class Parser(argparse.ArgumentParser):
    """A wrong option ends the process with one line; the outputs come from a stack or a file."""

    def __init__(self, name: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=f"python -m {name}", description=description, epilog=epilog, allow_abbrev=False
        )
        self._name = name

    def error(self, message: str) -> NoReturn:
        """End with one line and exit status 2."""
        sys.stderr.write(f"{self._name}: {message} (see --help)\n")
        sys.exit(CANNOT_RUN)

    def add_source(self, stack: str) -> None:
        """Add `--stack`, described by `stack`, or else `--outputs`."""
        source = self.add_mutually_exclusive_group()
        source.add_argument("--stack", metavar="NAME", help=stack)
        source.add_argument(
            "--outputs",
            type=Path,
            metavar="FILE",
            help="its outputs, as pulumi saves them with --json",
        )
