"""What a subscription may have, as Resource Manager answers it."""

from __future__ import annotations

import pytest

from sandbox.errors import ArmError
from tests.sandbox.arm.test_purge import HERE, Manager, names
from tests.sandbox.seen import reply

from .conftest import ACCOUNT, GROUP, SERVICE, Azure

ROOT = HERE.removesuffix("/providers")


@pytest.fixture
def manager(stack: Azure) -> Manager:
    return Manager(stack)


def test_regions_are_those_in_which_resources_can_lie(manager: Manager) -> None:
    found = {one["name"]: one for one in manager.read(f"{ROOT}/locations")["value"]}
    assert found["eastus"]["metadata"] == {"regionType": "Physical", "geographyGroup": "US"}
    assert found["swedencentral"]["metadata"]["geographyGroup"] == "Europe"
    assert found["canadaeast"]["metadata"]["geographyGroup"] == "Canada"
    assert "atlantis" not in found


def test_a_namespace_tells_its_state_and_the_regions_of_its_types(manager: Manager) -> None:
    found = manager.read(f"{HERE}/Microsoft.ApiManagement")
    assert found["registrationState"] == "Registered"
    [service] = [one for one in found["resourceTypes"] if one["resourceType"] == "service"]
    assert "eastus" in service["locations"]
    with pytest.raises(ArmError, match="404 InvalidResourceNamespace"):
        manager.read(f"{HERE}/Microsoft.Nothing")


def test_tiers_have_regions_and_most_units(manager: Manager) -> None:
    listed = manager.read(f"{HERE}/Microsoft.ApiManagement/skus")["value"]
    found = {one["name"]: one["capacity"]["maximum"] for one in listed}
    assert found["Standard"] == 4
    assert found["BasicV2"] == 10


@pytest.mark.parametrize("scope", [ROOT, GROUP, SERVICE])
def test_the_deployer_may_all_at_a_scope_that_is_there(scope: str, manager: Manager) -> None:
    [one] = manager.read(f"{scope}/providers/Microsoft.Authorization/permissions")["value"]
    assert (one["actions"], one["notActions"]) == (["*"], [])
    with pytest.raises(ArmError, match="404"):
        manager.read(f"{GROUP}x/providers/Microsoft.Authorization/permissions")


def test_a_name_is_free_unless_somebody_has_it_or_it_was_just_deleted(manager: Manager) -> None:
    _, account, service, _ = names()
    asks = {
        f"{HERE}/Microsoft.ApiManagement/checkNameAvailability": ("name", "nameAvailable", service),
        f"{HERE}/Microsoft.CognitiveServices/checkDomainAvailability": (
            *("subdomainName", "isSubdomainAvailable"),
            account,
        ),
    }

    def free(path: str, name: str) -> bool:
        key, answer, _ = asks[path]
        return bool(reply(manager.send("POST", path, {key: name.upper()}))[answer])

    for path, (_, _, taken) in asks.items():
        assert free(path, "nobody-has-this")
        assert not free(path, taken)
        with pytest.raises(ArmError, match="InvalidRequestContent"):
            manager.send("POST", path, [1])
    manager.send("DELETE", GROUP)
    for path, (_, _, kept) in asks.items():
        assert not free(path, kept)


def test_what_was_deleted_is_listed_with_where_it_was(manager: Manager) -> None:
    accounts = f"{HERE}/Microsoft.CognitiveServices/deletedAccounts"
    services = f"{HERE}/Microsoft.ApiManagement/deletedservices"
    assert manager.read(accounts)["value"] == manager.read(services)["value"] == []
    manager.send("DELETE", GROUP)
    group, account, service, _ = names()
    [one] = manager.read(accounts)["value"]
    assert one["id"].endswith(f"/locations/eastus/resourceGroups/{group}/deletedAccounts/{account}")
    [other] = manager.read(services)["value"]
    assert other["id"].endswith(f"/locations/eastus/deletedservices/{service}")
    assert other["properties"]["serviceId"] == SERVICE
    assert manager.read(one["id"])["name"] == account
    assert ACCOUNT.endswith(account)


def test_other_posts_are_refused_as_before(manager: Manager) -> None:
    with pytest.raises(ArmError, match="405"):
        manager.send("POST", f"{ROOT}/locations", {})
