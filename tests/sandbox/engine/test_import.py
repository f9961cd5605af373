"""Imports, and the reading of what is no more: what the provider makes of an id alone."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as rpc

from sandbox import arm
from sandbox.engine.values import from_struct, to_struct
from sandbox.options import Options
from tests.sandbox.arm.conftest import (
    ACCOUNT,
    API,
    DIAGNOSTIC,
    LOGGER,
    ROLE_DEFINITION,
    ROLE_NAME,
    SERVICE,
    STACK,
)

from .test_packages import GENERIC, INPUTS, NESTED, TYPED, Provider, provider

__all__ = ["provider"]

ROLE = "azure-native:authorization:RoleAssignment"
IMPORTED = {
    "azure-native:apimanagement:ApiManagementService": SERVICE,
    "azure-native:apimanagement:Api": API,
    "azure-native:apimanagement:Logger": f"{SERVICE}/loggers/azuremonitor",
}


def read(provider: Provider, token: str, resource_id: str, **known: Any) -> Any:
    urn = f"urn:pulumi:dev::project::{token}::it"
    return provider.stub.Read(rpc.ReadRequest(urn=urn, id=resource_id, **known))


@pytest.mark.parametrize("token", IMPORTED)
def test_typed_resource_is_imported_by_its_id_alone(provider: Provider, token: str) -> None:
    found = read(provider, token, IMPORTED[token])
    assert found.id == IMPORTED[token]
    inputs = from_struct(found.inputs)
    assert inputs["resourceGroupName"] == "rg-test"
    assert "azureApiVersion" not in inputs
    assert from_struct(found.properties)["azureApiVersion"]


def test_type_of_a_local_package_is_imported_too(provider: Provider) -> None:
    made = provider.create(TYPED, INPUTS)
    inputs = from_struct(read(provider, TYPED, made.id).inputs)
    assert {key: inputs[key] for key in INPUTS} == INPUTS


@pytest.mark.parametrize("resource_id", [SERVICE, DIAGNOSTIC])
def test_generic_resource_is_imported_with_a_version_that_its_type_lacks(
    provider: Provider, resource_id: str
) -> None:
    provider.create(TYPED, INPUTS)
    with pytest.raises(grpc.RpcError) as failed:
        read(provider, GENERIC, resource_id)
    assert 'Status=400 Code="NoRegisteredProviderFound"' in failed.value.details()
    assert "API version '2024-03-01' for type 'service'" in failed.value.details()


def test_generic_resource_is_refreshed_with_the_programs_version(provider: Provider) -> None:
    provider.create(TYPED, INPUTS)
    found = read(provider, GENERIC, DIAGNOSTIC, inputs=to_struct(NESTED))
    assert from_struct(found.properties)["properties"]["loggerId"] == LOGGER


def test_scope_of_an_imported_role_begins_with_a_slash(provider: Provider) -> None:
    """https://github.com/pulumi/pulumi-azure-native/pull/4818."""
    arm.put(provider.cloud, Options(), ACCOUNT, "2025-06-01", STACK[ACCOUNT])
    assigned = {
        "scope": ACCOUNT,
        "principalId": arm.get(provider.cloud, SERVICE).body["identity"]["principalId"],
        "principalType": "ServicePrincipal",
        "roleDefinitionId": ROLE_DEFINITION,
        "roleAssignmentName": ROLE_NAME,
    }
    made = provider.create(ROLE, assigned)
    inputs = from_struct(read(provider, ROLE, made.id).inputs)
    assert {key: inputs[key] for key in assigned} == assigned


def test_role_that_is_no_more_is_gone(provider: Provider) -> None:
    role_id = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/none"
    known = to_struct({"scope": ACCOUNT})
    assert read(provider, ROLE, role_id, inputs=known, properties=known).id == ""
