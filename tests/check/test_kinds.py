"""Every kind of call, the long ones, those that must fail, and what no row may hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from queries.check import kinds
from queries.check.proofs.llm import whole
from queries.check.proofs.long import contents
from queries.library import names, title
from queries.pages import Paged
from tests.check.answers import refused
from tests.check.arm import ACCOUNT
from tests.check.conftest import Run
from tests.check.reading import DIAGNOSTICS, LLM, LOGS, ends, lost, of, without
from tests.check.stack import KEY, Row, deployment

pytestmark = pytest.mark.slow

DOCUMENT = {
    "POST /v1/responses": "V1_Responses_Create",
    "POST /deployments/{deployment-id}/chat/completions": "ChatCompletions_Create",
}
BIG = {"deployments": [deployment(capacity=10)], "operations": DOCUMENT}
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.c2ln"


def chunks_lost(row: Row) -> Row:
    """The second half of each long message never comes."""
    return row | {name: row[name][: len(row[name]) // 2] for name in ("Request", "Response")}


def test_a_roomy_chat_deployment_gets_every_kind(run: Run) -> None:
    report = run(**BIG)

    assert report.verdict == "proven", [line for line in report.proofs if line.status != "seen"]
    assert [r.url.path.split("/", 2)[2] for r in run.azure.requests] == [
        "deployments/text-turbo/chat/completions",
        "deployments/text-turbo/chat/completions",
        "v1/responses",
        "deployments/text-turbo/chat/completions",
        "deployments/text-turbo/chat/completions",
    ]
    stream, responses, prompt = (json.loads(run.azure.requests[n].content) for n in (1, 2, 3))
    assert stream["stream"]
    assert "stream_options" not in stream
    assert (responses["model"], responses["store"]) == ("text-turbo", False)
    assert len(prompt["messages"][0]["content"].encode()) > 8192
    assert "api-version" not in run.azure.requests[2].url.params
    assert "6 requests" in of(report, "gateway-metrics")[1]


def test_markers_and_prompts_are_never_the_same(run: Run) -> None:
    run(**BIG)
    run(**BIG)

    sent = [request.content for request in run.azure.requests]
    assert len(set(sent)) == len(sent)


def test_a_model_without_responses_is_left_in_peace(run: Run) -> None:
    message = "The responses operation does not work with the specified model, gpt-35."
    answers = run.azure.handle

    def no_responses(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/responses") and b'"background"' not in request.content:
            return refused(400, "OperationNotSupported", message)
        return answers(request)

    run.azure.handle = no_responses  # type: ignore[method-assign]

    assert run(operations=DOCUMENT).verdict == "proven"
    assert "left out, the model does not offer it" in run.screen.getvalue()


def test_only_responses_may_be_what_a_model_does_not_offer(run: Run) -> None:
    run.azure.refusals = [
        refused(400, "OperationNotSupported", "The chat operation does not work.")
    ]

    report = run(operations=DOCUMENT)

    assert report.verdict == "failed"
    assert "text-turbo: HTTP 400 OperationNotSupported" in of(report, "call")[1]


def test_a_policy_that_does_not_ask_streams_for_their_tokens_fails(run: Run) -> None:
    run.azure.asks = False

    report = run()

    assert of(report, "tokens")[0] == "failed"
    assert "text-turbo (stream): the stream told no tokens" in of(report, "tokens")[1]
    assert of(report, "whole")[0] == "failed"


def test_a_stack_that_leaves_streams_to_callers_is_called_by_one_who_asks(run: Run) -> None:
    run.azure.asks = False

    report = run(streamUsage="leave")

    assert report.verdict == "proven"
    assert json.loads(run.azure.requests[1].content)["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: body.replace('"stream":true', '"stream":true,"n":1'),
        lambda body: body.replace("include_usage", "include_usages"),
        lambda body: body.replace('"stream_options":{"include_usage":true},', ""),
    ],
)
def test_any_other_edit_of_a_body_fails(run: Run, edit: Callable[[str], str]) -> None:
    def edited(row: Row) -> Row:
        return row | {"BackendRequestBody": edit(row["BackendRequestBody"])}

    run.azure.change = {LOGS: edited}

    status, detail = of(run(), "whole")[:2]
    assert status == "failed"
    assert "BackendRequestBody holds" in detail


def test_a_streamed_answer_may_lack_a_body_if_the_llm_log_has_it(run: Run) -> None:
    empty = without(ResponseBody="", BackendResponseBody="")
    run.azure.change = {LOGS: lambda row: empty(row) if "data:" in row["ResponseBody"] else row}

    assert run().verdict == "proven"


def test_a_streamed_answer_may_not_lack_its_row(run: Run) -> None:
    run.azure.change = {LOGS: lambda row: None if "data:" in row["ResponseBody"] else row}

    status, detail, _ = of(run("--timeout", "1"), "completion")

    assert status == "timeout"
    assert "text-turbo (stream): not in ApiManagementGatewayLogs yet" in detail


@pytest.mark.parametrize(
    ("table", "change", "says"),
    [
        (
            LOGS,
            lambda r: r | {"RequestBody": r["RequestBody"][:1024]},
            "bytes of the 8192 it should",
        ),
        (LOGS, lambda r: r | {"ResponseBody": "x" + r["ResponseBody"]}, "not the start"),
        (LOGS, without(RequestSize=8192), "hides the cut"),
        (LLM, lambda r: r | {"Request": r["Request"].replace("Line 7 ", "Line 8 ")}, "other text"),
    ],
)
def test_long_messages_that_are_not_as_they_were_sent_fail(
    run: Run, table: str, change: Any, says: str
) -> None:
    run.azure.change = {table: change}

    report = run(**BIG)

    assert of(report, "long")[0] == "failed"
    assert says in of(report, "long")[1]


def test_chunks_that_never_come_are_told(run: Run) -> None:
    run.azure.change = {LLM: chunks_lost}

    status, detail, _ = of(run("--timeout", "1", **BIG), "long")

    assert status in {"timeout", "waiting"}
    assert "characters so far" in detail


def test_chunks_are_put_together_in_order_each_once() -> None:
    pieces = [(2, "b"), (10, "c"), (1, "a"), (2, "b"), (10, "c")]
    rows: list[Row] = [{"SequenceNumber": number, "Request": text} for number, text in pieces]
    rows.insert(2, {"SequenceNumber": 0, "Request": "[]"})

    assert whole(rows, "Request") == "abc"


def test_texts_are_found_in_messages_of_any_shape() -> None:
    text = json.dumps([{"role": "user", "content": [{"type": "text", "text": "façade"}]}])
    assert "façade" in contents(text)
    assert contents('[{"content": "cut') == ['[{"content": "cut']


@pytest.mark.parametrize(
    "stack",
    [
        {"deployments": [deployment(capacity=2)]},
        {**BIG, "llmLogging": False},
        {**BIG, "capture": "metadata"},
        {**BIG, "llmMessageBytes": 9000},
    ],
)
def test_long_calls_are_made_only_where_they_can_be_judged(run: Run, stack: Row) -> None:
    report = run("--timeout", "1", **stack)

    assert ends(report).get("long", "skipped") == "skipped"
    assert max(len(request.content) for request in run.azure.requests) < 1000


def test_a_shorter_answer_than_asked_for_is_no_alarm(run: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr(kinds, "LONG_WORDS", 3)

    assert run(**BIG).verdict == "proven"


def test_the_operation_is_that_of_the_document(run: Run) -> None:
    stack = {"operations": DOCUMENT}
    run.azure.change = {LOGS: lambda row: row | {"OperationId": row["OperationId"].lower()}}
    assert run(**stack).verdict == "proven"

    run.azure.change = {LOGS: without(OperationId="chatcompletions-create")}
    assert "chatcompletions-create" in of(run(deployments=[deployment()]), "operation")[1]

    run.azure.change = {LOGS: without(OperationId="getChatCompletions")}
    assert "not ChatCompletions_Create" in of(run(**stack), "operation")[1]


def test_the_three_calls_that_must_fail_cost_no_token(run: Run) -> None:
    run()

    keys = [request.headers.get("api-key") for request in run.azure.refused]
    assert keys[0] is None
    assert keys[1] != KEY
    assert len(str(keys[1])) == len(KEY)
    assert keys[2] == KEY
    assert all("/deployments/no-such-" in request.url.path for request in run.azure.refused)


def test_an_api_that_asks_for_no_key_fails(run: Run) -> None:
    run.azure.keys = False

    report = run()

    assert "no key: not refused with 401 but answered HTTP 404" in of(report, "refused")[1]
    assert "Subscription required" in of(report, "refused")[2]


@pytest.mark.parametrize(
    ("change", "proof", "says"),
    [
        (lambda r: r | {"ResponseCode": 200}, "refused", "ResponseCode is {200}"),
        (lambda r: r | {"BackendResponseCode": None}, "error", "BackendResponseCode is not 404"),
        (lambda r: r | {"ResponseBody": "{}"}, "error", "not in ResponseBody"),
    ],
)
def test_refusals_logged_otherwise_fail(run: Run, change: Any, proof: str, says: str) -> None:
    run.azure.change = {LOGS: lambda r: change(r) if "no-such-" in r["Url"] else r}

    assert says in of(run(), proof)[1]


def test_refusals_that_are_not_logged_time_out(run: Run) -> None:
    run.azure.change = {LOGS: lambda r: None if "no-such-" in r["Url"] else r}

    report = run("--timeout", "1")

    assert {n for n, end in ends(report).items() if end == "timeout"} == {"refused", "error"}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (LOGS, "RequestHeaders", {"api-key": KEY}),
        (LOGS, "Url", f"https://x/?subscription-key={KEY}"),
        (LOGS, "BackendRequestHeaders", f'{{"Authorization": "Bearer {TOKEN}"}}'),
        (LOGS, "TraceRecords", [{"data": TOKEN}]),
        (LOGS, "BackendRequestBody", f'{{"key": "{KEY}"}}'),
        (LLM, "Request", TOKEN),
        (DIAGNOSTICS, "properties_s", f"Bearer {TOKEN}"),
    ],
)
def test_a_secret_in_any_column_fails_and_is_not_repeated(
    run: Run, table: str, column: str, value: Any
) -> None:
    run.azure.change = {table: without(**{column: value})}

    report = run()

    assert of(report, "no-secrets")[0] == "failed"
    assert f"{table}.{column} holds" in of(report, "no-secrets")[1]
    assert KEY not in run.screen.getvalue()
    assert TOKEN not in run.screen.getvalue()
    assert not any(KEY in query for query in run.azure.queries)


def test_a_secret_is_told_though_other_rows_never_come(run: Run) -> None:
    run.azure.change = {LOGS: without(Url=f"https://x/?subscription-key={KEY}"), LLM: lost}

    status, detail, _ = of(run("--timeout", "5"), "no-secrets")

    assert (status, "ApiManagementGatewayLogs.Url holds" in detail) == ("failed", True)


def test_a_secret_that_one_look_found_is_told_though_the_next_finds_none(run: Run) -> None:
    run.azure.change = {DIAGNOSTICS: without(body_s=KEY), LLM: lost}
    ask, looks = run.azure.query, set[float]()

    def found_once(query: str | Paged) -> list[Row]:
        rows = ask(query)
        clean = [row for row in rows if KEY not in str(row)]
        looks.update({run.clock.time} if clean != rows else ())
        return clean if len(looks) > 1 else rows

    run.azure.query = found_once  # type: ignore[method-assign]

    assert of(run("--timeout", "5"), "no-secrets")[0] == "failed"
    assert len(looks) > 1, "it was looked for again"


@pytest.mark.parametrize(("table", "column"), [(LOGS, "TraceRecords"), (DIAGNOSTICS, "body_s")])
def test_a_marker_in_any_table_breaks_metadata(run: Run, table: str, column: str) -> None:
    def spoiled(row: Row) -> Row:
        return row | {column: f"… {run.azure.requests[-1].content.decode()} …"}

    run.azure.change = {table: spoiled}

    report = run(capture="metadata")

    assert f"{table}.{column}" in of(report, "no-content")[1]


def test_the_name_of_an_unknown_deployment_is_no_content(run: Run) -> None:
    """The account logs it."""
    names = [request.url.path for request in run.azure.refused]
    run.azure.change = {DIAGNOSTICS: lambda row: row | {"deployment_s": names[-1:]}}
    refusal = run.azure._refusal

    def remember(request: httpx.Request) -> httpx.Response | None:
        names.append(request.url.path)
        return refusal(request)

    run.azure._refusal = remember  # type: ignore[method-assign]

    assert run(capture="metadata").verdict == "proven"


def test_a_query_that_returns_other_columns_fails(run: Run) -> None:
    first = names()[0]
    run.azure.other_columns = {title(first): ["Other"]}

    report = run()

    assert of(report, "queries")[0] == "failed"
    assert f"{first}.kql declares other columns than it returns" in of(report, "queries")[1]


def test_queries_of_a_table_that_is_not_meant_to_be_are_left(run: Run) -> None:
    run.azure.change = {LLM: lost}

    report = run(llmLogging=False)

    assert report.verdict == "proven"
    assert "queries run and return" in of(report, "queries")[1]


def test_an_accounts_row_counts_for_one_call_only(run: Run) -> None:
    """Without request ids two calls need two rows."""

    def second_lost(row: Row) -> Row | None:
        unknown = row | {"CorrelationId": f"other-{row['CorrelationId']}"}
        return None if row["CorrelationId"] == "acc-2" else unknown

    run.azure.change = {DIAGNOSTICS: second_lost}

    report = run("--timeout", "1")

    assert of(report, "account")[0] == "timeout"
    assert ACCOUNT in next(query for query in run.azure.queries if "AzureDiagnostics" in query)


def test_a_stream_of_the_check_itself_has_tokens(run: Run) -> None:
    """It asks for usage, so a log without any has lost it."""
    nothing = dict.fromkeys(("PromptTokens", "CompletionTokens", "TotalTokens"), 0)
    run.azure.change = {LLM: without(IsStreamCompletion=True, **nothing)}

    assert ends(run("--timeout", "1"))["tokens"] == "waiting"
