"""A gateway, an account and a workspace in memory: what the check talks to, with faults to set."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

from queries.pages import Paged
from queries.workspace import NotYetError, whole
from tests.check import answers
from tests.check.answers import Asked, refused, wrong_key
from tests.check.arm import ACCOUNT, GATEWAY, Arm
from tests.check.clock import FakeClock
from tests.check.query import Query, summed
from tests.check.stack import CUSTOMER, KEY, Row
from tests.check.stored import Stored, makes_or_names

CHUNK = 32
"""Characters of a message in one row of the LLM log, or an eighth of it; Azure's have 32 KB."""
SIZES = 32
"""How many sizes prompts have: they differ by tokens, as far as prompts that are alike do."""
STANDARD: dict[str, Row] = {
    "ApiManagementGatewayLogs": {"_ResourceId": GATEWAY, "Category": "GatewayLogs"},
    "ApiManagementGatewayLlmLog": {"_ResourceId": GATEWAY},
    "AzureDiagnostics": {
        "_ResourceId": ACCOUNT,
        "ResourceId": ACCOUNT.upper(),
        "SubscriptionId": "s",
        "Resource": "OAI-X",
        "ResourceProvider": "MICROSOFT.COGNITIVESERVICES",
        "ResourceType": "ACCOUNTS",
        "Category": "RequestResponse",
        "OperationName": "Inference",
        "DurationMs": 3,
        "CallerIPAddress": "203.0.113.***",
    },
}
"""Columns that Azure fills in every row of a table."""


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
    body_bytes: int = 8192
    response_bodies: bool = True
    backends: tuple[str, ...] = (ACCOUNT,)
    """Accounts that answer in turn."""
    told: str = ""
    """Response header in which the policy tells the tokens of what comes whole; "" for none."""
    llm_of_responses: str = "none"
    """What the LLM log has of the responses API: none, without messages, or with both."""
    keeps_apart: bool = True
    """The policy refuses what leads to a stored response."""
    over: set[str] = field(default_factory=set)  # consumers that the policy refuses as expired
    asks: bool = True
    """The policy asks streams for their tokens."""
    left: Row = field(default_factory=lambda: {"LastErrorReason": "ClientConnectionFailure"})
    """Columns that the gateway logs of a call whose caller left; none: it does not notice."""
    streams: bool = True
    """Parts of a streamed answer come one after another, not all at its end."""
    keys: bool = True
    """The API asks for a key."""
    consumers: dict[str, str] = field(default_factory=lambda: {KEY: "aoai-test"})
    """Whose subscription a key is."""
    other_columns: dict[str, list[str]] = field(default_factory=dict)
    """What queries of the library return, by title, if not what they declare."""
    arm: Arm = field(default_factory=Arm)
    stored: Stored = field(default_factory=Stored)
    requests: list[httpx.Request] = field(default_factory=list)
    """Calls with the key to a deployment that there is, but for those whose caller hung up."""
    hung_up: list[httpx.Request] = field(default_factory=list)
    refused: list[httpx.Request] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)
    """The model of each deployment; "gpt-5.1" where none is named."""
    _rows: list[tuple[float, str, Row]] = field(default_factory=list)
    _answers: dict[tuple[str, Query], tuple[list[Row], list[Row]]] = field(default_factory=dict)
    """Rows that a query found, and what it answered."""
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    def handle(self, request: httpx.Request) -> httpx.Response:
        return self._stored(request) if self.stored.names(request) else self._called(request)

    def _called(self, request: httpx.Request) -> httpx.Response:
        asked, refusal = Asked.of(request), self._refusal(request)
        if refusal:
            self.refused.append(request)
            return refusal
        self.requests.append(request)
        if self.refusals:
            return self.refusals.pop(0)
        number = len(self.requests) + len(self.hung_up)
        prompt = 20 + number % SIZES
        usage = {"prompt_tokens": prompt, "completion_tokens": 5, "total_tokens": prompt + 5}
        if asked.kind == "embeddings":
            usage = {"prompt_tokens": prompt, "total_tokens": prompt}
        answer = self.stored.begin(asked, answers.whole(asked, number, usage))
        if asked.careless and not self.asks:
            del answer["usage"]
        body = answers.streamed(answer) if asked.body.get("stream") else json.dumps(answer)
        stream = bool(asked.body.get("stream"))
        whose = self.consumers.get(str(request.headers.get("api-key")), "")
        told = {} if stream else self._told(answer)
        account_id = self.backends[number % len(self.backends)]
        sent = asked.url.replace("apim-x.azure-api.net", host_of(account_id))
        self._log(asked, body, f"corr-{number}", ApimSubscriptionId=whose, BackendUrl=sent, **told)
        if asked.logged_by_llm or (asked.kind == "responses" and self.llm_of_responses != "none"):
            self._log_llm(asked, answer, usage, f"corr-{number}")
        account = {"Deployment": asked.deployment, "ResultSignature": "200"}
        details = _details(asked, body, self.models, asks=self.asks)
        account |= {"properties_s": json.dumps(details | self._ticks())}
        account |= {"_ResourceId": account_id, "ResourceId": account_id.upper()}
        account |= {"Resource": account_id.rpartition("/")[2].upper()}
        self._add("AzureDiagnostics", {"CorrelationId": f"acc-{number}", **account})
        minute = {"Total": 1.0, "TimeGenerated": self._now() + timedelta(microseconds=number)}
        for table, name in ((GATEWAY, "Requests"), (account_id, "AzureOpenAIRequests")):
            self._add(table, {"MetricName": name, **minute})
        counts = {"ProcessedPromptTokens": prompt, "GeneratedTokens": 5}
        for name, tokens in counts.items():
            if name != "GeneratedTokens" or asked.kind != "embeddings":
                self._add(account_id, {"MetricName": name, **minute, "Total": float(tokens)})
        headers = {
            **self._headers(f"acc-{number}"),
            **json.loads(told.get("ResponseHeaders", "{}")),
        }
        if stream:
            parts = _Parts(self, request, number, body)
            return httpx.Response(200, stream=parts, headers=headers)
        return httpx.Response(200, content=body.encode(), headers=headers)

    def hang_up(self, request: httpx.Request, number: int) -> None:
        """Log of a call that its caller left: no usage came, and the reason, unless told else."""
        self.requests.remove(request)
        self.hung_up.append(request)
        for _, table, row in self._rows:
            if row.get("CorrelationId") != f"corr-{number}":
                continue
            if table == "ApiManagementGatewayLogs":
                row.update(self.left)
            elif self.left:
                row.update(dict.fromkeys(("PromptTokens", "CompletionTokens", "TotalTokens"), 0))

    def _told(self, answer: Row) -> Row:
        """What the policy tells of an answer or an error, if it does."""
        error = answer.get("error") or {}
        said = {"model": "m", "usage": answer.get("usage"), "code": error.get("code")}
        said |= {"background": answer["id"]} if answer.get("background") else {}
        header = json.dumps(said, separators=(",", ":")).replace('"', "")
        return {"ResponseHeaders": json.dumps({self.told: header})} if self.told else {}

    def _stored(self, request: httpx.Request) -> httpx.Response:
        """A call that names a response: logged like any, with its tokens once it has ended."""
        answer, number = self.stored.answer(request), f"named-{len(self._rows)}"
        told = self._told(answer) if answer and answer.get("usage") else {}
        code, asked = 200 if answer else 404, self.stored.asked(request)
        more = {"Method": request.method, "OperationId": "V1_Responses_Get", "ResponseCode": code}
        self._log(asked, json.dumps(answer or {}), number, **more, **told)
        return self.stored.response(answer, self._headers(number))

    def _refusal(self, request: httpx.Request) -> httpx.Response | None:
        """Of a call without the key, or to a deployment that there is not."""
        if self.keys and request.headers.get("api-key") not in self.consumers:
            answer, reason = wrong_key(), "SubscriptionKeyInvalid"
        elif self.consumers.get(str(request.headers.get("api-key"))) in self.over:
            answer, reason = refused(403, "ConsumerExpired", "This consumer's last day was x."), ""
        elif Asked.of(request).deployment.startswith("no-such-"):
            answer, reason = refused(404, "DeploymentNotFound", "no such deployment"), ""
        elif self.keeps_apart and makes_or_names(request):
            answer, reason = refused(403, "StoredResponsesNotOffered", "not here"), ""
        elif "/responses/no-such-" in request.url.path:
            answer, reason = refused(404, "NotFound", "no such response"), ""
        else:
            return None
        code, asked_backend = answer.status_code, answer.status_code == 404
        backend = {"BackendResponseCode": code if asked_backend else None}
        more = {
            "ResponseCode": code,
            "LastErrorReason": reason,
            "ApimSubscriptionId": self.consumers.get(str(request.headers.get("api-key")), ""),
            **backend,
            **(self._told(answer.json()) if asked_backend or self.over else {}),
        }
        number = f"no-{len(self.refused)}"
        self._log(Asked.of(request), answer.text, number, **more)
        answer.headers.update(self._headers(number))
        return answer

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"apim-request-id": request_id, "date": format_datetime(self._now(), usegmt=True)}

    def _log(self, asked: Asked, body: str, correlation: str, **more: Any) -> None:
        full, limit = self.capture == "full", self.body_bytes
        asking = {"RequestBody": asked.content}
        asking |= {"BackendRequestBody": asked.forwarded if self.asks else asked.content}
        said = body.encode()[:limit].decode(errors="ignore")
        said = said if full and self.response_bodies else ""
        gateway = {
            "CorrelationId": correlation,
            "ApiId": "miyagi-api",
            "OperationId": asked.operation,
            "ApimSubscriptionId": "aoai-test",
            "CallerIpAddress": "203.0.113.9",
            "ProductId": "aoai",
            "Method": "POST",
            "Url": asked.url,
            "BackendMethod": "POST",
            "BackendUrl": asked.url.replace("apim-x.azure-api.net", "oai-x.openai.azure.com"),
            "BackendResponseCode": 200,
            "IsRequestSuccess": True,
            "TotalTime": 5,
            "BackendTime": 3,
            "Cache": "none",
            "ResponseCode": 200,
            "RequestSize": len(asked.content),
            "ResponseSize": len(body.encode()),
            **{name: cut(raw, limit) if full else "" for name, raw in asking.items()},
            **dict.fromkeys(("ResponseBody", "BackendResponseBody"), said),
        }
        self._add("ApiManagementGatewayLogs", gateway | more)

    def _log_llm(self, asked: Asked, answer: Row, usage: Row, correlation: str) -> None:
        counts = {"".join(p.title() for p in key.split("_")): n for key, n in usage.items()}
        entry = {"CorrelationId": correlation, "SequenceNumber": 0, "Request": "", "Response": ""}
        entry |= {"DeploymentName": asked.deployment}
        entry |= {"IsStreamCompletion": bool(asked.body.get("stream"))}
        self._add("ApiManagementGatewayLlmLog", entry | counts | {"RequestId": answer["id"]})
        if self.capture == "full" and (asked.logged_by_llm or self.llm_of_responses == "with both"):
            said = answer.get("output") or [choice["message"] for choice in answer["choices"]]
            messages = {"Request": asked.body.get("messages") or asked.body["input"]}
            messages |= {"Response": said}
            chunks = [
                {column: text[at : at + size]}
                for column, value in messages.items()
                for text in [json.dumps(value)]
                for size in [max(CHUNK, len(text) // 8)]
                for at in range(0, len(text), size)
            ]
            for number, chunk in enumerate(chunks, start=1):
                self._add("ApiManagementGatewayLlmLog", entry | {"SequenceNumber": number} | chunk)

    def _add(self, table: str, row: Row) -> None:
        row, change = {"TimeGenerated": self._now(), **row}, self.change.get(table)
        changed = change(row) if change else row
        if changed is not None:
            changed = {**_standard(table), **changed}
            sides = [side for side in ("Request", "Response") if side in changed]
            changed |= {f"{side}Messages": changed[side] for side in sides}
            late = self.delay + self._random.uniform(0, self.spread)
            copies = 2 if self.spread else 1
            self._rows += [(self.clock.time + late, table, changed)] * copies

    def _now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.skew)

    def _ticks(self) -> Row:
        """When a request and its answer were, by .NET's clock."""
        begin = int((self._now() - datetime(1, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
        return {"requestTime": begin * 10, "responseTime": begin * 10 + 30_000}

    def query(self, query: str | Paged) -> list[Row]:
        return whole(self._answer, query)

    def _answer(self, kql: str) -> list[Row]:
        asked = Query.of(kql)
        self.queries.append(asked.kql)
        if self.denied and self.clock.time < self.denied_until:
            raise self.denied
        if self.clock.time < self.no_table_until:
            raise NotYetError("the table has no rows yet")
        if asked.kql.startswith("search "):
            return self._searched(asked)
        if asked.table == "AzureMetrics":
            asked_of = (one for one in (GATEWAY, *self.backends) if f'"{one}"' in asked.kql)
            rows = ({**row, "Resource": one} for one in asked_of for row in self._there(one, asked))
            return summed(list(rows), asked.kql)
        return self._there(asked.table, asked)

    def _there(self, table: str, asked: Query) -> list[Row]:
        """The table's rows that have come, between the query's first two times.

        They come in another order whenever one more has come.
        """
        found = [
            row
            for at, name, row in self._rows
            if name == table
            and at <= self.clock.time
            and asked.since <= row["TimeGenerated"] <= asked.until
        ]
        known, answer = self._answers.get((table, asked), ([], []))
        if found != known:
            answer = asked.first(self._random.sample(found, len(found)))
            self._answers[table, asked] = (found, answer)
        return list(answer)

    def _searched(self, asked: Query) -> list[Row]:
        """`search "TERM" and "*TEXT*"`: how many rows of each table hold both."""
        wanted = [word.strip("*") for word in re.findall(r'"([^"]*)"', asked.kql.splitlines()[0])]
        tables = dict.fromkeys(name for _, name, _ in self._rows)
        counts = {
            table: sum(
                all(word in str(row) for word in wanted) for row in self._there(table, asked)
            )
            for table in tables
        }
        return [{"Table": table, "Rows": count} for table, count in counts.items() if count]

    def columns(self, kql: str) -> list[str]:
        """What the query's header declares, unless told otherwise."""
        if self.clock.time < self.no_table_until:
            raise NotYetError("the table has no rows yet")
        title = kql.splitlines()[0].removeprefix("// ")
        line = re.search(r"// Columns: (.+)", kql)
        declared = re.sub(r"\([^)]*\)", "", line[1]).split(",") if line else []
        return self.other_columns.get(title) or [column.strip() for column in declared]

    def first_round_over(self) -> float:
        """When the last row of the first round of two calls and three attempts was there."""
        ids = {f"corr-{n}" for n in (1, 2)} | {f"acc-{n}" for n in (1, 2)}
        ids |= {f"no-{n}" for n in (0, 1, 2)}
        metrics = [at for at, _, row in self._rows if "MetricName" in row][
            : 16 if self.spread else 8
        ]
        return max(metrics + [at for at, _, row in self._rows if row.get("CorrelationId") in ids])


class _Parts(httpx.SyncByteStream):
    """A streamed answer, part by part; the caller may leave before its end."""

    def __init__(self, azure: Azure, request: httpx.Request, number: int, body: str) -> None:
        self._azure, self._request, self._number = azure, request, number
        self._parts = re.findall(r".+?\n\n", body, re.DOTALL)
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            azure = self._azure
            azure.clock.time += 0.05 if azure.streams or part is self._parts[0] else 0
            self._sent += 1
            yield part.encode()

    def close(self) -> None:
        if self._sent < len(self._parts):
            self._azure.hang_up(self._request, self._number)


def _standard(table: str) -> Row:
    """Columns that every row of a table has."""
    return {"TenantId": CUSTOMER, "Type": table, "_SubscriptionId": "s", **STANDARD.get(table, {})}


def cut(raw: bytes, limit: int) -> str:
    """The start of a body, as far as it is logged."""
    return raw[:limit].decode(errors="ignore")


def _details(asked: Asked, body: str, models: dict[str, str], *, asks: bool) -> Row:
    """What the account's row of a request has as JSON."""
    return {
        "objectId": "the-gateway",
        "requestLength": len(asked.forwarded if asks else asked.content),
        "responseLength": len(body.encode()),
        "streamType": "Streaming" if asked.body.get("stream") else "Non-Streaming",
        "modelDeploymentName": asked.deployment,
        "modelName": models.get(asked.deployment, "gpt-5.1"),
        "modelVersion": "1",
    }


def host_of(account: str) -> str:
    """Return the host at which an account in memory answers."""
    return f"{account.rpartition('/')[2]}.openai.azure.com"
