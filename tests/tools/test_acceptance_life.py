"""A whole acceptance run, a sandbox that is wrong in two ways standing in for Azure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from harness.example import ROOT
from sandbox.cloud import Cloud
from tests.tools.bent import COLUMN, REFUSAL


def test_the_report_names_what_differs_and_which_belief_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    given = ["--yes", "--timeout", "3", "--folder", str(tmp_path / "run")]
    given += ["--seen", str(tmp_path / "seen.json")]
    command = ["--", sys.executable, "-m", "tools.acceptance", *given]
    inside = ["run", "--dir", str(tmp_path / "azure")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.bent", *inside, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said

    [file] = (tmp_path / "run").glob("*/report.json")
    report = json.loads(file.read_text())
    found = {(one["step"], one["fact"]): one for one in report["differences"]}
    refusal, columns = (
        ("refusals", "refusal unknown model"),
        ("rows", "columns of ApiManagementGatewayLogs"),
    )
    checked = {("check", fact) for fact in ("exit status", "verdict", "proof whole")}
    assert found.keys() == {refusal, columns} | checked, said
    assert found["check", "proof whole"]["azure"] == "failed"
    assert found[refusal]["azure"] == "400 ModelUnknown"
    assert f"arm.azure.refusals.{REFUSAL}" in found[refusal]["beliefs"]
    assert found[columns]["sandbox"] == f"only here: {COLUMN}"
    assert "logs.tables.ApiManagementGatewayLogs.columns" in found[columns]["beliefs"]
    assert f"arm.azure.refusals.{REFUSAL}" in said

    steps = [one["step"] for one in report["steps"]]
    assert steps == [
        "preflight", "preview", "up", "check", "rows", "preview again", "refresh", "edit",
        "guardrails", "refusals", "destroy", "kept", "purge",
    ]  # fmt: skip
    facts = {one["step"]: one["facts"] for one in report["steps"]}
    assert facts["check"]["verdict"] == "failed"
    assert facts["preview again"] == facts["refresh"] == {"exit status": "0"}
    assert len(facts["edit"]) == 2
    assert set(facts["kept"].values()) == {"yes"}
    assert facts["guardrails"]["policy api-logging openai-api-diagnostic"] == "mandatory"
    assert report["left"] == []
    cloud = Cloud(tmp_path / "azure")
    assert (cloud.all(), cloud.deleted()) == ([], [])
    assert not (tmp_path / "seen.json").exists(), "the sandbox shows nothing of Azure"
    assert not [*file.parent.glob("*/passphrase"), *file.parent.glob("*/state")]
