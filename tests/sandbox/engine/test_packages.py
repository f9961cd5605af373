"""Packages of azure-native at another API version, and the look before a create."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox import arm
from sandbox.cloud import Cloud
from sandbox.engine import serve
from sandbox.engine.values import from_struct, to_struct
from sandbox.options import Options
from tests.sandbox.arm.conftest import API, DIAGNOSTIC, GROUP, LOGGER, SERVICE, STACK

PACKAGE = "azure-native_apimanagement_v20240601preview"
RELEASE = metadata.version("pulumi-azure-native")
TYPED = f"{PACKAGE}:apimanagement:ApiDiagnostic"
STABLE = "azure-native:apimanagement:ApiDiagnostic"
GENERIC = "azure-native:resources:Resource"
INPUTS = {
    "resourceGroupName": "rg-test",
    "serviceName": "apim-test",
    "apiId": "openai",
    "diagnosticId": "azuremonitor",
    "loggerId": LOGGER,
    "largeLanguageModel": {"logs": "enabled"},
}
NESTED = {
    "resourceGroupName": "rg-test",
    "resourceProviderNamespace": "Microsoft.ApiManagement",
    "parentResourcePath": "service/apim-test/apis/openai",
    "resourceType": "diagnostics",
    "resourceName": "azuremonitor",
    "apiVersion": "2024-06-01-preview",
    "properties": {"loggerId": LOGGER},
}


class Provider:
    """The azure-native provider over a cloud that holds a gateway with an API."""

    def __init__(self, cloud: Cloud, stub: Any) -> None:
        self.cloud, self.stub = cloud, stub

    def create(self, token: str, inputs: dict[str, Any]) -> Any:
        urn = f"urn:pulumi:dev::project::{token}::it"
        return self.stub.Create(rpc.CreateRequest(urn=urn, properties=to_struct(inputs)))

    def refusal(self, token: str, inputs: dict[str, Any]) -> str:
        with pytest.raises(grpc.RpcError) as failed:
            self.create(token, inputs)
        return str(failed.value.details())

    def parameterize(self, name: str, release: str = RELEASE, /, **given: str) -> Any:
        value = base64.b64encode(json.dumps(given).encode())
        wanted = rpc.ParameterizeRequest.ParametersValue(name=name, version=release, value=value)
        return self.stub.Parameterize(rpc.ParameterizeRequest(value=wanted))


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    cloud, options = Cloud(tmp_path), Options()
    for resource_id in (GROUP, SERVICE, LOGGER, API):
        arm.put(cloud, options, resource_id, "2024-05-01", STACK[resource_id])
    with serve(cloud, options) as ports:
        channel = grpc.insecure_channel(f"127.0.0.1:{ports['azure-native']}")
        yield Provider(cloud, provider_pb2_grpc.ResourceProviderStub(channel))


def test_a_local_package_writes_with_the_version_of_its_name(provider: Provider) -> None:
    made = provider.create(TYPED, INPUTS)
    assert made.id == DIAGNOSTIC
    assert from_struct(made.properties)["azureApiVersion"] == "2024-06-01-preview"
    assert arm.get(provider.cloud, DIAGNOSTIC).properties["largeLanguageModel"] == {
        "logs": "enabled"
    }


def test_the_stable_version_does_not_know_what_the_local_package_knows(provider: Provider) -> None:
    assert "Could not find member 'largeLanguageModel'" in provider.refusal(STABLE, INPUTS)


def test_a_nested_generic_resource_cannot_be_created(provider: Provider) -> None:
    """https://github.com/pulumi/pulumi-azure-native/issues/4109."""
    text = provider.refusal(GENERIC, NESTED)
    assert text.startswith(
        f"cannot check existence of resource '{DIAGNOSTIC}': status code 400, "
        '{"error": {"code": "NoRegisteredProviderFound"'
    )
    assert "API version '2024-03-01' for type 'service'. The supported api-versions are" in text
    assert provider.cloud.get(DIAGNOSTIC) is None


def test_below_a_parent_that_is_missing_the_answer_is_not_found(provider: Provider) -> None:
    """So the PUT is tried, and refused for the parent."""
    elsewhere = {**NESTED, "parentResourcePath": "service/apim-test/apis/none"}
    assert "API not found" in provider.refusal(GENERIC, elsewhere)


def test_a_top_level_generic_resource_is_not_found_whatever_the_version(provider: Provider) -> None:
    """https://github.com/pulumi/pulumi-azure-native/issues/4337."""
    service = {
        "resourceGroupName": "rg-test",
        "resourceProviderNamespace": "Microsoft.ApiManagement",
        "parentResourcePath": "",
        "resourceType": "service",
        "apiVersion": "2024-05-01",
        **STACK[SERVICE],
    }
    made = provider.create(GENERIC, {**service, "resourceName": "apim-other"})
    assert made.id.endswith("/service/apim-other")
    assert "cannot check existence" in provider.refusal(
        GENERIC, {**service, "resourceName": "apim-test"}
    )


def test_a_package_is_named_by_its_parameter(provider: Provider) -> None:
    answer = provider.parameterize(PACKAGE, module="apimanagement", version="v20240601preview")
    assert (answer.name, answer.version) == (PACKAGE, RELEASE)


def test_a_package_of_another_release_of_the_provider_is_none(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError, match=f"azure-native {RELEASE}, .*, not for 9.9.9"):
        provider.parameterize(PACKAGE, "9.9.9", module="apimanagement", version="v20240601preview")


@pytest.mark.parametrize(
    ("name", "module", "version"),
    [
        (PACKAGE, "apimanagement", "v20241001preview"),
        ("azure-native_apimanagement_v20240602", "apimanagement", "v20240602"),
        ("azure-native_network_v20240101", "network", "v20240101"),
    ],
    ids=["another-name", "no-such-version", "module-not-modelled"],
)
def test_what_is_no_package_here_is_said(
    provider: Provider, name: str, module: str, version: str
) -> None:
    with pytest.raises(grpc.RpcError, match="does not model the package"):
        provider.parameterize(name, module=module, version=version)
