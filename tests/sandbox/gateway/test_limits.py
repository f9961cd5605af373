"""Limits of calls and tokens over time: bursts, edges of windows, tiers, two gateways."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from components.settings.expiry import branches, endings
from components.settings.items import Consumer
from components.settings.plans import Limits
from sandbox import clock
from sandbox.gateway import gateway_endpoint
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.options import Options
from tests.sandbox.gateway.conftest import CHAT, POLICY, SERVICE, Azure, diagnostic
from tests.sandbox.gateway.several import Several

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp()
RATE = (
    '<llm-token-limit counter-key="@(context.Subscription.Id)" tokens-per-minute="100" '
    'estimate-prompt-tokens="false" remaining-tokens-header-name="left" />'
)
QUOTA = (
    '<llm-token-limit counter-key="@(context.Subscription.Id)" token-quota="100" '
    'token-quota-period="Daily" estimate-prompt-tokens="false" '
    'remaining-quota-tokens-header-name="left" />'
)
CALLS = (
    '<rate-limit-by-key calls="2" renewal-period="60" counter-key="@(context.Subscription.Id)" '
    'remaining-calls-header-name="left" />'
)
Caller = Callable[..., Response]


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.simulated(NOON, "limits"):
        yield


def limit(azure: Azure, statement: str) -> None:
    policy = POLICY.replace("<inbound><base />", f"<inbound><base />{statement}")
    azure.put("/apis/miyagi-api/policies/policy", {"value": policy, "format": "rawxml"})


def gateway(azure: Azure) -> Endpoint:
    """One gateway, which keeps what it counts from call to call."""
    return gateway_endpoint(azure.cloud, Options(), azure, azure.send)


def call(azure: Azure, through: Endpoint, at: float = 0, **body: Any) -> Response:
    """A call so many seconds after noon; a stream is read to its end."""
    clock.spend(NOON + at - clock.now())
    given = {"messages": [{"role": "user", "content": "hi"}], **body}
    headers = Headers([("api-key", azure.key()), ("Content-Type", "application/json")])
    host = "apim-x.azure-api.net"
    response = through(Request("POST", host, CHAT, [], headers, json.dumps(given).encode()))
    if not isinstance(response.body, bytes):
        response.body = b"".join(response.body)
    return response


def costs(azure: Azure, tokens: int) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": tokens - 1, "total_tokens": tokens}
    azure.answer = lambda _: Response.json(200, {"id": "c", "choices": [], "usage": usage})


def tier(azure: Azure, name: str) -> None:
    service = azure.cloud.get(SERVICE)
    assert service is not None
    with azure.cloud.change():
        service.body["sku"] = {"name": name, "capacity": 1}


@pytest.mark.parametrize(
    ("sku", "calls", "statuses"),
    [
        # A window forgets all that was used 60 s ago, however much: the call that passes the
        # limit is answered, and the next is refused until the first has left the window.
        ("Standard", [(0, 60), (1, 60), (2, 60), (59.9, 60), (60.1, 60)], "200 200 429 429 200"),
        ("Standard", [(0, 1000), (59, 1), (61, 1)], "200 429 200"),
        # Two bursts, before and after the edge of a minute of the clock: one window holds both.
        ("Standard", [(50, 100), (65, 1), (109, 1), (111, 1)], "200 429 429 200"),
        # A bucket fills evenly: 100 tokens in 60 s; what was used beyond it is a debt.
        ("StandardV2", [(0, 60), (1, 60), (2, 60), (13, 60)], "200 200 429 200"),
        ("StandardV2", [(0, 1000), (61, 1), (539, 1), (542, 1)], "200 429 429 200"),
    ],
)
def test_tokens_a_minute_over_time(
    azure: Azure, sku: str, calls: list[tuple[float, int]], statuses: str
) -> None:
    tier(azure, sku)
    limit(azure, RATE)
    through, found = gateway(azure), list[str]()
    for at, tokens in calls:
        costs(azure, tokens)
        found.append(str(call(azure, through, at).status))
    assert " ".join(found) == statuses


def test_the_refusal_says_when_to_come_again_and_is_logged(azure: Azure) -> None:
    limit(azure, RATE)
    through = gateway(azure)
    costs(azure, 100)
    assert call(azure, through).headers.get("left") == "0"
    refused = call(azure, through, 10)
    assert refused.status == 429
    wait = int(refused.headers.get("Retry-After"))
    assert wait == 50
    assert isinstance(refused.body, bytes)
    assert json.loads(refused.body)["message"] == (
        "Token limit is exceeded. Try again in 50 seconds."
    )
    row = azure.rows[-1][1]
    assert row["LastErrorSource"] == "llm-token-limit"
    assert row["LastErrorReason"] == "OpenAITokenLimitExceeded"
    assert "BackendResponseCode" not in row
    assert call(azure, through, 10 + wait).status == 200


def test_a_quota_lasts_to_the_end_of_its_day(azure: Azure) -> None:
    limit(azure, QUOTA)
    through = gateway(azure)
    costs(azure, 60)
    found = [call(azure, through, at) for at in (0, 3600, 7200, 12 * 3600 - 1, 12 * 3600 + 1)]
    assert [one.status for one in found] == [200, 200, 403, 403, 200]
    assert [one.headers.get("left") for one in found] == ["40", "0", "0", "0", "40"]
    assert found[2].headers.get("Retry-After") == str(10 * 3600)
    assert azure.rows[2][1]["LastErrorReason"] == "OpenAITokenQuotaExceeded"


def test_calls_a_minute(azure: Azure) -> None:
    limit(azure, CALLS)
    through = gateway(azure)
    found = [call(azure, through, at) for at in (0, 1, 2, 59, 60.5, 60.6)]
    assert [one.status for one in found] == [200, 200, 429, 429, 200, 429]
    assert [one.headers.get("left") for one in found] == ["1", "0", "0", "0", "0", "0"]
    assert found[2].headers.get("Retry-After") == "58"


def test_two_gateways_count_each_for_itself(azure: Azure) -> None:
    limit(azure, CALLS)
    regions = [gateway(azure), gateway(azure)]
    found = [call(azure, regions[number % 2], number / 10).status for number in range(6)]
    assert found == [200, 200, 200, 200, 429, 429]


def test_a_key_has_one_counter_and_another_key_its_own(azure: Azure) -> None:
    limit(azure, CALLS + CALLS.replace("left", "also"))
    through = gateway(azure)
    assert [call(azure, through, at).status for at in (0, 1)] == [200, 429]


def test_tokens_of_a_stream_are_estimated_by_its_texts(azure: Azure) -> None:
    limit(azure, RATE)
    events: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"content": "word" * 100}}]}]
    events.append({"choices": [], "usage": {"total_tokens": 5}})
    parts = [f"data: {json.dumps(one)}\n\n".encode() for one in events]
    fields = [("Content-Type", "text/event-stream")]
    azure.answer = lambda _: Response(200, Headers(fields), iter(parts))
    through = gateway(azure)
    message = {"response": {"body": {"bytes": 0}}}
    settings = diagnostic(frontend=message, backend=message)
    azure.put("/apis/miyagi-api/diagnostics/azuremonitor", settings)
    assert call(azure, through, stream=True).headers.get("left") == "100"
    assert call(azure, through, 1, stream=True).status == 429


def test_calls_under_way_together_pass_a_limit(azure: Azure) -> None:
    limit(azure, RATE)
    costs(azure, 100)
    through, inner = gateway(azure), list[Response]()
    answer = azure.answer

    def busy(request: Request) -> Response:
        if not inner:
            inner.append(Response(0))
            inner[0] = call(azure, through)
        return answer(request)

    azure.answer = busy
    assert call(azure, through).status == 200
    assert inner[0].status == 200
    assert call(azure, through, 1).status == 429


def test_what_the_account_refuses_counts_for_nothing(azure: Azure) -> None:
    limit(azure, RATE)
    through = gateway(azure)
    azure.answer = lambda _: Response.json(429, {"error": {}, "usage": {"total_tokens": 500}})
    assert call(azure, through).status == 429
    assert azure.rows[-1][1].get("LastErrorSource") is None
    costs(azure, 5)
    assert call(azure, through, 1).status == 200


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (Limits(tokens_per_minute=12), 429),
        (Limits(calls_per_minute=1), 429),
        (Limits(token_quota=12), 403),
    ],
)
def test_a_plans_refusal_goes_to_no_other_account_and_trips_no_breaker(
    azure: Azure, seed: int, limits: Limits, status: int
) -> None:
    several = Several(azure, seed, plans=[(limits, ["aoai-test"])])
    assert several.call().status == 200
    refused = several.call()
    assert refused.status == status
    assert int(refused.headers.get("Retry-After")) > 0
    assert several.asked == []
    clock.spend(31 * 24 * 3600)
    assert several.call().status == 200
    assert several.asked == ["weu"]


def test_of_several_accounts_too_a_plan_chooses_models(azure: Azure) -> None:
    several = Several(azure, plans=[(Limits(models=("chat",)), ["AOAI-Test"])])
    assert several.call("CHAT").status == 200
    for name in ("both", "own", "ch%61t"):
        assert several.call(name).status == 403
        assert several.asked == []
    row = azure.rows[-1][1]
    assert row["ResponseCode"] == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"model": "chat"}', 200),
        (b'{"model": "own"}', 403),
        (b'{"model": "chat,own"}', 403),
        (b'{"model": "chat", "model": "own"}', 403),
        (b"{}", 403),
        (b"no json", 403),
    ],
)
def test_the_body_names_the_model_on_v1(azure: Azure, body: bytes, status: int) -> None:
    several = Several(azure, plans=[(Limits(models=("chat", "mini")), ["aoai-test"])])
    assert several.send("/openai/v1/chat/completions", body).status == status


def test_a_form_names_no_model_that_a_plan_believes(azure: Azure) -> None:
    """Its first part holds what looks like the field, and the account reads the second."""
    several = Several(azure, plans=[(Limits(models=("chat",)), ["aoai-test"])])
    part = 'content-disposition: form-data; name="model"'
    text = f'--b\r\n{part}; filename="x"\r\n\r\nchat\r\n--b\r\n{part}\r\n\r\nown\r\n--b--\r\n'
    form = (text.encode(), "multipart/form-data; boundary=b")
    assert several.send("/openai/v1/audio/transcriptions", *form).status == 403
    assert several.asked == []


def test_a_last_day_ends_at_midnight(azure: Azure) -> None:
    given = endings([Consumer(name="aoai-test", display_name="x", expires="2026-11-27")])
    branch = "".join(branches(given, header="x-gateway-accounting"))
    limit(azure, f"<choose>{branch}</choose>")
    through = gateway(azure)
    found = [call(azure, through, at) for at in (0, 12 * 3600 - 1, 12 * 3600)]
    assert [one.status for one in found] == [200, 200, 403]
    assert isinstance(found[2].body, bytes)
    assert json.loads(found[2].body)["error"]["code"] == "ConsumerExpired"
    assert found[2].headers.get("x-gateway-accounting") == "{code:ConsumerExpired}"
