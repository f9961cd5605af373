"""A program under the real engine: how it runs, and what is left behind in the project."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import sandbox

PROGRAM = """
import os, pulumi
print("secret:", os.environ.get("AZURE_CLIENT_SECRET"), "proxy:", os.environ["HTTPS_PROXY"][:17])
config = pulumi.Config()
if config.get_bool("refuse"):
    raise pulumi.RunError("the e-mail is missing")
pulumi.export("answer", 1 / config.require_int("divisor"))
"""
STACK = "# kept\nconfig:\n  tiny:divisor: 1\n"


@dataclass(frozen=True)
class Project:
    """A small project inside the sandbox."""

    folder: Path

    def __call__(self, script: str) -> str:
        """Run shell lines; return what they printed."""
        command = [sys.executable, "-m", "sandbox", "run", "--", "sh", "-c", script]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "real")
    monkeypatch.setenv("PYTHONPATH", str(Path(sandbox.__file__).parent.parent))
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    (tmp_path / "__main__.py").write_text(PROGRAM)
    return Project(tmp_path)


def test_the_life_of_a_program(pulumi: Project) -> None:
    said = pulumi("""
        pulumi up --yes --skip-preview
        pulumi stack output --json
        pulumi config set refuse true; pulumi preview
        pulumi config set refuse false; pulumi config set divisor 0; pulumi preview
    """)
    assert "secret: None proxy: http://127.0.0.1:" in said
    assert '"answer": 1' in said
    assert "error: the e-mail is missing" in said
    assert "ZeroDivisionError" in said
    assert said.count("Traceback") == 1
    assert "sandbox/program.py" not in said
    changed = "# kept\nconfig:\n  tiny:divisor: '0'\n  tiny:refuse: 'false'\n"
    stack = (pulumi.folder / "Pulumi.dev.yaml").read_text()
    assert stack.replace('"', "'") == changed


def test_an_update_leaves_the_stack_file_alone(pulumi: Project) -> None:
    pulumi("pulumi up --yes --skip-preview && pulumi destroy --yes --skip-preview")
    assert (pulumi.folder / "Pulumi.dev.yaml").read_text() == STACK


def test_a_secret_keeps_what_it_needs(pulumi: Project) -> None:
    pulumi("pulumi config set --secret token hush")
    assert "encryptionsalt" in (pulumi.folder / "Pulumi.dev.yaml").read_text()
    assert "hush" in pulumi("pulumi up --yes --skip-preview >&2; pulumi config get token")
