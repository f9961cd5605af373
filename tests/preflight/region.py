"""A subscription of the sandbox, asked in memory as preflight asks Azure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from components.azure.environment import ENVIRONMENTS
from components.preflight.facts import Azure
from components.preflight.judge import judged
from components.preflight.lines import Line
from components.preflight.plan import Held, Plan
from components.settings.load import judge
from harness.example import example_config
from queries.check.configuration.manager import Manager
from sandbox import arm
from sandbox.arm.endpoint import arm_endpoint
from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTION_ID, Cloud
from sandbox.errors import ArmError
from sandbox.http import Headers, Request
from sandbox.identity import mint
from sandbox.options import Options
from tests.check.clock import FakeClock
from tests.components.harness import _text

ROOT = f"/subscriptions/{SUBSCRIPTION_ID}"
DEPLOYMENT: dict[str, Any] = example_config()["deployments"][0]
Answer = Callable[[httpx.Request], httpx.Response]
DENIED = httpx.Response(403, json={"error": {"code": "AuthorizationFailed", "message": "no"}})


@dataclass
class Region:
    """The sandbox's cloud, with answers of one's own by the end of a path."""

    folder: Path
    answers: dict[str, httpx.Response | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cloud = Cloud(self.folder)
        self._endpoint = arm_endpoint(self.cloud)

    def put(self, resource_id: str, **body: Any) -> None:
        """Have somebody else create a resource."""
        arm.put(self.cloud, Options(folder=self.folder), resource_id, "2024-05-01", body)

    def delete(self, resource_id: str) -> None:
        """Have somebody delete it again."""
        arm.delete(self.cloud, resource_id)

    def get_token(self, *_: str) -> Any:
        """Return a token of the deployer."""
        self.token, _expires = mint(self.cloud, "https://management.azure.com", DEPLOYER_OBJECT_ID)
        return self

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        for end, answer in self.answers.items():
            if path.lower().endswith(end.lower()):
                if isinstance(answer, Exception):
                    raise answer
                return answer
        query = list(request.url.params.items())
        headers = Headers(request.headers.items())
        sent = Request(request.method, request.url.host, path, query, headers, request.content)
        try:
            given = self._endpoint(sent)
        except ArmError as error:
            body = {"error": {"code": error.code, "message": error.message}}
            return httpx.Response(error.status, json=body)
        return httpx.Response(given.status, content=bytes(given.body))  # type: ignore[arg-type]

    def azure(self) -> Azure:
        manager = Manager(
            endpoint=ENVIRONMENTS["public"].management_endpoint,
            client=lambda: httpx.Client(transport=httpx.MockTransport(self.handle)),
            credential=lambda: self,
            clock=FakeClock(time=0.0),
        )
        return Azure(manager=manager, subscription=SUBSCRIPTION_ID)

    def judged(self, config: Mapping[str, Any], held: tuple[Held, ...] = ()) -> dict[str, Line]:
        """Judge the example stack with `config`, of which `held` is there; lines by id."""
        before = (dict(self.cloud._live), dict(self.cloud._deleted))
        found = judged(planned(config, held), self.azure())
        assert (dict(self.cloud._live), dict(self.cloud._deleted)) == before, "it only reads"
        return {line.id: line for line in found}


def planned(config: Mapping[str, Any], held: tuple[Held, ...] = ()) -> Plan:
    """The plan of the example stack with `config`."""
    values = {key: _text(value) for key, value in (example_config() | dict(config)).items()}
    return Plan(settings=judge(values, set(), "public", "dev"), held=held)
