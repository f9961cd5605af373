"""Every trouble is wrong, with what to do; what was not read is never fine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from components.preflight.judge import CHECKS
from tests.preflight.region import DENIED, DEPLOYMENT, ROOT, Region
from tests.preflight.test_models import account, deploy, held

GROUP = f"{ROOT}/resourceGroups/rg-other"
SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim-one"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-one"
SUBNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets"
THEIRS = (
    f"{ROOT}/resourceGroups/rg-oai-other/providers/Microsoft.CognitiveServices/accounts/oai-other"
)
NONE: dict[str, Any] = {}


def group(region: Region) -> None:
    region.put(GROUP, location="eastus")


def service(region: Region, tier: str = "Developer", **more: Any) -> None:
    group(region)
    sku = {"name": tier, "capacity": 0 if tier == "Consumption" else 1}
    about = {"publisherEmail": "a@b.c", "publisherName": "x", "enableClientCertificate": True}
    region.put(SERVICE, location="eastus", sku=sku, properties=about, **more)


def deleted_service(region: Region) -> None:
    service(region)
    region.delete(SERVICE)


def deleted_account(region: Region) -> None:
    region.delete(account(region, "oai-one"))


def deleted_workspace(region: Region) -> None:
    group(region)
    region.put(WORKSPACE, location="eastus", properties={"sku": {"name": "PerGB2018"}})
    region.delete(WORKSPACE)


def taken_subdomain(region: Region) -> None:
    told = {"isSubdomainAvailable": False, "reason": "Sub domain name 'oai-one' is already used."}
    region.answers["checkDomainAvailability"] = httpx.Response(200, json=told)


def own_group(region: Region) -> None:
    region.put(f"{ROOT}/resourceGroups/rg-activategenai", location="eastus")


def no_identity(region: Region) -> None:
    service(region)


def consumption(region: Region) -> None:
    told = {"id": SERVICE, "sku": {"name": "Consumption"}, "properties": {}}
    region.answers["service/apim-one"] = httpx.Response(200, json=told)


def good(region: Region) -> None:
    service(region, identity={"type": "SystemAssigned"})


def unregistered(region: Region) -> None:
    told = {"registrationState": "NotRegistered", "resourceTypes": []}
    region.answers["providers/Microsoft.ApiManagement"] = httpx.Response(200, json=told)


def elsewhere(region: Region) -> None:
    types = [{"resourceType": "service", "locations": ["West Europe", "Sweden Central"]}]
    told = {"registrationState": "Registered", "resourceTypes": types}
    region.answers["providers/Microsoft.ApiManagement"] = httpx.Response(200, json=told)


def tiers(*regions: str, restricted: bool = False) -> Callable[[Region], None]:
    def have(region: Region) -> None:
        bar = {"type": "Location", "values": ["East US"], "reasonCode": "QuotaId"}
        listed = [
            {
                "resourceType": "service",
                "name": "Standard",
                "locations": list(regions),
                "restrictions": [bar] if restricted else [],
            },
            {"resourceType": "service", "name": "BasicV2", "locations": ["East US"]},
        ]
        region.answers["ApiManagement/skus"] = httpx.Response(200, json={"value": listed})

    return have


def may(*actions: str, never: tuple[str, ...] = ()) -> Callable[[Region], None]:
    def have(region: Region) -> None:
        told = {"value": [{"actions": list(actions), "notActions": list(never)}]}
        region.answers["Authorization/permissions"] = httpx.Response(200, json=told)

    return have


def nothing(_: Region) -> None:
    """Leave the subscription as it is."""


def full(region: Region) -> None:
    deploy(region, account(region), 995)


WITH_GATEWAY = {"gatewayId": SERVICE}
TROUBLES: dict[str, tuple[Callable[[Region], None], dict[str, Any], str, str, str]] = {
    "no region": (nothing, {"location": "atlantis"}, "region", "no region of", "set location"),
    "misspelt region": (nothing, {"location": "eatus"}, "region", "eatus is no", "one of eastus"),
    "not registered": (unregistered, NONE, "service:Microsoft.ApiManagement", "NotReg", "register"),
    "no gateways there": (elsewhere, NONE, "service:Microsoft.ApiManagement", "no service", "swed"),
    "no tier there": (tiers("West US"), NONE, "tier", "not to be had", "(BasicV2)"),
    "tier barred": (tiers("East US", restricted=True), NONE, "tier", "not to be had", "(BasicV2)"),
    "no model": (nothing, {"deployments": [DEPLOYMENT | {"model": "gpt-9"}]}, "model:text-turbo",
        "does not offer", "az cognitiveservices model list"),
    "no quota": (full, NONE, "quota:text-turbo", "has 5 left", "set location to one"),
    "group exists": (own_group, NONE, "group", "cannot create already existing", "tools.adopt"),
    "group missing": (nothing, {"useExistingResourceGroup": True}, "group", "not exist",
        "name one"),
    "account deleted": (deleted_account, {"accountName": "oai-one"}, "account-name",
        "keeps the name", "purge --name oai-one --location eastus --resource-group rg-oai"),
    "subdomain taken": (taken_subdomain, {"accountName": "oai-one"}, "account-name", "already used",
        "another"),
    "gateway deleted": (deleted_service, {"gatewayName": "apim-one"}, "gateway-name", "keeps the",
        "az apim deletedservice purge --service-name apim-one --location eastus"),
    "gateway taken": (service, {"gatewayName": "apim-one"}, "gateway-name", "already in use",
        "another"),
    "workspace missing": (group, {"workspaceId": WORKSPACE}, "workspaceId", "does not exist",
        "name one"),
    "gateway missing": (group, WITH_GATEWAY, "gatewayId", "does not exist", "name one"),
    "gateway's group missing": (nothing, WITH_GATEWAY, "gatewayId", "does not exist", "name one"),
    "gateway cannot log": (consumption, WITH_GATEWAY, "gatewayId", "cannot log", "Developer"),
    "gateway without identity": (no_identity, WITH_GATEWAY, "gatewayId", "no system-assigned",
        "switch it on"),
    "may only read": (may("*/read"), NONE, "rights", "accounts/write", "Contributor and Role"),
    "may not join the network": (may("*", never=("Microsoft.Network/*/join/action",)),
        {"gatewayTier": "StandardV2", "network": {"gatewaySubnetId": f"{SUBNETS}/apim",
        "endpointSubnetId": f"{SUBNETS}/pe"}}, "rights:apim", "subnets/join/action", "Network Con"),
    "may not make a network": (may("*", never=("Microsoft.Network/virtualNetworks/write",)),
        {"gatewayTier": "StandardV2", "network": {"addressSpace": "10.20.0.0/24"}}, "rights",
        "virtualNetworks/write", "Contributor"),
    "may not assign roles": (may("*", never=("Microsoft.Authorization/*/Write",)), NONE, "rights",
        "not: Microsoft.Authorization/roleAssignments/write", "Role Based"),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_a_trouble_is_wrong_and_says_what_to_do(name: str, region: Region) -> None:
    make, config, line, said, fix = TROUBLES[name]
    make(region)
    found = region.judged(config)
    assert found[line].status == "wrong", found
    assert said in found[line].detail
    assert fix in found[line].fix


@pytest.mark.parametrize(
    "change",
    [
        {"accountName": "oai-one", "gatewayName": "apim-one", "workspaceName": "log-one"},
        {"gatewayTier": "BasicV2", "gatewayUnits": 10},
        {"location": "Sweden Central"},
    ],
)
def test_what_azure_would_take_is_fine(change: dict[str, Any], region: Region) -> None:
    found = region.judged(change)
    assert {line.status for line in found.values()} == {"fine"}, found


def test_what_exists_is_fine_once_it_is_named_as_existing(region: Region) -> None:
    own_group(region)
    good(region)
    found = region.judged({**WITH_GATEWAY, "useExistingResourceGroup": True})
    assert {line.status for line in found.values()} == {"fine"}, found
    assert "with an identity" in found["gatewayId"].detail


def test_a_deleted_workspace_that_would_come_back_is_told(region: Region) -> None:
    deleted_workspace(region)
    given = {"resourceGroupName": "rg-other", "workspaceName": "LOG-one"}
    found = region.judged({**given, "useExistingResourceGroup": True})["workspace-name"]
    assert found.status == "fine"
    assert "brings back the deleted workspace" in found.detail
    assert "is free" in region.judged({"workspaceName": "log-one"})["workspace-name"].detail


def test_what_the_stack_has_is_no_trouble_of_it(region: Region) -> None:
    own_group(region)
    more = {"deployments": [DEPLOYMENT, DEPLOYMENT | {"name": "second"}]}
    found = region.judged(more, held())
    assert "group" not in found
    assert {"tier", "account-name"} & set(found) == set()
    assert {line.status for line in found.values()} == {"fine"}


@pytest.mark.parametrize(
    "answer",
    [
        DENIED,
        httpx.Response(200, json={"odd": 1}),
        httpx.Response(200, json={"value": [1]}),
        httpx.Response(200, json={"value": [{}]}),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(503),
        httpx.ConnectError("no way"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_nothing_that_was_not_read_is_fine(check: Any, answer: Any, region: Region) -> None:
    """Every check whose every read has that answer is unverified, or wrong; and says why."""
    given = {"accountName": "oai-one", "gatewayName": "apim-one", "workspaceName": "log-one"}
    if check.id.endswith("Id"):
        given = {"gatewayId": SERVICE, "workspaceId": WORKSPACE, "accountId": THEIRS}
    region.answers[""] = answer
    found = region.judged(given)
    assert "fine" not in {line.status for line in found.values()}, found
    own = [line for name, line in found.items() if name.startswith(check.id.rstrip("s"))]
    assert own
    for line in own:
        assert line.status == "unverified", line
        assert line.fix


def test_a_workspace_that_another_region_has_is_anew_there(region: Region) -> None:
    """A stack that moves is created anew, so that all of it is asked for."""
    found = region.judged({"location": "westeurope"}, held())
    assert {"tier", "model:text-turbo", "quota:text-turbo"} <= set(found)
