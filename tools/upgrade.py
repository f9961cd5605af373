"""Move the Python pins to the newest versions that fit together: `make upgrade`.

uv resolves each requirements file for every system and every Python of the set-up, and writes its
lock with hashes; then the requirements repeat the versions. A version is taken only some days after
its publication, so that others meet a stolen one first. Whatever fails leaves every file as it was.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tools.setup.__main__ import PYTHONS, WHOLE
from tools.setup.common import ENVIRONMENT, ROOT
from tools.setup.packages import lock

FILES = (WHOLE, "requirements.txt", "requirements-go.txt")
"""The widest first: the others take its versions."""
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)
SYSTEMS = ("linux", "macos", "windows")
OPTIONS = (
    *("--quiet", "--no-config", "--no-python-downloads", "--python", sys.executable),
    *("--only-binary", ":all:"),
)
LOCKING = ("--generate-hashes", "--universal", "--no-header", "--no-annotate", "--no-emit-package")
OWN = "pulumi-azure-native-apimanagement-v20240601preview"
"""The package that lies in `sdks/`: a folder has no hash."""


def key(name: str) -> str:
    """Give the one form of a package's name that can be compared.

    https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """Read the version of each package that a file pins, by its comparable name."""
    return {key(name): version for name, version in PIN.findall(text)}


def whole(name: str) -> str:
    """Read a requirements file, with those that it takes up in their places."""
    text = (ROOT / name).read_text()
    return re.sub(r"^-r (\S+)", lambda found: whole(found[1]), text, flags=re.MULTILINE)


def index() -> tuple[list[str], dict[str, str]]:
    """Translate where pip is told to look for packages into uv's options and environment.

    uv reads none of pip's settings, which machines of companies have.
    https://pip.pypa.io/en/stable/topics/configuration/
    https://docs.astral.sh/uv/reference/cli/#uv-pip-compile
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    given: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):  # the last one wins
        for name, value in re.findall(
            rf"^{re.escape(section)}([\w-]+)=(.+)$", listed, re.MULTILINE
        ):
            given[name] = ast.literal_eval(value)
    options = [("--default-index", url) for url in given.get("index-url", "").split()]
    options += [("--index", url) for url in given.get("extra-index-url", "").split()]
    options += [("--allow-insecure-host", host) for host in given.get("trusted-host", "").split()]
    certificates = {"SSL_CERT_FILE": given["cert"]} if "cert" in given else {}
    return [word for option in options for word in option], {**os.environ, **certificates}


def compile_with(where: list[str], environment: dict[str, str], *options: str, text: str) -> None:
    """Let uv find the newest versions that fit together.

    Raises:
        subprocess.CalledProcessError: there are none; uv has said why.
    """
    command = [str(ENVIRONMENT / "bin" / "uv"), "pip", "compile", *OPTIONS, *where, *options, "-"]
    subprocess.run(  # noqa: S603 uv of the environment
        command, cwd=ROOT, env=environment, input=text, text=True, check=True
    )


def move(folder: Path, options: argparse.Namespace) -> dict[Path, str]:
    """Find the new text of every lock and every requirements file.

    Raises:
        subprocess.CalledProcessError: uv found no versions that fit together.
    """
    resolve = partial(compile_with, *index())
    held = set(map(key, options.hold))
    waited = ["--exclude-newer", f"{options.days} days"] if options.days else []
    versions = [".".join(map(str, each)) for each in PYTHONS]
    texts: dict[Path, str] = {}
    for name in FILES:
        asked, made = whole(name), folder / name
        if options.keep:
            made.write_text(lock(name).read_text())  # what uv finds there, it keeps
        else:
            asked = PIN.sub(lambda pin: pin[0] if key(pin[1]) in held else pin[1], asked)
        wide = ["-c", str(folder / WHOLE)] if name == "requirements.txt" else []
        chosen = [*LOCKING, OWN, "--python-version", versions[0], *wide, *waited]
        resolve(*chosen, "--output-file", str(made), text=asked)
        texts[lock(name)] = made.read_text()
        for version, system in itertools.product(versions, SYSTEMS):
            fits = ["--python-version", version, "--python-platform", system]
            resolve(*fits, "--output-file", os.devnull, text=made.read_text())
    new = {name: version for text in texts.values() for name, version in pins(text).items()}
    for name in FILES:
        text = (ROOT / name).read_text()
        texts[ROOT / name] = PIN.sub(lambda pin: f"{pin[1]}=={new[key(pin[1])]}", text)
    return texts


def main(arguments: list[str]) -> int:
    """Move the pins and say which; 1 if that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tools.upgrade", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="lock what is pinned, move no other")
    parser.add_argument("--hold", metavar="NAME", action="append", default=[], help="do not move")
    parser.add_argument("--days", type=int, default=7, help="age of a version (default: 7)")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            texts = move(Path(folder), options)
    except subprocess.CalledProcessError:
        sys.stderr.write("upgrade: nothing was moved\n")
        return 1
    for file, text in texts.items():
        before, after = pins(file.read_text()) if file.exists() else {}, pins(text)
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                moved = f"{before.get(name, 'new')} -> {after.get(name, 'gone')}"
                sys.stdout.write(f"{file.relative_to(ROOT)}: {name} {moved}\n")
        file.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
