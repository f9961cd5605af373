"""A gateway, an account and a workspace in memory: what the check talks to, with faults to set."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

from queries.check.clock import Clock
from queries.check.workspace import NotYetError

KEY = "0123456789abcdef0123456789abcdef"
GATEWAY = "/subscriptions/s/providers/Microsoft.ApiManagement/service/apim-x"
ACCOUNT = "/subscriptions/s/providers/Microsoft.CognitiveServices/accounts/oai-x"
Row = dict[str, Any]


def outputs(**proof: Any) -> dict[str, Any]:
    """Outputs of a stack with one chat deployment; `proof` changes keys of that output."""
    return {
        "subscriptionKeys": {"aoai-test": KEY},
        "proof": {
            "version": 1,
            "gatewayUrl": "https://apim-x.azure-api.net",
            "apiPath": "openai",
            "apiId": "miyagi-api",
            "accountId": ACCOUNT,
            "gatewayId": GATEWAY,
            "workspaceId": "/subscriptions/s/workspaces/log-x",
            "workspaceCustomerId": "00000000-0000-0000-0000-000000000000",
            "deployments": [
                {"name": "text-turbo", "model": "gpt-5.1", "version": "1", "kind": "chat"}
            ],
            "consumers": ["aoai-test"],
            "capture": "full",
            "bodyBytes": 8192,
            "samplingPercentage": 100,
            "llmLogging": True,
            "subscriptionKeyHeader": "api-key",
            "apiVersion": "2025-04-01-preview",
            "logsEndpoint": "https://api.loganalytics.io",
            **proof,
        },
    }


@dataclass
class FakeClock(Clock):
    """Time that passes only when somebody sleeps."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC) + timedelta(seconds=self.time)

    def elapsed(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Azure:
    """Answers calls, and gives their rows `delay` seconds later, in any order, some twice."""

    clock: FakeClock
    delay: float = 0.0
    refusals: list[httpx.Response] = field(default_factory=list)
    """Answers that come before the first 200."""
    change: dict[str, Callable[[Row], Row | None]] = field(default_factory=dict)
    """By table: what becomes of each row; None loses it."""
    no_table_until: float = 0.0
    denied: Exception | None = None
    denied_until: float = float("inf")
    skew: float = 0.0
    """Seconds by which the service's clock is ahead of the caller's."""
    spread: float = 0.0
    capture: str = "full"
    requests: list[httpx.Request] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    _rows: list[tuple[float, str, Row]] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.refusals:
            return self.refusals.pop(0)
        number, kind = len(self.requests), request.url.path.rpartition("/")[2]
        usage = {"prompt_tokens": 20 + number, "completion_tokens": 5, "total_tokens": 25 + number}
        answer: dict[str, Any] = {"object": kind, "usage": usage}
        if kind == "completions":
            message = {"role": "assistant", "content": 'All is well, "friend".'}
            answer |= {"id": f"chatcmpl-{number}", "choices": [{"message": message}]}
        body = json.dumps(answer)
        self._log(request, body, usage, f"corr-{number}")
        return httpx.Response(
            200,
            text=body,
            headers={
                "apim-request-id": f"acc-{number}",
                "date": format_datetime(self._now(), usegmt=True),
            },
        )

    def _log(self, request: httpx.Request, body: str, usage: Row, correlation: str) -> None:
        sent, full = request.content.decode(), self.capture == "full"
        deployment = request.url.path.split("/")[3]
        gateway = {
            "CorrelationId": correlation,
            "ApiId": "miyagi-api",
            "ApimSubscriptionId": "aoai-test",
            "CallerIpAddress": "203.0.113.9",
            "Url": str(request.url),
            "ResponseCode": 200,
            "RequestSize": len(sent),
            "ResponseSize": len(body),
            **dict.fromkeys(("RequestBody", "BackendRequestBody"), sent if full else ""),
            **dict.fromkeys(("ResponseBody", "BackendResponseBody"), body if full else ""),
        }
        self._add("ApiManagementGatewayLogs", gateway)
        if "id" in json.loads(body):
            self._log_llm(sent, json.loads(body), usage, correlation)
        self._add(
            "AzureDiagnostics",
            {
                "CorrelationId": correlation.replace("corr", "acc"),
                "Deployment": deployment,
                "ResultSignature": "200",
            },
        )
        for table, name in ((GATEWAY, "Requests"), (ACCOUNT, "AzureOpenAIRequests")):
            self._add(table, {"MetricName": name, "Total": float(len(self.requests))})

    def _log_llm(self, sent: str, answer: Row, usage: Row, correlation: str) -> None:
        counts = {"".join(p.title() for p in key.split("_")): n for key, n in usage.items()}
        entry = {"CorrelationId": correlation, "SequenceNumber": 0, "Request": "", "Response": ""}
        self._add("ApiManagementGatewayLlmLog", entry | counts | {"RequestId": answer["id"]})
        if self.capture == "full":
            messages = {"Request": sent, "Response": json.dumps(answer["choices"])}
            for number, (column, value) in enumerate(messages.items(), start=1):
                row = entry | {"SequenceNumber": number, column: value}
                self._add("ApiManagementGatewayLlmLog", row)

    def _add(self, table: str, row: Row) -> None:
        changed = self.change.get(table, lambda same: same)({"TimeGenerated": self._now(), **row})
        if changed is not None:
            late = self.delay + self._random.uniform(0, self.spread)
            copies = 2 if self.spread and "MetricName" not in row else 1
            self._rows += [(self.clock.time + late, table, changed)] * copies

    def _now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.skew)

    def query(self, kql: str) -> list[Row]:
        self.queries.append(kql)
        if self.denied and self.clock.time < self.denied_until:
            raise self.denied
        if self.clock.time < self.no_table_until:
            raise NotYetError("the table has no rows yet")
        table = next(line for line in kql.splitlines() if line[:3] in {"Api", "Azu"})
        if table == "AzureMetrics":
            table = GATEWAY if GATEWAY in kql else ACCOUNT
        since, until = (datetime.fromisoformat(t) for t in re.findall(r"datetime\((.+)\)", kql))
        found = [
            row
            for at, name, row in self._rows
            if name == table and at <= self.clock.time and since <= row["TimeGenerated"] <= until
        ]
        self._random.shuffle(found)
        return found


def refused(status: int, code: str, message: str, **headers: str) -> httpx.Response:
    """An error in the model endpoint's shape."""
    error = {"error": {"code": code, "message": message}}
    return httpx.Response(status, json=error, headers=headers)


def wrong_key() -> httpx.Response:
    """What the gateway says to a key that it does not know."""
    message = "Access denied due to invalid subscription key. Make sure to provide a valid key."
    return httpx.Response(401, json={"statusCode": 401, "message": message})
