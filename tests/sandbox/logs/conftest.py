"""A gateway, an account and a workspace with their settings, and the real query client on them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpResponse
from azure.monitor.query import LogsQueryClient, LogsQueryPartialResult, LogsQueryResult

from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTION_ID, Cloud, Resource
from sandbox.http import Headers, Request
from sandbox.identity import mint
from sandbox.logs import Telemetry, Workspaces, logs_endpoint
from sandbox.options import Options

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-test/providers"
GATEWAY = f"{GROUP}/Microsoft.ApiManagement/service/apim-test"
ACCOUNT = f"{GROUP}/Microsoft.CognitiveServices/accounts/oai-test"
WORKSPACE = f"{GROUP}/Microsoft.OperationalInsights/workspaces/log-test"
CUSTOMER = "0f0f0f0f-1111-4222-8333-444444444444"
ALL = {"logs": [{"categoryGroup": "allLogs", "enabled": True}]}
METRICS = {"metrics": [{"category": "AllMetrics", "enabled": True}]}


class EndpointResponse(HttpResponse):
    """An endpoint's answer as the client's pipeline reads it."""

    def __init__(self, request: Any, status: int, fields: Headers, body: bytes) -> None:
        self._request, self._status, self._body = request, status, body
        self._headers = dict(fields)

    request = property(lambda self: self._request)
    status_code = property(lambda self: self._status)
    headers = property(lambda self: self._headers)
    reason = property(lambda self: "")
    content_type = property(lambda self: self._headers.get("Content-Type"))
    content = property(lambda self: self._body)
    url = property(lambda self: self._request.url)
    is_closed = property(lambda self: True)
    is_stream_consumed = property(lambda self: True)
    encoding = "utf-8"

    def text(self, encoding: str | None = None) -> str:
        return self._body.decode()

    def json(self) -> Any:
        return json.loads(self._body)

    def read(self) -> bytes:
        return self._body

    def close(self) -> None: ...
    def __exit__(self, *args: object) -> None: ...
    def __enter__(self) -> EndpointResponse:
        return self

    def iter_bytes(self, **kwargs: Any) -> Iterator[bytes]:
        yield self._body

    iter_raw = iter_bytes

    def raise_for_status(self) -> None: ...


class EndpointTransport(HttpTransport[Any, EndpointResponse]):
    """Sends the client's requests to an endpoint."""

    def __init__(self, endpoint: Callable[[Request], Any]) -> None:
        self.endpoint = endpoint

    def send(self, request: Any, **kwargs: Any) -> EndpointResponse:
        body = request.content or b""
        data = body.encode() if isinstance(body, str) else bytes(body)
        fields = Headers(request.headers.items())
        answer = self.endpoint(Request.to(request.method, request.url, fields, data))
        return EndpointResponse(request, answer.status, answer.headers, answer.body)

    def open(self) -> None: ...
    def close(self) -> None: ...
    def __exit__(self, *args: object) -> None: ...


@dataclass
class World:
    """One cloud with telemetry; `ask` is the real client's query."""

    folder: Path
    options: Options = field(default_factory=lambda: Options(ingestion_delay=0.0))
    audience: str = "https://api.loganalytics.io"
    caller: str = DEPLOYER_OBJECT_ID

    def __post_init__(self) -> None:
        self.cloud = Cloud(self.folder)
        self.workspaces = Workspaces(self.folder, self.options)
        self.telemetry = Telemetry(self.cloud, self.workspaces)
        self.endpoint = logs_endpoint(self.cloud, self.workspaces, self.options)

    def again(self, **options: Any) -> World:
        """The next run of the sandbox on the same folder."""
        return World(self.folder, replace(self.options, **options))

    def put(self, arm_id: str, arm_type: str, **properties: Any) -> None:
        body = {"location": "eastus", "properties": properties}
        with self.cloud.change():
            self.cloud.put(Resource(arm_id, arm_type, arm_id.rsplit("/", 1)[-1], body))

    def setting(self, target: str, **properties: Any) -> None:
        arm_id = f"{target}/providers/Microsoft.Insights/diagnosticSettings/all"
        given = {"workspaceId": WORKSPACE, **properties}
        self.put(arm_id, "Microsoft.Insights/diagnosticSettings", **given)

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken(mint(self.cloud, self.audience, self.caller)[0], int(time.time()) + 3600)

    def answer(
        self, query: str, workspace: str = CUSTOMER, **asked: Any
    ) -> LogsQueryResult | LogsQueryPartialResult:
        client = LogsQueryClient(self, transport=EndpointTransport(self.endpoint), retry_total=0)
        return client.query_workspace(workspace, query, **{"timespan": None, **asked})

    def ask(self, query: str, workspace: str = CUSTOMER, **asked: Any) -> list[dict[str, Any]]:
        found = self.answer(query, workspace, **asked)
        assert isinstance(found, LogsQueryResult)
        table = found.tables[0]
        return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.put(GATEWAY, "Microsoft.ApiManagement/service")
    made.put(ACCOUNT, "Microsoft.CognitiveServices/accounts")
    made.put(WORKSPACE, "Microsoft.OperationalInsights/workspaces", customerId=CUSTOMER)
    return made
