"""The command: what it says, writes and ends with, and what it does where it cannot run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.preflight import __main__ as command
from components.preflight.facts import Azure
from components.preflight.judge import CHECKS
from components.preflight.lines import EXIT
from components.preflight.plan import Plan, from_export
from harness.example import ROOT, example_config
from queries.errors import CannotRunError
from tests.preflight.region import DENIED, Region, planned
from tests.preflight.test_models import held

PREFIX = "azure-openai-accounted:"


@pytest.fixture
def at(region: Region, monkeypatch: pytest.MonkeyPatch) -> Region:
    """A subscription that the command asks for the example stack."""

    def asked_of(_: Any) -> tuple[Plan, Azure]:
        return planned({}), region.azure()

    monkeypatch.setattr(command, "asked_of", asked_of)
    return region


def test_all_that_is_fine_is_shown_and_ends_with_0(
    at: Region, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "result.json"
    assert command.main(["--json", str(file)]) == 0
    shown = capsys.readouterr().out
    result = json.loads(file.read_text())
    assert result["verdict"] == "fine"
    assert {line["status"] for line in result["lines"]} == {"fine"}
    for line in result["lines"]:
        assert f"{line['id']} " in shown
    assert shown.splitlines()[-1].startswith("fine: ")
    assert at.asked


def test_the_worst_line_is_the_verdict(at: Region, capsys: pytest.CaptureFixture[str]) -> None:
    at.answers["/usages"] = DENIED
    assert command.main([]) == EXIT["unverified"] == 4
    assert "reading it takes the right Microsoft.CognitiveServices/locations/usages/read" in (
        capsys.readouterr().out
    )
    assert command.main(["--allow", "quota"]) == 0
    at.put(f"{at.azure().root}/resourceGroups/rg-activategenai", location="eastus")
    assert command.main(["--allow", "quota"]) == 1


def test_a_file_that_cannot_be_written_is_one_line(
    at: Region, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--json", str(tmp_path / "no" / "file")]) == 2
    assert at.asked
    said = capsys.readouterr().err
    assert said.startswith("components.preflight: ")
    assert said.count("\n") == 1


def pulumi(monkeypatch: pytest.MonkeyPatch, **config: Any) -> None:
    """Let `pulumi` tell a stack's configuration, and no state."""
    values = {f"{PREFIX}{key}": value for key, value in (example_config() | config).items()}
    told = {
        key: {"value": value if isinstance(value, str) else json.dumps(value), "secret": False}
        for key, value in values.items()
    }

    def ask(_: str | None, *asked: str) -> str:
        return json.dumps(told) if asked[0] == "config" else json.dumps({"version": 3})

    monkeypatch.setattr(command, "ask_pulumi", ask)


def test_a_wrong_stack_file_is_reported_as_by_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi(monkeypatch, apiPath="..")
    assert command.main(["--stack", "prod"]) == 2
    said = capsys.readouterr().err
    assert "1 configuration value is wrong in stack 'prod'" in said
    assert "pulumi config set --path 'apiPath' <value>" in said


@pytest.mark.parametrize(("given", "variable", "az", "wanted"), [
    ("in-the-stack", "in-the-variable", "in-the-cli", "in-the-stack"),
    ("", "in-the-variable", "in-the-cli", "in-the-variable"),
    ("", "", "in-the-cli\n", "in-the-cli"),
])  # fmt: skip
def test_the_subscription_is_the_providers(
    given: str, variable: str, az: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", variable)
    done = subprocess.CompletedProcess(["az"], 0, stdout=az, stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert command._subscription(given) == wanted


@pytest.mark.parametrize(
    "error", [FileNotFoundError(), subprocess.TimeoutExpired("az", 1), None], ids=repr
)
def test_without_a_subscription_it_cannot_run(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: Any, **__: Any) -> Any:
        if error:
            raise error
        return subprocess.CompletedProcess(["az"], 1, stdout="", stderr="log in")

    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "")
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(CannotRunError, match="no subscription is named"):
        command._subscription("")


@pytest.mark.parametrize("arguments", [["--odd"], ["--json"], ["prod"]])
def test_wrong_options_end_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2


def test_what_is_asked_is_listed_and_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [check.id for check in CHECKS]
    page = (ROOT / "docs" / "preflight.md").read_text()
    for check in CHECKS:
        assert f"`{check.id}`" in page
        for right in check.right.replace("Microsoft.Authorization/*", "Microsoft.Authorization/"
            "permissions").split(" and "):  # fmt: skip
            assert right in page, right


def test_a_state_holds_what_is_live(region: Region) -> None:
    """A saved state says what the engine says; what waits to be deleted is not there."""
    resources = [vars(one) | {"urn": "x"} for one in held()]
    text = json.dumps({"deployment": {"resources": resources}})
    assert region.judged({}, tuple(from_export(text))) == {}
    resources[2]["delete"] = True
    text = json.dumps({"deployment": {"resources": resources}})
    assert "quota:text-turbo" in region.judged({}, tuple(from_export(text)))
    assert from_export(json.dumps({"version": 3, "deployment": {}})) == []
