"""Reading the deployed configuration: tokens, throttling, lists, and what is out of bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError

from queries.check.configuration.connection import AT_ONCE, TRIES, UnreadableError
from queries.check.configuration.manager import Manager
from tests.check.clock import FakeClock

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


def test_several_are_read_at_once_and_each_by_itself() -> None:
    """At most eight at a time; a refusal costs the one that is refused."""
    lock, now, most = threading.Lock(), [0], [0]

    def answer(request: httpx.Request) -> httpx.Response:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        if request.url.path == "/3":
            return httpx.Response(403)
        return httpx.Response(404 if request.url.path == "/4" else 200, json={"id": "x"})

    found = manager(answer).many([f"/{number}" for number in range(40)], "1")

    assert list(found) == [f"/{number}" for number in range(40)]
    assert (str(found["/3"]), found["/4"], found["/5"]) == ("HTTP 403", None, {"id": "x"})
    assert 1 < most[0] <= AT_ONCE


def test_a_throttled_read_holds_the_others_back_too() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        slow = asked.count("/a") == 1 and request.url.path == "/a"
        return httpx.Response(429 if slow else 200, headers={"retry-after": "7"}, json={"id": "x"})

    clock = FakeClock()
    arm = manager(answer, clock)
    arm.many(["/a"], "1")

    assert (asked, clock.slept) == (["/a", "/a"], [7])
    clock.time = 5
    arm._leave_alone(3)
    arm.get("/b", "1")
    assert clock.slept == [7, 3]


def test_connections_that_are_lost_at_first_are_made_again() -> None:
    """All eight may be lost at once, as when a network has just come up."""
    lost: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path not in lost:
            lost.append(request.url.path)
            raise httpx.ConnectError("no route")
        return httpx.Response(200, json={"id": "x"})

    found = manager(answer).many([f"/{number}" for number in range(8)], "1")

    assert all(one == {"id": "x"} for one in found.values())


def test_one_connection_that_stays_lost_costs_that_read_alone() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/a":
            raise httpx.ReadTimeout("nothing came")
        return httpx.Response(200, json={"id": "x"})

    arm = manager(answer)
    for path in ("/b", "/a", "/a", "/a", "/a"):
        arm.many([path], "1")

    assert arm.get("/b", "1") == {"id": "x"}


def test_a_service_that_is_never_reached_is_not_asked_for_ever() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ConnectError("no route")

    arm = manager(answer)
    for number in range(20):
        with pytest.raises(UnreadableError, match="no answer: ConnectError"):
            arm.get(f"/{number}", "1")

    assert len(asked) == 6


def test_without_an_identity_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> object:
        raise ClientAuthenticationError("nobody is signed in")

    monkeypatch.setattr(Renewed, "get_token", none)
    arm = manager(lambda _: pytest.fail("asked"))

    found = arm.many(["/a", "/b"], "1")

    assert {str(one) for one in found.values()} == {"no identity: ClientAuthenticationError"}
