"""The providers over real gRPC, as the engine calls them, above a small stand-in for ARM."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc
from pulumi.runtime.proto.status_pb2 import Status

from sandbox.cloud import SUBSCRIPTION_ID, Cloud, Resource
from sandbox.engine import azure, operations, serve
from sandbox.engine.values import UNKNOWN, from_struct, reveal, secret, to_struct
from sandbox.errors import ArmError
from sandbox.options import Options
from tests.sandbox.seen import held

GROUP_ID = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
SERVICE_ID = f"{GROUP_ID}/providers/Microsoft.ApiManagement/service/apim"
PRODUCT = "azure-native:apimanagement:Product"
PRODUCT_INPUTS = {
    "resourceGroupName": "rg",
    "serviceName": "apim",
    "productId": "gold",
    "displayName": "Gold",
    "subscriptionRequired": True,
}


class FakeArm:
    """Keeps what it is given; every change below a service excludes every other."""

    def put(self, cloud: Cloud, _: Options, resource_id: str, version: str, body: Any) -> Resource:
        made = Resource(resource_id, "Microsoft.Test/things", resource_id.rsplit("/", 1)[-1], body)
        made.body["apiVersionSeen"] = version
        with cloud.change():
            cloud.put(made)
        return made

    def get(self, cloud: Cloud, resource_id: str) -> Resource:
        found = cloud.get(resource_id)
        if found is None:
            raise ArmError(404, "ResourceNotFound", "gone")
        return found

    def exists(self, cloud: Cloud, resource_id: str, version: str) -> bool:
        self.asked = version
        return cloud.get(resource_id) is not None

    def fail(self, cloud: Cloud, resource_id: str) -> None:
        with cloud.change():
            self.get(cloud, resource_id).properties["provisioningState"] = "Failed"

    def delete(self, cloud: Cloud, resource_id: str) -> None:
        if cloud.get(resource_id):
            with cloud.change():
                cloud.remove(resource_id)

    def post(self, cloud: Cloud, resource_id: str, action: str, body: Any) -> dict[str, Any]:
        key = cloud.subscription_key(self.get(cloud, resource_id), "primary")
        return {"primaryKey": key, "secondaryKey": key[::-1]}

    def exclusive(self, resource_id: str, method: str) -> tuple[str, ArmError] | None:
        if method in ("GET", "POST") or "/service/" not in resource_id:
            return None
        return SERVICE_ID, ArmError(409, "PessimisticConcurrencyConflict", "busy")


class Sandbox:
    """Serves the providers on demand, and calls them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.journal = folder, folder / "journal.jsonl"
        self.cloud = Cloud(folder / "cloud")
        for module in (azure, operations):
            monkeypatch.setattr(module, "arm", FakeArm())

    def start(self, package: str = "azure-native", **options: Any) -> None:
        self._serving = serve(self.cloud, Options(journal=self.journal, **options))
        port = self._serving.__enter__()[package]
        self.stub = provider_pb2_grpc.ResourceProviderStub(
            grpc.insecure_channel(f"127.0.0.1:{port}")
        )

    def stop(self) -> None:
        self._serving.__exit__(None, None, None)

    def create(self, token: str, inputs: dict[str, Any], name: str = "it", **more: Any) -> Any:
        request = rpc.CreateRequest(urn=urn(token, name), properties=to_struct(inputs), **more)
        return self.stub.Create(request)

    def diff(self, token: str, old: dict[str, Any], new: dict[str, Any]) -> Any:
        sides = {"old_inputs": to_struct(old), "olds": to_struct(old), "news": to_struct(new)}
        return self.stub.Diff(rpc.DiffRequest(urn=urn(token), id="x", **sides))

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def faults(self, *faults: dict[str, Any]) -> Path:
        path = self.folder / "faults.json"
        path.write_text(json.dumps(faults))
        return path


def urn(token: str, name: str = "it") -> str:
    return f"urn:pulumi:dev::project::aoai:index:Gateway${token}::{name}"


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path, monkeypatch)
    made.start()
    yield made
    made.stop()


def restart(sandbox: Sandbox, **options: Any) -> None:
    sandbox.stop()
    sandbox.start(**options)


def test_create_puts_the_body_and_returns_what_azure_holds(sandbox: Sandbox) -> None:
    made = sandbox.create(PRODUCT, PRODUCT_INPUTS)
    assert made.id == f"{SERVICE_ID}/products/gold"
    body = held(sandbox.cloud, made.id).body
    assert body["properties"] == {"displayName": "Gold", "subscriptionRequired": True}
    assert from_struct(made.properties) == {
        "name": "gold",
        "type": "Microsoft.Test/things",
        "azureApiVersion": "2024-05-01",
        "apiVersionSeen": "2024-05-01",
        "displayName": "Gold",
        "subscriptionRequired": True,
    }


def test_create_of_what_exists_fails_in_the_providers_words(sandbox: Sandbox) -> None:
    sandbox.create(PRODUCT, PRODUCT_INPUTS)
    with pytest.raises(grpc.RpcError) as failed:
        sandbox.create(PRODUCT, PRODUCT_INPUTS)
    expected = f"cannot create already existing resource '{SERVICE_ID}/products/gold'"
    assert failed.value.details() == expected
    assert [entry["status"] for entry in sandbox.entries()] == [201, 409]


def test_generic_resource_is_put_with_the_users_api_version(sandbox: Sandbox) -> None:
    inputs = {
        "resourceGroupName": "rg",
        "resourceProviderNamespace": "Microsoft.ApiManagement",
        "parentResourcePath": "service/apim/apis/a",
        "resourceType": "diagnostics",
        "resourceName": "azuremonitor",
        "apiVersion": "2024-06-01-preview",
        "properties": {"verbosity": "information"},
    }
    made = sandbox.create("azure-native:resources:Resource", inputs)
    assert made.id == f"{SERVICE_ID}/apis/a/diagnostics/azuremonitor"
    body = held(sandbox.cloud, made.id).body
    assert body["properties"] == {"verbosity": "information"}
    assert body["apiVersionSeen"] == "2024-06-01-preview"


def test_preview_changes_nothing_and_foresees_outputs(sandbox: Sandbox) -> None:
    token = "azure-native:cognitiveservices:Account"
    inputs = {"resourceGroupName": UNKNOWN, "accountName": "oai", "properties": {"a": 1}}
    foreseen = sandbox.create(token, inputs, preview=True)
    outputs = from_struct(foreseen.properties)
    assert foreseen.id == ""
    assert outputs["properties"]["endpoint"] == UNKNOWN
    assert outputs["properties"]["a"] == 1
    assert outputs["name"] == UNKNOWN
    assert sandbox.cloud.all() == []
    [entry] = sandbox.entries()
    assert entry["simulated"] is True
    assert entry["id"] == "[unknown]"


def test_diff_tells_update_from_replacement(sandbox: Sandbox) -> None:
    renamed = sandbox.diff(PRODUCT, PRODUCT_INPUTS, {**PRODUCT_INPUTS, "productId": "silver"})
    assert list(renamed.replaces) == ["productId"]
    assert renamed.deleteBeforeReplace
    retitled = sandbox.diff(PRODUCT, PRODUCT_INPUTS, {**PRODUCT_INPUTS, "displayName": "G"})
    assert not retitled.replaces
    assert {p: d.kind for p, d in retitled.detailedDiff.items()} == {
        "displayName": rpc.PropertyDiff.UPDATE
    }
    same = sandbox.diff(PRODUCT, PRODUCT_INPUTS, PRODUCT_INPUTS)
    assert same.changes == rpc.DiffResponse.DIFF_NONE


def test_diff_names_the_path_inside_lists_and_objects(sandbox: Sandbox) -> None:
    old = {"resourceUri": "/a", "name": "s", "logs": [{"category": "A", "enabled": True}]}
    new = {**old, "logs": [{"category": "A", "enabled": False}, {"category": "B"}]}
    answer = sandbox.diff("azure-native:monitor:DiagnosticSetting", old, new)
    assert {p: d.kind for p, d in answer.detailedDiff.items()} == {
        "logs[0].enabled": rpc.PropertyDiff.UPDATE,
        "logs[1]": rpc.PropertyDiff.ADD,
    }


def test_read_of_a_missing_resource_is_empty(sandbox: Sandbox) -> None:
    request = rpc.ReadRequest(urn=urn(PRODUCT), id=f"{SERVICE_ID}/products/none")
    assert sandbox.stub.Read(request).id == ""


def test_refresh_takes_only_what_changed_in_azure_into_the_inputs(sandbox: Sandbox) -> None:
    made = sandbox.create(PRODUCT, PRODUCT_INPUTS)
    stored = held(sandbox.cloud, made.id)
    request = rpc.ReadRequest(
        urn=urn(PRODUCT), id=made.id, properties=made.properties, inputs=to_struct(PRODUCT_INPUTS)
    )
    stored.properties["state"] = "notPublished"
    read = sandbox.stub.Read(request)
    assert from_struct(read.inputs) == {**PRODUCT_INPUTS, "state": "notPublished"}
    del stored.properties["state"]
    assert from_struct(sandbox.stub.Read(request).inputs) == PRODUCT_INPUTS


def test_import_makes_inputs_of_the_id_and_the_answer(sandbox: Sandbox) -> None:
    made = sandbox.create(PRODUCT, PRODUCT_INPUTS)
    read = sandbox.stub.Read(rpc.ReadRequest(urn=urn(PRODUCT), id=made.id))
    inputs = from_struct(read.inputs)
    assert {key: inputs[key] for key in PRODUCT_INPUTS} == PRODUCT_INPUTS


def test_secrets_stay_secret_and_out_of_the_journal(sandbox: Sandbox) -> None:
    made = sandbox.create(PRODUCT, {**PRODUCT_INPUTS, "description": secret("hush")})
    outputs = from_struct(made.properties)
    assert outputs["description"] == secret("hush")
    assert reveal(outputs)["displayName"] == "Gold"
    assert sandbox.entries()[0]["inputs"]["description"] == "[secret]"
    assert "hush" not in sandbox.journal.read_text()


def test_two_changes_at_once_conflict(sandbox: Sandbox) -> None:
    codes: list[str] = []
    gate = threading.Barrier(2)

    def create(name: str) -> None:
        gate.wait()
        try:
            sandbox.create(PRODUCT, {**PRODUCT_INPUTS, "productId": name})
        except grpc.RpcError as error:
            codes.append(error.details())

    threads = [threading.Thread(target=create, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ['Status=409 Code="PessimisticConcurrencyConflict" Message="busy"']
    sandbox.create(PRODUCT, {**PRODUCT_INPUTS, "productId": "c"})


def test_fault_before_changes_nothing_and_strikes_once(sandbox: Sandbox) -> None:
    fault = {"op": "create", "type": PRODUCT, "name": "it", "when": "before"}
    restart(sandbox, faults=sandbox.faults({**fault, "status": 503, "code": "Busy"}))
    with pytest.raises(grpc.RpcError) as failed:
        sandbox.create(PRODUCT, PRODUCT_INPUTS)
    assert 'Status=503 Code="Busy"' in failed.value.details()
    assert sandbox.cloud.all() == []
    sandbox.create(PRODUCT, PRODUCT_INPUTS)
    assert [(e["status"], e["code"]) for e in sandbox.entries()] == [(503, "Busy"), (201, "")]


def test_fault_after_leaves_the_resource_and_hands_its_state_to_the_engine(
    sandbox: Sandbox,
) -> None:
    fault = {"op": "create", "type": PRODUCT, "name": "gold", "when": "after"}
    restart(sandbox, faults=sandbox.faults({**fault, "status": 500, "code": "Broken"}))
    with pytest.raises(grpc.RpcError) as failed:
        sandbox.create(PRODUCT, PRODUCT_INPUTS)
    trailers = dict(failed.value.trailing_metadata())
    state = rpc.ErrorResourceInitFailed()
    Status.FromString(trailers["grpc-status-details-bin"]).details[0].Unpack(state)
    assert state.id == f"{SERVICE_ID}/products/gold"
    assert from_struct(state.inputs) == PRODUCT_INPUTS
    assert sandbox.cloud.get(state.id)


def test_fault_waits_for_its_occurrence(sandbox: Sandbox) -> None:
    fault = {"op": "create", "type": PRODUCT, "occurrence": 2, "when": "before"}
    restart(sandbox, faults=sandbox.faults({**fault, "status": 500, "code": "Broken"}))
    sandbox.create(PRODUCT, PRODUCT_INPUTS)
    with pytest.raises(grpc.RpcError):
        sandbox.create(PRODUCT, {**PRODUCT_INPUTS, "productId": "second"})


def test_clock_runs_on_through_operations_and_runs(sandbox: Sandbox) -> None:
    group = {"resourceGroupName": "rg", "location": "eastus"}
    for _ in range(2):
        restart(sandbox, latency="azure", time_scale=0.0001)
        sandbox.create("azure-native:resources:ResourceGroup", group)
        group = {**group, "resourceGroupName": "rg2"}
    first, second = sandbox.entries()
    assert (first["seq"], second["seq"]) == (1, 2)
    assert first["start"] == 0
    assert first["end"] == second["start"] > 0


def test_functions_answer_and_are_journaled(sandbox: Sandbox) -> None:
    subscription = {"resourceGroupName": "rg", "serviceName": "apim", "sid": "me", "scope": "/x"}
    made = sandbox.create("azure-native:apimanagement:Subscription", subscription)
    args = to_struct(
        {key: subscription[key] for key in ("resourceGroupName", "serviceName", "sid")}
    )

    def invoke(function: str) -> dict[str, Any]:
        request = rpc.InvokeRequest(tok=f"azure-native:{function}", args=args)
        return from_struct(getattr(sandbox.stub.Invoke(request), "return"))

    keys = invoke("apimanagement:listSubscriptionSecrets")
    assert set(keys) == {"primaryKey", "secondaryKey"}
    assert keys["primaryKey"] not in sandbox.journal.read_text()
    assert invoke("apimanagement:getSubscription")["id"] == made.id
    assert invoke("authorization:getClientConfig")["subscriptionId"] == SUBSCRIPTION_ID
    assert [entry["op"] for entry in sandbox.entries()] == ["create", "invoke", "invoke"]


@pytest.mark.parametrize("what", ["azure-native:storage:StorageAccount", "random:index:RandomPet"])
def test_what_is_not_modelled_is_an_error(sandbox: Sandbox, what: str) -> None:
    restart(sandbox, package=what.split(":", maxsplit=1)[0])
    with pytest.raises(grpc.RpcError) as failed:
        sandbox.create(what, {})
    assert f"does not model {what}" in failed.value.details()


def test_random_values_fit_their_inputs_and_differ(sandbox: Sandbox) -> None:
    restart(sandbox, package="random")
    inputs = {"length": 40, "upper": False, "special": False}
    drawn = {sandbox.create("random:index/randomString:RandomString", inputs).id for _ in range(2)}
    assert len(drawn) == 2
    assert all(len(text) == 40 and text.isalnum() and text.islower() for text in drawn)
    password = sandbox.create("random:index/randomPassword:RandomPassword", {"length": 9})
    assert from_struct(password.properties)["result"] == secret(
        reveal(from_struct(password.properties))["result"]
    )
