"""Responses that an account keeps: who may read them, and when those in the background end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import clock
from sandbox.model.stored import QUEUED_SECONDS, RUN_SECONDS
from tests.sandbox.model.conftest import World
from tests.sandbox.seen import reply

RESPONSES = "/openai/v1/responses"
ASKED = {"model": "chat", "input": "Hello"}


@pytest.fixture(autouse=True)
def then() -> Iterator[None]:
    with clock.simulated(1_767_000_000.0, "test"):
        yield


def made(world: World, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = reply(world.call(RESPONSES, ASKED | more, ""))
    return answer


def named(world: World, name: str, method: str = "GET", tail: str = "") -> dict[str, Any]:
    url = f"{RESPONSES}/{name}{tail}"
    answer: dict[str, Any] = reply(world.call(url, None, "", method=method))
    return answer


def test_a_response_in_the_background_tells_its_tokens_when_it_has_ended(world: World) -> None:
    begun = made(world, background=True)
    assert (begun["status"], begun["usage"], begun["output"]) == ("queued", None, [])
    clock.spend(QUEUED_SECONDS)
    assert named(world, begun["id"])["status"] == "in_progress"
    clock.spend(RUN_SECONDS)
    ended = named(world, begun["id"])

    assert ended["status"] == "completed"
    assert ended["background"] is True
    assert ended["usage"]["total_tokens"] == sum(
        ended["usage"][f"{side}_tokens"] for side in ("input", "output")
    )
    assert ended["output"][0]["content"][0]["text"]


def test_the_account_counts_its_tokens_once(world: World) -> None:
    begun = made(world, background=True)
    clock.spend(RUN_SECONDS)
    usage = named(world, begun["id"])["usage"]

    assert world.telemetry.metrics["GeneratedTokens"] == usage["output_tokens"]
    assert [row["OperationName"] for row in world.telemetry.rows] == [
        "Responses_Create",
        "Responses_Get",
    ]
    assert "modelDeploymentName" not in world.telemetry.properties


def test_one_that_was_cancelled_has_no_output(world: World) -> None:
    begun = made(world, background=True)
    assert named(world, begun["id"], "POST", "/cancel")["status"] == "cancelled"
    clock.spend(RUN_SECONDS)

    assert named(world, begun["id"])["status"] == "cancelled"


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"store": True}])
def test_what_is_not_forbidden_is_kept_until_it_is_deleted(
    world: World, more: dict[str, Any]
) -> None:
    answer = world.call(RESPONSES, ASKED | more, "")
    text = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    name = text[text.index(b"resp_") :][:41].decode().partition('"')[0]

    assert named(world, name)["status"] == "completed"
    assert named(world, name, "DELETE")["deleted"] is True
    assert "not found" in named(world, name)["error"]["message"]


def test_nothing_is_kept_where_the_caller_forbids_it(world: World) -> None:
    assert "error" in named(world, made(world, store=False)["id"])


def test_the_background_has_to_be_stored(world: World) -> None:
    refused = made(world, background=True, store=False)

    assert "store" in refused["error"]["message"]
