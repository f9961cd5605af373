"""Bad arguments, bad outputs, and the answers of the real Log Analytics client."""

from __future__ import annotations

import json
import stat
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError

from queries import outputs as reader
from queries.check import __main__ as program
from queries.check.arguments import parse
from queries.check.proofs import PROOFS
from queries.errors import CannotRunError
from queries.pages import Paged
from queries.workspace import LogAnalytics, NoColumnError, NoTableError, NotYetError, RefusedError
from tests.check.conftest import Run
from tests.check.stack import outputs


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--timeout", "soon"], "'soon' is not a number of minutes"),
        (["--timeout", "-1"], "'-1' is not a number of minutes"),
        (["--stack", "dev", "--outputs", "x"], "not allowed with"),
        (["--json", "/no/such/folder/x.json"], "No such file or directory"),
        (["--outputs", "x.json", "--json", "x.json"], "'x.json' is the file of the outputs"),
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


def test_nothing_of_an_earlier_result_is_left(tmp_path: Path) -> None:
    old = tmp_path / "r.json"
    old.write_text('{"verdict": "proven"}')

    parse(["--stack", "dev", "--json", str(old)])

    assert old.read_text() == ""


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
        ({"proof": {"version": 2}}, "lacks or misstates accountEndpoint, accountId"),
    ],
)
def test_outputs_that_lack_something_say_what(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CannotRunError, match=says) as error:
        reader.target(outputs() | change)
    assert error.value.fix


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
    """Stands in for DefaultAzureCredential; None has no token to give."""

    token: str | None = "token"

    def get_token_info(self, *_: str, **__: Any) -> AccessTokenInfo:
        if self.token is None:
            raise ClientAuthenticationError("no login found\nwith a long tail")
        return AccessTokenInfo(self.token, int(time.time()) + 1)

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        raise NotImplementedError


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setattr("queries.workspace.DefaultAzureCredential", lambda: service.identity)
    monkeypatch.setattr(requests.Session, "request", service.answer)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return service


class Service:
    """What lies behind the real client: an identity, and answers of the query endpoint."""

    def __init__(self) -> None:
        self.identity = Identity()
        self.status, self.body = 200, json.dumps(TABLE)
        self.headers: dict[str, str] = {}
        self.asked = 0

    def answer(self, *_: Any, **__: Any) -> requests.Response:
        self.asked += 1
        response = requests.Response()
        response.status_code, response.raw = self.status, BytesIO(self.body.encode())
        response.headers["Content-Type"] = "application/json"
        response.headers.update(self.headers)
        return response

    def query(self) -> list[dict[str, Any]]:
        return LogAnalytics("https://api.loganalytics.io", "id").query("AzureMetrics")


COLUMNS = [{"name": "Name", "type": "string"}, {"name": "Total", "type": "real"}]
TABLE = {"tables": [{"name": "t", "columns": COLUMNS, "rows": [["Requests", 2.0]]}]}


TABLE_MISSING = "'where' operator: Failed to resolve table or column expression named 'X_CL'"
COLUMN_MISSING = "'where' operator: Failed to resolve column or scalar expression named 'Latncy'"
SCALAR_MISSING = "'summarize' operator: Failed to resolve scalar expression named 'Latncy'"
BROUGHT = "'extend' operator: Failed to resolve scalar expression named 'properties_s'"
"""What Kusto says, code SEM0100, of each: https://github.com/SigmaHQ/sigma/issues/359

A column of AzureDiagnostics comes later: https://github.com/dolevshor/Azure-OpenAI-Insights/issues/5
"""


def problem(message: str) -> str:
    return json.dumps({"error": {"code": "BadArgumentError", "message": message}})


def test_rows_come_by_column_name(service: Service) -> None:
    assert service.query() == [{"Name": "Requests", "Total": 2.0}]


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (400, problem("SEM0100: Failed to resolve table"), NoTableError, "no rows yet"),
        (400, problem(TABLE_MISSING), NoTableError, "the table has no rows yet"),
        (400, problem(COLUMN_MISSING), NoColumnError, "knows no column 'Latncy'"),
        (400, problem(SCALAR_MISSING), NoColumnError, "named 'Latncy'"),
        (400, problem(BROUGHT), NotYetError, "no row has brought the column properties_s yet"),
        (400, problem("SYN0002: no"), CannotRunError, "refuses a query"),
        (401, problem("InvalidTokenError"), CannotRunError, "no identity"),
        (403, problem("InsufficientAccessError"), RefusedError, "403"),
        (404, problem("PathNotFoundError"), RefusedError, "not found"),
        (429, problem("slow"), NotYetError, "429"),
        (502, "<html>", NotYetError, "502"),
        (503, problem("later"), NotYetError, "503"),
        (200, json.dumps(TABLE | {"error": {"code": "PartialError"}}), NotYetError, "in part"),
    ],
)
def test_an_error_of_the_workspace_is_waited_out_or_told(
    service: Service, status: int, body: str, kind: type[Exception], says: str
) -> None:
    service.status, service.body = status, body

    with pytest.raises(Exception, match=says) as error:
        service.query()
    assert type(error.value) is kind


def test_a_throttled_query_waits_for_its_caller_as_long_as_the_service_says(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Minutes that the client itself slept would be no part of any timeout."""
    now, slept = [1000.0], list[float]()
    monkeypatch.setattr("queries.retries.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", slept.append)
    workspace = LogAnalytics("https://api.loganalytics.io", "id")
    service.status, service.headers = 429, {"Retry-After": "300"}

    with pytest.raises(NotYetError, match="429") as error:
        workspace.query("AzureMetrics")
    assert error.value.after == 300
    service.status, service.headers = 200, {}
    now[0] += 290
    with pytest.raises(NotYetError, match="no query for another 10 s") as error:
        workspace.query("AzureMetrics")
    assert (error.value.after, service.asked) == (10, 1)
    now[0] += 10

    assert workspace.query("AzureMetrics") == [{"Name": "Requests", "Total": 2.0}]
    assert not slept


@pytest.mark.parametrize("seconds", [300, 3600])
def test_the_timeout_holds_against_what_the_service_asks_for(
    run: Run, service: Service, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr("queries.retries.monotonic", run.clock.elapsed)
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("the client sleeps"))
    run.workspace = LogAnalytics("https://api.loganalytics.io", "id")
    service.status, service.headers = 429, {"Retry-After": str(seconds)}

    report = run("--timeout", "0.6")

    assert (report.status, report.verdict) == (3, "timeout")
    assert run.clock.time <= 36 + 5
    assert service.asked == 1
    caller = next(line for line in report.proofs if line.id == "caller")
    assert "is throttled" in caller.detail + caller.fix


@pytest.mark.parametrize(
    "body",
    [
        "<html>Sign in</html>",
        '"no"',
        "[]",
        "{}",
        '{"tables": []}',
        '{"tables": "none"}',
        '{"tables": [{"name": "t"}]}',
        '{"tables": [{"columns": [{"name": "a"}], "rows": [1]}]}',
    ],
)
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_an_answer_that_is_none_is_never_read_as_no_rows(
    service: Service, kind: str, body: str
) -> None:
    """A proxy's page comes with status 200."""
    service.body, service.headers = body, {"Content-Type": kind}

    with pytest.raises(NotYetError, match="the answer is not one of Log Analytics"):
        service.query()
    with pytest.raises(NotYetError, match="the answer is not one of Log Analytics"):
        LogAnalytics("https://api.loganalytics.io", "id").columns("AzureMetrics")


FUZZY = """\
let llm = union isfuzzy=true (datatable(A:string)[]),
ApiManagementGatewayLlmLog
| where A > "";
let other = union isfuzzy=true (datatable(B:string)[]), (
AzureDiagnostics
| where B > "");
llm
| join kind=leftouter (other) on $left.A == $right.B"""
NO_LLM = "'where' operator: Failed to resolve table or column expression named "
NO_LLM += "'ApiManagementGatewayLlmLog'"


def warned(*messages: str, code: str = "-2133196790", severity: str = "Warning") -> str:
    """An answer with warnings: https://github.com/Azure/azure-sdk-for-python/issues/25137."""
    said = [
        {
            "code": "EngineError",
            "message": "Something went wrong processing your query on the server.",
            "innererror": {"code": code, "message": text, "severity": 3, "severityName": severity},
        }
        for text in messages
    ]
    error = {"code": "PartialError", "message": "There were some errors.", "details": said}
    return json.dumps(TABLE | {"error": error})


@pytest.mark.parametrize(
    "body",
    [
        warned(NO_LLM),
        warned(NO_LLM, "Operator source expression should be table or column"),
        warned(NO_LLM, NO_LLM.replace("ApiManagementGatewayLlmLog", "AzureDiagnostics")),
    ],
)
def test_a_missing_table_of_a_fuzzy_union_leaves_nothing_out(service: Service, body: str) -> None:
    service.body = body

    rows = LogAnalytics("https://api.loganalytics.io", "id").query(FUZZY)

    assert rows == [{"Name": "Requests", "Total": 2.0}]


@pytest.mark.parametrize(
    "body",
    [
        warned(),
        warned("Operator source expression should be table or column"),
        warned(NO_LLM, code="-2133196797"),
        warned(NO_LLM, severity="Error"),
        warned(NO_LLM.replace("ApiManagementGatewayLlmLog", "ApiManagementGatewayLogs")),
        warned(NO_LLM, "'extend' operator: Failed to resolve scalar expression named 'B'"),
        json.dumps(TABLE | {"error": {"code": "PartialError", "details": [{"code": "Other"}]}}),
        json.dumps(TABLE | {"error": {"code": "PartialError", "details": ["odd"]}}),
    ],
)
def test_any_other_partial_answer_is_one(service: Service, body: str) -> None:
    service.body = body

    with pytest.raises(NotYetError, match="only in part"):
        LogAnalytics("https://api.loganalytics.io", "id").query(FUZZY)


def test_a_full_answer_is_asked_for_in_pages(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(*given: Any, **more: Any) -> requests.Response:
        asked.append(str(more))
        rows = [["Requests", float(len(asked))]] * (2 if len(asked) == 1 else 1)
        service.body = json.dumps({"tables": [{"name": "t", "columns": COLUMNS, "rows": rows}]})
        return service.answer(*given, **more)

    monkeypatch.setattr(requests.Session, "request", answer)
    times = (
        "let since = datetime(2026-03-01T12:00:00Z);\nlet until = datetime(2026-03-01T13:00:00Z);"
    )
    workspace = LogAnalytics("https://api.loganalytics.io", "id")

    rows = workspace.query(Paged(f"{times}\nAzureMetrics\n| take 2"))

    assert [row["Total"] for row in rows] == [2.0, 3.0]


def test_columns_are_known_without_rows(service: Service) -> None:
    workspace = LogAnalytics("https://api.loganalytics.io", "id")
    service.body = json.dumps({"tables": [{"name": "t", "columns": COLUMNS, "rows": []}]})
    assert workspace.columns("AzureMetrics") == ["Name", "Total"]

    service.status, service.body = 204, ""
    with pytest.raises(NotYetError, match="no data"):
        workspace.columns("AzureMetrics")


def test_the_proofs_are_listed_with_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        program.main(["--list"])

    lines = capsys.readouterr().out.splitlines()
    assert end.value.code == 0
    assert [line.split()[0] for line in lines] == [proof.id for proof in PROOFS]
    assert all(proof.about in line for proof, line in zip(PROOFS, lines, strict=True))


def test_an_empty_answer_is_no_rows(service: Service) -> None:
    service.status, service.body = 204, ""

    assert service.query() == []


def test_nobody_logged_in_is_told_at_once_and_in_one_line(service: Service) -> None:
    service.identity.token = None

    with pytest.raises(CannotRunError, match=r"no login found$") as error:
        service.query()
    assert "az login" in error.value.fix


def test_a_token_that_cannot_be_renewed_now_is_waited_for(service: Service) -> None:
    workspace = LogAnalytics("https://api.loganalytics.io", "id")
    workspace.query("AzureMetrics")
    service.identity.token = None

    with pytest.raises(NotYetError, match="renewed"):
        workspace.query("AzureMetrics")
