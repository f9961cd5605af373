"""The `openai` package, as a real client of the deployed gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from harness.machine import Machine
from sandbox.options import Options
from sandbox.session import session

VERSION = "2024-12-01-preview"
MESSAGES: list[openai.types.chat.ChatCompletionMessageParam] = [
    {"role": "user", "content": "Say hello to the platform team."}
]


@pytest.fixture(scope="module")
def outputs(deployed: Machine) -> dict[str, Any]:
    return deployed.outputs()


@pytest.fixture
def inside(deployed: Machine, outputs: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process becomes a client inside the sandbox."""
    monkeypatch.chdir(deployed.project)
    with session(Options(folder=deployed.cloud)) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.fixture
def client(inside: None, outputs: dict[str, Any]) -> openai.AzureOpenAI:
    return azure_client(outputs, outputs["subscriptionKeys"]["aoai-test"])


def azure_client(outputs: dict[str, Any], key: str) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(
        azure_endpoint=outputs["gatewayUrl"], api_key=key, api_version=VERSION, max_retries=3
    )


def test_chat(client: openai.AzureOpenAI) -> None:
    answer = client.chat.completions.create(model="text-turbo", messages=MESSAGES)
    assert answer.choices[0].message.content
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_streaming_gives_the_text_in_parts_and_the_usage_at_the_end(
    client: openai.AzureOpenAI,
) -> None:
    parts = list(
        client.chat.completions.create(
            model="text-turbo",
            messages=MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    texts = [part.choices[0].delta.content for part in parts if part.choices]
    assert len([text for text in texts if text]) > 1
    assert parts[-1].usage
    assert parts[-1].usage.completion_tokens > 0


def test_embeddings(client: openai.AzureOpenAI) -> None:
    answer = client.embeddings.create(model="text-vectors", input=["one", "two"])
    assert [len(item.embedding) for item in answer.data] == [1536, 1536]


def test_responses_on_the_v1_surface(inside: None, outputs: dict[str, Any]) -> None:
    client = openai.OpenAI(
        base_url=f"{outputs['gatewayUrl']}/openai/v1",
        api_key="unused",
        default_headers={"api-key": outputs["subscriptionKeys"]["aoai-test"]},
    )
    answer = client.responses.create(model="text-turbo", input="Say hello.")
    assert answer.output_text
    assert answer.usage
    assert answer.usage.total_tokens > 0


def test_wrong_key_is_refused_by_the_gateway(inside: None, outputs: dict[str, Any]) -> None:
    client = azure_client(outputs, "0" * 32)
    with pytest.raises(openai.AuthenticationError, match="invalid subscription key"):
        client.chat.completions.create(model="text-turbo", messages=MESSAGES)


def test_unknown_deployment_is_refused_by_the_account(client: openai.AzureOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="deployment for this resource does not exist"):
        client.chat.completions.create(model="nowhere", messages=MESSAGES)


def test_unknown_operation_is_refused_by_the_gateway(client: openai.AzureOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="Resource not found"):
        client.images.generate(model="text-turbo", prompt="a gateway")


def test_account_refuses_keys(inside: None, outputs: dict[str, Any]) -> None:
    client = openai.AzureOpenAI(
        azure_endpoint=outputs["accountEndpoint"], api_key="0" * 32, api_version=VERSION
    )
    with pytest.raises(openai.APIStatusError, match="Key based authentication is disabled"):
        client.chat.completions.create(model="text-turbo", messages=MESSAGES)
