"""Azure Pipelines: whose program runs as whom, whose turn it is, and what a script is given."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.pipelines.files import AZURE, ROOT, fake, load, scripts, stages, workflow


def test_only_mains_program_runs_with_the_connection_that_may_change() -> None:
    for name, stage in stages().items():
        if "parameters.connection" in str(stage):
            assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in stage["condition"]
        if "'environment': 'azure'" in str(stage):
            assert name in {"Deploy", "Destroy"}
    assert "parameters.readConnection" in str(stages()["Preview"])


def test_what_only_looks_waits_for_nobody_and_all_that_touches_the_stack_for_its_turn() -> None:
    """The lock is on `azure-read`, the approval on `azure`."""
    used = {
        name: set(re.findall(r"'environment': '([\w-]+)'|(check)\.yml", str(stage)))
        for name, stage in stages().items()
    }
    assert used == {
        "Verify": set(),
        "Preview": set(),
        "Deploy": {("azure", ""), ("", "check")},
        "Nightly": {("azure-read", ""), ("", "check")},
        "Destroy": {("azure", ""), ("azure-read", "")},
    }
    (check,) = load(ROOT / ".azure" / "check.yml")["jobs"]
    assert check["parameters"]["environment"] == "azure-read"
    assert load(AZURE[0])["lockBehavior"] == "sequential"


def test_azure_pipelines_says_where_its_connections_are_named() -> None:
    """A run that nobody starts by hand has a parameter's default, and nothing else."""
    defaults = {item["name"]: item["default"] for item in load(AZURE[0])["parameters"]}
    header = AZURE[0].read_text().partition("\nname:")[0]
    guide = (ROOT / "docs" / "pipelines.md").read_text()
    for connection in ("connection", "readConnection"):
        assert defaults[connection].strip() == ""
        assert f"`{connection}`" in header
        assert f"`{connection}`" in guide


@pytest.mark.parametrize("failing", ["refresh", "preview", "none"])
def test_drift_is_looked_for_on_both_sides_whatever_the_first_one_finds(
    failing: str, tmp_path: Path
) -> None:
    fake(tmp_path, "pulumi", f'echo "$1"; [ "$1" != {failing} ]')
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", scripts()["Drift"]],
        env={"PATH": f"{tmp_path}:{os.defpath}", "STACK": "dev"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["refresh", "preview"]
    assert done.returncode == (0 if failing == "none" else 1)
    *_, first, second = workflow("nightly")["jobs"]["drift"]["steps"]
    assert "pulumi refresh" in first["run"]
    assert second["if"] == "${{ !cancelled() }}"


def test_azure_pipelines_leaves_unset_what_is_not_defined(tmp_path: Path) -> None:
    """It hands a script the name of an undefined variable in its place."""
    *_, step = load(ROOT / ".azure" / "run.yml")["steps"]
    script = step["inputs"]["inlineScript"].replace("${{ parameters.script }}", "env")
    fake(tmp_path, "az", "echo the-subscription")
    done = subprocess.run(
        ["bash", "-c", script],
        env={
            "PATH": f"{tmp_path}:{os.defpath}",
            "PULUMI_ACCESS_TOKEN": "$(PULUMI_ACCESS_TOKEN)",
            "PULUMI_CONFIG_PASSPHRASE": "a $(b) c",
            "PULUMI_BACKEND_URL": "azblob://state",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    given = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert "PULUMI_ACCESS_TOKEN" not in given
    assert given["PULUMI_CONFIG_PASSPHRASE"] == "a $(b) c"
    assert given["PULUMI_BACKEND_URL"] == "azblob://state"
    assert given["ARM_SUBSCRIPTION_ID"] == "the-subscription"
