"""Real clients reach the endpoints by Azure's own names, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import openai
import pytest
import requests

from sandbox.errors import NotModelledError
from sandbox.http import Headers, Request
from tests.sandbox.session.conftest import HOST, Endpoint

URL = f"https://{HOST}"


def test_httpx_keeps_one_connection_and_sends_every_kind_of_request(endpoint: Endpoint) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"one "
        yield b"two"

    with httpx.Client() as client:
        get = client.get(f"{URL}/a%20b?x=1&y=&x=2")
        double = client.get(f"{URL}/b/https://c")
        put = client.put(URL, content=b"body")
        chunked = client.post(URL, content=chunks())
        assert client.head(URL).content == b""
        assert client.get(URL).json()["method"] == "GET"  # the head's body was not sent after all
    assert [request.path for request in endpoint.requests[:2]] == ["/a%20b", "/b/https://c"]
    assert double.status_code == 200
    assert get.json()["query"] == [["x", "1"], ["y", ""], ["x", "2"]]
    assert get.headers.get_list("X-A") == ["1", "2"]
    assert put.json()["body"] == "body"
    assert chunked.json()["body"] == "one two"
    assert {request.client_ip for request in endpoint.requests} == {"127.0.0.1"}


def test_requests_trusts_the_authority(endpoint: Endpoint) -> None:
    assert requests.post(URL, data="x", timeout=60).json()["body"] == "x"


def test_openai_client_with_its_own_trust_store(endpoint: Endpoint) -> None:
    with openai.AzureOpenAI(azure_endpoint=URL, api_version="2024-10-21", api_key="k") as client:
        answer = client.chat.completions.create(
            model="text-turbo", messages=[{"role": "user", "content": "hi"}]
        )
    assert answer.choices[0].message.content == "hello"
    assert endpoint.requests[0].path == "/openai/deployments/text-turbo/chat/completions"
    assert endpoint.requests[0].headers.get("api-key") == "k"


def test_a_stream_arrives_as_it_is_made(endpoint: Endpoint) -> None:
    with httpx.stream("GET", f"{URL}/stream") as response:
        lines = response.iter_lines()
        assert next(lines) == "data: 0"
        assert not endpoint.ended
        endpoint.more.set()
        assert "data: 49" in list(lines)


def test_a_client_that_leaves_ends_the_stream(endpoint: Endpoint) -> None:
    with httpx.stream("GET", f"{URL}/stream") as response:
        next(response.iter_lines())
    deadline = time.monotonic() + 30
    while not endpoint.ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert endpoint.ended


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_an_unknown_host_is_named(endpoint: Endpoint, scheme: str) -> None:
    answer = httpx.get(f"{scheme}://management.example.com/x")
    assert answer.status_code == 502
    assert "management.example.com" in answer.text
    assert not endpoint.requests


def test_plain_http_does_not_reach_an_azure_host(endpoint: Endpoint) -> None:
    assert httpx.get(f"http://{HOST}/").status_code == 502


def test_a_refusal_keeps_azures_code(endpoint: Endpoint) -> None:
    answer = httpx.get(f"{URL}/refused")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")


def test_a_fault_of_the_sandbox_is_an_error_to_the_client(endpoint: Endpoint) -> None:
    answer = httpx.get(f"{URL}/fault")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.text


def test_a_face_reaches_another_by_url(endpoint: Endpoint) -> None:
    answer = endpoint.network.send(Request.to("GET", f"{URL}/x?a=1", Headers(), b""))
    assert answer.status == 200
    with pytest.raises(ConnectionError, match="could not be resolved: 'https'"):
        endpoint.network.send(Request.to("GET", "https://https://x/y", Headers(), b""))
    with pytest.raises(NotModelledError, match=r"nowhere\.example"):
        endpoint.network.send(Request.to("GET", "https://nowhere.example", Headers(), b""))
