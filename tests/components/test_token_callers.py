"""Consumers with tokens: what the stack file may say, and what it declares."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.settings.entra import MOST_BYTES
from harness.example import example_config
from tests.components.harness import Json, Run, run_program, run_without_insights

TENANT, ID = "66666666-7777-8888-9999-000000000000", "0aaaaaaa-0000-4000-8000-00000000000A"
CONSUMER = example_config()["consumers"][0]
BASE: Json = {"entraTenant": TENANT, "entraAudience": "api://gateway.example"}


def consumers(*given: Json) -> list[Json]:
    names = ("aoai-test", "team-b", "team-c")
    return [{**CONSUMER, "name": name, **one} for name, one in zip(names, given, strict=False)]


def declared(**config: Any) -> Run:
    return run_without_insights({**BASE, "consumers": consumers({"applications": [ID]}), **config})


def test_beside_keys_the_api_asks_for_none_and_each_consumer_keeps_its_own() -> None:
    run = declared()
    assert run.inputs("openai-api")["subscriptionRequired"] is False
    assert run.inputs("openai-api-product")["subscriptionRequired"] is True
    assert run.inputs("subscription-aoai-test")["state"] == "active"
    text = run.inputs("openai-api-policy")["value"]
    assert f"application:{ID.lower()}=aoai-test\n" in text
    assert '<when condition="@(context.Subscription == null)">' in text


def test_where_keys_are_refused_there_is_no_subscription_and_no_output_of_keys() -> None:
    run = declared(consumerKeys="refuse")
    assert not [name for name in run.requests if "subscription-" in name]
    assert "subscriptionKeys" not in run.stack
    assert '<when condition="@(true)">' in run.inputs("openai-api-policy")["value"]
    assert run.stack["proof"]["consumerKeys"] == "refuse"


def test_a_suspended_consumers_tokens_are_nobodys() -> None:
    both = consumers({"applications": [ID], "state": "suspended"}, {"roles": ["Chat.User"]})
    text = declared(consumers=both).inputs("openai-api-policy")["value"]
    assert "role:Chat.User=team-b\n" in text
    assert ID.lower() not in text


def test_a_stack_without_tokens_says_nothing_of_them(example: Run) -> None:
    assert example.inputs("openai-api")["subscriptionRequired"] is True
    assert "token" not in example.inputs("openai-api-policy")["value"].replace("_tokens", "")
    assert not {"entraTenant", "tokenConsumers"} & example.stack["proof"].keys()


@pytest.mark.parametrize(
    ("config", "allowed"),
    [
        ({"entraTenant": "contoso"}, "a GUID"),
        ({"entraAudience": ""}, "both or neither"),
        ({"entraAudience": "a b"}, "api://"),
        ({"entraTenant": "", "entraAudience": ""}, "without entraTenant"),
        ({"consumers": consumers({})}, "of some consumer"),
        ({"consumers": consumers({"applications": ["x"]})}, "a GUID"),
        ({"consumers": consumers({"applications": [ID, ID]})}, "none of them twice"),
        ({"consumers": consumers({"roles": ["a b"]})}, "the value of an app role"),
        ({"consumers": consumers({"roles": ["-"]})}, "the value of an app role"),
        (
            {"consumers": consumers({"groups": [ID]}, {"groups": [ID.lower()]})},
            "of one consumer alone",
        ),
        (
            {"consumers": consumers({"groups": [ID]}, {}), "consumerKeys": "refuse"},
            "without: team-b",
        ),
        ({"consumerKeys": "none"}, "allow or refuse"),
    ],
)
def test_what_nobody_could_tell_apart_is_refused(config: Json, allowed: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run_program({**BASE, "consumers": consumers({"applications": [ID]}), **config})
    assert allowed in str(caught.value)


def test_more_claims_than_a_policy_takes_are_refused_before_anything_is_made() -> None:
    ids = [f"0aaaaaaa-0000-4000-8000-{number:012d}" for number in range(MOST_BYTES // 60)]
    with pytest.raises(pulumi.RunError, match="one role each"):
        run_program({**BASE, "consumers": consumers({"applications": ids})})
    run = declared(consumers=consumers({"applications": ids[:1000]}))
    assert len(run.inputs("openai-api-policy")["value"]) < 256 * 1024
