"""What is written down of a call: as much as the deployed diagnostics ask, and no more."""

import json
from typing import Any

import pytest

from sandbox.http import Headers, Response
from sandbox.model.answers import chat, respond, write
from tests.sandbox.gateway.conftest import CHAT, COMPLETION, SERVICE, Azure, diagnostic

PER_API = "/apis/miyagi-api/diagnostics/azuremonitor"


def legs(**message: Any) -> dict[str, Any]:
    return {side: {"request": message, "response": message} for side in ("frontend", "backend")}


def forget(azure: Azure, path: str) -> None:
    with azure.cloud.change():
        azure.cloud.remove(SERVICE + path)


def test_the_row_says_who_called_what_with_which_content(azure: Azure) -> None:
    azure.call()
    [row] = azure.logged()
    expected = {
        "ApiId": "miyagi-api",
        "OperationId": "ChatCompletions_Create",
        "ProductId": "OpenAi",
        "ApimSubscriptionId": "aoai-test",
        "CallerIpAddress": "10.1.2.3",
        "Method": "POST",
        "Url": f"https://apim-x.azure-api.net{CHAT}",
        "BackendUrl": f"https://oai-x.openai.azure.com{CHAT}",
        "ResponseCode": 200,
        "BackendResponseCode": 200,
        "IsRequestSuccess": True,
        "RequestBody": '{"messages": [{"role": "user", "content": "hi"}]}',
        "BackendRequestBody": '{"messages": [{"role": "user", "content": "hi"}]}',
        "ResponseBody": json.dumps(COMPLETION),
        "BackendResponseBody": json.dumps(COMPLETION),
        "RequestHeaders": {},
    }
    assert {name: row[name] for name in expected} == expected
    assert azure.metrics == [("Requests", 1)]


def test_without_diagnostic_or_logger_nothing_is_logged(azure: Azure) -> None:
    forget(azure, "/loggers/azuremonitor")
    azure.call()
    forget(azure, PER_API)
    azure.call()
    assert not azure.rows
    assert len(azure.metrics) == 2


def test_the_apis_diagnostic_replaces_the_services(azure: Azure) -> None:
    azure.put("/diagnostics/azuremonitor", diagnostic(logClientIp=False, **legs()))
    azure.call()
    forget(azure, PER_API)
    azure.call()
    own, common = azure.logged()
    assert "RequestBody" in own
    assert "CallerIpAddress" in own
    assert not {"RequestBody", "BackendResponseBody", "CallerIpAddress"} & set(common)


def test_bodies_are_cut_at_the_declared_bytes(azure: Azure) -> None:
    azure.put(PER_API, diagnostic(**legs(body={"bytes": 100})))
    azure.call(body={"messages": [{"role": "user", "content": "x" * 500}]})
    [row] = azure.logged()
    assert len(row["RequestBody"]) == len(row["BackendResponseBody"]) == 100
    assert row["RequestSize"] > 500


def test_an_entry_over_32_kilobytes_loses_every_body(azure: Azure) -> None:
    long = [{"message": {"role": "assistant", "content": "y" * 9000}}]
    azure.answer = lambda _: Response.json(200, COMPLETION | {"choices": long})
    azure.call(body={"messages": [{"role": "user", "content": "x" * 9000}]})
    [row] = azure.logged()
    assert not [name for name in row if name.endswith("Body")]
    assert row["ResponseCode"] == 200


def test_only_listed_headers_are_logged_and_masked_ones_hold_no_secret(azure: Azure) -> None:
    masks = {
        "headers": [
            {"mode": "Mask", "value": "authorization"},
            {"mode": "Hide", "value": "x-hidden"},
        ],
        "queryParams": [{"mode": "Mask", "value": "subscription-key"}],
    }
    listed = ["Authorization", "X-Seen", "X-Hidden", "X-Absent"]
    azure.put(PER_API, diagnostic(**legs(headers=listed, dataMasking=masks)))
    key = azure.key()
    azure.call(
        f"{CHAT}?subscription-key={key}&api-version=1",
        key=None,
        headers={"X-Seen": "a", "X-Hidden": "b", "X-Other": "c"},
    )
    [row] = azure.logged()
    assert row["RequestHeaders"] == {"Authorization": "*****", "X-Seen": "a"}
    assert row["BackendRequestHeaders"] == {"Authorization": "*****", "X-Seen": "a"}
    assert row["Url"].endswith("?subscription-key=*****&api-version=1")
    text = str(azure.rows)
    assert key not in text
    assert azure.sent[0].headers.get("Authorization") not in text


def test_sampling_is_repeatable_and_errors_are_always_logged(azure: Azure) -> None:
    azure.put(PER_API, diagnostic(sampling={"samplingType": "fixed", "percentage": 50}))
    for seed in [*range(40), *range(40)]:
        azure.rows.append(("seed", {}))
        azure.call(seed=seed)
    pattern = [name for name, _ in azure.rows]
    assert pattern[: len(pattern) // 2] == pattern[len(pattern) // 2 :]
    assert 20 < len(azure.logged()) < 60
    azure.put(PER_API, diagnostic(sampling={"samplingType": "fixed", "percentage": 0}))
    azure.rows.clear()
    azure.call()
    assert not azure.rows
    azure.call(key=None)
    [row] = azure.logged()
    assert (row["ResponseCode"], row["LastErrorReason"]) == (401, "SubscriptionKeyNotFound")
    assert not row["IsRequestSuccess"]


def test_one_call_gives_a_token_row_and_its_messages(azure: Azure) -> None:
    azure.call(f"{CHAT}?api-version=2024-10-21")
    head, prompt, completion = azure.logged("GatewayLlmLogs")
    [gateway] = azure.logged()
    assert {row["CorrelationId"] for row in (head, prompt, completion)} == {
        gateway["CorrelationId"]
    }
    assert (head["PromptTokens"], head["CompletionTokens"], head["TotalTokens"]) == (9, 3, 12)
    assert head["ModelName"] == "gpt-4o-mini-2024-07-18"
    assert head["DeploymentName"] == "text-turbo"
    assert head["RequestId"] == "chatcmpl-1"
    assert head["ApiVersion"] == "2024-10-21"
    assert head["IsStreamCompletion"] is False
    assert prompt["RequestMessages"] == [{"role": "user", "content": "hi"}]
    assert completion["ResponseMessages"] == [{"role": "assistant", "content": "hello"}]
    assert [row["SequenceNumber"] for row in (head, prompt, completion)] == [0, 1, 2]


def test_long_messages_come_in_chunks_that_join_to_the_whole(azure: Azure) -> None:
    asked = [{"role": "user", "content": "é" * 20_000}]
    azure.call(body={"messages": asked})
    rows = azure.logged("GatewayLlmLogs")
    pieces = [row["RequestMessages"] for row in rows if "RequestMessages" in row]
    assert len(pieces) > 1
    assert all(len(piece.encode()) <= 32 * 1024 for piece in pieces)
    assert json.loads("".join(pieces)) == asked
    assert [row["SequenceNumber"] for row in rows] == list(range(len(rows)))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {}),
        (CHAT, {"stream": True, "stream_options": {"include_usage": True}}),
        ("/openai/v1/responses", {"model": "text-turbo"}),
        ("/openai/v1/responses", {"model": "text-turbo", "stream": True}),
    ],
)
def test_long_prompts_and_completions_join_byte_for_byte(
    azure: Azure, path: str, body: dict[str, Any]
) -> None:
    kind, field = (respond, "input") if "model" in body else (chat, "messages")
    asked = [{"role": "user", "content": "9000 words: " + '€"\\\n' * 20_000}]
    answer = kind(0, "m", given := {field: asked, **body})
    events = Headers([("Content-Type", "text/event-stream")])
    azure.answer = lambda _: Response(200, events, iter(answer.parts))
    azure.call(path, body=given)
    head, *rows = azure.logged("GatewayLlmLogs")
    tokens = (head["PromptTokens"], head["CompletionTokens"])
    assert (head["DeploymentName"], tokens) == ("text-turbo", answer.tokens)
    prompt, reply = (
        json.loads("".join(row[name] for row in rows if name in row))
        for name in ("RequestMessages", "ResponseMessages")
    )
    said = reply[0]["content"] if kind is chat else reply[0]["content"][0]["text"]
    assert prompt == asked
    assert said == write(0, asked if kind is chat else {"input": asked}, None)[0]


@pytest.mark.parametrize(
    ("path", "given", "code", "reason", "operation"),
    [
        (CHAT, {"key": None}, 401, "SubscriptionKeyNotFound", "ChatCompletions_Create"),
        (CHAT, {"key": "no-such"}, 401, "SubscriptionKeyInvalid", "ChatCompletions_Create"),
        (f"{CHAT}?subscription-key=no-such", {"key": None}, 401, "SubscriptionKeyInvalid", None),
        ("/openai/nowhere", {}, 404, "OperationNotFound", ""),
    ],
)
def test_refused_calls_are_logged_with_api_and_reason_and_without_the_key(
    azure: Azure, path: str, given: dict[str, Any], code: int, reason: str, operation: str | None
) -> None:
    azure.call(path, **given)
    [row] = azure.logged()
    assert (row["ResponseCode"], row["LastErrorReason"]) == (code, reason)
    assert (row["ApiId"], row["ApimSubscriptionId"]) == ("miyagi-api", "")
    assert operation in (None, row["OperationId"])
    assert "no-such" not in str(azure.rows)
    assert not azure.logged("GatewayLlmLogs")
    assert not azure.sent


def test_a_backends_refusal_is_logged_as_the_backends(azure: Azure) -> None:
    error = {"error": {"code": "DeploymentNotFound", "message": "no deployment"}}
    azure.answer = lambda _: Response.json(404, error)
    azure.call()
    [row] = azure.logged()
    assert (row["ResponseCode"], row["BackendResponseCode"]) == (404, 404)
    assert json.loads(row["BackendResponseBody"]) == error
    assert "LastErrorReason" not in row
    assert row["ApimSubscriptionId"] == "aoai-test"


@pytest.mark.parametrize(("size", "kept"), [(99, 33), (100, 33), (101, 33), (102, 34)])
def test_a_character_cut_in_the_middle_is_dropped(azure: Azure, size: int, kept: int) -> None:
    azure.put(PER_API, diagnostic(**legs(body={"bytes": size})))
    azure.answer = lambda _: Response(200, Headers(), ("€" * 50).encode())
    azure.call()
    assert azure.logged()[0]["ResponseBody"] == "€" * kept


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"logs": "disabled"}, 0),
        ({"logs": "enabled"}, 1),
        ({"logs": "enabled", "requests": {"messages": "all"}}, 2),
        (None, 0),
    ],
)
def test_content_is_logged_only_where_it_is_asked_for(
    azure: Azure, settings: dict[str, Any] | None, count: int
) -> None:
    azure.put(PER_API, diagnostic(largeLanguageModel=settings))
    azure.call()
    assert len(azure.logged("GatewayLlmLogs")) == count
    assert len(azure.logged()) == 1


def test_messages_are_cut_at_their_declared_size(azure: Azure) -> None:
    limit = {"messages": "all", "maxSizeInBytes": 64}
    azure.put(PER_API, diagnostic(largeLanguageModel={"logs": "enabled", "requests": limit}))
    azure.call(body={"messages": [{"role": "user", "content": "x" * 500}]})
    _, prompt = azure.logged("GatewayLlmLogs")
    assert len(prompt["RequestMessages"]) == 64


def stream(events: list[dict[str, Any]]) -> Response:
    lines = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
    headers = Headers([("Content-Type", "text/event-stream")])
    return Response(200, headers, iter([*lines, b"data: [DONE]\n\n"]))


def chat_events(usage: dict[str, int] | None) -> list[dict[str, Any]]:
    common = {"id": "chatcmpl-2", "model": "m", "object": "chat.completion.chunk"}
    deltas = [common | {"choices": [{"index": 0, "delta": {"content": t}}]} for t in ("he", "llo")]
    return deltas + ([common | {"choices": [], "usage": usage}] if usage else [])


def test_a_stream_is_logged_at_its_end(azure: Azure) -> None:
    usage = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}
    azure.answer = lambda _: stream(chat_events(usage))
    azure.put(PER_API, diagnostic(**legs()))
    response = azure.call(read=False)
    assert not isinstance(response.body, bytes)
    first = next(response.body)
    assert b"he" in first
    assert not azure.rows
    assert b"llo" in first + b"".join(response.body)
    head, _, completion = azure.logged("GatewayLlmLogs")
    assert (head["IsStreamCompletion"], head["TotalTokens"]) == (True, 6)
    assert completion["ResponseMessages"] == [{"role": "assistant", "content": "hello"}]
    assert "BackendResponseBody" not in azure.logged()[0]


def test_a_stream_whose_body_is_logged_is_logged_whole(azure: Azure) -> None:
    azure.answer = lambda _: stream(chat_events(None))
    whole = azure.call().body
    assert azure.logged()[0]["BackendResponseBody"].encode() == whole


def test_a_stream_without_usage_has_no_tokens_to_log(azure: Azure) -> None:
    azure.answer = lambda _: stream(chat_events(None))
    azure.call()
    head = azure.logged("GatewayLlmLogs")[0]
    assert (head["TotalTokens"], head["RequestId"]) == (0, "chatcmpl-2")


def test_a_caller_who_leaves_a_stream_is_logged_too(azure: Azure) -> None:
    azure.answer = lambda _: stream(chat_events(None))
    azure.put(PER_API, diagnostic(**legs()))
    body: Any = azure.call(read=False).body
    next(body)
    body.close()
    assert len(azure.logged()) == 1


@pytest.mark.parametrize("streamed", [False, True])
def test_responses_are_logged_like_chat(azure: Azure, streamed: bool) -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "hello"}]}]
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    reply = {"id": "resp_1", "object": "response", "model": "m", "output": output, "usage": usage}
    events = [{"type": "response.created", "response": {"id": "resp_1", "output": []}}]
    events += [{"type": "response.completed", "response": reply}]
    azure.answer = lambda _: stream(events) if streamed else Response.json(200, reply)
    azure.call("/openai/v1/responses", body={"model": "text-turbo", "input": "hi"})
    head, prompt, completion = azure.logged("GatewayLlmLogs")
    assert (head["DeploymentName"], head["RequestId"], head["TotalTokens"]) == (
        "text-turbo",
        "resp_1",
        7,
    )
    assert prompt["RequestMessages"] == [{"role": "user", "content": "hi"}]
    assert completion["ResponseMessages"] == output


@pytest.mark.parametrize(("seed", "count"), [(0, 3), (1, 1), (2, 0), (3, 3)])
def test_what_is_logged_of_responses_hangs_on_the_seed(azure: Azure, seed: int, count: int) -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "hello"}]}]
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    reply = {"id": "resp_1", "model": "m", "output": output, "usage": usage}
    azure.answer = lambda _: Response.json(200, reply)
    azure.call("/openai/v1/responses", body={"model": "text-turbo", "input": "hi"}, seed=seed)
    azure.answer = lambda _: Response.json(200, COMPLETION)
    azure.call(seed=seed)
    assert len(azure.logged("GatewayLlmLogs")) == count + 3


def test_errors_and_embeddings_have_no_token_row(azure: Azure) -> None:
    azure.answer = lambda _: Response.json(400, {"error": {"code": "content_filter"}})
    azure.call()
    azure.answer = lambda _: Response.json(200, {"data": [{"embedding": [0.1]}], "usage": {}})
    azure.call()
    assert [row["ResponseCode"] for row in azure.logged()] == [400, 200]
    assert not azure.logged("GatewayLlmLogs")
