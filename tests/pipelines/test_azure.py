"""Azure Pipelines: whose turn it is, what is looked for, and what a script is given."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipelines.files import AZURE, ROOT, azure_jobs, fake, load


def test_what_only_looks_waits_for_nobody_and_all_that_touches_the_stack_for_its_turn() -> None:
    """The lock is on `azure-read`, the approval on `azure`."""
    used: dict[str, list[str]] = {}
    for name, _, job, _ in azure_jobs():
        used.setdefault(name, []).append(job.get("environment", ""))
    assert used == {
        "Verify": [""],
        "Preview": [""],
        "Deploy": ["azure", "azure-read"],
        "Nightly": ["azure-read", "azure-read"],
        "Destroy": ["azure-read", "azure"],
    }
    assert load(AZURE[0])["lockBehavior"] == "sequential"


def test_azure_pipelines_says_where_its_connections_are_named() -> None:
    """A run that nobody starts by hand has a parameter's default, and nothing else."""
    defaults = {item["name"]: item["default"] for item in load(AZURE[0])["parameters"]}
    header = AZURE[0].read_text().partition("\nname:")[0]
    guide = (ROOT / "docs" / "pipelines.md").read_text()
    for connection in ("connection", "readConnection", "previewConnection"):
        assert defaults[connection].strip() == ""
        assert f"`{connection}`" in header
        assert f"`{connection}`" in guide


@pytest.mark.parametrize("failing", ["refresh", "preview", "none"])
def test_drift_is_looked_for_on_both_sides_whatever_the_first_one_finds(
    failing: str, tmp_path: Path
) -> None:
    fake(tmp_path, "pulumi", f'echo "$1"; [ "$1" != {failing} ]')
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "stack", tmp_path / ".ci")
    (tmp_path / "Pulumi.dev.yaml").touch()
    done = subprocess.run(
        [str(tmp_path / ".ci" / "stack"), "drift"],
        env={"PATH": f"{tmp_path}:{os.defpath}", "STACK": "organization/project/dev"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["refresh", "preview"]
    assert done.returncode == (0 if failing == "none" else 1)


def test_azure_pipelines_leaves_unset_what_is_not_defined(tmp_path: Path) -> None:
    """It hands a script the name of an undefined variable in its place."""
    *_, step = load(ROOT / ".azure" / "run.yml")["steps"]
    script = step["inputs"]["inlineScript"].replace(".ci/stack ${{ parameters.command }}", "env")
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
