"""Consumers who call with tokens of Microsoft Entra: the `openai` package, the logs, the check."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import pytest
from azure.identity import ManagedIdentityCredential, get_bearer_token_provider

from harness.machine import Machine
from queries import outputs as stack_outputs
from queries.library import render
from queries.workspace import LogAnalytics
from sandbox.cloud import TENANT_ID, Cloud
from sandbox.identity import DEPLOYER_APPLICATION_ID
from sandbox.options import Options
from sandbox.session import session
from tests.engine.stacks import CHECK, QUICK

AUDIENCE = "api://gateway.example"
APPLICATION = "0aaaaaaa-0000-4000-8000-000000000001"
STRANGER = "0aaaaaaa-0000-4000-8000-000000000002"
CONSUMERS = [
    {"name": "aoai-test", "displayName": "AOAI Test", "applications": [DEPLOYER_APPLICATION_ID]},
    {"name": "team-a", "displayName": "Team A", "applications": [APPLICATION]},
]
MESSAGES: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "Hi."}]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("tokens"))
    made.configure(
        entraTenant=TENANT_ID,
        entraAudience=AUDIENCE,
        consumerKeys="refuse",
        consumers=CONSUMERS,
    )
    made.up(options=QUICK)
    return made


@pytest.fixture
def inside(stack: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """This process becomes a client inside the sandbox; the stack's outputs."""
    outputs = stack.outputs()
    monkeypatch.chdir(stack.project)
    options = Options(folder=stack.cloud, role_delay=0, ingestion_delay=0.2)
    with session(options) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield outputs


def provider(application: str, audience: str = AUDIENCE) -> Any:
    credential = ManagedIdentityCredential(client_id=application)
    return get_bearer_token_provider(credential, f"{audience}/.default")


def client(outputs: dict[str, Any], tokens: Any) -> openai.AzureOpenAI:
    return openai.AzureOpenAI(
        azure_endpoint=outputs["gatewayUrl"],
        azure_ad_token_provider=tokens,
        api_version="2024-12-01-preview",
        max_retries=0,
    )


def asked(
    outputs: dict[str, Any], name: str, expected: int, measure: str = "Calls"
) -> list[dict[str, Any]]:
    """Rows of a query as the stack's own, once their measure is as large as expected."""
    target = stack_outputs.target(outputs)
    workspace = LogAnalytics(target.logs_endpoint, target.workspace_customer_id)
    own = {key: one for key, one in target.own.items() if key != "account"}
    until = datetime.now(UTC) + timedelta(minutes=5)
    kql = render(name, since=until - timedelta(hours=1), until=until, **own)
    for _ in range(50):
        rows = workspace.query(kql)
        if sum(int(row[measure] or 0) for row in rows) >= expected:
            break
        time.sleep(0.2)
    return rows


def test_the_openai_package_calls_with_a_token_and_its_consumer_is_billed(
    inside: dict[str, Any],
) -> None:
    tokens = provider(APPLICATION)
    answer = client(inside, tokens).chat.completions.create(model="text-turbo", messages=MESSAGES)
    plain = openai.OpenAI(base_url=f"{inside['gatewayUrl']}/openai/v1", api_key=tokens())
    parts = list(
        plain.chat.completions.create(
            model="text-turbo",
            messages=MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    with pytest.raises(openai.PermissionDeniedError) as unmapped:
        client(inside, provider(STRANGER)).chat.completions.create(
            model="text-turbo", messages=MESSAGES
        )
    with pytest.raises(openai.AuthenticationError) as foreign:
        client(
            inside, provider(APPLICATION, "https://cognitiveservices.azure.com")
        ).embeddings.create(model="text-turbo", input="x")
    assert (unmapped.value.code, foreign.value.code) == (
        "TokenOfNoConsumer",
        "TokenAudienceNotAllowed",
    )
    assert answer.usage
    assert parts[-1].usage
    total = answer.usage.total_tokens + parts[-1].usage.total_tokens
    rows = asked(inside, "tokens-by-consumer", total, "TotalTokens")
    spent = {(one["Consumer"], one["TotalTokens"]) for one in rows if one["TotalTokens"]}
    assert spent == {("team-a", total)}
    errors = {(one["ResponseCode"], one["Reason"]) for one in asked(inside, "gateway-errors", 2)}
    assert errors == {
        (403, f"TokenOfNoConsumer application={STRANGER}"),
        (401, "TokenAudienceNotAllowed"),
    }


def check(stack: Machine, *options: str) -> tuple[int, str]:
    done = stack.run(*CHECK, "3", *options, options=QUICK)
    return done.status, done.text


def test_the_check_proves_a_stack_that_takes_tokens_alone(stack: Machine) -> None:
    status, text = check(stack)
    assert status == 4, text
    assert "not called as team-a with a token: the token of this identity is aoai-test's" in text
    assert "foreign token: 401 TokenSignatureKeyNotFound" in " ".join(text.split())
    status, text = check(stack, "--allow", "consumers")
    assert status == 0, text


@pytest.fixture
def breakable(stack: Machine) -> Iterator[Callable[[str, str], None]]:
    """Edit the deployed policy behind Pulumi's back; it is whole again after the test."""
    kept = stack.cloud / "cloud.kept"
    shutil.copy(stack.cloud / "cloud.json", kept)

    def edit(old: str, new: str) -> None:
        cloud = Cloud(stack.cloud)
        (policy,) = cloud.of_type("Microsoft.ApiManagement/service/apis/policies")
        text = policy.properties["value"]
        assert old in text, old
        with cloud.change():
            policy.properties["value"] = text.replace(old, new)

    yield edit
    kept.replace(stack.cloud / "cloud.json")


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ('<when condition="@(true)">', '<when condition="@(false)">', "refused"),
        (f"<audience>{AUDIENCE}</audience>", "", "refused"),
        ("token-consumer=", "consumer=", "caller"),
        ("=aoai-test", "=team-a", "caller"),
    ],
)
def test_an_api_that_is_open_or_tells_nobody_is_not_proven(
    stack: Machine, breakable: Callable[[str, str], None], old: str, new: str, failed: str
) -> None:
    breakable(old, new)
    status, text = check(stack, "--allow", "consumers")
    assert status == 1, text
    assert failed in text.partition("failed: ")[2].partition("\n")[0], text
