"""The pipelines are sound, run what a laptop runs, and can do no more than they must."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
AZURE = [ROOT / "azure-pipelines.yml", *sorted((ROOT / ".azure").glob("*.yml"))]
ALLOWED = {"contents": "read", "id-token": "write", "pull-requests": "write"}

Yaml = dict[Any, Any]
every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def load(file: Path) -> Yaml:
    loaded: Yaml = yaml.safe_load(file.read_text())
    return loaded


def workflow(name: str) -> Yaml:
    return load(ROOT / ".github" / "workflows" / f"{name}.yml")


def jobs(file: Path) -> Iterator[tuple[str, Yaml]]:
    yield from load(file)["jobs"].items()


def steps(file: Path) -> Iterator[Yaml]:
    loaded = load(file)
    for part in (loaded, *loaded.get("jobs", {}).values()):
        yield from part.get("runs", part).get("steps", [])


def actionlint(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.prefix) / "bin" / "actionlint"), "-shellcheck=", "-pyflakes="]
    return subprocess.run(
        [*command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_actionlint_accepts_the_workflows_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    done = actionlint(*WORKFLOWS)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[0].read_text().replace("vars.", "variables."))
    assert "undefined variable" in actionlint(wrong).stdout


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.stem)
def test_every_action_is_pinned_by_hash_and_says_its_version(file: Path) -> None:
    for used in re.findall(r"uses: (.+)", file.read_text()):
        assert re.fullmatch(r"\./\S+|[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_an_action_has_one_version() -> None:
    text = "".join(file.read_text() for file in (*WORKFLOWS, *ACTIONS))
    pins = set(re.findall(r"uses: ([\w.-]+/[\w.-]+)@(.+)", text))
    assert len(pins) == len({action for action, _ in pins})


@every_workflow
def test_a_job_may_do_only_what_it_says(file: Path) -> None:
    assert load(file)["permissions"] == {}
    for name, job in jobs(file):
        granted = job["permissions"]
        assert granted.items() <= ALLOWED.items()
        signs_in = "azure/login@" in str(job) or "check.yml" in str(job)
        assert ("id-token" in granted) == signs_in, name
        comments = "tools.comment" in str(job)
        assert ("pull-requests" in granted) == comments, name


@every_workflow
def test_the_repositorys_token_is_not_left_on_disk(file: Path) -> None:
    checkouts = [step for step in steps(file) if "actions/checkout@" in step.get("uses", "")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


@every_workflow
def test_scripts_get_values_by_variable_and_print_no_secret(file: Path) -> None:
    """An expression in a script is put in before the shell reads it: whoever sets it is obeyed."""
    for step in steps(file):
        script = step.get("run", "")
        assert "${{" not in script, script
        held = [name for name, value in step.get("env", {}).items() if "secrets." in str(value)]
        assert not any(name in script for name in held)
        assert not re.search(r"set -\w*x|--show-secrets|printenv|\benv\b", script)


@every_workflow
def test_secrets_reach_single_steps_only(file: Path) -> None:
    assert "secrets." not in str(load(file).get("env"))
    for _, job in jobs(file):
        assert "secrets." not in str(job.get("env"))
        assert job.get("secrets") != "inherit"


def test_what_touches_the_stack_runs_alone() -> None:
    for name in ("deploy", "nightly", "destroy"):
        concurrency = workflow(name)["concurrency"]
        assert concurrency["group"] == "stack-${{ vars.PULUMI_STACK || 'dev' }}"
        assert concurrency["cancel-in-progress"] is False


def test_only_what_changes_the_stack_gets_the_identity_that_may() -> None:
    environments = {
        (file.stem, name): job["environment"]
        for file in WORKFLOWS
        for name, job in jobs(file)
        if "environment" in job
    }
    may_change = {job for job, environment in environments.items() if environment == "azure"}
    assert may_change == {("deploy", "up"), ("destroy", "destroy")}
    assert set(environments.values()) == {"azure", "azure-read"}


def test_a_pull_request_verifies_everywhere_and_previews_where_azure_is_configured() -> None:
    found = workflow("pull-request")["jobs"]
    assert found["verify"]["uses"] == "./.github/workflows/verify.yml"
    assert "if" not in found["verify"]
    assert "vars.AZURE_CLIENT_ID != ''" in found["preview"]["if"]
    assert "head.repo.full_name == github.repository" in found["preview"]["if"]
    assert "pull_request_target" not in str(workflow("pull-request"))


def test_verify_runs_all_of_make_test_and_the_rehearsal() -> None:
    (whole,) = re.findall(r"^test: ([a-z ]+?) *##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    matrix = workflow("verify")["jobs"]["make"]["strategy"]["matrix"]
    assert set(matrix["target"]) == {*whole.split(), "rehearse"}
    azure = load(AZURE[0])["stages"][0]["jobs"][0]["strategy"]["matrix"]
    assert {leg["TARGET"] for leg in azure.values()} == set(matrix["target"])


def test_the_check_gates_a_deployment_and_its_results_are_kept() -> None:
    found = workflow("deploy")["jobs"]
    assert found["up"]["needs"] == "verify"
    assert found["check"]["needs"] == "up"
    *_, check, results = workflow("check")["jobs"]["check"]["steps"]
    assert "python -m queries.check" in check["run"]
    assert "continue-on-error" not in check
    assert results["if"] == "${{ !cancelled() }}"
    assert results["with"]["path"] in check["run"]


def test_destroy_is_by_hand_and_asks_before_anything_else() -> None:
    destroy = workflow("destroy")
    assert set(destroy[True]) == {"workflow_dispatch"}  # YAML 1.1 reads the key `on` as true
    (job,) = destroy["jobs"].values()
    script = job["steps"][0]["run"]
    for typed, status in (("dev", 0), ("de", 1), ("", 1), ('"; true; "', 1), ("dev dev", 1)):
        environment = {"STACK": "dev", "CONFIRMATION": typed}
        done = subprocess.run(["bash", "-e", "-c", script], env=environment, check=False)
        assert done.returncode == status, typed


def test_azure_pipelines_leaves_unset_what_is_not_defined(tmp_path: Path) -> None:
    """It hands a script the name of an undefined variable in its place."""
    (step,) = load(ROOT / ".azure" / "run.yml")["steps"]
    script = step["inputs"]["inlineScript"].replace("${{ parameters.script }}", "env")
    (tmp_path / "az").write_text("#!/bin/sh\necho the-subscription\n")
    (tmp_path / "az").chmod(0o755)
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


def test_both_pipelines_run_the_same_commands() -> None:
    """Every call of pulumi, of the check and of the comment: options included."""

    def commands(files: list[Path]) -> set[str]:
        joined = "\n".join(file.read_text() for file in files).replace("\\\n", " ")
        joined = re.sub(r"\|\s*\n\s*tee", "| tee", joined)
        found = re.findall(r"(?:pulumi|python -m) [a-z.]+ --.*", joined)
        return {" ".join(command.split()) for command in found}

    github = commands(WORKFLOWS)
    assert len(github) == 7
    assert commands(AZURE) == github


def test_what_the_pipelines_name_is_there() -> None:
    text = "\n".join(file.read_text() for file in (*WORKFLOWS, *ACTIONS, *AZURE))
    for module in re.findall(r"python -m ([\w.]+)", text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists()
    for pack in re.findall(r"--policy-pack (\S+)", text):
        assert (ROOT / pack / "PulumiPolicy.yaml").exists()
    for template in re.findall(r"template: (\S+)", text):
        assert any((folder / template).exists() for folder in (ROOT, ROOT / ".azure"))


def test_hooks_before_a_commit_are_targets_of_ci() -> None:
    hooks = load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {hook["entry"].removeprefix("make ") for hook in hooks} <= targets
