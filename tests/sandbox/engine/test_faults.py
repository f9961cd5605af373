"""Each kind of fault: what it leaves in Azure, and what the engine gets."""

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.status_pb2 import Status
from pydantic import ValidationError

from sandbox.engine.operations import Operations
from sandbox.engine.values import from_struct
from sandbox.options import Options
from tests.sandbox.engine.test_providers import (
    PRODUCT,
    PRODUCT_INPUTS,
    SERVICE_ID,
    Sandbox,
    restart,
    urn,
)
from tests.sandbox.engine.test_providers import sandbox as sandbox  # noqa: PLC0414 a fixture

WORKSPACE = "azure-native:operationalinsights:Workspace"
WORKSPACE_INPUTS = {"resourceGroupName": "rg", "workspaceName": "logs", "location": "eastus"}


def partial(failed: grpc.RpcError) -> rpc.ErrorResourceInitFailed | None:
    """The state that came with an error, if any did."""
    found = dict(failed.trailing_metadata()).get("grpc-status-details-bin")
    if found is None:
        return None
    state = rpc.ErrorResourceInitFailed()
    Status.FromString(found).details[0].Unpack(state)
    return state


@pytest.mark.parametrize(
    ("when", "exists", "state", "ended"),
    [
        ("before", False, False, None),
        ("after", True, True, None),
        ("accepted", True, True, "Failed"),
        ("lost", True, False, None),
    ],
)
def test_each_kind_of_fault_leaves_azure_and_the_engine_as_it_says(
    sandbox: Sandbox, when: str, exists: bool, state: bool, ended: str | None
) -> None:
    fault = {"op": "create", "type": WORKSPACE, "when": when, "status": 500, "code": "Broken"}
    restart(sandbox, faults=sandbox.faults(fault))
    with pytest.raises(grpc.RpcError) as failed:
        sandbox.create(WORKSPACE, WORKSPACE_INPUTS)
    assert 'Status=500 Code="Broken"' in failed.value.details()
    found = sandbox.cloud.all()
    assert bool(found) is exists
    assert [one.properties.get("provisioningState") for one in found] == [ended] * exists
    handed = partial(failed.value)
    assert (handed is not None) is state
    if handed is not None:
        assert from_struct(handed.properties).get("provisioningState") == ended


@pytest.mark.parametrize(
    ("when", "stays"), [("before", True), ("after", False), ("accepted", True), ("lost", False)]
)
def test_each_kind_of_fault_on_a_deletion(sandbox: Sandbox, when: str, stays: bool) -> None:
    made = sandbox.create(WORKSPACE, WORKSPACE_INPUTS)
    fault = {"op": "delete", "type": WORKSPACE, "when": when, "status": 500, "code": "Broken"}
    restart(sandbox, faults=sandbox.faults(fault))
    request = rpc.DeleteRequest(urn=urn(WORKSPACE), id=made.id)
    with pytest.raises(grpc.RpcError):
        sandbox.stub.Delete(request)
    assert bool(sandbox.cloud.all()) is stays
    sandbox.stub.Delete(request)
    assert not sandbox.cloud.all()


@pytest.mark.parametrize(
    ("op", "token"),
    [
        ("create", PRODUCT),
        ("delete", PRODUCT),
        ("update", "azure-native:monitor:ScheduledQueryRule"),
        ("create", "azure-native:resources:ResourceGroup"),
        ("read", WORKSPACE),
        ("create", "azure-native:no:SuchType"),
    ],
)
def test_only_a_long_operation_can_be_accepted_and_fail_later(
    sandbox: Sandbox, op: str, token: str
) -> None:
    fault = {"op": op, "type": token, "when": "accepted", "status": 500, "code": "Broken"}
    with pytest.raises(ValidationError, match=f"{op} of {token} cannot fail as `accepted`"):
        Operations(Options(faults=sandbox.faults(fault)))


def test_a_cut_connection_has_no_status(sandbox: Sandbox) -> None:
    cut = {"when": "lost", "status": 0, "code": "", "message": "EOF"}
    restart(sandbox, faults=sandbox.faults({"op": "create", "type": PRODUCT, **cut}))
    with pytest.raises(grpc.RpcError) as failed:
        sandbox.create(PRODUCT, PRODUCT_INPUTS)
    text = f'Put "https://management.azure.com{SERVICE_ID}/products/gold": EOF'
    assert failed.value.details() == text
