"""Backends behind one gateway: pools, breakers and attempts, and what is logged of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import clock
from sandbox.errors import NotModelledError
from sandbox.gateway import breakers, gateway_endpoint
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.options import Options
from tests.sandbox.gateway.conftest import CHAT, COMPLETION, SERVICE, Azure
from tests.sandbox.seen import reply

AGAIN = "context.Response == null || context.Response.StatusCode == 429 || "
AGAIN += "context.Response.StatusCode >= 500"
POLICY = """<policies><inbound><base /><set-backend-service backend-id="{backend}" /></inbound>
<backend>
  <retry condition="@({again})" count="{count}" interval="0" first-fast-retry="true">
    <forward-request timeout="240" buffer-request-body="{buffered}" buffer-response="false" />
  </retry>
</backend>
<outbound><base /></outbound><on-error><base /></on-error></policies>"""
RULE = {
    "name": "busy",
    "failureCondition": {
        "count": 1,
        "interval": "PT1M",
        "statusCodeRanges": [{"min": 429, "max": 429}, {"min": 500, "max": 599}],
        "errorReasons": ["BackendConnectionFailure"],
    },
    "tripDuration": "PT10S",
    "acceptRetryAfter": True,
}


class World:
    """Three backends of one gateway, and what each answers by its name."""

    def __init__(self, azure: Azure, seed: int = 0) -> None:
        self.azure = azure
        self.answers: dict[str, Callable[[], Response]] = {}
        self.asked: list[str] = []
        azure.answer = self.answer
        self.endpoint: Endpoint = gateway_endpoint(
            azure.cloud, Options(seed=seed), azure, azure.send
        )
        for name in ("a", "b", "c"):
            url = f"https://{name}.openai.azure.com/openai"
            azure.put(f"/backends/{name}", {"url": url, "circuitBreaker": {"rules": [RULE]}})

    def pool(self, **members: tuple[int, int]) -> None:
        services = [
            {"id": f"{SERVICE}/backends/{name}", "priority": priority, "weight": weight}
            for name, (priority, weight) in members.items()
        ]
        self.azure.put("/backends/pool", {"type": "Pool", "pool": {"services": services}})

    def policy(self, backend: str = "pool", count: int = 2, buffered: str = "true") -> None:
        text = POLICY.format(backend=backend, count=count, again=AGAIN, buffered=buffered)
        self.azure.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": text})

    def answer(self, request: Request) -> Response:
        name = request.host.partition(".")[0]
        self.asked.append(name)
        return self.answers.get(name, lambda: Response.json(200, COMPLETION))()

    def call(self, body: dict[str, Any] | None = None) -> Response:
        self.asked = []
        headers = Headers([("api-key", self.azure.key())])
        raw = json.dumps(body or {"messages": []}).encode()
        response = self.endpoint(
            Request("POST", "apim-x.azure-api.net", CHAT, [], headers, raw, "10.1.2.3")
        )
        if not isinstance(response.body, bytes):
            response.body = b"".join(response.body)
        return response


def refusing(status: int, retry_after: str = "") -> Callable[[], Response]:
    def answer() -> Response:
        made = Response.json(status, {"error": {"code": str(status)}})
        if retry_after:
            made.headers.add("retry-after", retry_after)
        return made

    return answer


def unreachable() -> Response:
    raise ConnectionError("the remote name could not be resolved")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    held = [1_000.0]
    monkeypatch.setattr(clock, "now", lambda: held[0])
    return held


@pytest.fixture
def world(azure: Azure) -> World:
    made = World(azure)
    made.pool(a=(1, 1), b=(2, 1), c=(2, 3))
    made.policy()
    return made


def test_the_first_priority_takes_all_calls(world: World) -> None:
    for _ in range(20):
        world.call()
        assert world.asked == ["a"]
    assert {row["BackendId"] for row in world.azure.logged()} == {"a"}


@pytest.mark.parametrize("refusal", [refusing(429, "30"), refusing(500), unreachable])
def test_a_refusal_goes_to_the_next_and_one_row_tells_of_the_last(
    world: World, refusal: Callable[[], Response]
) -> None:
    world.answers["a"] = refusal
    response = world.call({"messages": ["the same"]})
    assert (response.status, reply(response)["id"]) == (200, COMPLETION["id"])
    assert world.asked in (["a", "b"], ["a", "c"])
    first, second = world.azure.sent
    assert first.body == second.body
    [row] = world.azure.logged()
    assert row["BackendId"] == world.asked[-1]
    assert row["BackendUrl"].startswith(f"https://{world.asked[-1]}.openai.azure.com/openai/")
    assert row["BackendResponseCode"] == 200


def test_weights_share_what_a_priority_takes(world: World) -> None:
    world.pool(b=(2, 1), c=(2, 3))
    asked = [world.asked[0] for _ in range(200) if world.call()]
    assert 120 < asked.count("c") < 180


def test_a_breaker_stays_open_as_long_as_the_answer_says(world: World, now: list[float]) -> None:
    world.answers["a"] = refusing(429, "30")
    world.call()
    del world.answers["a"]
    for passed, first in ((0, "bc"), (29, "bc"), (2, "a")):
        now[0] += passed
        world.call()
        assert world.asked[0] in first


def test_without_retry_after_the_rule_says_how_long(world: World, now: list[float]) -> None:
    world.answers["a"] = refusing(500)
    world.call()
    del world.answers["a"]
    now[0] += 11
    world.call()
    assert world.asked == ["a"]


@pytest.mark.parametrize("seed", [0, 1])
def test_with_all_breakers_open_the_gateway_answers_503_itself(azure: Azure, seed: int) -> None:
    world = World(azure, seed)
    world.pool(a=(1, 1), b=(2, 1))
    world.policy(count=1)
    world.answers |= {"a": refusing(429, "30"), "b": refusing(429, "30")}
    assert world.call().status == 429
    assert world.asked == ["a", "b"]
    response = world.call()
    assert (response.status, world.asked) == (503, [])
    row = world.azure.logged()[-1]
    assert "BackendId" not in row
    assert ("LastErrorReason" in row) == bool(seed)


def test_a_backend_that_is_no_pool_has_a_breaker_too(world: World) -> None:
    world.policy(backend="b", count=1)
    world.answers["b"] = refusing(503)
    assert world.call().status == 503
    assert world.asked == ["b"]
    assert world.call().status == 503
    assert not world.asked


def test_other_refusals_are_the_callers(world: World) -> None:
    world.answers["a"] = refusing(400)
    assert world.call().status == 400
    assert world.call().status == 400
    assert world.asked == ["a"]


def test_an_attempt_that_fails_last_is_an_error(world: World) -> None:
    world.answers |= dict.fromkeys(("a", "b", "c"), unreachable)
    response = world.call()
    assert response.status == 500
    assert world.azure.logged()[-1]["LastErrorReason"] == "BackendConnectionFailure"


def test_a_body_is_sent_twice_only_if_it_is_buffered(world: World) -> None:
    world.policy(buffered="false")
    assert world.call().status == 200
    world.answers["a"] = refusing(500)
    with pytest.raises(NotModelledError, match="not buffered"):
        world.call()


def test_failures_count_within_the_interval(world: World, now: list[float]) -> None:
    twice = RULE | {"failureCondition": dict(RULE["failureCondition"]) | {"count": 2}}  # type: ignore[call-overload]
    world.azure.put(
        "/backends/a",
        {"url": "https://a.openai.azure.com/openai", "circuitBreaker": {"rules": [twice]}},
    )
    world.policy(backend="a", count=0)
    world.answers["a"] = refusing(500)
    for passed, asked in ((0, 1), (61, 1), (1, 1), (1, 0)):
        now[0] += passed
        world.call()
        assert len(world.asked) == asked


@pytest.mark.parametrize(
    ("text", "length"), [("PT10S", 10), ("PT1M", 60), ("P1D", 86_400), ("P1DT2H3M4S", 93_784)]
)
def test_durations_are_read(text: str, length: int) -> None:
    assert breakers.seconds(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "10", "P1W"])
def test_other_durations_are_not(text: str) -> None:
    with pytest.raises(NotModelledError):
        breakers.seconds(text)
