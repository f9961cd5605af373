"""Several accounts, plans, and consumers with keys and tokens, on one stack: a whole check run."""

from __future__ import annotations

from typing import Any

import pytest

from harness.machine import Done, Machine
from sandbox.cloud import TENANT_ID
from sandbox.identity import DEPLOYER_APPLICATION_ID
from tests.engine.stacks import CHECK, QUICK
from tests.engine.test_accounts import LUNA

SMALL = {"name": "small", "tokensPerMinute": 3000, "callsPerMinute": 20, "models": ["text-turbo"]}
BIG = {"name": "big", "tokensPerMinute": 500_000, "tokenQuota": 50_000_000, "callsPerMinute": 5000}
CONSUMERS: list[dict[str, Any]] = [
    {
        "name": "aoai-test",
        "displayName": "AOAI Test",
        "plan": "big",
        "applications": [DEPLOYER_APPLICATION_ID],
    },
    {"name": "team-a", "displayName": "Team A", "plan": "small"},
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("joined"))
    made.configure(
        accounts=[
            {"name": "weu", "location": "westeurope", "deployments": [LUNA]},
            {"name": "swc", "location": "swedencentral", "deployments": [LUNA], "priority": 2},
        ],
        deployments=None,
        insights=False,
        entraTenant=TENANT_ID,
        entraAudience="api://gateway.example",
        plans=[SMALL, BIG],
        consumers=CONSUMERS,
    )
    made.up(options=QUICK)
    return made


def check(stack: Machine, *options: str) -> tuple[Done, str]:
    done = stack.run(*CHECK, "3", "--limits", "--failover", *options, options=QUICK)
    return done, " ".join(done.text.split())


def test_the_check_proves_all_of_it_at_once_but_the_key_that_it_does_not_try(
    stack: Machine,
) -> None:
    done, words = check(stack)
    assert done.status == 4, done.text
    for said in (
        "not called as aoai-test with its key: the check calls as it with a token",
        "foreign token: 401 TokenSignatureKeyNotFound",
        "wrong audience: 401 TokenAudienceNotAllowed",
        "a call of text-turbo went on to",
        "answered by text-turbo of weu, text-turbo of swc",
        "models of team-a: 403 PlanModelNotAllowed",
        "tokensPerMinute of team-a: 429 OpenAITokenLimitExceeded",
        "callsPerMinute of team-a: 429 RateLimitExceeded",
        "tokenQuota of aoai-test: counted",
        "tokensPerMinute of aoai-test: counted",
        "callsPerMinute of aoai-test: counted",
    ):
        assert said in words, (said, done.text)
    done, _ = check(stack, "--allow", "consumers")
    assert done.status == 0, done.text


def test_a_key_in_the_environment_stands_in_for_the_token(stack: Machine) -> None:
    key = stack.outputs()["subscriptionKeys"]["aoai-test"]
    given = ("env", f"GATEWAY_SUBSCRIPTION_KEY={key}")
    done = stack.run(*given, *CHECK, "3", "--allow", "consumers", options=QUICK)
    assert done.status == 0, done.text
    words = " ".join(done.text.split())
    assert "not called as team-a: GATEWAY_SUBSCRIPTION_KEY stands in the place of all keys" in words
    assert "aoai-test with a token: GATEWAY_SUBSCRIPTION_KEY stands" in words
    assert "foreign token: 401 TokenSignatureKeyNotFound" in words
    assert key not in done.text
