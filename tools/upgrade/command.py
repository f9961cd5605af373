"""What the parts of an upgrade share: commands, and texts that are written last or never."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

Run = Callable[[Sequence[str], Path], str]
"""Runs a command in a folder and gives what it prints."""
Moves = dict[str, tuple[str, str]]
"""What moves, by name: from and to; "" for none."""


class UpgradeError(Exception):
    """Why nothing was moved."""


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints.

    Raises:
        UpgradeError: it failed, or is not there.
    """
    try:
        done = subprocess.run(  # noqa: S603 only commands of this package
            command, cwd=folder, capture_output=True, text=True, check=True
        )
    except OSError as error:
        raise UpgradeError(f"{command[0]}: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        raise UpgradeError(f"{' '.join(command)}\n{error.stderr.strip()}") from None
    return done.stdout


class Tree:
    """The files as they will be, if all goes well."""

    def __init__(self, root: Path) -> None:
        """Nothing is changed yet."""
        self.root = root
        self.changed: dict[str, str] = {}

    def read(self, name: str) -> str:
        """The text of a file, with what was changed so far."""
        return self.changed.get(name) or (self.root / name).read_text()

    def write(self, name: str, text: str) -> None:
        """Change a file, once `save` is called."""
        self.changed[name] = text

    def replace(self, name: str, before: str, after: str) -> None:
        """Change words that stand in a file exactly once.

        Raises:
            UpgradeError: they do not.
        """
        text = self.read(name)
        if text.count(before) != 1:
            raise UpgradeError(f"{name} does not say {before!r} once")
        self.write(name, text.replace(before, after))

    def copy(self, names: Sequence[str], folder: Path) -> None:
        """Put files into a folder, without their own folders."""
        for name in names:
            (folder / Path(name).name).write_text(self.read(name))

    def take(self, names: Sequence[str], folder: Path) -> None:
        """Change files to what became of them in a folder."""
        for name in names:
            self.write(name, (folder / Path(name).name).read_text())

    def save(self) -> None:
        """Write every changed file."""
        for name, text in self.changed.items():
            (self.root / name).write_text(text)
