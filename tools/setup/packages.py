"""Python packages: each is fetched once, kept outside the clone, and refused if its hash differs.

pip does it: every Python brings it along, and it knows the index that a machine is told to use.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tools.setup.common import ENVIRONMENT, KEPT, ROOT, SetupError, say, works

PYTHON = ENVIRONMENT / "bin" / "python"
WHEELS = KEPT / "wheels"
HASHED = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:")
"""Only what the lock names, and nothing that would have to be built: a build fetches more.

https://pip.pypa.io/en/stable/topics/secure-installs/
"""

KEPT_ALONE = ("--isolated", "--no-index", "--find-links", WHEELS)
"""No other place is looked at, whatever the machine's settings say."""


def lock(requirements: str) -> Path:
    """Give the file that pins all that a requirements file needs, directly or not, by hash."""
    return ROOT / "locks" / requirements


def make_environment(requirements: str) -> None:
    """Make `.venv` and install into it what a requirements file needs.

    An environment of another Python than the one that runs this is made anew.

    Raises:
        SetupError: there is no `venv`, or a package cannot be had as the lock describes it.
    """
    same = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    if not works([PYTHON, "-c", same]):
        say("making the virtual environment .venv")
        if not works([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], show=True):
            raise SetupError(
                "`python3 -m venv` failed; on Debian, Ubuntu: apt install python3-venv"
            )
    say("installing the packages")
    install(PYTHON, requirements)
    install_sdks()


def install(python: Path, requirements: str) -> None:
    """Install into the environment of `python` what a lock names, from the kept packages.

    Raises:
        SetupError: a package is not kept, and was not fetched with one of the lock's hashes.
    """
    asked = ["--require-hashes", "--requirement", lock(requirements)]
    kept = [python, "-m", "pip", "install", *HASHED, *asked, *KEPT_ALONE]
    if works(kept):
        return
    say("fetching packages (about a minute, once)")
    fetch = [python, "-m", "pip", "download", *HASHED, "--dest", WHEELS, *asked]
    if not works(fetch, show=True):
        raise SetupError(
            f"pip could not fetch what locks/{requirements} names: see what it says above, and"
            " connect to a package index once"
        )
    if not works(kept, show=True):
        raise SetupError(f"the packages kept in {WHEELS} do not install: remove it and try again")


def install_sdks() -> None:
    """Install the packages that lie in `sdks/`, built with the lock's own setuptools.

    Raises:
        SetupError: one does not build.
    """
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--force-reinstall"]
    folders = [file.parent for file in ROOT.glob("sdks/*/pyproject.toml")]
    if not works([PYTHON, "-m", "pip", "install", *options, *folders], show=True):
        raise SetupError(
            "the packages in sdks/ do not install: `git checkout sdks` brings ours back"
        )
    for folder in folders:
        for left in (*folder.glob("build"), *folder.glob("*.egg-info")):
            shutil.rmtree(left)  # the next build would take up what it finds there
