"""A gateway as the stack deploys it, a backend that remembers, and a telemetry that records."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl

import pytest

from sandbox.cloud import Cloud, Resource
from sandbox.gateway import gateway_endpoint
from sandbox.http import Headers, Request, Response
from sandbox.logs import Telemetry
from sandbox.options import Options
from tests.sandbox.seen import held

SERVICE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ApiManagement/service/apim-x"
API = f"{SERVICE}/apis/miyagi-api"
PRINCIPAL = "0a0a0a0a-0000-4000-8000-000000000001"
CHAT = "/openai/deployments/text-turbo/chat/completions"
POLICY = """<policies><inbound><base />
  <set-header name="api-key" exists-action="delete" />
  <set-query-parameter name="subscription-key" exists-action="delete" />
  <set-header name="Authorization" exists-action="delete" />
  <authentication-managed-identity resource="https://cognitiveservices.azure.com"
    ignore-error="false" />
  <set-backend-service base-url="https://oai-x.openai.azure.com/openai" />
</inbound><backend><base /></backend><outbound><base /></outbound>
<on-error><base /></on-error></policies>"""
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


def diagnostic(**changes: Any) -> dict[str, Any]:
    """The diagnostic that the stack declares, with changes."""
    message = {
        "headers": [],
        "body": {"bytes": 8192},
        "dataMasking": {
            "headers": [{"mode": "Mask", "value": "Authorization"}],
            "queryParams": [{"mode": "Mask", "value": "subscription-key"}],
        },
    }
    pipeline = {"request": message, "response": message}
    messages = {"messages": "all", "maxSizeInBytes": 262144}
    return {
        "loggerId": f"{SERVICE}/loggers/azuremonitor",
        "alwaysLog": "allErrors",
        "logClientIp": True,
        "verbosity": "information",
        "sampling": {"samplingType": "fixed", "percentage": 100},
        "frontend": pipeline,
        "backend": pipeline,
        "largeLanguageModel": {"logs": "enabled", "requests": messages, "responses": messages},
        **changes,
    }


@dataclass
class Azure(Telemetry):
    """The world around one gateway, which keeps what the gateway reports."""

    cloud: Cloud
    rows: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    metrics: list[tuple[str, float]] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    held_back: Literal["response", "any"] = "response"
    answer: Callable[[Request], Response] = lambda _: Response.json(200, COMPLETION)

    def emit(self, resource_id: str, category: str, row: Mapping[str, Any]) -> None:
        assert resource_id == SERVICE
        self.rows.append((category, row))

    def metric(self, resource_id: str, name: str, value: float, dimensions: Any = None) -> None:
        self.metrics.append((name, value))

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answer(request)

    def put(self, path: str, properties: dict[str, Any], **body: Any) -> Resource:
        kinds = "/".join(path.strip("/").split("/")[::2])
        resource_type = f"Microsoft.ApiManagement/service/{kinds}".rstrip("/")
        name = (SERVICE + path).rsplit("/", 1)[-1]
        resource = Resource(SERVICE + path, resource_type, name, body | {"properties": properties})
        with self.cloud.change():
            self.cloud.put(resource)
        return resource

    def operation(self, name: str, method: str, template: str) -> None:
        properties = {"displayName": name, "method": method, "urlTemplate": template}
        self.put(f"/apis/miyagi-api/operations/{name}", properties)

    def call(self, path: str = CHAT, *, key: str | None = "", **given: Any) -> Response:
        """A call with the first consumer's key (None: no key); `body` or `raw`, and `headers`."""
        target, _, query = path.partition("?")
        headers = Headers([("Connection", "keep-alive")])
        if "Authorization" not in given.get("headers", {}) and given.get("bearer", True):
            headers.add("Authorization", "Bearer mine")
        for name, value in given.get("headers", {}).items():
            headers.add(name, value)
        if key is not None:
            headers.add("api-key", key or self.key())
        messages = {"messages": [{"role": "user", "content": "hi"}]}
        body = given.get("raw", json.dumps(given.get("body", messages)).encode())
        host, method = given.get("host", "apim-x.azure-api.net"), given.get("method", "POST")
        request = Request(method, host, target, parse_qsl(query), headers, body, "10.1.2.3")
        options = Options(seed=given.get("seed", 0), held_back=self.held_back)
        response = gateway_endpoint(self.cloud, options, self, self.send)(request)
        if given.get("read", True) and not isinstance(response.body, bytes):
            response.body = b"".join(response.body)
        return response

    def key(self, sid: str = "aoai-test", which: str = "primary") -> str:
        subscription = held(self.cloud, f"{SERVICE}/subscriptions/{sid}")
        return self.cloud.subscription_key(subscription, which)

    def logged(self, category: str = "GatewayLogs") -> list[Mapping[str, Any]]:
        return [row for name, row in self.rows if name == category]


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    world = Azure(Cloud(tmp_path / str(uuid.uuid4())))
    identity = {"type": "SystemAssigned", "principalId": PRINCIPAL}
    world.put("", {"gatewayUrl": "https://apim-x.azure-api.net"}, identity=identity)
    names = {"header": "api-key", "query": "subscription-key"}
    api = {"path": "openai", "serviceUrl": "https://nowhere.example", "subscriptionRequired": True}
    world.put("/apis/miyagi-api", api | {"subscriptionKeyParameterNames": names})
    world.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": POLICY})
    world.operation(
        "ChatCompletions_Create", "POST", "/deployments/{deployment-id}/chat/completions"
    )
    world.operation("V1_Responses_Create", "POST", "/v1/responses")
    world.operation("V1_Models_Get", "GET", "/v1/models/{model}")
    world.put("/products/OpenAi", {"state": "published", "subscriptionRequired": True})
    world.put("/products/OpenAi/apiLinks/miyagi-api", {"apiId": API})
    scope = {"scope": f"{SERVICE}/products/OpenAi", "state": "active"}
    world.put("/subscriptions/aoai-test", scope)
    world.put("/loggers/azuremonitor", {"loggerType": "azureMonitor"})
    world.put("/apis/miyagi-api/diagnostics/azuremonitor", diagnostic())
    return world
