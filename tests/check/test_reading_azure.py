"""Reading the deployed configuration: tokens, throttling, lists, and what is out of bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from queries.check.configuration.manager import TRIES, Manager, UnreadableError
from tests.check.azure import FakeClock

ENDPOINT = "https://management.azure.com"
Answer = Callable[[httpx.Request], httpx.Response]


class Renewed:
    """A credential whose token is another one each time."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.given = 0

    def get_token(self, *_: str) -> Any:
        self.given += 1
        return type("Token", (), {"token": f"token-{self.given}"})


def manager(answer: Answer, clock: FakeClock | None = None) -> Manager:
    return Manager(
        endpoint=ENDPOINT,
        client=lambda: httpx.Client(transport=httpx.MockTransport(answer)),
        credential=Renewed,
        clock=clock or FakeClock(),
    )


def test_each_request_has_a_token_that_is_valid_then() -> None:
    """One that was valid an hour ago need not be; the credential itself is made once."""
    seen: list[str] = []
    Renewed.made = 0

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json={"id": "/a"})

    arm = manager(answer)
    arm.get("/a", "1")
    arm.get("/b", "1")

    assert seen == ["Bearer token-1", "Bearer token-2"]
    assert Renewed.made == 1


def test_a_throttled_request_is_made_again_when_the_service_says() -> None:
    answers = [
        httpx.Response(429, headers={"retry-after": "9"}),
        httpx.Response(200, json={"id": "/a"}),
    ]
    clock = FakeClock()

    assert manager(lambda _: answers.pop(0), clock).get("/a", "1") == {"id": "/a"}
    assert clock.slept == [9]


def test_a_request_that_stays_throttled_is_unreadable() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429)

    clock = FakeClock()
    with pytest.raises(UnreadableError, match="HTTP 429"):
        manager(answer, clock).get("/a", "1")
    assert len(asked) == TRIES
    assert len(clock.slept) == TRIES - 1


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/x", f"{ENDPOINT}.evil.example/x", "http://management.azure.com/x"],
)
def test_a_list_that_goes_on_elsewhere_gets_no_token(elsewhere: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={"value": [], "nextLink": elsewhere})

    with pytest.raises(UnreadableError, match="another host"):
        manager(answer).list("/a", "1")
    assert asked == ["management.azure.com"]
