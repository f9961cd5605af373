"""The Pulumi engine: found on the machine, installed by Pulumi's SDK, or built from its source."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.setup import go
from tools.setup.common import ROOT, SetupError, path_without_environment, say, works
from tools.setup.packages import PYTHON

ENGINE: str
(ENGINE,) = re.findall(r"^pulumi==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
"""The engine's version, which is that of its Python package."""
CACHE = Path.home() / ".pulumi" / "versions" / ENGINE / "bin"
"""Where Pulumi's own installer for the Automation API puts this version, outside the clone."""
VERSION_FLAG = "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + ENGINE


def get(*, pinned: bool) -> Path:
    """Find the engine, or else install it, or else build it.

    `pinned` takes no other version than the pinned one, and nothing that lies on PATH.

    Raises:
        SetupError: none of the three worked.
    """
    return (kept() if pinned else find()) or install() or build()


def find() -> Path | None:
    """Find the engine on PATH, if its version fits, or else in the cache."""
    on_path = shutil.which("pulumi", path=path_without_environment())
    if on_path and fits(version_of(Path(on_path))):
        return Path(on_path)
    return kept()


def kept() -> Path | None:
    """Find the pinned version in the cache."""
    engine = CACHE / "pulumi"
    return engine if version_of(engine) == f"v{ENGINE}" else None


def fits(version: str) -> bool:
    """Tell whether the program runs on an engine: this version or a newer one of its major."""
    parts = version.removeprefix("v").split("-")[0].split(".")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):  # noqa: PLR2004 x.y.z
        return False
    found, wanted = tuple(map(int, parts)), tuple(map(int, ENGINE.split(".")))
    return found[0] == wanted[0] and found >= wanted


def version_of(engine: Path) -> str:
    """Ask an engine for its version; empty if it cannot be run."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        return subprocess.run(  # noqa: S603 the engine itself
            [engine, "version"], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def install() -> Path | None:
    """Let the Pulumi SDK install the engine; None where its download site is out of reach."""
    say(f"installing the Pulumi engine {ENGINE} into {CACHE}")
    code = (
        "import sys; from pulumi.automation import PulumiCommand; from semver import VersionInfo;"
        "PulumiCommand.install(version=VersionInfo.parse(sys.argv[1]))"
    )
    works([PYTHON, "-c", code, ENGINE])
    return kept()


def build() -> Path:
    """Build the engine from its source.

    Raises:
        SetupError: there is no Go, or its modules are out of reach.
    """
    say("its download site is out of reach: building it from source, once, in about 6 minutes")
    flags = ["-tags", "osusergo,grpcnotrace", "-ldflags", f"-s -w {VERSION_FLAG}"]
    package = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    if not go.install("engine", package, CACHE / "pulumi", flags):
        raise SetupError(
            "the engine could not be built: it needs a Go module proxy, or a filled module"
            f" cache; or put pulumi {ENGINE} on PATH and try again"
        )
    return CACHE / "pulumi"
