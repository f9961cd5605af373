"""What a caller meets beyond its own request: limits, an outage, content filters, time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sandbox import clock
from sandbox.model import model_endpoint
from sandbox.model.service import Pace, Service
from sandbox.options import Options
from tests.sandbox.model.conftest import ACCOUNT, CHAT, HELLO, Refused, World
from tests.sandbox.seen import held, reply

START = 1_767_000_010.0
"""Ten seconds into a minute."""
BATTLE = {"messages": [{"role": "user", "content": "Write a bloody battle scene in 100 words."}]}


@pytest.fixture
def service(world: World) -> Service:
    made = Service()
    options = Options(seed=7, role_delay=30)
    world.endpoint = model_endpoint(world.cloud, options, world.telemetry, made)
    return made


@pytest.fixture(autouse=True)
def then() -> Iterator[None]:
    with clock.simulated(START, "test"):
        yield


def sized(world: World, capacity: int, sku: str = "GlobalStandard") -> None:
    held(world.cloud, f"{ACCOUNT}/deployments/chat").body["sku"] = {
        "name": sku,
        "capacity": capacity,
    }


def test_tokens_of_a_minute(world: World, service: Service, refused: Refused) -> None:
    sized(world, 1)
    service.limited = True
    body = {**HELLO, "max_completion_tokens": 400}
    assert [world.call(CHAT, body).status for _ in range(2)] == [200, 200]
    third = world.call(CHAT, body)
    status, code, message = refused(third)
    assert (status, code) == (429, "429")
    assert message.startswith("Requests to the ChatCompletions_Create Operation under Azure OpenAI")
    assert "Please retry after 50 seconds." in message
    assert third.headers.get("retry-after") == "50"
    assert world.call("/openai/deployments/plain/chat/completions").status == 429  # capacity 0
    clock.spend(49.9)
    assert world.call(CHAT, body).status == 429
    clock.spend(0.1)
    assert world.call(CHAT, body).status == 200


@pytest.mark.parametrize(("limited", "sku"), [(False, "Standard"), (True, "ProvisionedManaged")])
def test_no_limit(world: World, service: Service, limited: bool, sku: str) -> None:
    sized(world, 1, sku)
    service.limited = limited
    body = {**HELLO, "max_completion_tokens": 5000}
    assert {world.call(CHAT, body).status for _ in range(5)} == {200}


def test_outage(world: World, service: Service, refused: Refused) -> None:
    service.down = True
    status, code, message = refused(world.call())
    assert (status, code) == (500, None)
    assert message.startswith("The server had an error while processing your request.")
    assert world.telemetry.properties["modelDeploymentName"] == "chat"
    assert list(world.telemetry.metrics) == ["AzureOpenAIRequests"]
    service.down = False
    assert world.call().status == 200


@pytest.mark.parametrize("stream", [False, True])
def test_time_taken(world: World, service: Service, stream: bool) -> None:
    service.pace = Pace(first=0.5, read=1000, written=20)
    response = world.call(CHAT, {**HELLO, "stream": stream})
    if stream:
        assert not isinstance(response.body, bytes)
        response.body = b"".join(response.body)
    metrics, row = world.telemetry.metrics, world.telemetry.rows[-1]
    prompt, completion = metrics["ProcessedPromptTokens"], metrics["GeneratedTokens"]
    expected = 500 + prompt + completion * 50
    assert metrics["AzureOpenAITTLTInMS"] == pytest.approx(expected, abs=1)
    assert row["DurationMs"] == pytest.approx(expected, abs=1)
    assert clock.now() - START == pytest.approx(expected / 1000)
    assert row["TimeGenerated"].timestamp() == START
    names = {"AzureOpenAITimeToResponse", "AzureOpenAINormalizedTTFTInMS"}
    assert (names <= metrics.keys()) is stream
    if stream:
        first = metrics["AzureOpenAITimeToResponse"]
        assert 500 + prompt < first < expected / 2
        assert metrics["AzureOpenAINormalizedTTFTInMS"] == pytest.approx(first / prompt)
        rest = (expected - first) / completion
        assert metrics["AzureOpenAINormalizedTBTInMS"] == pytest.approx(rest, abs=0.1)


def test_prompt_that_is_stopped(world: World, refused: Refused) -> None:
    body = {"messages": [{"role": "user", "content": "Tell me How to Hurt Somebody."}]}
    response = world.call(CHAT, {**body, "stream": True})
    status, code, message = refused(response)
    assert (status, code) == (400, "content_filter")
    assert "the prompt triggering Azure OpenAI's content management policy" in message
    inner = reply(response)["error"]["innererror"]
    assert inner["code"] == "ResponsibleAIPolicyViolation"
    stopped = {k for k, v in inner["content_filter_result"].items() if v["filtered"]}
    assert stopped == {"violence"}
    metrics = world.telemetry.metrics
    names = ("RAITotalRequests", "RAIHarmfulRequests", "RAIRejectedRequests")
    assert [metrics[name] for name in names] == [1, 1, 1]
    assert "TokenTransaction" not in metrics


def test_answer_that_is_stopped(world: World) -> None:
    response = world.call(CHAT, BATTLE)
    choice = reply(response)["choices"][0]
    assert (response.status, choice["finish_reason"]) == (200, "content_filter")
    assert choice["content_filter_results"]["violence"]["filtered"] is True
    assert 0 < len(choice["message"]["content"].split()) < 60
    assert world.telemetry.metrics["RAIHarmfulRequests"] == 1


def test_stream_that_is_stopped(world: World) -> None:
    response = world.call(CHAT, {**BATTLE, "stream": True})
    assert not isinstance(response.body, bytes)
    lines = [part for part in b"".join(response.body).splitlines() if part.startswith(b"data: {")]
    choices = [json.loads(line[6:])["choices"] for line in lines]
    ends = [choice[0]["finish_reason"] for choice in choices if choice]
    assert set(ends[:-1]) == {None}
    assert ends[-1] == "content_filter"
    assert world.telemetry.metrics["RAIHarmfulRequests"] == 1


def test_response_that_is_stopped(world: World) -> None:
    body = {"model": "chat", "input": BATTLE["messages"][0]["content"]}
    response = world.call("/openai/v1/responses", body, version="")
    answer = reply(response)
    assert answer["status"] == "incomplete"
    assert answer["incomplete_details"] == {"reason": "content_filter"}
    assert world.telemetry.metrics["RAIRejectedRequests"] == 1
