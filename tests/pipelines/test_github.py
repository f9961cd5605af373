"""The pipelines are sound, run what a laptop runs, and can do no more than they must."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.files import (
    ACTIONS,
    AZURE,
    ROOT,
    WORKFLOWS,
    Yaml,
    azure_jobs,
    jobs,
    load,
    stages,
    steps,
    steps_of,
    workflow,
    workflow_text,
)
from tools.setup.__main__ import PYTHONS

STACK = (ROOT / ".ci" / "stack").read_text()
ALLOWED = {"contents": "read", "id-token": "write", "pull-requests": "write"}

every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def actionlint(*files: Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.prefix) / "bin" / "actionlint"), "-shellcheck=", "-pyflakes="]
    return subprocess.run(
        [*command, *map(str, files)], cwd=folder, capture_output=True, text=True, check=False
    )


def test_actionlint_accepts_the_workflows_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    done = actionlint(*WORKFLOWS)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(workflow_text("check").replace("vars.", "variables."))
    assert "undefined variable" in actionlint(wrong).stdout


def test_of_a_turn_only_what_actionlint_does_not_know_goes_unjudged(tmp_path: Path) -> None:
    """Its configuration lets the one key pass that GitHub has added since."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    configuration = ROOT / ".github" / "actionlint.yaml"
    (tmp_path / ".github" / "actionlint.yaml").write_text(configuration.read_text())
    right = folder / "right.yml"
    right.write_text(workflow_text("destroy"))
    assert "queue" not in actionlint(right, folder=tmp_path).stdout
    right.write_text(workflow_text("destroy").replace("queue: max", "queues: max"))
    assert 'unexpected key "queues"' in actionlint(right, folder=tmp_path).stdout


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
        signs_in = re.search(r"actions/stack'|/(check|release)\.yml", str(job)) is not None
        assert ("id-token" in granted) == signs_in, name
        comments = "tools.comment" in str(job)
        assert ("pull-requests" in granted) == comments, name


@every_workflow
def test_the_repositorys_token_is_not_left_on_disk(file: Path) -> None:
    checkouts = [step for step in steps_of(file) if "actions/checkout@" in step.get("uses", "")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: file.parent.name)
def test_scripts_get_values_by_variable_and_print_no_secret(file: Path) -> None:
    """An expression in a script is put in before the shell reads it: whoever sets it is obeyed."""
    loaded = load(file)
    for step in [
        step for part in (loaded, *loaded.get("jobs", {}).values()) for step in steps(part)
    ]:
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


def turns() -> dict[str, Yaml]:
    """What waits for its turn, by workflow: all of it, or one job."""
    of_jobs = {file.stem: job for file in WORKFLOWS for _, job in jobs(file)}
    of_files = {file.stem: load(file) for file in WORKFLOWS}
    both = [*of_jobs.items(), *of_files.items()]
    return {name: part["concurrency"] for name, part in both if "concurrency" in part}


def test_what_touches_the_stack_runs_alone_and_loses_no_turn() -> None:
    """Without `queue: max` GitHub keeps one waiting run and cancels those before it.

    https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
    """
    waiting = turns()
    preview = waiting.pop("pull-request")
    assert preview["cancel-in-progress"] is True
    assert "stack-" not in preview["group"]
    turn = {"group": "stack-${{ vars.PULUMI_STACK || 'dev' }}", "queue": "max"}
    assert waiting == dict.fromkeys(("deploy", "nightly", "destroy"), turn)


def test_a_deployment_takes_its_turn_when_it_is_verified_and_keeps_it_until_it_is_checked() -> None:
    assert "concurrency" not in workflow("deploy")
    found = workflow("deploy")["jobs"]
    assert "concurrency" not in found["verify"]
    assert found["release"]["uses"] == "./.github/workflows/release.yml"
    assert set(workflow("release")["jobs"]) == {"up", "check"}


def test_only_what_changes_the_stack_gets_the_identity_that_may() -> None:
    environments = {
        (file.stem, name): job["environment"]
        for file in WORKFLOWS
        for name, job in jobs(file)
        if "environment" in job
    }
    may_change = {job for job, environment in environments.items() if environment == "azure"}
    assert may_change == {("release", "up"), ("destroy", "destroy")}


def test_a_pull_request_verifies_everywhere() -> None:
    found = workflow("pull-request")["jobs"]
    assert found["verify"]["uses"] == "./.github/workflows/verify.yml"
    assert "if" not in found["verify"]


def test_verify_runs_all_of_make_test_and_the_rehearsal() -> None:
    (whole,) = re.findall(r"^test: ([a-z ]+?) *##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    job = workflow("verify")["jobs"]["make"]
    matrix = job["strategy"]["matrix"]
    assert set(matrix["target"]) == {*whole.split(), "rehearse"}
    assert matrix["python"] == [".".join(map(str, each)) for each in PYTHONS]
    assert job["steps"][1]["with"]["python"] == "${{ matrix.python }}"
    azure = load(AZURE[0])["stages"][0]["jobs"][0]["strategy"]["matrix"].values()
    assert [(leg["PYTHON_VERSION"], leg["TARGET"]) for leg in azure] == [
        (python, target) for python in matrix["python"] for target in matrix["target"]
    ]


def test_the_check_gates_a_deployment_and_its_results_are_kept() -> None:
    assert workflow("deploy")["jobs"]["release"]["needs"] == "verify"
    assert workflow("release")["jobs"]["check"]["needs"] == "up"
    *_, check, results = workflow("check")["jobs"]["check"]["steps"]
    assert check["run"] == ".ci/stack check"
    assert "continue-on-error" not in check
    assert results["if"] == "${{ !cancelled() }}"
    assert f"--junit {results['with']['path']}" in STACK
    assert "failTask" not in "".join(file.read_text() for file in AZURE), "a second gate"


def test_destroy_asks_before_anything_else() -> None:
    *_, (_, _, confirm, first), _ = azure_jobs()
    github = [step for step in steps(workflow("destroy")["jobs"]["destroy"]) if "run" in step]
    assert github[0]["run"] == first[1]["script"] == ".ci/stack confirm"
    assert confirm["deployment"] == "confirm"
    for typed, status in (("dev", 0), ("de", 1), ("", 1), ('"; true; "', 1), ("dev dev", 1)):
        environment = {**os.environ, "STACK": "dev", "CONFIRMATION": typed}
        command = [str(ROOT / ".ci" / "stack"), "confirm"]
        done = subprocess.run(command, env=environment, check=False)
        assert done.returncode == status, typed


def test_destroy_is_by_hand_and_of_main_only() -> None:
    destroy = workflow("destroy")
    assert set(destroy[True]) == {"workflow_dispatch"}  # YAML 1.1 reads the key `on` as true
    assert destroy["jobs"]["destroy"]["if"] == "github.ref == 'refs/heads/main'"
    condition = stages()["Destroy"]["condition"]
    assert "eq(variables['Build.Reason'], 'Manual')" in condition
    assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in condition
    assert stages()["Destroy"]["jobs"][1]["parameters"]["after"] == ["confirm"]


def test_both_pipelines_run_the_same_commands() -> None:
    """What is done to the stack stands in one script; only the comment's call is in each."""
    github = [
        step.get("run", "") for file in WORKFLOWS for _, job in jobs(file) for step in steps(job)
    ]
    given = [str(step) for _, _, _, found in azure_jobs() for step in found]
    used = [set(re.findall(r"\.ci/stack (\w+)", "\n".join(texts))) for texts in (github, given)]
    known = set(re.findall(r"^  (\w+)\)", STACK, re.MULTILINE))
    assert used == [known, known]
    for text in (*github, *given):
        assert not re.search(r"\bpulumi \w|queries\.check", text), text
    comments = [
        set(re.findall(r"tools\.comment (.*\.txt)", "\n".join(each))) for each in (github, given)
    ]
    assert comments == [{'--title "Preview of $STACK" build/preview.txt'}] * 2


def test_what_the_pipelines_name_is_there() -> None:
    text = STACK + "\n".join(file.read_text() for file in (*WORKFLOWS, *ACTIONS, *AZURE))
    for module in re.findall(r"python -m ([\w.]+)", text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists()
    for pack in re.findall(r"--policy-pack (\S+)", text):
        assert (ROOT / pack / "PulumiPolicy.yaml").exists()
    for template in re.findall(r"template: (\S+)", text):
        assert any((folder / template).exists() for folder in (ROOT, ROOT / ".azure"))


@pytest.mark.parametrize("name", [".ci/stack", "docs/review.md", "docs/guardrails.md"])
def test_the_guardrails_are_configured_wherever_they_are_run(name: str) -> None:
    """A stack with `capture: metadata` passes only a pack that is told of it."""
    text = (ROOT / name).read_text().replace("\\\n", "")
    runs = re.findall(r"--policy-pack policies/guardrails\b.*", text)
    assert runs
    for options in runs:
        (given,) = re.findall(r"--policy-pack-config ([\w./-]+)", options)
        assert given == "policies/guardrails.json"
        assert isinstance(json.loads((ROOT / given).read_text()), dict)


def test_a_comment_shows_no_outputs_of_the_stack() -> None:
    """They hold ids, and a public repository's comments are public."""
    assert "--suppress-outputs" in STACK
    assert len(re.findall(r"^ *pulumi ", STACK, re.MULTILINE)) == STACK.count('"${quiet[@]}"') == 4
    assert "--show-secrets" not in STACK
