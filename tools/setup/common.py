"""What the parts of the set-up share: places, commands, and how a person is told."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "accounted"
"""Keeps what was fetched once, outside the clone, so that the next set-up works offline."""
AGAIN = "; then: make clean setup"
"""What to do once a tool that was not to be had can be."""


class SetupError(Exception):
    """Says what is missing, and how to get it."""


def say(text: str) -> None:
    """Tell the person what is going on."""
    print(f"set-up: {text}", flush=True)


def kept_for(name: str, lock: Path) -> Path:
    """Name the folder, outside the clone, that keeps what a lock file names."""
    return KEPT / name / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]


def link(name: str, target: Path | None) -> None:
    """Make `target` the command `name` of the environment; None takes the command away."""
    command = ENVIRONMENT / "bin" / name
    command.unlink(missing_ok=True)
    if target:
        command.symlink_to(target)


def path_without_environment() -> str:
    """Give PATH without `.venv/bin`, whose commands are links that an earlier set-up made."""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(place for place in places if Path(place) != ENVIRONMENT / "bin")


def works(
    command: Sequence[object],
    *,
    show: bool = False,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> bool:
    """Run a command and tell whether it succeeded; `show` lets the person see what it says."""
    quiet = None if show else subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603 only commands of the set-up
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdout=quiet,
            stderr=quiet,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0
