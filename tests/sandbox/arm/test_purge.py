"""What a deleted stack leaves behind, and how it is purged, by the resource manager's own calls."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.arm.endpoint import arm_endpoint
from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTION_ID
from sandbox.errors import ArmError
from sandbox.http import Headers, Request, Response
from sandbox.identity import mint
from tests.sandbox.seen import reply

from .conftest import ACCOUNT, GROUP, SERVICE, WORKSPACE, Azure

HERE = f"/subscriptions/{SUBSCRIPTION_ID}/providers"
KIND = "Microsoft.ApiManagement/service"
PLACE = "Microsoft.CognitiveServices/locations/eastus"


class Manager:
    """Requests of the deployer."""

    def __init__(self, azure: Azure) -> None:
        self.cloud, self.endpoint = azure.cloud, arm_endpoint(azure.cloud)

    def send(self, method: str, path: str, body: Any = None, **query: str) -> Response:
        token, _ = mint(self.cloud, "https://management.azure.com", DEPLOYER_OBJECT_ID)
        headers = Headers([("Authorization", f"Bearer {token}")])
        asked = [*{"api-version": "2025-06-01", **query}.items()]
        text = json.dumps(body).encode() if body is not None else b""
        return self.endpoint(Request(method, "management.azure.com", path, asked, headers, text))

    def read(self, path: str) -> Any:
        return reply(self.send("GET", path))


@pytest.fixture
def manager(stack: Azure) -> Manager:
    return Manager(stack)


def deleted(group: str, account: str, service: str) -> list[str]:
    return [
        f"{HERE}/{PLACE}/resourceGroups/{group}/deletedAccounts/{account}",
        f"{HERE}/Microsoft.ApiManagement/locations/eastus/deletedservices/{service}",
    ]


def names() -> list[str]:
    return [one.rsplit("/", 1)[-1] for one in (GROUP, ACCOUNT, SERVICE, WORKSPACE)]


def test_a_deleted_group_leaves_three_names_which_are_purged_each_in_its_way(
    manager: Manager,
) -> None:
    group, account, service, workspace = names()
    kept = deleted(group, account, service)
    for path in kept:
        with pytest.raises(ArmError, match="404"):
            manager.read(path)

    assert manager.send("DELETE", GROUP).status == 200
    with pytest.raises(ArmError, match="404 ResourceGroupNotFound"):
        manager.send("DELETE", GROUP)

    for path in kept:
        shown = manager.read(path)
        assert shown["name"] in (account, service)
        ends = [shown["properties"][key] for key in ("deletionDate", "scheduledPurgeDate")]
        deleted_at, purged_at = map(datetime.fromisoformat, ends)
        assert purged_at - deleted_at == timedelta(hours=48)
        assert shown["properties"].get("serviceId") == (
            SERVICE if service == shown["name"] else None
        )
        assert manager.send("DELETE", path).status == 202
        with pytest.raises(ArmError, match="404 ResourceNotFound"):
            manager.send("DELETE", path)
    left = manager.read(f"{HERE}/Microsoft.OperationalInsights/deletedWorkspaces")["value"]
    assert [one["name"] for one in left] == [workspace]
    assert left[0]["properties"]["customerId"]


def test_product_goes_with_its_subscriptions_only_if_that_is_asked_for(manager: Manager) -> None:
    [product] = [one.id for one in manager.cloud.of_type(f"{KIND}/products")]
    with pytest.raises(ArmError, match="Delete subscriptions before"):
        manager.send("DELETE", product)
    assert manager.send("DELETE", product, deleteSubscriptions="true").status == 200
    scopes = [one.properties["scope"] for one in manager.cloud.of_type(f"{KIND}/subscriptions")]
    assert product not in scopes


def test_a_workspace_is_purged_by_force_once_it_is_recovered(manager: Manager) -> None:
    customer = manager.read(WORKSPACE)["properties"]["customerId"]
    manager.send("DELETE", GROUP)
    manager.send("PUT", GROUP, {"location": "eastus"})
    assert manager.send("DELETE", WORKSPACE, force="true").status == 204
    body = {"location": "eastus", "properties": {"sku": {"name": "PerGB2018"}}}
    assert manager.send("PUT", WORKSPACE, body).status == 201
    assert manager.read(WORKSPACE)["properties"]["customerId"] == customer

    assert manager.send("DELETE", WORKSPACE, force="true").status == 200

    assert manager.read(f"{HERE}/Microsoft.OperationalInsights/deletedWorkspaces")["value"] == []
    manager.send("PUT", WORKSPACE, body)
    assert manager.read(WORKSPACE)["properties"]["customerId"] != customer


def test_a_region_tells_its_models_and_what_of_their_quota_is_used(manager: Manager) -> None:
    models = [one["model"] for one in manager.read(f"{HERE}/{PLACE}/models")["value"]]
    chat = {one["name"] for one in models if one["capabilities"].get("chatCompletion") == "true"}
    assert {"gpt-5.1", "gpt-5.5"} <= chat
    assert "o3" not in chat
    quota = {one["name"]["value"]: one for one in manager.read(f"{HERE}/{PLACE}/usages")["value"]}
    made, also = [one for one in models if one["name"] == "gpt-5.6-luna"]
    assert made == also, "once for each kind of account"
    [offer] = [one for one in made["skus"] if one["name"] == "GlobalStandard"]
    assert quota[offer["usageName"]]["currentValue"] == 10
    [other] = [one for one in models if one["name"] == "DeepSeek-V3.2"]
    assert other["format"] == "DeepSeek"
    assert quota[other["skus"][0]["usageName"]]["currentValue"] == 0
    with pytest.raises(ArmError, match="LocationNotAvailable"):
        manager.read(f"{HERE}/Microsoft.CognitiveServices/locations/atlantis/models")
    with pytest.raises(ArmError, match="405"):
        manager.send("DELETE", f"{HERE}/{PLACE}/models")


@pytest.mark.parametrize("body", ["none", [1], 7])
def test_a_body_that_is_no_object_is_refused(manager: Manager, body: Any) -> None:
    with pytest.raises(ArmError, match="400 InvalidRequestContent"):
        manager.send("PUT", WORKSPACE, body)


def test_the_subscription_tells_its_state(manager: Manager) -> None:
    assert manager.read(f"/subscriptions/{SUBSCRIPTION_ID}")["state"] == "Enabled"


def test_a_workspace_lists_its_tables_with_their_plan(stack: Azure) -> None:
    tables = Manager(stack).read(f"{WORKSPACE}/tables")["value"]
    assert {one["properties"]["plan"] for one in tables} == {"Analytics"}
    assert f"{WORKSPACE}/tables/ApiManagementGatewayLogs" in [one["id"] for one in tables]
