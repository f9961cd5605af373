"""The output `proof`: nothing that the check needs may be missing, or of another kind."""

from __future__ import annotations

from typing import Any

import pytest

from queries import contract
from queries.errors import CannotRunError
from queries.outputs import target
from queries.wire import wire
from tests.check.stack import outputs

WHOLE: dict[str, Any] = outputs()["proof"]


@pytest.mark.parametrize("key", sorted(WHOLE))
@pytest.mark.parametrize("change", ["lost", "of another kind"])
def test_a_key_that_is_not_as_agreed_stops_the_check(key: str, change: str) -> None:
    lost = {name: value for name, value in WHOLE.items() if name != key}
    proof = lost if change == "lost" else {**WHOLE, key: [{}]}

    with pytest.raises(CannotRunError, match=rf"`proof` lacks or misstates {key}\b") as error:
        target({"proof": proof})

    assert error.value.fix == "deploy and check from the same commit: pulumi up"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("logResponseBodies", "false"),
        ("bodyBytes", "8192"),
        ("accountId", ""),
        ("gatewayPrincipalId", ""),
        ("workspaceCustomerId", ""),
    ],
)
def test_what_looks_like_a_value_is_none(key: str, value: str) -> None:
    with pytest.raises(CannotRunError, match=rf"misstates {key}$"):
        target({"proof": {**WHOLE, key: value}})


@pytest.mark.parametrize("key", sorted(WHOLE["deployments"][0]))
def test_a_deployment_without_one_of_its_keys_stops_the_check(key: str) -> None:
    (deployment,) = WHOLE["deployments"]
    cut = {name: value for name, value in deployment.items() if name != key}

    with pytest.raises(CannotRunError, match=rf"misstates deployments\.0\.{key}$"):
        target(outputs(deployments=[cut]))


OWN = {"over", "callers", "keyless", "resting", "wrong_tokens"}
"""What the check adds to the stack's output."""


def test_what_is_written_is_what_is_read() -> None:
    read = target({"proof": WHOLE})

    fields = {name: value for name, value in vars(read).items() if name not in OWN}
    assert wire(contract.ProofOutput(**fields)) == WHOLE


def test_who_calls_by_tokens_is_written_and_read_only_with_a_tenant() -> None:
    tokens = {
        "entraTenant": "66666666-7777-8888-9999-000000000000",
        "entraAudience": "api://gateway.example",
        "consumerKeys": "refuse",
        "tokenConsumers": [["role:Chat.User", "aoai-test"]],
    }
    read = target({"proof": WHOLE | tokens})
    assert read.token_consumers == (("role:Chat.User", "aoai-test"),)
    fields = {name: value for name, value in vars(read).items() if name not in OWN}
    assert wire(contract.ProofOutput(**fields)) == WHOLE | tokens
    with pytest.raises(CannotRunError, match="misstates consumerKeys"):
        target({"proof": WHOLE | tokens | {"consumerKeys": "none"}})
