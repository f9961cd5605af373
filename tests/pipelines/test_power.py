"""What a job may do and see: every job of every workflow, and every job of Azure Pipelines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.files import (
    ROOT,
    WORKFLOWS,
    Yaml,
    azure_jobs,
    runs,
    stages,
    steps,
    triggers,
)

MAIN = "github.ref == 'refs/heads/main'"
AZURE_MAIN = "eq(variables['Build.SourceBranch'], 'refs/heads/main')"
SEES_ALL = {"azure", "azure-read"}
"""Environments whose identity reads prompts or keys, or changes the stack."""
PREVIEW = "azure-preview"
GUIDE = (ROOT / "docs" / "pipelines.md").read_text()
RUNS = list(runs())
AZURE_JOBS = list(azure_jobs())

every_run = pytest.mark.parametrize(
    ("file", "entry", "job"),
    [(file, entry, job) for file, entry, _, job in RUNS],
    ids=[name for _, _, name, _ in RUNS],
)
every_azure_job = pytest.mark.parametrize(
    ("stage", "job", "found"),
    [(stage, job, found) for _, stage, job, found in AZURE_JOBS],
    ids=[f"{name}/{job.get('job') or job['deployment']}" for name, _, job, _ in AZURE_JOBS],
)


def test_every_job_is_looked_at() -> None:
    assert {name for _, _, name, _ in RUNS} == {
        *("deploy/verify/make", "deploy/release/up", "deploy/release/check/check"),
        *("pull-request/verify/make", "pull-request/preview"),
        *("nightly/check/check", "nightly/drift", "recovery/make", "destroy/destroy"),
    }
    names = [f"{name}/{job.get('job') or job['deployment']}" for name, _, job, _ in AZURE_JOBS]
    assert names == [
        *("Verify/make", "Preview/preview", "Deploy/up", "Deploy/check"),
        *("Nightly/drift", "Nightly/check", "Destroy/confirm", "Destroy/destroy"),
    ]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_nothing_starts_a_workflow_of_main_with_what_a_stranger_wrote(file: Path) -> None:
    """As `pull_request_target`, `workflow_run`, `issue_comment` and others would."""
    started = triggers(file)
    ours = {"push", "pull_request", "schedule", "workflow_dispatch", "workflow_call"}
    assert set(started) <= ours
    assert started.get("push", {"branches": ["main"]}) == {"branches": ["main"]}


@every_run
def test_an_identity_is_an_environments(file: Path, entry: Yaml, job: Yaml) -> None:
    """Only an environment can say for which branches its identity is."""
    identity = "id-token" in job["permissions"]
    assert identity == ("environment" in job)
    assert job.get("environment", PREVIEW) in {*SEES_ALL, PREVIEW}
    if not identity:
        assert "secrets." not in str(job)
        assert not any("secrets." in str(step) for step in steps(job))


@every_run
def test_only_mains_program_gets_an_identity_that_reads_prompts_or_keys(
    file: Path, entry: Yaml, job: Yaml
) -> None:
    if job.get("environment") in SEES_ALL:
        assert MAIN in entry["if"]
        assert "||" not in entry["if"]
        assert "pull_request" not in triggers(file)


@every_run
def test_a_preview_runs_for_pull_requests_of_the_repositorys_own_branches(
    file: Path, entry: Yaml, job: Yaml
) -> None:
    """A fork and Dependabot get no identity, and nobody else gets this one."""
    if job.get("environment") == PREVIEW:
        assert set(triggers(file)) == {"pull_request"}
        assert "head.repo.full_name == github.repository" in entry["if"]
        assert "pull_request.user.login != 'dependabot[bot]'" in entry["if"]
        assert "vars.AZURE_TENANT_ID != ''" in entry["if"]
        assert "||" not in entry["if"]


@every_run
def test_a_job_with_an_identity_installs_the_stacks_packages_and_takes_nothing_kept(
    file: Path, entry: Yaml, job: Yaml
) -> None:
    if "environment" not in job:
        return
    found = list(steps(job))
    used = {step["uses"].partition("@")[0] for step in found if "uses" in step}
    assert used <= {"actions/checkout", "actions/setup-python", "actions/upload-artifact"}
    assert not any("cache" in str(step.get("with", "")) for step in found)
    check_scripts([step["run"] for step in found if "run" in step])


def check_scripts(scripts: list[str]) -> None:
    """They install by the stack's lock, and nothing else."""
    assert "tools.setup --stack" in "\n".join(scripts)
    for script in scripts:
        assert not re.search(r"\b(make|pip3?|uv|npm|npx|apt|apt-get|curl) ", script), script


@every_azure_job
def test_only_mains_program_gets_a_connection_that_reads_prompts_or_keys(
    stage: Yaml, job: Yaml, found: list[Yaml]
) -> None:
    groups = {each["group"] for each in job.get("variables", [])}
    names = connections(found)
    if names & {"connection", "readConnection"} or "stack" in groups or "environment" in job:
        assert AZURE_MAIN in stage["condition"]
        assert "or(" not in stage["condition"]
    if "previewConnection" in names or "stack-preview" in groups:
        assert "eq(variables['Build.Reason'], 'PullRequest')" in stage["condition"]
        assert "ne(variables['System.PullRequest.IsFork'], 'True')" in stage["condition"]
        assert "or(" not in stage["condition"]
        assert (names, groups) == ({"previewConnection"}, {"stack-preview"})


@every_azure_job
def test_a_job_with_a_connection_installs_the_stacks_packages_and_takes_nothing_kept(
    stage: Yaml, job: Yaml, found: list[Yaml]
) -> None:
    if not connections(found):
        return
    tasks = {step["task"] for step in found if "task" in step}
    assert tasks <= {"UsePythonVersion@0", "AzureCLI@2", "PublishTestResults@2"}
    check_scripts([step["script"] for step in found if "script" in step])
    assert all(step["persistCredentials"] is False for step in found if "checkout" in step)


def connections(found: list[Yaml]) -> set[str]:
    """The parameters that name the service connections of these steps."""
    return set(re.findall(r"parameters\.(\w+)", " ".join(map(azure_subscription, found))))


def azure_subscription(step: Yaml) -> str:
    value: Any = step.get("inputs", {}).get("azureSubscription", "")
    return str(value)


def test_the_guide_lets_only_the_identity_of_a_change_write_the_state() -> None:
    """Whoever writes the state decides what the next `up` does."""
    rows = dict(re.findall(r"^\| (state in [\w ]+?) \| (.+) \|$", GUIDE, re.MULTILINE))
    preview, read, change = rows["state in Pulumi Cloud"].split(" | ")
    assert preview == "a token that only reads this stack"
    assert read.startswith("the same")
    assert change == "a token that writes this stack"
    assert "Without a token that only reads,\n`azure-preview` needs required reviewers" in GUIDE
    assert rows["state in Blob storage"].count("*Storage Blob Data Reader*") == 2


@pytest.mark.parametrize("provider", ["GitHub Actions", "Azure Pipelines"])
def test_the_guide_protects_main_before_anything_else(provider: str) -> None:
    """Whoever can push to `main` gets the identity that reads every prompt."""
    section = GUIDE.partition(f"\n## {provider}\n")[2].partition("\n## ")[0]
    first, _, rest = section.strip().partition("\n1. ")
    assert re.match(r"0\. Protect `main`: a \[?ruleset\b", first)
    assert "with required pull request review, no direct push." in " ".join(first.split())
    assert "Let nobody bypass it" in first
    assert rest


def test_the_guide_names_every_identity() -> None:
    for name in (*SEES_ALL, PREVIEW, "connection", "readConnection", "previewConnection"):
        assert f"`{name}`" in GUIDE, name
    assert "Preview" in stages()
