"""The stack's policy over several accounts: who answers, and what callers see when none does."""

import json
from collections.abc import Callable, Iterator

import pytest

from sandbox.http import Headers, Response
from tests.sandbox.gateway.conftest import COMPLETION, SERVICE, Azure
from tests.sandbox.gateway.several import BY_ID, Several, refusing, timing_out, unreachable
from tests.sandbox.seen import held, reply

RESPONSES = "/openai/v1/responses"


@pytest.fixture
def several(azure: Azure) -> Several:
    return Several(azure)


@pytest.mark.parametrize(
    ("deployment", "account"),
    [("chat", "weu"), ("Chat", "weu"), ("mini", "weu"), ("own", "alone"), ("unknown", "weu")],
)
def test_the_path_names_the_deployment(several: Several, deployment: str, account: str) -> None:
    assert several.call(deployment).status == 200
    assert several.asked == [account]
    [row] = several.azure.logged()
    wanted = "miyagi-api.weu.chat" if deployment.lower() == "chat" else f"miyagi-api.{account}"
    assert row["BackendId"] == wanted


@pytest.mark.parametrize(
    ("body", "account"),
    [
        ('{"model": "own"}', "alone"),
        ('{ "input": "say \\"model\\": \\"chat\\"", "model" :"OWN" }', "alone"),
        ('{"metadata": {"model": "chat"}, "model": "own"}', "alone"),
        ('{"model": "chat", "model": "own"}', "alone"),
        ('{"model": "o\\u0077n"}', "alone"),
        ('{"mod\\u0065l": "own"}', "alone"),
        ('{"metadata": {"model": "own"}, "\\u006dodel": "chat"}', "weu"),
        ('{"metadata": {"model": "own"}}', "weu"),
        ('{"model": null}', "weu"),
        ('{"model": 7}', "weu"),
        ('{"input": "no model"}', "weu"),
        ("[]", "weu"),
        ("no json", "weu"),
        ("", "weu"),
    ],
)
def test_the_body_names_the_deployment_where_the_path_does_not(
    several: Several, body: str, account: str
) -> None:
    several.send("/openai/v1/chat/completions", body.encode())
    assert several.asked == [account]


@pytest.mark.parametrize("name", ["%6fwn", "o%77n", "own%2f", "%256fwn"])
def test_a_name_written_otherwise_in_the_path_is_refused(several: Several, name: str) -> None:
    response = several.call(name)
    assert response.status == 400
    assert reply(response)["error"]["code"] == "DeploymentNotPlain"
    assert several.asked == []


def form(*parts: tuple[str, str]) -> bytes:
    lines = [
        f"--b\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n" for name, value in parts
    ]
    return "".join([*lines, "--b--\r\n"]).encode()


@pytest.mark.parametrize(
    ("parts", "account"),
    [
        ([('name="model"', "own")], "alone"),
        ([("name=model", "OWN")], "alone"),
        ([('name="file"; filename="a.wav"', "\x00\x01"), ('name="model"', "own")], "alone"),
        ([('name="prompt"', 'name="model"'), ('name="model"', "own")], "alone"),
        ([('name="mode"', "own"), ('name="x"; filename="model"', "own")], "weu"),
        ([('name="prompt"', "own")], "weu"),
    ],
)
@pytest.mark.parametrize("path", ["audio/transcriptions", "images/edits"])
def test_a_form_names_the_deployment_too(
    several: Several, path: str, parts: list[tuple[str, str]], account: str
) -> None:
    several.send(f"/openai/v1/{path}", form(*parts), "multipart/form-data; boundary=b")
    assert several.asked == [account]


@pytest.mark.parametrize("path", BY_ID)
def test_what_is_fetched_by_id_later_goes_to_the_first_account(several: Several, path: str) -> None:
    several.send(f"/openai/v1/{path}", b'{"model": "own"}')
    assert several.asked == ["weu"]
    several.send(
        f"/openai/v1/{path}", form(('name="model"', "own")), "multipart/form-data; boundary=b"
    )
    assert several.asked == ["weu"]


def test_responses_are_led_by_their_model_too(several: Several) -> None:
    several.send(RESPONSES, b'{"model": "own", "input": "hi"}')
    assert several.asked == ["alone"]
    assert b'"store":false' in several.azure.sent[-1].body


@pytest.mark.parametrize("fault", [refusing(429, retry_after="30"), refusing(503), unreachable])
def test_what_one_account_refuses_the_next_answers(
    several: Several, fault: Callable[[], Response]
) -> None:
    several.faults["weu"] = fault
    response = several.call(messages=["x" * 100_000])
    assert (response.status, reply(response)["id"]) == (200, COMPLETION["id"])
    assert several.asked == ["weu", "swc"]
    first, second = several.azure.sent
    assert first.body == second.body
    assert first.headers.get("Authorization") == second.headers.get("Authorization")
    [row] = several.azure.logged()
    assert row["BackendId"] == "miyagi-api.swc.chat"
    assert row["ResponseCode"] == 200
    several.call()
    assert several.asked == ["swc"]


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_call_that_every_account_fails_closes_none_to_others(
    several: Several, status: int
) -> None:
    several.faults = dict.fromkeys(("weu", "swc", "eus"), refusing(status))
    several.call()
    several.faults = {}
    assert several.call().status == 200
    assert several.asked == ["weu"]


def test_a_timeout_closes_no_account_to_others(several: Several) -> None:
    several.faults["weu"] = timing_out
    several.call()
    several.faults = {}
    assert several.call().status == 200
    assert several.asked == ["weu"]


@pytest.mark.parametrize("fault", [*map(refusing, (500, 502, 504)), timing_out])
def test_a_call_that_an_account_may_have_done_is_sent_once(
    several: Several, fault: Callable[[], Response]
) -> None:
    several.faults["weu"] = fault
    assert several.call().status >= 500
    assert several.asked == ["weu"]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_no_other_account_answers_differently_is_the_callers(
    several: Several, status: int
) -> None:
    several.faults["weu"] = refusing(status)
    assert several.call().status == status
    assert several.asked == ["weu"]


def test_throttling_of_one_deployment_leaves_the_accounts_others_alone(several: Several) -> None:
    several.faults["weu"] = refusing(429, retry_after="30")
    several.call("chat")
    del several.faults["weu"]
    several.call("mini")
    assert several.asked == ["weu"]


@pytest.mark.parametrize("seed", [0, 1])
def test_when_all_are_down_callers_get_one_clear_503(azure: Azure, seed: int) -> None:
    several = Several(azure, seed)
    several.faults = dict.fromkeys(("weu", "swc", "eus"), unreachable)
    for asked in (["weu", "swc", "eus"], []):
        response = several.call()
        assert several.asked == asked
        assert (response.status, response.headers.get("Retry-After")) == (503, "10")
        assert reply(response)["error"]["code"] == "NoAccountAvailable"
    assert [row["ResponseCode"] for row in azure.logged()] == [503, 503]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_accounts_own_error_is_the_callers(azure: Azure, status: int, seed: int) -> None:
    several = Several(azure, seed)
    several.faults = {"swc": refusing(status), "weu": unreachable, "eus": refusing(503)}
    response = several.call()
    assert (response.status, response.headers.get("Retry-After")) == (status, "")
    assert reply(response)["error"]["code"] == str(status)


@pytest.mark.parametrize("seed", [0, 1])
def test_what_fails_after_an_answer_is_not_said_to_be_an_account(azure: Azure, seed: int) -> None:
    several = Several(azure, seed)
    text = held(azure.cloud, f"{SERVICE}/apis/miyagi-api/policies/policy").properties["value"]
    failing = '<set-variable name="x" value="@(JObject.Parse("").ToString())" />'
    broken = text.replace("</outbound>", f"{failing}</outbound>")
    azure.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": broken})
    response = several.call()
    assert response.status == 500
    assert b"NoAccountAvailable" not in response.body


def test_a_timeout_is_not_said_to_be_worth_another_try(several: Several) -> None:
    several.faults["weu"] = timing_out
    response = several.call()
    assert response.status == 500
    assert b"NoAccountAvailable" not in response.body


@pytest.mark.parametrize("seed", [0, 1])
def test_when_all_are_throttled_callers_are_told_when_to_come_again(
    azure: Azure, seed: int
) -> None:
    several = Several(azure, seed)
    several.faults = dict.fromkeys(("weu", "swc", "eus"), refusing(429, Retry_After="17"))
    response = several.call()
    assert (response.status, response.headers.get("Retry-After")) == (429, "17")
    response = several.call()
    assert (response.status, response.headers.get("Retry-After")) == (503, "10")
    assert not several.asked


@pytest.mark.parametrize("seed", [0, 1])
def test_each_deployment_meets_its_own_accounts_once(azure: Azure, seed: int) -> None:
    several = Several(azure, seed)
    several.faults = dict.fromkeys(("weu", "swc"), refusing(429, Retry_After="47"))
    response = several.call("both")
    assert several.asked == ["weu", "swc"]
    assert (response.status, response.headers.get("Retry-After")) == (429, "47")


def test_a_deployment_of_one_account_is_answered_as_ever(several: Several) -> None:
    several.faults["alone"] = refusing(429, Retry_After="17")
    for _ in range(2):
        response = several.call("own")
        assert (response.status, response.headers.get("Retry-After")) == (429, "17")
        assert several.asked == ["alone"]
    several.faults["alone"] = refusing(500)
    assert several.call("own").status == 500
    assert several.asked == ["alone"]


def test_a_stream_of_the_next_account_passes_part_by_part(several: Several) -> None:
    sent = list[int]()

    def parts() -> Iterator[bytes]:
        for number in range(3):
            sent.append(number)
            yield f"data: {number}\n\n".encode()

    def stream() -> Response:
        return Response(200, Headers([("Content-Type", "text/event-stream")]), parts())

    several.faults |= {"weu": refusing(429, retry_after="30"), "swc": stream}
    message = {"request": {"body": {"bytes": 8192}}}
    found = several.azure.cloud.get(f"{SERVICE}/apis/miyagi-api/diagnostics/azuremonitor")
    assert found
    several.azure.put(
        "/apis/miyagi-api/diagnostics/azuremonitor",
        found.properties | {"frontend": message, "backend": message},
    )
    response = several.call(stream=True)
    assert not isinstance(response.body, bytes)
    assert next(response.body) == b"data: 0\n\n"
    assert sent == [0]


LONG = {"input": "x" * 3 * 1024 * 1024}


@pytest.fixture
def short(azure: Azure) -> Several:
    """A gateway of a v2 tier, which holds 2 MiB of a body."""
    there = azure.cloud.get(SERVICE)
    assert there
    there.body["sku"] = {"name": "StandardV2"}
    return Several(azure, tier="StandardV2")


@pytest.mark.parametrize(("name", "account"), [("chat", "weu"), ("own", "alone")])
def test_a_body_too_long_to_be_held_is_sent_once(short: Several, name: str, account: str) -> None:
    assert short.call(name, **LONG).status == 200
    assert short.asked == [account]
    short.faults[account] = refusing(429, Retry_After="17")
    assert short.call(name, **LONG).status == 429
    assert short.asked == [account]


def test_a_body_too_long_to_be_read_goes_to_the_first_account(short: Several) -> None:
    raw = json.dumps({"model": "own", **LONG}).encode()
    assert short.send("/openai/v1/chat/completions", raw).status == 200
    assert short.asked == ["weu"]


def test_a_body_that_can_be_held_is_sent_on_in_a_v2_tier(short: Several) -> None:
    short.faults["weu"] = refusing(429, Retry_After="17")
    assert short.call("chat", messages=["x" * 1024 * 1024]).status == 200
    assert short.asked == ["weu", "swc"]
