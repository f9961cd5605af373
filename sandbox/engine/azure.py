"""The azure-native provider: the engine's requests as operations of Azure Resource Manager.

https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider.go

Sure: seen in public code.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc

from sandbox import arm
from sandbox.arm import base
from sandbox.arm.answers import answered
from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTION_ID, TENANT_ID, Cloud, Resource
from sandbox.engine import defaults, diff, plugin, shapes
from sandbox.engine.operations import (
    AcceptedThenFailedError,
    Operation,
    OperationFailedError,
    Operations,
)
from sandbox.engine.values import UNKNOWN, from_struct, keep_secret, public, reveal, to_struct
from sandbox.errors import ArmError, NotModelledError
from sandbox.options import Options

CLIENT = {
    # https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
    "clientId": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "objectId": DEPLOYER_OBJECT_ID,
    "tenantId": TENANT_ID,
}
"""Who is logged in, by the Azure CLI."""
NOT_FOUND = 404
GROUP = "resourceGroupName"


class AzureNative(plugin.Plugin):
    """Every resource type of `shapes`, and the functions that read them."""

    package = "azure-native"

    def __init__(self, cloud: Cloud, options: Options) -> None:
        self._cloud, self._options, self._operations = cloud, options, Operations(options)
        self._subscriptions: dict[str, str] = {}

    def configure(self, request: Any) -> Any:
        """Take the subscription; without one it is that of the Azure CLI.

        Refuse what would change every resource: the place of those without one of their own.
        https://www.pulumi.com/registry/packages/azure-native/installation-configuration/
        """
        given = reveal(from_struct(request.args))
        if given.get("location"):
            raise NotModelledError("the sandbox does not model azure-native:location")
        self._subscriptions[plugin.PEER.get()] = str(given.get("subscriptionId") or SUBSCRIPTION_ID)
        return super().configure(request)

    @property
    def _subscription_id(self) -> str:
        """The subscription of the provider that the engine asks."""
        return self._subscriptions.get(plugin.PEER.get(), SUBSCRIPTION_ID)

    def parameterize(self, request: Any) -> Any:
        """Serve a local package: one module of the API at another version.

        The parameter is base64 of JSON. Types carry the package's name, so that one server answers
        for all packages.
        https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider_parameterize.go
        """
        if not request.HasField("value"):
            raise NotModelledError("the sandbox makes no SDKs of local packages")
        given = json.loads(base64.b64decode(request.value.value))
        own = plugin.installed(self.package)
        if request.value.version != own:
            text = f"the sandbox stands in for {self.package} {own}, as its SDK is installed"
            raise NotModelledError(f"{text}, not for {request.value.version}")
        name = f"{self.package}_{given['module']}_{given['version']}"
        known = base.AZURE["api_versions"].get(shapes.NAMESPACES.get(given["module"]), [])
        if name != request.value.name or shapes.dated(given["version"]) not in known:
            raise NotModelledError(f"the sandbox does not model the package {request.value.name}")
        return rpc.ParameterizeResponse(name=name, version=request.value.version)

    def check(self, request: Any) -> Any:
        """Fill in what the program leaves to the provider."""
        shape = _shape(request)
        olds, news = from_struct(request.olds), from_struct(request.news)
        defaults.add_name(shape, olds, news, request.urn, request.randomSeed)
        defaults.add_location(shape, olds, news, self._place_of)
        news.setdefault(defaults.API_VERSION, shape.api_version)
        return rpc.CheckResponse(inputs=to_struct(news))

    def diff(self, request: Any) -> Any:
        """Compare the inputs of then and now; what Azure made of them hardly plays a part."""
        shape, state = _shape(request), public(request.olds)
        old, new = public(request.old_inputs), public(request.news)
        # An import and an older release of the provider leave the version in the outputs only.
        if version := state.get(defaults.API_VERSION):
            old.setdefault(defaults.API_VERSION, version)
        changes = diff.detailed(old, new, {*shape.keys, *shape.fixed}, state)
        replaces = [path for path, kind in changes.items() if kind in diff.REPLACING.values()]
        return rpc.DiffResponse(
            changes=rpc.DiffResponse.DIFF_SOME if changes else rpc.DiffResponse.DIFF_NONE,
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and defaults.CREATE_FIRST not in request.old_inputs,
            detailedDiff={
                path: rpc.PropertyDiff(kind=kind, inputDiff=True) for path, kind in changes.items()
            },
            hasDetailedDiff=True,
        )

    def create(self, request: Any) -> Any:
        """Refuse what exists already, else PUT.

        Sure: seen in public code.
        """
        resource_id = _shape(request).id(public(request.properties), self._subscription_id)
        operation = _operation("create", request, resource_id, request.properties)
        if request.preview:
            return rpc.CreateResponse(properties=self._foreseen(operation, {}))

        def work() -> Resource:
            self._refuse_existing(resource_id, shapes.shape_of(operation.type).api_version)
            return self._put(operation)

        return rpc.CreateResponse(**self._write(operation, request.properties, work))

    def update(self, request: Any) -> Any:
        """PUT the whole resource anew."""
        operation = _operation("update", request, request.id, request.news)
        if request.preview:
            olds = reveal(from_struct(request.olds))
            return rpc.UpdateResponse(properties=self._foreseen(operation, olds))
        state = self._write(operation, request.news, lambda: self._put(operation))
        return rpc.UpdateResponse(properties=state["properties"])

    def read(self, request: Any) -> Any:
        """GET for a refresh or an import; only what changed in Azure goes into the inputs.

        What Azure does not find is gone, role assignments too, whose reading is the provider's own
        (https://github.com/pulumi/pulumi-azure-native/pull/4545, pull 4599, issue 4802).
        Sure: seen in public code.
        """
        shape, inputs = _shape(request), from_struct(request.inputs)
        operation = _operation("read", request, request.id, request.inputs)
        version = inputs.get("apiVersion") if "apiVersion" in shape.query else None
        try:
            resource = self._operations.run(
                operation, lambda: self._get(request.id, version or shape.api_version)
            )
        except ArmError as error:
            if error.status == NOT_FOUND:
                return rpc.ReadResponse()
            raise
        outputs = shape.outputs(resource)
        new = shape.as_inputs(outputs)
        old = shape.as_inputs(reveal(from_struct(request.properties)))
        after = diff.drifted(reveal(inputs), old, new) if inputs else new
        after |= {} if inputs else shape.id_parts(resource.id)
        return rpc.ReadResponse(
            id=resource.id,
            properties=to_struct(keep_secret(outputs, inputs)),
            inputs=to_struct(keep_secret(after, inputs)),
        )

    def _get(self, resource_id: str, api_version: str) -> Resource:
        """GET; the import of a generic resource knows no other version than its metadata's.

        https://github.com/pulumi/pulumi-azure-native/issues/4109
        """
        arm.exists(self._cloud, resource_id, api_version)
        return answered(arm.get(self._cloud, resource_id))

    def delete(self, request: Any) -> Any:
        """DELETE by id, without any query parameter but the version."""
        operation = _operation("delete", request, request.id, request.old_inputs)
        self._operations.run(operation, lambda: arm.delete(self._cloud, request.id))
        return Empty()

    def invoke(self, request: Any) -> Any:
        """Functions: who is logged in, a subscription's keys, and `get` of every type."""
        if request.tok.endswith(":getClientConfig"):
            client = CLIENT | {"subscriptionId": self._subscription_id}
            return rpc.InvokeResponse(**{"return": to_struct(client)})
        keys = request.tok.endswith(":listSubscriptionSecrets")
        token = request.tok.replace(":listSubscriptionSecrets", ":Subscription")
        shape, inputs = shapes.shape_of(token.replace(":get", ":")), from_struct(request.args)
        resource_id = shape.id(reveal(inputs), self._subscription_id)

        def work() -> dict[str, Any]:
            if keys:
                return arm.post(self._cloud, resource_id, "listSecrets", {})
            found = answered(arm.get(self._cloud, resource_id))
            return {"id": found.id, **shape.outputs(found)}

        operation = Operation(op="invoke", type=request.tok, id=resource_id, inputs=inputs)
        result = self._operations.run(operation, work)
        return rpc.InvokeResponse(**{"return": to_struct(result)})

    def _refuse_existing(self, resource_id: str, api_version: str) -> None:
        """Look before a create, with the version of the provider's own metadata.

        That of the generic resource is 2024-03-01, whatever its `apiVersion` says.
        https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
        """
        try:
            found = arm.exists(self._cloud, resource_id, api_version)
        except ArmError as error:
            raise plugin.UncheckedError(resource_id, error) from error
        if found:
            text = f"cannot create already existing resource '{resource_id}'"
            raise plugin.AlreadyExistsError(409, "AlreadyExists", text)

    def _put(self, operation: Operation) -> Resource:
        shape, inputs = shapes.shape_of(operation.type), reveal(operation.inputs)
        inputs.pop(defaults.API_VERSION, None)
        version = inputs["apiVersion"] if "apiVersion" in shape.query else shape.api_version
        return arm.put(self._cloud, self._options, operation.id, version, shape.body(inputs))

    def _write(
        self, operation: Operation, inputs: Any, work: Callable[[], Resource]
    ) -> dict[str, Any]:
        """Create or update; if Azure accepted and then failed, the state goes with the error.

        https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
        """
        failure, shape = "", shapes.shape_of(operation.type)
        try:
            resource_id = self._operations.run(operation, work).id
        except AcceptedThenFailedError as error:
            failure, resource_id = plugin.described(error), operation.id
            if isinstance(error, OperationFailedError):
                arm.fail(self._cloud, resource_id)
        resource = answered(arm.get(self._cloud, resource_id))
        outputs = shape.outputs(resource)
        state = {"id": resource.id, "properties": to_struct(keep_secret(outputs, operation.inputs))}
        if failure:
            failed = rpc.ErrorResourceInitFailed(**state, reasons=[failure], inputs=inputs)
            raise plugin.PartialFailureError(failed)
        return state

    def _foreseen(self, operation: Operation, olds: dict[str, Any]) -> Any:
        """Outputs of a preview: the name is Azure's to say, and stays, as does the place.

        https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/convert/previewOutputs.go
        """
        self._operations.simulate(operation)
        inputs = reveal(operation.inputs)
        outputs = shapes.shape_of(operation.type).foreseen(inputs)
        outputs["name"] = inputs.get("name", UNKNOWN)
        outputs |= {key: olds[key] for key in ("name", "location") if key in olds}
        return to_struct(keep_secret(outputs, operation.inputs))

    def _place_of(self, group: str) -> str | None:
        shape = shapes.SHAPES["resources:ResourceGroup"]
        found = self._cloud.get(shape.id({GROUP: group}, self._subscription_id))
        return str(found.body["location"]) if found else None


def _shape(request: Any) -> shapes.Shape:
    return shapes.shape_of(plugin.type_of(request.urn))


def _operation(op: str, request: Any, resource_id: str, inputs: Any) -> Operation:
    token, values = plugin.type_of(request.urn), from_struct(inputs)
    return Operation(op=op, type=token, urn=request.urn, id=resource_id, inputs=values)
