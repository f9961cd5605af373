"""Drive a copy of the project, with a cloud of its own, by the command line as a person would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.example import ROOT

PRODUCT = ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py", "components", "policies", "queries")
PROJECT = "azure-openai-accounted"

CHECK = ("python", "-m", "queries.check", "--stack", "dev", "--depth", "quick")
"""The check of a stack with the fewest calls that prove it."""


@dataclass(frozen=True)
class Done:
    """The exit status of a command, and all that it printed."""

    status: int
    text: str


class Machine:
    """A copy of the project beside a cloud of its own, in one folder.

        machine = Machine(tmp_path)
        machine.configure(bodyBytes=4096, tags=None)
        machine.up()
        assert machine.run(*CHECK).status == 0

    `cloud` is the folder of another machine's cloud, to share that; `program` stands in place of
    the project.
    """

    def __init__(self, folder: Path, *, cloud: Path | None = None, program: str = "") -> None:
        self.project = folder / "project"
        self.cloud = cloud or folder / "cloud"
        self.journal_file = folder / "journal.jsonl"
        self.project.mkdir(parents=True)
        (self.project / ".venv").symlink_to(sys.prefix)
        if program:
            text = "name: platform\nruntime: {name: python, options: {virtualenv: .venv}}\n"
            (self.project / "Pulumi.yaml").write_text(text)
            (self.project / "__main__.py").write_text(program)
            return
        for name in PRODUCT:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, self.project / name)

    def configure(self, **values: Any) -> None:
        """Set keys of the stack file; the value None removes the key."""
        file = self.project / "Pulumi.dev.yaml"
        document = yaml.safe_load(file.read_text())
        for key, value in values.items():
            document["config"][f"{PROJECT}:{key}"] = value
            if value is None:
                del document["config"][f"{PROJECT}:{key}"]
        file.write_text(yaml.safe_dump(document, sort_keys=False))

    def run(self, *command: str, options: tuple[str, ...] = ()) -> Done:
        """Run a command inside the sandbox, which takes `options`."""
        given = ["--dir", str(self.cloud), "--journal", str(self.journal_file), *options]
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", "run", *given, "--", *command],
            cwd=self.project,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    def pulumi(self, *arguments: str, options: tuple[str, ...] = (), fails: bool = False) -> str:
        """Run `pulumi`, which must succeed, or fail if `fails`; return what it printed."""
        done = self.run("pulumi", *arguments, options=options)
        assert (done.status != 0) is fails, done.text
        return done.text

    def up(self, *, options: tuple[str, ...] = (), fails: bool = False) -> str:
        """Run `pulumi up` without questions; return what it printed."""
        return self.pulumi("up", "--yes", "--skip-preview", options=options, fails=fails)

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets in clear."""
        text = self.pulumi("stack", "output", "--json", "--show-secrets")
        values: dict[str, Any] = json.loads(text)
        return values

    def journal(self) -> list[dict[str, Any]]:
        """Return every ARM operation that was done, in order; none of a preview."""
        if not self.journal_file.exists():
            return []
        entries = [json.loads(line) for line in self.journal_file.read_text().splitlines()]
        return [entry for entry in entries if not entry["simulated"]]

    def changes(self) -> list[dict[str, Any]]:
        """Return the operations that changed something in Azure."""
        return [
            entry
            for entry in self.journal()
            if entry["op"] in {"create", "update", "delete"} and entry["status"] < 400
        ]

    def leftovers(self) -> Done:
        """List what the cloud still holds; status 1 if any of it is live."""
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", "leftovers", "--dir", str(self.cloud)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout)
