"""Streams are sent on with `stream_options.include_usage`, every other byte as it came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.openai_api.policy import render
from sandbox.gateway import dotnet
from sandbox.http import Headers, Response
from tests.sandbox.gateway.conftest import CHAT, COMPLETION, Azure
from tests.sandbox.gateway.test_streams import OWN, deploy, events

JSON = {"Content-Type": "application/json"}
V1 = "/openai/v1/chat/completions"
LEFT = render(
    audience="https://cognitiveservices.azure.com",
    backend_url="https://oai-x.openai.azure.com/openai",
    timeout=600,
    without={"stream-usage"},
)


def sent(
    azure: Azure, body: bytes, path: str = CHAT, headers: Any = JSON, policy: str = OWN
) -> bytes:
    """What the account gets of a body."""
    deploy(azure, policy=policy)
    azure.answer = lambda _: Response.json(200, COMPLETION)
    azure.call(path, raw=body, headers=headers)
    return azure.sent[-1].body


@pytest.fixture(autouse=True)
def _operations(azure: Azure) -> None:
    azure.operation("V1_ChatCompletions_Create", "POST", "/v1/chat/completions")
    azure.operation("V1_Completions_Create", "POST", "/v1/completions")
    azure.operation("Completions_Create", "POST", "/deployments/{deployment-id}/completions")
    azure.operation("Embeddings_Create", "POST", "/deployments/{deployment-id}/embeddings")


HEAD = b'{"stream_options":{"include_usage":true},'
NASTY = {
    "large numbers": b'{"stream":true,"seed":123456789012345678901234567890,"t":1.10,"e":1e400}',
    "a number's form": b'{"stream":true,"temperature":1.0E+0,"top_p":-0.0}',
    "a date, which Json.NET would write anew": b'{"d":"2026-01-01T00:00:00.000Z","stream":true}',
    "the order of keys": b'{"z":1,"a":2,"stream":true,"messages":[]}',
    "a key twice": b'{"user":"a","stream":true,"user":"b"}',
    "`stream` twice, the last true": b'{"stream":false,"stream":true}',
    "nested ones": b'{"stream":true,"tools":[{"stream_options":{"include_usage":true}}]}',
    "escapes": b'{"stream":true,"messages":[{"content":"\\u00e9\\ud83d\\ude00\\/\\b"}]}',
    "an escaped key": b'{"str\\u0065am":true,"messages":[]}',
    "half a character": b'{"stream":true,"messages":"\\ud83d"}',
    "UTF-8": '{"stream":true,"messages":"é漢😀\ufffd"}'.encode(),
    "braces in a text": b'{"messages":"}{\\"stream_options\\":{","stream":true}',
    "blanks around": b' \t\r\n{ "stream" : true }\n',
    "unknown fields": b'{"stream":true,"x-new":{"deep":[null,false]}}',
    "a megabyte": b'{"stream":true,"messages":"' + b"\\n \xc3\xa9{" * 200_000 + b'"}',
}


@pytest.mark.parametrize("body", NASTY.values(), ids=NASTY.keys())
def test_usage_is_asked_for_and_nothing_else_changes(azure: Azure, body: bytes) -> None:
    found = sent(azure, body)
    start, _, rest = body.partition(b"{")
    assert found == start + HEAD + rest
    assert json.loads(found)["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (b"null", b'{"include_usage":true}'),
        (b"{}", b'{"include_usage":true}'),
        (b"{ }", b'{"include_usage":true}'),
        (b'{"include_usage":false}', b'{"include_usage":true}'),
        (b'{ "include_usage" : null }', b'{ "include_usage" : true }'),
        (b'{"include_obfuscation":false}', b'{"include_usage":true,"include_obfuscation":false}'),
        (
            b'{"include_obfuscation":false, "include_usage": false}',
            b'{"include_obfuscation":false, "include_usage": true}',
        ),
    ],
)
def test_options_without_usage_are_completed_where_they_stand(
    azure: Azure, options: bytes, wanted: bytes
) -> None:
    text = b'{"messages":"\\"stream_options\\": {}","stream_options" : %s ,"stream":true,"n":1.0}'
    assert sent(azure, text % options) == text % wanted


UNTOUCHED = {
    "on your data": b'{"stream":true,"data_sources":[{"type":"azure_search"}]}',
    "asks already": b'{"stream":true,"stream_options":{"include_usage":true}}',
    "no stream": b'{"messages":"stream"}',
    "false": b'{"stream":false}',
    "the last says false": b'{"stream":true,"stream":false}',
    "a text": b'{"stream":"true"}',
    "a number": b'{"stream":1}',
    "null": b'{"stream":null}',
    "only nested": b'{"messages":[{"stream":true}],"metadata":{"stream":true}}',
    "malformed": b'{"stream":true',
    "more than an object": b'{"stream":true} {}',
    "a list": b'[{"stream":true}]',
    "no JSON": b"stream",
    "nothing": b"",
    "a byte order mark": b'\xef\xbb\xbf{"stream":true}',
    "no UTF-8": b'{"stream":true,"messages":"\xff"}',
    "options that are none": b'{"stream":true,"stream_options":[]}',
    "options that are a text": b'{"stream":true,"stream_options":"a"}',
    "options twice": b'{"stream":true,"stream_options":null,"stream_options":null}',
    "a key in other letters": b'{"stream":true,"stream\\u005foptions":null}',
    "and a nested one": b'{"a":{"stream_options":{}},"stream\\u005foptions":{},"stream":true}',
    "too deep": b'{"stream":true,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_what_is_no_stream_without_usage_passes_as_it_came(azure: Azure, body: bytes) -> None:
    assert sent(azure, body) == body


@pytest.mark.parametrize(
    ("path", "headers", "edited"),
    [
        (CHAT, JSON, True),
        (f"{CHAT}?api-version=2024-12-01-preview", JSON, True),
        (f"{CHAT}?api-version=2024-10-21", JSON, True),
        (f"{CHAT}?api-version=2024-09-01-preview", JSON, True),
        (f"{CHAT}?api-version=2024-06-01", JSON, False),
        (f"{CHAT}?api-version=2023-05-15", JSON, False),
        (f"{CHAT}/", JSON, True),
        (V1, JSON, True),
        (f"{V1}?api-version=preview", JSON, True),
        (V1.replace("chat", "Chat"), JSON, True),
        (V1.replace("chat/", ""), JSON, True),
        (CHAT.replace("chat/", ""), JSON, True),
        ("/openai/v1/responses", JSON, False),
        (CHAT.replace("chat/completions", "embeddings"), JSON, False),
        (CHAT, {"Content-Type": "application/json; charset=UTF-8"}, True),
        (CHAT, {"Content-Type": 'application/json;charset="utf-8"'}, True),
        (CHAT, {"Content-Type": "application/json; charset=utf-16"}, False),
        (CHAT, {"Content-Type": "application/jsonl"}, False),
        (CHAT, {"Content-Type": "text/plain"}, False),
        (CHAT, {}, False),
    ],
)
def test_only_completions_in_json_are_edited_where_the_version_knows_the_option(
    azure: Azure, path: str, headers: Any, edited: bool
) -> None:
    rest = b'"stream":true,"store":false}'
    assert sent(azure, b"{" + rest, path, headers) == (HEAD if edited else b"{") + rest


def test_a_stack_may_leave_calls_as_they_come(azure: Azure) -> None:
    for body in (b'{"stream":true}', b'{"stream":true,"stream_options":{"include_usage":false}}'):
        assert sent(azure, body, policy=LEFT) == body


def test_the_stream_still_passes_at_once_and_both_bodies_are_logged(azure: Azure) -> None:
    deploy(azure)
    taken = events(azure)
    body: Any = azure.call(raw=b'{"stream":true}', headers=JSON, read=False).body
    assert next(body)
    assert taken == [0]
    assert list(body)
    row = azure.logged()[-1]
    assert row["RequestBody"] == '{"stream":true}'
    assert row["BackendRequestBody"] == (HEAD + b'"stream":true}').decode()
    assert row["RequestSize"] == len(b'{"stream":true}')


@pytest.mark.parametrize(
    ("body", "times"),
    [
        (b'{"messages":"plain"}', 0),
        (b'{"stream":true}', 1),
        (b'{"stream":true,"stream_options":{"include_usage":true}}', 1),
        (b'{"stream":true,"stream_options":{}}', 2),
    ],
)
def test_a_body_is_parsed_once_and_again_only_to_see_that_an_edit_is_right(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, body: bytes, times: int
) -> None:
    parsed, read = list[str | bytes](), dotnet.parsed

    def counted(text: str | bytes) -> Any:
        parsed.append(text)
        return read(text)

    monkeypatch.setattr(dotnet, "parsed", counted)
    azure.answer = lambda _: Response(200, Headers([("Content-Type", "text/event-stream")]), b"")
    deploy(azure)
    azure.call(raw=body, headers=JSON)
    assert len(parsed) == times
