"""Every target is listed; the hooks of pre-commit are CI's own, and run when they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.pipelines.files import ROOT, fake, load

HOOKS = load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]


def test_help_lists_every_target() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    (targets,) = re.findall(r"^\.PHONY: (.+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    rules = re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(rules) == set(targets.split())
    lines = [re.fullmatch(r"make ([\w-]+) +\S.*", line) for line in listed.stdout.splitlines()]
    assert sorted(line[1] for line in lines if line) == sorted(rules)


def test_hooks_before_a_commit_are_targets_of_ci() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {hook["entry"].removeprefix("make ") for hook in HOOKS} <= targets


def test_hooks_run_before_each_commit_and_each_push(tmp_path: Path) -> None:
    """The real pre-commit with our hooks, and a `make` that tells what it is asked for."""
    (tmp_path / "commands").mkdir()
    fake(tmp_path / "commands", "make", f'echo "$1" >> {tmp_path}/made')
    configuration = (ROOT / ".pre-commit-config.yaml").read_text()
    (tmp_path / ".pre-commit-config.yaml").write_text(configuration)
    (tmp_path / "pyproject.toml").touch()
    environment = {
        "PATH": f"{tmp_path / 'commands'}:{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"), "me"),
        **dict.fromkeys(("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"), "me"),
    }

    def made(command: str) -> list[str]:
        (tmp_path / "made").write_text("")
        arguments = command.split()
        subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, check=True)
        return (tmp_path / "made").read_text().split()

    for command in ("git init --bare away", "git init", "git add pyproject.toml"):
        made(command)
    made("pre-commit install")
    assert made("git add .pre-commit-config.yaml") == []
    assert made("git commit -m first") == ["lint", "types"]
    assert made("git push ./away HEAD:refs/heads/main") == ["pytest"]
