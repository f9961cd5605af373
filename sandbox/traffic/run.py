"""Send the planned calls, each at its own time, and write down what happened."""

import heapq
import json
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import Progress

from sandbox import clock
from sandbox.cloud import Cloud
from sandbox.gateway import gateway_endpoint
from sandbox.http import Headers, Request, Response
from sandbox.identity import mint
from sandbox.logs import Telemetry, Workspaces
from sandbox.model import model_endpoint
from sandbox.model.service import Pace, Service
from sandbox.options import Options
from sandbox.reach import every_network
from sandbox.stack import SessionError
from sandbox.traffic.incidents import Window, windows
from sandbox.traffic.plan import Ask, Planner
from sandbox.traffic.stack import Stack, find, grant, limit, model
from sandbox.traffic.truth import moment, told, totals

Json = dict[str, Any]
API_VERSION = "2024-12-01-preview"
AUDIENCE = "https://cognitiveservices.azure.com"
DEVELOPER = "c0ffee00-0000-4000-8000-00000000d0e5"
"""Object id of a person who has a role of their own on the account."""
DAYS, CALLS = range(1, 31), range(20, 1001)
"""A workspace keeps 30 days unless told otherwise; more calls would fill the disk."""
RETRIES, LONGEST_WAIT = 2, 60
"""https://github.com/openai/openai-python#retries , and the longest Retry-After it keeps to."""
QUIET_SECONDS = 3


def fill(options: Options, days: int, per_day: int, until: datetime | None) -> str:
    """Call the deployed stack over the last `days` and write traffic.json; say what was done.

    Raises:
        SessionError: a value is out of range, the stack is not whole, or has traffic already.
    """
    for name, value, allowed in (("days", days, DAYS), ("calls-per-day", per_day, CALLS)):
        if value not in allowed:
            raise SessionError(f"--{name} is {value}, not {allowed[0]} to {allowed[-1]}")
    now = datetime.now(UTC)
    end = until or now.replace(microsecond=0)
    if end > now:
        raise SessionError(f"--until {end.isoformat()} is in the future")
    cloud = Cloud(options.folder.resolve())
    stack, file = find(cloud), cloud.folder / "traffic.json"
    if file.exists():
        text = f"{file} tells of traffic that is there already: to start anew, delete it"
        raise SessionError(f"{text} and {cloud.folder / 'workspaces'}")
    chance, start = random.Random(options.seed), end - timedelta(days=days)  # noqa: S311 repeatable
    found, planner = windows(chance, start, end), Planner(stack, chance)
    asks = list(planner.everyday(start, end, per_day))
    asks += [*planner.troubled(found, per_day), *planner.sprinkled(asks)]
    caller = Caller(cloud, options, stack, found, f"{options.seed}:{end.timestamp()}")
    records = caller.run(asks)
    span = {"from": moment(start.timestamp()), "until": moment(end.timestamp())}
    truth = {
        "seed": options.seed, "days": days, **span, "bypass_identity": DEVELOPER,
        "habits": {c: [habit for name, habit in planner.roles if name == c] for c in stack.keys},
        "deployments": {
            one.name: {"model": model(one), "tokens_per_minute": limit(one)}
            for one in [*stack.chat, *stack.embeddings]
        },
        "incidents": {
            name: {"from": moment(window.start), "until": moment(window.end)}
            for name, window in found.items()
        },
        "totals": totals(records), "calls": records,
    }  # fmt: skip
    file.write_text(json.dumps(truth, indent=1))
    return f"{len(records)} calls from {span['from']} to {span['until']}: {file}"


class _Witness(Telemetry):
    """Telemetry that knows the correlation id of the gateway's last row, and may lose rows."""

    correlation, lossy = "", False

    def emit(self, resource_id: str, category: str, row: Mapping[str, Any]) -> None:
        if category == "GatewayLogs":
            self.correlation = str(row["CorrelationId"])
        if not self.lossy:
            super().emit(resource_id, category, row)


class Caller:
    """All callers of a stack, and the trouble that the incidents make."""

    def __init__(
        self, cloud: Cloud, options: Options, stack: Stack, found: dict[str, Window], seed: str
    ) -> None:
        options = replace(options, ingestion_delay=0.0, role_delay=0.0)
        self.cloud, self.stack, self.windows, self.seed = cloud, stack, found, seed
        self.chance = random.Random(seed)  # noqa: S311 repeatable
        self.service = Service(limited=True)
        grant(cloud, stack.account, DEVELOPER)
        self.telemetry = _Witness(cloud, Workspaces(cloud.folder, options))
        self.account = model_endpoint(cloud, options, self.telemetry, self.service)
        self.gateway = gateway_endpoint(cloud, options, self.telemetry, self.account)

    def run(self, asks: list[Ask]) -> list[Json]:
        """Make all calls in the order of their times, with retries; return their records."""
        number, records, begun = count(), list[Json](), monotonic()
        heap = [(ask.time, next(number), ask) for ask in asks]
        heapq.heapify(heap)
        console = Console(stderr=True)
        progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        task = progress.add_task("calls", total=len(heap))
        with ExitStack() as shown:
            while heap:
                _, serial, ask = heapq.heappop(heap)
                response, record = self.call(ask, serial)
                records.append(record)
                if ask.tries < RETRIES and (wait := self.wait(ask, response)):
                    time, first = ask.time + record["milliseconds"] / 1000 + wait, ask.first
                    first = first or record["correlation"]
                    later = replace(ask, time=time, tries=ask.tries + 1, first=first)
                    heapq.heappush(heap, (time, next(number), later))
                progress.update(task, completed=len(records), total=len(records) + len(heap))
                if not progress.live.is_started and monotonic() - begun > QUIET_SECONDS:
                    shown.enter_context(progress)
        return records

    def call(self, ask: Ask, serial: int) -> tuple[Response, Json]:
        """Make one call at its time; return the response and what is true of the call."""
        slow = self.chance.lognormvariate(0, 0.35) * (
            1.5 if ask.time in self.windows["spike"] else 1
        )
        self.service.down = ask.time in self.windows["outage"]
        self.service.pace = Pace(0.35 * slow, 5000, 65 / slow**0.5)
        self.telemetry.lossy = ask.time in self.windows["silence"]
        self.telemetry.correlation = ""
        with clock.simulated(ask.time, f"{self.seed}:{serial}"):
            response = (self.account if ask.direct else self.gateway)(self.request(ask))
            body, first, last = _read(response)
        id_ = response.headers.get("apim-request-id") if ask.direct else self.telemetry.correlation
        record = {
            "time": moment(ask.time), "correlation": id_, "consumer": ask.consumer,
            "deployment": ask.deployment, "operation": ask.operation, "ip": ask.ip,
            **told(response, body), "streamed": bool(ask.body.get("stream")),
            "retry": ask.tries, "retry_of": ask.first,
            "through": "account" if ask.direct else "gateway",
            "logged": bool(id_) and not self.telemetry.lossy,
            "milliseconds": int(1000 * (last - ask.time)),
            "first_milliseconds": int(1000 * (first - ask.time)),
            "request_bytes": len(json.dumps(ask.body).encode()), "response_bytes": len(body),
        }  # fmt: skip
        return response, record

    def wait(self, ask: Ask, response: Response) -> float:
        """Return the seconds after which a client library tries again; 0 if it does not."""
        if response.status != 429 and response.status < 500:  # noqa: PLR2004
            return 0.0
        after = float(response.headers.get("retry-after") or 0)
        backoff = min(0.5 * 2**ask.tries, 8) * self.chance.uniform(0.75, 1)
        return after if 0 < after <= LONGEST_WAIT else backoff

    def request(self, ask: Ask) -> Request:
        """Make the HTTP request that a client library would send for a planned call."""
        headers, root = Headers([("Content-Type", "application/json")]), self.stack.url
        if ask.direct:
            token, _ = mint(self.cloud, AUDIENCE, DEVELOPER)
            headers.add("Authorization", f"Bearer {token}")
            name = self.stack.account.properties["customSubDomainName"]
            root = f"https://{name}.openai.azure.com/openai"
        elif ask.key:
            headers.add(self.stack.key_header, ask.key)
        kinds = {"Embeddings_Create": "embeddings", "ChatCompletions_Create": "chat/completions"}
        path = f"deployments/{ask.deployment}/{kinds.get(ask.operation)}?api-version={API_VERSION}"
        path = path if ask.operation in kinds else "v1/responses"
        body = json.dumps(ask.body).encode()
        request = Request.to("POST", f"{root}/{path}", headers, body, ask.ip)
        return replace(request, networks=every_network(self.cloud))


def _read(response: Response) -> tuple[bytes, float, float]:
    """Read the whole body; return it with the times of its first part and its end."""
    if isinstance(response.body, bytes):
        return response.body, clock.now(), clock.now()
    parts, first = [next(response.body)], clock.now()
    parts.extend(response.body)
    return b"".join(parts), first, clock.now()
