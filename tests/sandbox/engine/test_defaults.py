"""What the provider adds to a program's inputs, and what a preview foresees of it."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as rpc

from sandbox.engine.shapes import SHAPES
from sandbox.engine.values import UNKNOWN, from_struct, to_struct
from tests.sandbox.seen import held

from .test_providers import PRODUCT, PRODUCT_INPUTS, Sandbox, sandbox, urn

__all__ = ["sandbox"]

GROUP = "azure-native:resources:ResourceGroup"
WORKSPACE = "azure-native:operationalinsights:Workspace"
ROLE = "azure-native:authorization:RoleAssignment"
IN_GROUP = {"resourceGroupName": "rg", "workspaceName": "logs"}
NO_AUTO_LOCATION = {"microsoft.resources/deployments", "microsoft.network", "microsoft.documentdb"}
"""Beginnings of the paths to which the provider adds no location.

https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/resources/resources.go
(`AutoLocationDisabled`)
"""


def check(sandbox: Sandbox, token: str, news: dict[str, Any], **olds: Any) -> dict[str, Any]:
    request = rpc.CheckRequest(urn=urn(token), news=to_struct(news), randomSeed=b"1")
    request.olds.CopyFrom(to_struct(olds))
    return from_struct(sandbox.stub.Check(request).inputs)


@pytest.mark.parametrize("token", sorted(SHAPES))
def test_location_is_added_to_what_the_sdk_gives_one(token: str) -> None:
    module, name = token.split(":")
    resource = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    takes = "location" in inspect.signature(resource._internal_init).parameters
    path = SHAPES[token].path.lower()
    left = any(f"/providers/{beginning}" in path for beginning in NO_AUTO_LOCATION)
    assert SHAPES[token].located is (takes and not left)


def test_location_is_the_groups(sandbox: Sandbox) -> None:
    assert "location" not in check(sandbox, WORKSPACE, IN_GROUP), "the group cannot be read"
    sandbox.create(GROUP, {"resourceGroupName": "rg", "location": "westeurope"})
    assert check(sandbox, WORKSPACE, IN_GROUP)["location"] == "westeurope"
    assert check(sandbox, WORKSPACE, {"resourceGroupName": UNKNOWN})["location"] == UNKNOWN
    assert check(sandbox, WORKSPACE, IN_GROUP, location="eastus")["location"] == "eastus"
    given = {**IN_GROUP, "location": "swedencentral"}
    assert check(sandbox, WORKSPACE, given, location="eastus")["location"] == "swedencentral"
    assert "location" not in check(sandbox, PRODUCT, PRODUCT_INPUTS)


def test_generic_resource_gets_a_location_too(sandbox: Sandbox) -> None:
    sandbox.create(GROUP, {"resourceGroupName": "rg", "location": "westeurope"})
    generic = check(sandbox, "azure-native:resources:Resource", {"resourceGroupName": "rg"})
    assert generic["location"] == "westeurope"


def test_api_version_is_an_input_that_azure_never_sees(sandbox: Sandbox) -> None:
    inputs = check(sandbox, PRODUCT, PRODUCT_INPUTS)
    assert inputs == {**PRODUCT_INPUTS, "azureApiVersion": "2024-05-01"}
    made = sandbox.create(PRODUCT, inputs)
    assert "azureApiVersion" not in held(sandbox.cloud, made.id).properties
    older = {**inputs, "azureApiVersion": "2022-08-01"}
    assert list(sandbox.diff(PRODUCT, older, inputs).detailedDiff) == ["azureApiVersion"]


def test_imported_resource_has_the_version_in_its_outputs(sandbox: Sandbox) -> None:
    inputs = check(sandbox, PRODUCT, PRODUCT_INPUTS)
    sides = {"old_inputs": to_struct(PRODUCT_INPUTS), "news": to_struct(inputs)}
    state = to_struct({"azureApiVersion": "2024-05-01"})
    answer = sandbox.stub.Diff(rpc.DiffRequest(urn=urn(PRODUCT), id="x", olds=state, **sides))
    assert answer.changes == rpc.DiffResponse.DIFF_NONE


def test_name_chosen_by_the_provider_lets_a_replacement_live_beside(sandbox: Sandbox) -> None:
    inputs = {**IN_GROUP, "location": "eastus"}
    del inputs["workspaceName"]
    checked = check(sandbox, WORKSPACE, inputs)
    assert checked["workspaceName"].startswith("it")
    assert check(sandbox, WORKSPACE, inputs, **checked) == checked, "a name stays"
    moved = sandbox.diff(WORKSPACE, checked, {**checked, "location": "westus"})
    assert list(moved.replaces) == ["location"]
    assert not moved.deleteBeforeReplace
    named = {**checked, "workspaceName": "mine"}
    assert not sandbox.diff(WORKSPACE, checked, named).deleteBeforeReplace
    del named["__createBeforeDelete"]
    assert sandbox.diff(WORKSPACE, named, checked).deleteBeforeReplace


def test_name_within_another_resource_is_the_programs(sandbox: Sandbox) -> None:
    inputs = {key: value for key, value in PRODUCT_INPUTS.items() if key != "productId"}
    checked = check(sandbox, PRODUCT, inputs)
    assert checked["productId"] == "it"
    assert "__createBeforeDelete" not in checked
    assigned = check(sandbox, ROLE, {"scope": "/s", "principalId": "p"})
    assert len(assigned["roleAssignmentName"]) == 36


def test_preview_of_an_update_knows_the_name_and_the_place(sandbox: Sandbox) -> None:
    made = sandbox.create(WORKSPACE, {**IN_GROUP, "location": "eastus"})
    news = to_struct({**IN_GROUP, "location": "eastus", "retentionInDays": 90})
    request = rpc.UpdateRequest(urn=urn(WORKSPACE), id=made.id, olds=made.properties, news=news)
    request.preview = True
    outputs = from_struct(sandbox.stub.Update(request).properties)
    assert (outputs["name"], outputs["location"]) == ("logs", "eastus")
    assert outputs["customerId"] == UNKNOWN


def test_place_for_all_by_configuration_is_not_modelled(sandbox: Sandbox) -> None:
    assert sandbox.stub.Configure(rpc.ConfigureRequest(args=to_struct({"environment": "public"})))
    with pytest.raises(grpc.RpcError) as failed:
        sandbox.stub.Configure(rpc.ConfigureRequest(args=to_struct({"location": "eastus"})))
    assert "azure-native:location" in failed.value.details()
