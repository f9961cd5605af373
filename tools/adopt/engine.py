"""Use the Pulumi command line as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from components.azure.claim import ORPHANS
from queries.errors import CannotRunError
from tools.adopt.stack import Plan, State

UNREADABLE = "failed to load checkpoint"
LOCKED = "currently locked"
_ATTRIBUTES = ".attrs"
_PROJECTS = ("Pulumi.yaml", "Pulumi.yml")


@dataclass(frozen=True)
class Engine:
    """Pulumi for one stack of the project in this folder; `stack` is "" for the selected one."""

    stack: str = ""

    def export(self, version: str = "") -> State:
        """Export the stack's state, secrets encrypted; an earlier one by its `version`.

        Raises:
            CannotRunError: Pulumi is missing or fails, or the backend has no such version.
        """
        return State(self._json("stack", "export", *(["--version", version] if version else [])))

    def history(self, most: int) -> list[dict[str, Any]]:
        """Return what the backend notes of the newest updates, at most so many.

        Raises:
            CannotRunError: Pulumi is missing or fails.
        """
        text = self._run("stack", "history", "--json", "--page-size", str(most), "--page", "1")
        found = json.loads(text or "[]")
        return [one for one in found or [] if isinstance(one, dict)]

    def config(self) -> dict[str, str]:
        """Return the stack file's plain values, by key.

        Raises:
            CannotRunError: Pulumi is missing or fails.
        """
        found = self._json("config", "--json")
        return {key: str(one["value"]) for key, one in found.items() if "value" in one}

    def name(self) -> tuple[str, str]:
        """Return the names of project and stack.

        Raises:
            CannotRunError: Pulumi is missing or fails, or no stack is selected.
        """
        stack = self._run("stack", "--show-name").strip().rpartition("/")[2]
        file = next((one for one in map(Path, _PROJECTS) if one.exists()), None)
        if file is None:
            raise CannotRunError("there is no Pulumi.yaml here", "run it in the project's folder")
        return str(yaml.safe_load(file.read_text())["name"]), stack

    def preview(self) -> Plan:
        """Preview what `pulumi up` would do if nothing of what it creates were there already.

        Raises:
            CannotRunError: Pulumi is missing or fails.
        """
        with tempfile.TemporaryDirectory() as folder:
            found = self._json("preview", "--json", *self._with_orphans(Path(folder)))
        return Plan(steps=found.get("steps") or [], config=found.get("config") or {})

    def _with_orphans(self, folder: Path) -> tuple[str, ...]:
        """Write the stack file with the word that lets orphans pass; none where it is elsewhere."""
        _, stack = self.name()
        project = next(one for one in map(Path, _PROJECTS) if one.exists())
        place = yaml.safe_load(project.read_text()).get("stackConfigDir") or "."
        file = Path(place) / f"Pulumi.{stack}.yaml"
        if not file.exists():
            return ()
        held = yaml.safe_load(file.read_text()) or {}
        config = {**(held.get("config") or {}), ORPHANS: True}
        copy = folder / file.name
        copy.write_text(yaml.safe_dump({**held, "config": config}))
        return ("--config-file", str(copy))

    def take_in(self, document: dict[str, Any]) -> None:
        """Import the resources that an `import_file` names, unprotected.

        Raises:
            CannotRunError: Pulumi is missing or fails.
        """
        options = ("--yes", "--skip-preview", "--protect=false", "--generate-code=false")
        self._with_file(document, "import", *options)

    def replace_state(self, state: State) -> None:
        """Write back the state of `export`, changed.

        Raises:
            CannotRunError: Pulumi is missing or fails.
        """
        self._with_file(state.document, "stack", "import")

    def _with_file(self, document: dict[str, Any], *arguments: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "file.json"
            file.write_text(json.dumps(document))
            self._run(*arguments, "--file", str(file))

    def _json(self, *arguments: str) -> dict[str, Any]:
        text = self._run(*arguments)
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise CannotRunError(f"pulumi {' '.join(arguments)} did not print JSON: {text[:200]}")
        return found

    def _run(self, *arguments: str) -> str:
        """Run a command, and return what it printed.

        Raises:
            CannotRunError: the command failed.
        """
        chosen = ["--stack", self.stack] if self.stack else []
        command = ["pulumi", *arguments, *chosen, "--non-interactive", "--color=never"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 an argument list, no shell
        except OSError as error:
            raise CannotRunError(f"pulumi cannot be started: {error.strerror}") from None
        if done.returncode:
            said = _said(done.stdout, done.stderr)
            raise CannotRunError(
                f"pulumi {' '.join(arguments[:2])} failed:\n{said}", self._fix(said)
            )
        return done.stdout

    def _fix(self, said: str) -> str:
        if LOCKED in said:
            return "make sure that no `pulumi up` of this stack runs, then run `pulumi cancel`"
        if UNREADABLE in said:
            files = " ".join(f"'{file}'" for file in self._empty_attributes())
            return f"the kill left it empty: rm {files}" if files else "see `pulumi stack history`"
        return ""

    def _empty_attributes(self) -> list[Path]:
        """Find files beside a file backend's states that a killed Pulumi left empty.

        The library that writes them opens such a file before it has its content:
        https://github.com/google/go-cloud/blob/master/blob/fileblob/attrs.go
        """
        folder = self.folder()
        stacks = folder / ".pulumi" / "stacks" if folder else Path()
        files = stacks.rglob(f"*{_ATTRIBUTES}") if folder else ()
        return [file for file in files if not file.stat().st_size]

    def backend(self) -> str:
        """Return the address of the backend that keeps the state; "" if that is not known."""
        try:
            return str(json.loads(self._whoami())["url"])
        except (json.JSONDecodeError, KeyError, OSError, TypeError):
            return ""

    def folder(self) -> Path | None:
        """Return the folder in which a file backend keeps states; None for any other backend."""
        backend = urlsplit(self.backend())
        if backend.scheme != "file":
            return None
        return Path(os.path.expanduser(backend.netloc + backend.path))  # noqa: PTH111 "~" is the URL's host

    def _whoami(self) -> str:
        command = ["pulumi", "whoami", "--json", "--non-interactive"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 an argument list, no shell


def _said(stdout: str, stderr: str) -> str:
    """Return what a failed command said: a preview's errors if it is JSON, else all of it."""
    try:
        notes = json.loads(stdout).get("diagnostics") or []
    except (json.JSONDecodeError, AttributeError):
        return "\n".join(text.strip() for text in (stdout, stderr) if text.strip())
    errors = [note["message"].strip() for note in notes if note.get("severity") == "error"]
    return "\n".join([*errors, stderr.strip()]).strip()
