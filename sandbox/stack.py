"""Pulumi's side of a session: a file backend in the sandbox's folder, with the stack `dev`."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

ENGINE_VERSION = version("pulumi")
"""The engine's version, which is that of its Python package."""
STACK = "dev"
PASSPHRASE = "rehearsal"  # noqa: S105 it guards no real secret
SALT = "encryptionsalt: v1:aw7m+q1I9kY=:v1:JbdwONGVZcb4fXi8:OG/mieOqsl5bX8esXbFQu+hHbP81pQ==\n"
"""Salt that the engine made for PASSPHRASE, and writes into a stack's file with every update.

It is fixed, so that it can be told from a person's own and taken out again."""
OWN = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


class SessionError(Exception):
    """The sandbox cannot start; `str()` says why, and what to do about that."""


@contextmanager
def prepared(
    folder: Path, environment: Mapping[str, str], caller: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Yield the environment with backend and passphrase; leave stack files as they were."""
    here = Path.cwd()
    places = (place for place in (here, *here.parents) if (place / "Pulumi.yaml").exists())
    project = next(places, here)
    before = _tidy(project, {})
    text = before.get(project / f"Pulumi.{STACK}.yaml", "")
    own = "encryptionsalt:" in text.replace(SALT, "")
    state = folder / "state"
    state.mkdir(exist_ok=True)
    inside = {
        **environment,
        **({k: caller[k] for k in OWN if k in caller} if own else {OWN[0]: PASSPHRASE}),
        "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip",
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    }
    if (project / "Pulumi.yaml").exists():
        name = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
        if not (state / f".pulumi/stacks/{name}/{STACK}.json").exists():
            _make(project, folder / "init", text if own else SALT, inside)
    try:
        yield inside
    finally:
        _tidy(project, before)


def _make(project: Path, copy: Path, text: str, environment: Mapping[str, str]) -> None:
    """Create the stack from a copy, since `init` writes into the file that it reads."""
    copy.mkdir(exist_ok=True)
    shutil.copy(project / "Pulumi.yaml", copy)
    (copy / f"Pulumi.{STACK}.yaml").write_text(text)
    for place, verb in ((copy, "init"), (project, "select")):
        command = ["pulumi", "stack", verb, STACK, "--non-interactive"]
        options: Any = {"cwd": place, "env": environment, "capture_output": True, "text": True}
        done = subprocess.run(command, check=False, **options)  # noqa: S603 the engine
        if done.returncode:
            raise SessionError(f"`pulumi stack {verb}` failed: {done.stderr.strip()}")


def _tidy(project: Path, before: Mapping[Path, str]) -> dict[Path, str]:
    """Take SALT out of the project's stack files, unless a secret there depends on it.

    The engine also quotes numbers when it writes SALT: a file that says the same as `before` gets
    its old text back. Returns the text of each file.
    """
    after = {file: file.read_text() for file in project.glob("Pulumi.*.yaml")}
    for file, found in after.items():
        if SALT not in found or "secure:" in found:
            continue
        text, old = found.replace(SALT, ""), before.get(file, "")
        after[file] = old if _plain(yaml.safe_load(text)) == _plain(yaml.safe_load(old)) else text
        file.write_text(after[file])
    return after


def _plain(value: Any) -> Any:
    """Return a YAML value with every scalar as the text that Pulumi's config makes of it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value, default=str)
