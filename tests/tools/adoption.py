"""`tools.adopt` with an engine and an Azure that hold what a test gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from urllib.parse import unquote

import httpx
from rich.console import Console

from queries.check.configuration.manager import Manager
from sandbox.cloud import SUBSCRIPTION_ID
from tools.adopt import account
from tools.adopt.run import Adoption
from tools.adopt.stack import UNKNOWN, Plan, State

NATIVE = "azure-native:"
DEFAULT = "urn:pulumi:dev::p::pulumi:providers:azure-native::default"
OTHER = "urn:pulumi:dev::p::pulumi:providers:azure-native::other"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai"
ROLE = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/r"
GRANT = {"scope": ACCOUNT, "principalId": "P-1", "roleDefinitionId": ROLE.upper()}


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::p::comp${kind}::{name}"


def resource(
    kind: str,
    name: str,
    inputs: Mapping[str, Any],
    depends: Mapping[str, list[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A resource as the engine writes it."""
    return {
        "urn": urn(NATIVE + kind, name),
        "type": NATIVE + kind,
        "custom": True,
        "parent": "urn:pulumi:dev::p::comp::comp",
        "provider": f"{DEFAULT}::1",
        "inputs": dict(inputs),
        "propertyDependencies": dict(depends or {}),
        **more,
    }


GATEWAY = resource(
    "apimanagement:ApiManagementService",
    "gateway",
    {"resourceGroupName": "rg", "serviceName": "apim"},
)
API = resource(
    "apimanagement:Api",
    "api",
    {"resourceGroupName": "rg", "serviceName": UNKNOWN, "apiId": "openai"},
    {"serviceName": [GATEWAY["urn"]]},
)


def state(
    *resources: dict[str, Any], pending: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    providers = [
        {"urn": DEFAULT, "type": "pulumi:providers:azure-native", "id": "1", "inputs": {}},
        {
            "urn": OTHER,
            "type": "pulumi:providers:azure-native",
            "id": "2",
            "inputs": {"subscriptionId": "other"},
        },
        {"urn": "urn:pulumi:dev::p::comp::comp", "type": "comp"},
    ]
    operations = [{"type": "creating", "resource": one} for one in pending or []]
    return {"deployment": {"resources": [*providers, *resources], "pending_operations": operations}}


@dataclass
class Pulumi:
    """The engine as `Adoption` sees it: what is imported is in the state of the next round."""

    document: dict[str, Any]
    created: list[dict[str, Any]]
    imported: list[dict[str, Any]] = field(default_factory=list)

    def export(self) -> State:
        return State(self.document)

    def preview(self) -> Plan:
        held = self.export().resources
        steps = [
            {"op": "create", "urn": one["urn"], "newState": one}
            for one in self.created
            if one["urn"] not in held
        ]
        return Plan(steps=steps, config={account.KEY: SUBSCRIPTION_ID})

    def take_in(self, document: dict[str, Any]) -> None:
        assert document["resources"], "Pulumi takes no empty file"
        self.imported += document["resources"]
        planned = {one["urn"]: one for one in self.created}
        self.document["deployment"]["resources"] += [
            {**planned[one["name"]], "id": one["id"]} for one in document["resources"]
        ]

    def replace_state(self, changed: State) -> None:
        self.document = changed.document


@dataclass
class Azure:
    """What exists, by id; a list is a resource's states, request by request."""

    bodies: dict[str, Any]
    status: int = 404
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path)
        self.asked.append(path)
        assert request.method == "GET"
        assert request.url.params["api-version"]
        found = self.bodies.get(path)
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if found is None:
            return httpx.Response(self.status, json={})
        items = [{"id": f"{path}/{n}", **one} for n, one in enumerate(found.get("value", ()))]
        body = {"value": items} if "value" in found else {"id": path, **found}
        return httpx.Response(200, json=body)


class Credential:
    def get_token(self, *_: str) -> Any:
        return type("Token", (), {"token": "t"})


def adopt(
    pulumi: Pulumi,
    azure: Azure,
    *,
    agreed: bool = True,
    also: Sequence[str] = ("gateway",),
    wait: float = 60,
) -> tuple[int, str]:
    """The exit status, and what was printed."""
    out = StringIO()
    adoption = Adoption(
        engine=pulumi,  # type: ignore[arg-type]  # has all methods that Adoption calls
        console=Console(file=out, width=200),
        agreed=lambda _: agreed,
        sure=lambda _: False,
        also=also,
        wait_seconds=wait,
        manager=lambda endpoint: Manager(
            endpoint=endpoint,
            client=lambda: httpx.Client(transport=httpx.MockTransport(azure)),
            credential=Credential,
        ),
        sleep=lambda _: None,
    )
    return adoption.run(), out.getvalue()
