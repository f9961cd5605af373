"""Measure what the gateway's policy costs a call: `python -m tools.policy_bench`, or `make bench`.

The sandbox runs the policy and an empty one on the same calls, by turns. Its interpreter of policy
expressions is slower than API Management, so milliseconds are not Azure's; what a policy does with
a large body shows all the same: the last column tells the time that the policy adds in reads of
that body as JSON, of which there is one at least. The policy of several accounts runs beside them:
what the choice of an account adds to a call, as a ratio.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from components.openai_api.policy import render
from components.openai_api.routing import Routing, plan
from components.settings.accounts import Account
from sandbox.cloud import Cloud, Resource
from sandbox.gateway.call import Call
from sandbox.gateway.policy import Policies
from sandbox.http import Headers, Request, Response

ROUNDS = 9
BAR = 5.0
"""Reads of a large body that the policy may cost: some searches, one parse and one new body."""
LARGE = 100_000
"""Bytes of a body from which reads of it are most of its cost, and `BAR` holds."""
SERVICE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/apim-x"
EMPTY = "<policies><inbound /><backend><forward-request /></backend><outbound /></policies>"
CHAT = "/deployments/{deployment-id}/chat/completions"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A call, and its answer."""

    name: str
    template: str
    request: bytes
    response: bytes = b'{"model":"m","choices":[],"usage":{"total_tokens":3}}'

    @property
    def largest(self) -> bytes:
        """Return the larger of both bodies."""
        return max(self.request, self.response, key=len)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a policy costs a call, as the median of the rounds, in milliseconds."""

    case: Case
    own: float
    several: float
    """Under the policy of four accounts that share the call's deployment."""
    empty: float
    read: float
    """Of one read of the larger body as JSON."""

    @property
    def reads(self) -> float:
        """Return the cost of the policy in reads of the body."""
        return (self.own - self.empty) / self.read

    @property
    def ratio(self) -> float:
        """Return the cost with four accounts over the cost with one."""
        return self.several / self.own

    @property
    def is_large(self) -> bool:
        """Tell whether reads of a body are most of the cost."""
        return len(self.case.largest) >= LARGE

    @property
    def over(self) -> bool:
        """Tell whether a large body costs more than it may."""
        return self.is_large and self.reads > BAR


def cases() -> Iterator[Case]:
    """Yield a small call of each kind that the policy reads, and a large one."""
    for words, said in ((3, ""), (700, " of 1 MB")):
        messages = [{"role": "user", "content": 'all work\nand "no" play ' * words}] * 60
        chat = {"messages": messages, "max_completion_tokens": 9}
        yield Case(name=f"chat{said}", template=CHAT, request=_body(chat))
        yield Case(name=f"stream{said}", template=CHAT, request=_body({**chat, "stream": True}))
        asked = {"model": "mini", "input": messages}
        yield Case(name=f"response{said}", template="/v1/responses", request=_body(asked))
    numbers = [0.012345678901234] * 256
    data = [{"object": "embedding", "index": at, "embedding": numbers} for at in range(2048)]
    usage = {"prompt_tokens": 2048, "total_tokens": 2048}
    yield Case(
        name="embeddings of 2,048 inputs",
        template="/deployments/{deployment-id}/embeddings",
        request=_body({"input": ["a"] * 2048}),
        response=_body({"object": "list", "data": data, "model": "m", "usage": usage}),
    )


def _body(value: object) -> bytes:
    return json.dumps(value).encode()


def own_policy(routing: Routing | None = None) -> str:
    """Return the policy that the program deploys, for several accounts with a `routing`."""
    return render(
        audience="https://cognitiveservices.azure.com",
        backend_url="https://oai-x.openai.azure.com/openai",
        timeout=600,
        routing=routing,
    )


def four_accounts() -> Routing:
    """Plan the ways to four accounts that share both deployments of the calls.

    Raises:
        ValueError: there is no plan.
    """
    model = {"model": "gpt-5.6-luna", "version": "2026-07-09", "capacity": 1}
    deployments = [{"name": name, **model} for name in ("chat", "mini")]
    accounts = [
        Account.model_validate({"name": name, "deployments": deployments, "priority": rank})
        for rank, name in enumerate(("weu", "swc", "eus", "eus2"), 1)
    ]
    if planned := plan("a", accounts):
        return planned
    raise ValueError("no way to several accounts")


def measure(policy: str = "") -> Iterator[Cost]:
    """Run each call through a policy, the program's own unless given, and through an empty one."""
    own, routing = policy or own_policy(), four_accounts()
    several = own_policy(routing)
    with tempfile.TemporaryDirectory() as folder:
        cloud = Cloud(Path(folder))
        _backends(cloud, routing)
        for case in cases():
            times: dict[str, list[float]] = {"own": [], "several": [], "empty": [], "read": []}
            for _ in range(ROUNDS):
                times["own"].append(_spent(_run(cloud, case, own)))
                times["several"].append(_spent(_run(cloud, case, several)))
                times["empty"].append(_spent(_run(cloud, case, EMPTY)))
                times["read"].append(_spent(partial(json.loads, case.largest)))
            yield Cost(case=case, **{name: statistics.median(all_) for name, all_ in times.items()})


def _backends(cloud: Cloud, routing: Routing) -> None:
    """Put the backends and pools to which the policy of several accounts leads."""
    with cloud.change():
        for route in routing.routes:
            services = [
                {"id": _backend(cloud, one.backend), "priority": one.priority}
                for one in route.members
            ]
            _backend(cloud, route.backend, {"type": "Pool", "pool": {"services": services}})
        _backend(cloud, routing.default)


def _backend(cloud: Cloud, name: str, properties: dict[str, Any] | None = None) -> str:
    """Put a backend, one that leads to an account if no properties say more; return its id."""
    single = {"type": "Single", "url": "https://oai-x.openai.azure.com/openai"}
    body = {"properties": properties or single}
    made = Resource(
        f"{SERVICE}/backends/{name}", "Microsoft.ApiManagement/service/backends", name, body
    )
    cloud.put(made)
    return made.id


def _spent(work: Callable[[], object]) -> float:
    """Return milliseconds of CPU, which other load on the machine does not lengthen."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def _run(cloud: Cloud, case: Case, policy: str) -> Callable[[], None]:
    """Prepare a call under a policy, which API Management reads once, and not for each call."""
    identity = {"identity": {"principalId": "p"}}
    service = Resource(SERVICE, "Microsoft.ApiManagement/service", "apim-x", identity)
    api = Resource(f"{SERVICE}/apis/a", f"{service.type}/apis", "a", {"properties": {}})
    operation = Resource(
        f"{api.id}/operations/o",
        f"{api.type}/operations",
        "o",
        {"properties": {"urlTemplate": case.template}},
    )
    value = {"properties": {"format": "rawxml", "value": policy}}
    document = Resource(f"{api.id}/policies/policy", f"{api.type}/policies", "policy", value)
    with cloud.change():
        cloud.put(document)
    path = f"/openai{case.template.replace('{deployment-id}', 'chat')}"
    headers = Headers([("Content-Type", "application/json")])
    request = Request("POST", "apim-x.azure-api.net", path, [], headers, case.request)
    call = Call(service, request, Headers(), Headers(headers), api=api, operation=operation)
    call.url = "https://oai-x.openai.azure.com/openai"
    answer = Headers([("Content-Type", "application/json")])
    policies = Policies(cloud, call, lambda _: Response(200, answer, case.response))

    def run() -> None:
        for section in ("inbound", "backend", "outbound"):
            policies.run(section)

    return run


def table(costs: list[Cost]) -> Table:
    """Return what was measured, for a person."""
    found = Table(
        *("call", "largest body", "policy", "empty policy", "reads of the body"),
        *("four accounts", "over one"),
    )
    for cost in costs:
        found.add_row(
            cost.case.name,
            f"{len(cost.case.largest):,} bytes",
            f"{cost.own:.2f} ms",
            f"{cost.empty:.2f} ms",
            f"{cost.reads:.1f} (bar {BAR:g})" if cost.is_large else "",
            f"{cost.several:.2f} ms",
            f"{cost.ratio:.2f}",
        )
    return found


def main() -> int:
    """Measure, and return 1 if a large body costs more than it may."""
    costs = list(measure())
    Console(highlight=False).print(table(costs))
    return int(any(cost.over for cost in costs))


if __name__ == "__main__":
    sys.exit(main())
