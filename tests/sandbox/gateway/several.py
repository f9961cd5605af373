"""A gateway with the stack's policy over four accounts, and how accounts refuse a call."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from components.openai_api import routing
from components.openai_api.policy import ACCOUNTING_HEADER, render
from components.settings.accounts import Account
from components.settings.plan_branches import Group, branches
from queries.contract import CHECK_HEADER, NOBODY_URL
from sandbox.arm import debug
from sandbox.gateway import gateway_endpoint
from sandbox.http import Headers, Request, Response
from sandbox.options import Options
from tests.sandbox.gateway.conftest import COMPLETION, SERVICE, Azure

MODEL: dict[str, Any] = {"model": "gpt-5.6-luna", "version": "2026-07-09", "capacity": 1}
ACCOUNTS: list[dict[str, Any]] = [
    {"name": "weu", "deployments": ["chat", "mini", "both"]},
    {"name": "swc", "deployments": ["chat", "both"], "priority": 2},
    {"name": "eus", "deployments": ["chat"], "priority": 3},
    {"name": "alone", "deployments": ["own"]},
]
BY_ID = ("videos", "fine_tuning/jobs", "video/generations/jobs", "threads/runs")
"""Operations that name a model, and whose result is fetched by an id."""
RULE = {
    "name": "throttled-or-unavailable",
    "failureCondition": {
        "count": 1,
        "interval": "PT1M",
        "statusCodeRanges": [{"min": one, "max": one} for one in routing.SENT_ON_STATUS],
        "errorReasons": [routing.SENT_ON_REASON],
    },
    "tripDuration": "PT10S",
    "acceptRetryAfter": True,
}


class Several:
    """A gateway with the stack's policy in front of four accounts."""

    def __init__(
        self, azure: Azure, seed: int = 0, tier: str = "", plans: Sequence[Group] = ()
    ) -> None:
        self.azure = azure
        self.faults: dict[str, Callable[[], Response]] = {}
        self.asked: list[str] = []
        azure.answer = self.answer
        options = Options(seed=seed)
        self.endpoint = gateway_endpoint(azure.cloud, options, azure, azure.send)
        accounts = [
            Account.model_validate(
                one | {"deployments": [{"name": name, **MODEL} for name in one["deployments"]]}
            )
            for one in ACCOUNTS
        ]
        planned = routing.plan("miyagi-api", accounts)
        assert planned
        for account, backend in zip(accounts, planned.accounts, strict=True):
            self.backend(backend, account.name)
        for route in planned.routes:
            services = []
            for member in route.members:
                self.backend(
                    member.backend, accounts[member.account].name, circuitBreaker={"rules": [RULE]}
                )
                services.append(
                    {"id": f"{SERVICE}/backends/{member.backend}", "priority": member.priority}
                )
            if services:
                pool = {"type": "Pool", "pool": {"services": services}}
                azure.put(f"/backends/{route.backend}", pool)
        check = planned.failover_check
        assert check
        azure.put(
            f"/backends/{check.nobody}",
            {"type": "Single", "url": NOBODY_URL, "circuitBreaker": {"rules": [RULE]}},
        )
        ways = [
            {"id": f"{SERVICE}/backends/{one.backend}", "priority": one.priority}
            for one in check.route.members
        ]
        azure.put(
            f"/backends/{check.route.backend}",
            {"type": "Pool", "pool": {"services": ways}},
        )
        text = render(
            audience="https://cognitiveservices.azure.com",
            backend_url="https://oai-weu.openai.azure.com/openai",
            timeout=600,
            routing=planned,
            tier=tier,
            plans=[*branches(plans, api="miyagi-api", header=ACCOUNTING_HEADER)],
        )
        azure.put("/apis/miyagi-api/policies/policy", {"format": "rawxml", "value": text})
        for path in ("chat/completions", "audio/transcriptions", "images/edits", *BY_ID):
            azure.operation(path.replace("/", "_"), "POST", f"/v1/{path}")

    def backend(self, name: str, account: str, **more: Any) -> None:
        url = f"https://oai-{account}.openai.azure.com/openai"
        self.azure.put(f"/backends/{name}", {"type": "Single", "url": url, **more})

    def answer(self, request: Request) -> Response:
        name = request.host.partition(".")[0].removeprefix("oai-")
        self.asked.append(name)
        if request.host.endswith(".invalid"):
            return unreachable()
        return self.faults.get(name, lambda: Response.json(200, COMPLETION))()

    def call(self, name: str = "chat", **body: Any) -> Response:
        return self.send(f"/openai/deployments/{name}/chat/completions", json.dumps(body).encode())

    def check(self, account: str, token: str = "", name: str = "chat") -> Response:
        """Make a call as the check does, to an account or, with `*`, to nobody first."""
        more = {CHECK_HEADER: account, "Apim-Debug-Authorization": token}
        path = f"/openai/deployments/{name}/chat/completions"
        return self.send(path, b"{}", **{key: value for key, value in more.items() if value})

    def token(self, api: str = "miyagi-api", seconds: int = 60) -> str:
        """A token for tracing, as the management API gives it."""
        return debug.token(self.azure.cloud, api, int(time.time()) + seconds)

    def send(self, path: str, raw: bytes, kind: str = "application/json", **more: str) -> Response:
        self.asked = []
        headers = Headers([("api-key", self.azure.key()), ("Content-Type", kind), *more.items()])
        headers.add("Content-Length", str(len(raw)))
        return self.endpoint(
            Request("POST", "apim-x.azure-api.net", path, [], headers, raw, "10.1.2.3")
        )


def refusing(status: int, **headers: str) -> Callable[[], Response]:
    def answer() -> Response:
        made = Response.json(status, {"error": {"code": str(status)}})
        for name, value in headers.items():
            made.headers.add(name.replace("_", "-"), value)
        return made

    return answer


def timing_out() -> Response:
    raise TimeoutError("the operation was canceled")


def unreachable() -> Response:
    raise ConnectionError("the remote name could not be resolved")
