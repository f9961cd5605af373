"""What a model answers, read by the real client, and what the account logs of it."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from sandbox.errors import NotModelledError
from sandbox.http import Headers, Request
from sandbox.identity import mint
from tests.sandbox.model.conftest import AUDIENCE, CALLER, CHAT, HELLO, Refused, World
from tests.sandbox.seen import reply, whole

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]
V1 = "https://oai-test.openai.azure.com/openai/v1"


def client(world: World, *, v1: bool = False) -> openai.OpenAI:
    def carry(request: httpx2.Request) -> httpx2.Response:
        headers = Headers((k, v) for k, v in request.headers.items() if k != "api-key")
        body = request.read()
        answer = world.endpoint(Request.to(request.method, str(request.url), headers, body))
        content = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
        return httpx2.Response(answer.status, headers=list(answer.headers), content=content)

    http = httpx2.Client(transport=httpx2.MockTransport(carry))
    token = mint(world.cloud, AUDIENCE, CALLER)[0]
    if v1:
        return openai.OpenAI(base_url=V1, api_key=token, http_client=http, max_retries=0)
    return openai.AzureOpenAI(
        azure_endpoint=V1.removesuffix("/openai/v1"),
        api_version="2024-10-21",
        azure_ad_token=token,
        http_client=http,
        max_retries=0,
    )


def test_chat_is_repeatable_but_for_its_id(world: World) -> None:
    first, second = (
        client(world).chat.completions.create(model="chat", messages=MESSAGES) for _ in "ab"
    )
    assert first.id != second.id
    assert first.choices == second.choices
    assert first.model == "gpt-5.6-luna-2026-07-09"
    assert first.usage
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens


def test_limit_cuts_the_text(world: World) -> None:
    chat = client(world).chat.completions.create
    cut = chat(model="chat", messages=MESSAGES, max_completion_tokens=3)
    assert cut.usage
    assert (cut.usage.completion_tokens, cut.choices[0].finish_reason) == (3, "length")


def test_prompt_can_ask_for_a_long_text(world: World) -> None:
    asked: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Write 9000 words."}]
    made = client(world).chat.completions.create(model="chat", messages=asked)
    assert len((made.choices[0].message.content or "").split()) == 9000


@pytest.mark.parametrize("v1", [False, True])
def test_streamed_chat_equals_the_whole_one(world: World, v1: bool) -> None:
    chat = client(world, v1=v1).chat.completions.create
    at_once = chat(model="chat", messages=MESSAGES)
    chunks = list(
        chat(model="chat", messages=MESSAGES, stream=True, stream_options={"include_usage": True})
    )
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == at_once.choices[0].message.content
    assert chunks[-1].usage == at_once.usage
    assert chunks[-2].choices[0].finish_reason == "stop"
    without = list(chat(model="chat", messages=MESSAGES, stream=True))
    assert not any(chunk.usage for chunk in without)


def test_responses_whole_and_streamed(world: World) -> None:
    create = client(world, v1=True).responses.create
    at_once = create(model="chat", input="Hello", instructions="Be brief.")
    events = list(create(model="chat", input="Hello", instructions="Be brief.", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].type == "response.completed"
    final = events[-1].response
    assert (at_once.status, final.status) == ("completed", "completed")
    assert final.usage == at_once.usage
    deltas = [e.delta for e in events if e.type == "response.output_text.delta"]
    assert "".join(deltas) == final.output_text == at_once.output_text
    cut = create(model="chat", input="Hello", max_output_tokens=2)
    assert cut.usage
    assert (cut.status, cut.usage.output_tokens) == ("incomplete", 2)
    type(final).model_validate(final.model_dump())


def test_embeddings_in_both_encodings(world: World) -> None:
    create = client(world).embeddings.create
    packed = create(model="vectors", input=["a", "b"], dimensions=8)
    plain = create(model="vectors", input=["a", "b"], dimensions=8, encoding_format="float")
    assert packed.data == plain.data
    assert len(packed.data[1].embedding) == 8
    assert packed.usage.prompt_tokens == 2


def test_models_are_those_deployed(world: World) -> None:
    models = client(world, v1=True).models
    assert "gpt-5.6-luna" in [model.id for model in models.list()]
    assert models.retrieve("gpt-4.1").id == "gpt-4.1"
    with pytest.raises(openai.NotFoundError):
        models.retrieve("gpt-2")


def test_reasoning_models_refuse_old_parameters(world: World) -> None:
    chat = client(world).chat.completions.create
    with pytest.raises(openai.BadRequestError, match="Use 'max_completion_tokens' instead"):
        chat(model="chat", messages=MESSAGES, max_tokens=5)
    with pytest.raises(openai.BadRequestError, match="'top_p' is not supported"):
        chat(model="chat", messages=MESSAGES, top_p=0.5)
    with pytest.raises(openai.BadRequestError, match=r"does not support 0\.2 with this model"):
        chat(model="chat", messages=MESSAGES, temperature=0.2)
    assert chat(model="plain", messages=MESSAGES, max_tokens=5, temperature=0.2).usage
    assert chat(model="chat", messages=MESSAGES, max_tokens=None, temperature=1).usage


@pytest.mark.parametrize("asked", [{"tools": [{}]}, {"n": 2}, {"data_sources": [{}]}])
def test_what_is_not_modelled_says_so(world: World, asked: dict[str, Any]) -> None:
    with pytest.raises(NotModelledError, match=f"'{next(iter(asked))}'"):
        world.call(body={**HELLO, **asked})


RESPONSES = "/openai/v1/responses"
EMBEDDINGS = "/openai/deployments/vectors/embeddings"


@pytest.mark.parametrize(("inputs", "status"), [(2048, 200), (2049, 400)])
def test_embeddings_take_2048_inputs(world: World, inputs: int, status: int) -> None:
    body = {"input": ["a"] * inputs, "dimensions": 2}
    assert world.call(EMBEDDINGS, body, version="?api-version=2024-10-21").status == status


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (CHAT, {"messages": "hi"}, "messages"),
        (CHAT, {"messages": [1]}, "messages"),
        (CHAT, {**HELLO, "max_completion_tokens": "9"}, "max_completion_tokens"),
        (CHAT, {**HELLO, "max_completion_tokens": -1}, "max_completion_tokens"),
        (CHAT, {**HELLO, "stream": True, "stream_options": "x"}, "stream_options"),
        (CHAT, {**HELLO, "stream": "yes"}, "stream"),
        (EMBEDDINGS, {"input": {"a": 1}}, "input"),
        (EMBEDDINGS, {"input": ["a", 1]}, "input"),
        (EMBEDDINGS, {"input": "a", "dimensions": "x"}, "dimensions"),
        (EMBEDDINGS, {"input": "a", "encoding_format": "xml"}, "encoding_format"),
        (RESPONSES, {"model": "chat", "input": 5}, "input"),
        (RESPONSES, {"model": "chat", "input": "a", "max_output_tokens": "x"}, "max_output_tokens"),
    ],
)
def test_values_of_the_wrong_type_are_refused(
    world: World, path: str, body: Any, param: str
) -> None:
    response = world.call(
        path, body, version="" if path == RESPONSES else "?api-version=2024-10-21"
    )
    error = reply(response)["error"]
    assert (response.status, error["code"], error["param"]) == (400, "invalid_type", param)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (CHAT, b"{", None),
        (CHAT, {"temperature": 1}, "missing_required_parameter"),
        ("/openai/deployments/chat/completions", {"prompt": "x"}, "OperationNotSupported"),
        ("/openai/deployments/vectors/chat/completions", HELLO, "OperationNotSupported"),
        ("/openai/deployments/chat/embeddings", {"input": "x"}, "OperationNotSupported"),
    ],
)
def test_bad_bodies(world: World, refused: Refused, path: str, body: Any, code: str | None) -> None:
    assert refused(world.call(path, body))[:2] == (400, code)


def test_row_and_metrics_of_a_call(world: World) -> None:
    response = world.call()
    usage = reply(response)["usage"]
    (row,) = world.telemetry.rows
    properties = world.telemetry.properties
    assert (row["OperationName"], row["ResultSignature"]) == ("ChatCompletions_Create", "200")
    assert row["CallerIPAddress"] == "81.2.69.***"
    assert row["CorrelationId"] == response.headers.get("apim-request-id")
    assert properties["objectId"] == CALLER
    assert properties["streamType"] == "Non-Streaming"
    assert properties["responseLength"] == len(whole(response))
    assert (properties["modelDeploymentName"], properties["modelName"]) == ("chat", "gpt-5.6-luna")
    assert not {"usage", "prompt_tokens"} & properties.keys()
    assert world.telemetry.metrics.pop("AzureOpenAITTLTInMS") > 0
    assert world.telemetry.metrics == {
        "AzureOpenAIRequests": 1,
        "RAITotalRequests": 1,
        "ProcessedPromptTokens": usage["prompt_tokens"],
        "GeneratedTokens": usage["completion_tokens"],
        "TokenTransaction": usage["total_tokens"],
    }


def test_a_stream_is_logged_when_it_ends(world: World) -> None:
    response = world.call(body={**HELLO, "stream": True})
    assert world.telemetry.rows == []
    assert not isinstance(response.body, bytes)
    sent = b"".join(response.body)
    assert sent.endswith(b"data: [DONE]\n\n")
    assert world.telemetry.properties["streamType"] == "Streaming"
    assert world.telemetry.properties["responseLength"] == len(sent)


def test_a_refused_call_is_logged_without_tokens(bare: World) -> None:
    bare.call()
    assert bare.telemetry.rows[0]["ResultSignature"] == "401"
    assert list(bare.telemetry.metrics) == ["AzureOpenAIRequests"]


def test_embeddings_generate_no_tokens_and_count_none(world: World) -> None:
    world.call(EMBEDDINGS, {"input": "Hello"})
    counted = world.telemetry.metrics
    assert counted["ProcessedPromptTokens"] == counted["TokenTransaction"] > 0
    assert "GeneratedTokens" not in counted
