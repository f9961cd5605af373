"""A served network with one small endpoint, and a process environment that leads clients to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.errors import ArmError
from sandbox.http import LOOPBACK, Headers, Request, Response
from sandbox.identity import PATH, identity_endpoint
from sandbox.network import Network
from sandbox.session import _clients

HOST = "oai-test.openai.azure.com"
SECRET = "the-header"
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "hello"},
        }
    ],
}


class Endpoint:
    """Echoes; streams at /stream; remembers what it got and whether a stream was ended early."""

    def __init__(self, cloud: Cloud, network: Network) -> None:
        self.cloud, self.network = cloud, network
        self.requests: list[Request] = []
        self.more = threading.Event()
        self.ended = False

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        if request.path == "/stream":
            return Response(200, Headers([("Content-Type", "text/event-stream")]), self._parts())
        if request.path == "/refused":
            raise ArmError(409, "Conflict", "another operation is in progress")
        if request.path == "/fault":
            raise ZeroDivisionError
        if request.path.endswith("/chat/completions"):
            return Response.json(200, COMPLETION)
        said = {"method": request.method, "query": request.query, "body": request.body.decode()}
        return Response(200, Headers([("X-A", "1"), ("X-A", "2")]), json.dumps(said).encode())

    def _parts(self) -> Iterator[bytes]:
        """The first part; then comments, for a minute at most, until the others are asked for."""
        try:
            yield b"data: 0\n\n"
            for _ in range(6000):
                if self.more.wait(0.01):
                    break
                yield b": nothing yet\n\n"
            yield from (b"data: %d\n\n" % number for number in range(1, 50))
        finally:
            self.ended = True


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    cloud, network = Cloud(tmp_path), Network(tmp_path)
    endpoint = Endpoint(cloud, network)
    network.register(HOST.__eq__, endpoint)
    network.register(LOOPBACK.__eq__, identity_endpoint(cloud, SECRET))
    with network.serve() as port:
        proxy = f"http://{LOOPBACK}:{port}"
        for name, value in _clients(proxy, network.authority).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("IDENTITY_ENDPOINT", proxy + PATH)
        monkeypatch.setenv("IDENTITY_HEADER", SECRET)
        yield endpoint
