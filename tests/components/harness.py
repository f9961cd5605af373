"""The program itself, run under mocks; its registrations as the engine would have seen them."""

from __future__ import annotations

import asyncio
import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import pulumi
import yaml
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import rpc, settings
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks
from pulumi.runtime.proto import callback_pb2
from pulumi.runtime.stack import run_in_stack

from components.azure import own_state
from harness.example import ROOT, example_config

SUBSCRIPTION = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SECRET = {rpc._special_sig_key: rpc._special_secret_sig}
UNKNOWN = rpc.UNKNOWN

Json = dict[str, Any]


class Azure(Mocks):
    """Answers what Azure would add to the inputs; the key that it hands out is `the-key`."""

    def __init__(self, answers: Mapping[str, Json | Exception]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, Json]] = []

    def new_resource(self, args: Any) -> tuple[str | None, Json]:
        given: Json = dict(args.inputs)
        name = given.get("serviceName", args.name)
        added: dict[str, Json] = {
            "random:index/randomString:RandomString": {"result": "abc123"},
            "azure-native:apimanagement:ApiManagementService": {
                "gatewayUrl": f"https://{name}.azure-api.net",
                "publicIPAddresses": ["20.1.2.3"],
                "identity": {"principalId": "the-principal", "type": "SystemAssigned"},
            },
            "azure-native:cognitiveservices:Account": {
                "properties": {
                    **given.get("properties", {}),
                    "endpoint": f"https://{given.get('accountName')}.openai.azure.com/",
                }
            },
            "azure-native:operationalinsights:Workspace": {"customerId": "the-workspace"},
        }
        physical = next(
            (given[key] for key in PHYSICAL_NAMES if isinstance(given.get(key), str)), args.name
        )
        # Only a resource that is read has an id beforehand.
        return args.resource_id or f"/id/{args.name}", {
            **given,
            "name": physical,
            **added.get(args.typ, {}),
        }

    def call(self, args: Any) -> Any:
        self.calls.append((args.token, args.args))
        if args.token in self.answers:
            answer = self.answers[args.token]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return {
            "azure-native:authorization:getClientConfig": {"subscriptionId": SUBSCRIPTION},
            "azure-native:apimanagement:listSubscriptionSecrets": {"primaryKey": "the-key"},
            own_state.STATE: {"outputs": {}},
        }[args.token]


PHYSICAL_NAMES = (
    "sid",
    "deploymentName",
    "apiLinkId",
    "loggerId",
    "policyId",
    "productId",
    "apiId",
    "accountName",
    "serviceName",
    "workspaceName",
    "resourceGroupName",
)


class Refused(grpc.RpcError):  # type: ignore[misc] # grpc has no types
    """What the engine answers where the provider refuses a function, in the provider's words."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said = said

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self.said


class Recorder(MockMonitor):
    """Keeps every registration, under the URN that the engine would give it."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.requests: dict[str, Any] = {}
        self.outputs: dict[str, Json] = {}
        self.reads: dict[str, Any] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        parent_type = parent.split("::")[2] if parent else ""
        if parent_type not in {"", "pulumi:pulumi:Stack"}:
            type_ = f"{parent_type}${type_}"
        return f"urn:pulumi:dev::azure-openai-accounted::{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        register: Callable[[Any], Any] = super().RegisterResource
        response = register(request)
        self.requests[response.urn] = request
        return response

    def ReadResource(self, request: Any) -> Any:
        read: Callable[[Any], Any] = super().ReadResource
        self.reads[request.name] = request
        return read(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return empty_pb2.Empty()


class Hooks:
    """Takes the place of the server through which the engine calls back into the program."""

    def __init__(self) -> None:
        self.error_hooks: list[pulumi.ErrorHook] = []
        self.resource_hooks: list[pulumi.ResourceHook] = []

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        self.error_hooks.append(hook)

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.resource_hooks.append(hook)

    def register_transform(self, transform: Any) -> callback_pb2.Callback:
        return callback_pb2.Callback(token=transform.__name__, target="harness")


@dataclass
class Run:
    """What one run of the program registered."""

    requests: dict[str, Any]
    outputs: dict[str, Json]
    azure: Azure
    reads: dict[str, Any]
    """What is only read, by its logical name."""
    stack: Json = field(default_factory=dict)

    def inputs(self, name: str) -> Json:
        """Inputs of the resource of that logical name."""
        found: Json = json_format.MessageToDict(self.request(name).object)
        return found

    def request(self, name: str) -> Any:
        """Registration of the custom resource of that logical name."""
        found = [r for r in self.requests.values() if r.name == name and r.custom]
        assert len(found) == 1, f"{len(found)} resources are called {name}: {sorted(self.requests)}"
        return found[0]


def run_program(
    config: Json | None = None,
    *,
    preview: bool = False,
    answers: Mapping[str, Json | Exception] | None = None,
    without: tuple[str, ...] = (),
    provider_config: Mapping[str, str] | None = None,
    secret: tuple[str, ...] = ("alertWebhooks",),
    declared: list[str] | None = None,
) -> Run:
    """Run `__main__.py` with Pulumi.yaml's defaults, the example stack's values and `config`.

    Preflight is off, as there is no Azure to ask. `declared` gets the names of what was registered,
    also by a run that fails.
    Values of the keys in `secret` are as `pulumi config set --secret` sets them.
    """
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    values = {key: spec["default"] for key, spec in project["config"].items()}
    values |= {"preflight": "false"} | example_config() | (config or {})
    for key in without:
        del values[key]
    own = {f"{project['name']}:{key}": _text(value) for key, value in values.items()}
    secret_keys = [f"{project['name']}:{key}" for key in secret]
    pulumi.runtime.set_all_config(own | dict(provider_config or {}), secret_keys)
    azure = Azure(answers or {})
    recorder = Recorder(azure)
    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(azure, project["name"], "dev", preview=preview, monitor=recorder)
    # `set_mocks` makes a root stack of its own; the one made here also registers its outputs.
    settings.ROOT.set(None)
    settings.SETTINGS.callbacks = Hooks()
    # What a failed run left outstanding would be waited for.
    settings.SETTINGS.rpc_manager.clear()
    settings.SETTINGS.outputs.clear()
    program = str(ROOT / "__main__.py")

    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        asyncio.get_event_loop().run_until_complete(run_in_stack(run))
    finally:
        if declared is not None:
            declared += [request.name for request in recorder.requests.values()]
    stack = next((o for urn, o in recorder.outputs.items() if "pulumi:pulumi:Stack" in urn), {})
    return Run(recorder.requests, recorder.outputs, azure, recorder.reads, _as_printed(stack))


def _as_printed(value: Any) -> Any:
    """Write whole numbers as `pulumi stack output --json` does: the engine knows floats alone."""
    if isinstance(value, dict):
        return {key: _as_printed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return list(map(_as_printed, value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


def run_without_insights(config: Json | None = None, **more: Any) -> Run:
    """The same without alerts, workbook and saved queries, in a third of the time."""
    return run_program({"insights": "false", **(config or {})}, **more)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
