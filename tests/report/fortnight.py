"""A fortnight of calls of which all is known, in a workspace of its own."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from queries.outputs import Target
from queries.outputs import target as read_target
from queries.pages import CutError, Paged
from queries.workspace import whole
from tests.queries.database import Database
from tests.queries.truth import COMPLETIONS, EMBEDDINGS, FILTERED, Call, gateway_row, llm_rows

UNTIL = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
DAYS = 14
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
"""The first step of the report: the whole day in which the fourteen begin."""
CONSUMERS = tuple(
    f"aoai-{name}"
    for name in (
        "search", "support-desk", "sales", "legal", "research", "billing", "marketing", "intranet",
        "analytics", "mobile-app", "data-quality-and-reconciliation-batch", "trial",
    )
)  # fmt: skip
OUTAGE = datetime(2026, 3, 10, tzinfo=UTC)
PRICES = {"gpt": {"input": 1.25, "output": 10.0}}
BUDGETS = {
    "aoai-search": {"tokens": 9_000_000, "cost": 60},
    "aoai-support-desk": {"tokens": 2_000_000},
}
OF_A_DEPLOYMENT = {"version": "1", "sku": "GlobalStandard"}
TARGET: dict[str, Any] = {
    "version": 1,
    "gatewayUrl": "https://apim-example.azure-api.net",
    "apiPath": "openai",
    "apiId": "miyagi-api",
    "accountId": "/account",
    "gatewayId": "/gateway",
    "gatewayPrincipalId": "the-gateway",
    "workspaceCustomerId": "11111111-2222-3333-4444-555555555555",
    "workspaceId": "/subscriptions/0/resourceGroups/rg/providers/workspaces/log-example",
    "deployments": [
        {"name": "chat", "model": "gpt", "kind": "chat", "capacity": 200, **OF_A_DEPLOYMENT},
        {"name": "embed", "model": "emb", "kind": "embeddings", "capacity": 100, **OF_A_DEPLOYMENT},
    ],
    "consumers": list(CONSUMERS),
    "capture": "full",
    "bodyBytes": 8192,
    "samplingPercentage": 100,
    "llmLogging": True,
    "subscriptionKeyHeader": "api-key",
    "apiVersion": "2024-12-01-preview",
    "logsEndpoint": "https://api.loganalytics.io/v1",
    "managementEndpoint": "https://management.azure.com",
    "accountEndpoint": "https://oai-example.openai.azure.com/",
    "backendUrl": "https://oai-example.openai.azure.com/openai",
    "audience": "https://cognitiveservices.azure.com",
    "roleId": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "operations": {},
    "logResponseBodies": True,
    "llmMessageBytes": 32768,
    "accountingHeader": "",
    "backendTimeoutSeconds": 300,
    "prices": {},
    "budgets": {},
    "diagnosticSettings": {"gateway": "", "account": ""},
}
OUTPUTS = {"proof": TARGET | {"prices": PRICES, "budgets": BUDGETS}}


Timed = tuple[datetime, int, Call]
"""When a call was made, and how many milliseconds it took."""


def fortnight(seed: int = 7, scale: int = 1) -> list[Timed]:
    """Office hours, consumers of different sizes, an outage, throttling, filters, losses."""
    chance, calls = random.Random(seed), []
    for day in range(DAYS + 1):
        start = SINCE + timedelta(days=day)
        busy = 0.3 if start.weekday() >= 5 else 1.0
        for rank, consumer in enumerate(CONSUMERS):
            number = round(busy * scale * 14 / (rank + 1) + chance.random())
            for index in range(number):
                time = start + timedelta(hours=7 + 10 * chance.random(), seconds=chance.random())
                if time < UNTIL:
                    key = f"{day}-{rank}-{index}"
                    calls.append(_call(chance, key, consumer, time))
    return calls


def _call(chance: random.Random, key: str, consumer: str, time: datetime) -> Timed:
    tokens = (chance.randrange(200, 9_000), chance.randrange(20, 900))
    ip = f"10.0.{CONSUMERS.index(consumer)}.{chance.randrange(1, 4)}"
    call = Call(id=key, tokens=tokens, consumer=consumer, ip=ip, stream=chance.random() < 0.3)
    took = round(chance.lognormvariate(7, 0.6)) + tokens[1]
    fate = chance.random()
    if time.date() == OUTAGE.date() and fate < 0.5:
        call = replace(call, status=503, error={"error": {"code": "503"}}, tokens=(0, 0))
    elif fate < 0.03:
        call = replace(call, status=429, error={"error": {"code": "429"}}, tokens=(0, 0))
    elif fate < 0.05:
        call = replace(call, status=400, backend=400, error=FILTERED)
    elif fate < 0.06:
        call = replace(call, status=404, error={"error": {"code": "404"}}, tokens=(0, 0))
    elif fate < 0.09:
        call = replace(call, usage=False, stream=True)
    elif fate < 0.25:
        call = replace(
            call, deployment="embed", operation=EMBEDDINGS, stream=False,
            answers=("0.1,0.2",), tokens=(tokens[0], 0),
        )  # fmt: skip
        took //= 10
    elif fate < 0.30:
        call = replace(call, deployment="old", operation=COMPLETIONS, stream=False)
    elif fate < 0.32:
        call = replace(call, prompt="all work and no play " * 600)
    return time, took, call


def workspace(calls: Iterable[Timed]) -> Database:
    """Their rows."""
    database = Database()
    tables: dict[str, list[dict[str, Any]]] = {
        "ApiManagementGatewayLogs": [],
        "ApiManagementGatewayLlmLog": [],
    }
    for aware, took, call in calls:
        time = aware.replace(tzinfo=None)
        times = {"TotalTime": took, "BackendTime": took * 9 // 10, "ClientTime": took // 50}
        if call.in_gateway_log:
            tables["ApiManagementGatewayLogs"].append(gateway_row(call, time) | times)
        tables["ApiManagementGatewayLlmLog"] += llm_rows(call, time)
    for table, rows in tables.items():
        database.add_all(table, rows)
    return database


class Stored:
    """A workspace that answers from a database, each query once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._answers: dict[str, list[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def query(self, query: str | Paged) -> list[dict[str, Any]]:
        return whole(self.ask, query)

    def ask(self, kql: str) -> list[dict[str, Any]]:
        """Answer one query, as large as the answer may be."""
        with self._lock:
            if kql not in self._answers:
                self._answers[kql] = self.database.ask(kql)
            return [dict(row) for row in self._answers[kql]]


class Cutting(Stored):
    """A workspace that cuts an answer of more than so many rows, as Log Analytics does."""

    def __init__(self, database: Database, most: int) -> None:
        super().__init__(database)
        self.most = most
        self.cut = 0

    def ask(self, kql: str) -> list[dict[str, Any]]:
        """Answer one query, or say that its answer is cut."""
        found = super().ask(kql)
        if len(found) > self.most:
            self.cut += 1
            raise CutError
        return found


def target(**changes: Any) -> Target:
    return read_target({"proof": TARGET | changes})


def within(calls: Sequence[Timed]) -> list[Call]:
    """The calls of the period."""
    return [call for time, _, call in calls if SINCE <= time < UNTIL]
