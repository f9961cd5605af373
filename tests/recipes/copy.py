"""A copy of the project, on which a recipe of CONTRIBUTING.md is followed to the letter."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness.example import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
RECIPES = {
    title: re.findall(r"^\d\. `([^`]+)`:", body, re.MULTILINE)
    for title, body in re.findall(r"^## (An? .+)\n((?:(?!^## ).*\n)*)", TEXT, re.MULTILINE)
}
"""By recipe, the files that a person touches."""
LEFT_BEHIND = shutil.ignore_patterns(
    *(".git", ".venv", ".sandbox", ".acceptance", ".*_cache", "node_modules", "build", "report.png")
)
LONGEST = 900
"""Seconds that a module may take on a busy machine."""
MODULES = "tests/queries/analyzer/node_modules"


class Copy:
    """The project in another folder, where only the recipe's files are written by hand."""

    def __init__(self, folder: Path, *recipes: str) -> None:
        self.folder = folder / "project"
        files = [file for recipe in recipes for file in RECIPES[recipe]]
        self.named = [re.sub(r"<[\w-]+>", "*", file) for file in files]
        # Python takes the copied bytecode, since times of change are copied too.
        shutil.copytree(ROOT, self.folder, ignore=LEFT_BEHIND)
        (self.folder / MODULES).symlink_to(ROOT / MODULES)

    def write(self, file: str, text: str) -> None:
        """Write a new file."""
        assert not (self.folder / file).exists(), file
        self._by_hand(file).write_text(text)

    def append(self, file: str, text: str) -> None:
        """Write a text at a file's end."""
        old = self._by_hand(file).read_text()
        (self.folder / file).write_text(old + text)

    def insert(self, file: str, place: str, text: str) -> None:
        """Write a text before the only place that reads so."""
        self.replace(file, place, text + place)

    def replace(self, file: str, place: str, text: str) -> None:
        """Write a text instead of the only place that reads so."""
        old = self._by_hand(file).read_text()
        assert old.count(place) == 1, f"{file} has {old.count(place)} times {place!r}"
        (self.folder / file).write_text(old.replace(place, text))

    def run(self, *module: str) -> str:
        """Run a module of Python that must succeed; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def docs(self) -> None:
        """Do what `make docs` does."""
        self.run("tools.docs")

    def test(self, *arguments: str) -> None:
        """Run tests that must pass."""
        self.run("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments)

    def _by_hand(self, file: str) -> Path:
        assert any(fnmatch.fnmatch(file, one) for one in self.named), f"no recipe names {file}"
        return self.folder / file
