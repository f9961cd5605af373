"""An account with three deployments, a caller with a role, and telemetry that remembers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import SUBSCRIPTION_ID, Cloud, Resource
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.identity import mint
from sandbox.logs import Telemetry
from sandbox.model import model_endpoint
from sandbox.options import Options
from tests.sandbox.seen import held, reply

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai-test"
AUDIENCE = "https://cognitiveservices.azure.com"
CALLER = "aaaaaaaa-0000-4000-8000-000000000001"
USER_ROLE = "a97b65f3-24c7-4388-baec-2e87135dc908"
CHAT = "/openai/deployments/chat/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
Refused = Callable[[Response], tuple[int, str | None, str]]
"""Reads a refusal: its status, code and message."""


@dataclass
class Recorder(Telemetry):
    """Keeps what the account reports, and sends it nowhere."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)

    def emit(self, resource_id: str, category: str, row: Mapping[str, Any]) -> None:
        assert (resource_id, category) == (ACCOUNT, "RequestResponse")
        self.rows.append(row)

    def metric(self, resource_id: str, name: str, value: float, dimensions: Any = None) -> None:
        assert resource_id == ACCOUNT
        self.metrics[name] = value

    @property
    def properties(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rows[-1]["properties_s"])
        return read


@dataclass
class World:
    cloud: Cloud
    telemetry: Recorder
    endpoint: Endpoint

    @property
    def account(self) -> Resource:
        return held(self.cloud, ACCOUNT)

    def put(self, resource_id: str, arm_type: str, body: dict[str, Any]) -> Resource:
        resource = Resource(resource_id, arm_type, resource_id.rpartition("/")[2], body)
        with self.cloud.change():
            self.cloud.put(resource)
        return resource

    def grant(self, scope: str, role: str = USER_ROLE, age: float = 60) -> Resource:
        grant_id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/g"
        properties = {
            "principalId": CALLER,
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
        }
        kind = "Microsoft.Authorization/roleAssignments"
        grant = self.put(grant_id, kind, {"properties": properties})
        grant.created -= age
        return grant

    def call(
        self,
        path: str = CHAT,
        body: Any = None,
        version: str = "?api-version=2025-04-01-preview",
        headers: dict[str, str] | None = None,
        audience: str = AUDIENCE,
        method: str = "",
    ) -> Response:
        token = mint(self.cloud, audience, CALLER)[0]
        sent = Headers((headers or {"Authorization": f"Bearer {token}"}).items())
        raw = body if isinstance(body, bytes) else json.dumps(body or HELLO).encode()
        url = f"https://oai-test.openai.azure.com{path}{version}"
        method = method or ("GET" if "/models" in path else "POST")
        return self.endpoint(Request.to(method, url, sent, raw, "81.2.69.142"))


@pytest.fixture
def bare(tmp_path: Path) -> World:
    cloud, telemetry = Cloud(tmp_path), Recorder()
    world = World(
        cloud, telemetry, model_endpoint(cloud, Options(seed=7, role_delay=30), telemetry)
    )
    properties = {"customSubDomainName": "oai-test", "disableLocalAuth": True}
    kind = "Microsoft.CognitiveServices/accounts"
    world.put(ACCOUNT, kind, {"location": "eastus", "properties": properties})
    for name, model, version in (
        ("chat", "gpt-5.6-luna", "2026-07-09"),
        ("plain", "gpt-4.1", "2025-04-14"),
        ("vectors", "text-embedding-3-small", "1"),
    ):
        body = {"properties": {"model": {"format": "OpenAI", "name": model, "version": version}}}
        world.put(f"{ACCOUNT}/deployments/{name}", f"{kind}/deployments", body)
    return world


@pytest.fixture
def world(bare: World) -> World:
    bare.grant(ACCOUNT)
    return bare


@pytest.fixture
def refused() -> Refused:
    def read(response: Response) -> tuple[int, str | None, str]:
        error = reply(response)["error"]
        return response.status, error["code"], error["message"]

    return read
