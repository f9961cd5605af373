"""Bad arguments, bad outputs, and the answers of the real Log Analytics client."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsQueryClient

from queries.check import __main__ as program
from queries.check import outputs as reader
from queries.check.errors import CannotRunError
from queries.check.outputs import KEY_VARIABLE
from queries.check.workspace import LogAnalytics, NotYetError
from tests.check.azure import KEY, outputs


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--timeout", "soon"], "'soon' is not a number of minutes"),
        (["--timeout", "-1"], "'-1' is not a number of minutes"),
        (["--stack", "dev", "--outputs", "x"], "not allowed with"),
        (["--json", "/no/such/folder/x.json"], "no such folder"),
        (["--caller-ip", "here"], "'here' is not an IP address"),
        (["--nope"], "unrecognized arguments: --nope"),
    ],
)
def test_a_wrong_argument_is_one_line(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        program.main(arguments)

    error = capsys.readouterr().err
    assert end.value.code == 2
    assert says in error
    assert error.count("\n") == 1


def test_outputs_that_cannot_be_read_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "r.json"

    status = program.main(["--outputs", str(tmp_path / "none"), "--json", str(result)])

    assert status == 2
    assert "No such file" in capsys.readouterr().out
    assert json.loads(result.read_text())["verdict"] == "error"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"proof": None}, "no output `proof`"),
        ({"proof": {"version": 2}}, "another version"),
        ({"subscriptionKeys": {}}, "no key"),
        ({"subscriptionKeys": "[secret]"}, "no key"),
        ({"subscriptionKeys": {"aoai-test": "[secret]"}}, "no key"),
    ],
)
def test_outputs_that_lack_something_say_what(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CannotRunError, match=says) as error:
        reader.target(outputs() | change, traffic=True)
    assert error.value.fix


def test_the_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)

    found = reader.target(outputs() | {"subscriptionKeys": "[secret]"}, traffic=True)

    assert found.key.get_secret_value() == KEY
    assert KEY not in repr(found)


def test_pulumi_is_asked_for_the_stacks_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_file = tmp_path / "pulumi"
    program_file.write_text('#!/bin/sh\necho "{\\"asked\\": \\"$*\\"}"\n')
    program_file.chmod(program_file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    asked = reader.from_stack("dev")["asked"]

    assert asked == "stack output --json --show-secrets --non-interactive --stack dev"
    program_file.write_text('#!/bin/sh\necho "error: no stack named dev" >&2\nexit 255\n')
    with pytest.raises(CannotRunError, match="no stack named dev"):
        reader.from_stack("dev")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(CannotRunError, match="not on PATH"):
        reader.from_stack("dev")


class Identity:
    """Stands in for DefaultAzureCredential."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("token", 2**31)


def answering(monkeypatch: pytest.MonkeyPatch, answer: Any) -> LogAnalytics:
    def query(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("queries.check.workspace.DefaultAzureCredential", Identity)
    monkeypatch.setattr(LogsQueryClient, "query_workspace", query)
    return LogAnalytics("https://api.loganalytics.io", "id")


def problem(status: int, message: str) -> HttpResponseError:
    error = HttpResponseError(message)
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("status", "message", "kind", "says"),
    [
        (400, "SEM0100: Failed to resolve table", NotYetError, "no rows yet"),
        (400, "SYN0002: no", CannotRunError, "refuses a query"),
        (403, "InsufficientAccessError", CannotRunError, "403"),
        (404, "PathNotFoundError", NotYetError, "does not answer"),
        (429, "slow", NotYetError, "429"),
        (503, "later", NotYetError, "503"),
    ],
)
def test_an_error_of_the_workspace_is_waited_out_or_told(
    monkeypatch: pytest.MonkeyPatch, status: int, message: str, kind: type[Exception], says: str
) -> None:
    workspace = answering(monkeypatch, problem(status, message))

    with pytest.raises(kind, match=says):
        workspace.query("AzureMetrics")


def test_an_empty_answer_is_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = answering(monkeypatch, json.JSONDecodeError("", "", 0))

    assert workspace.query("AzureMetrics") == []
