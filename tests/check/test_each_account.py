"""What is judged of each of several accounts, though no call of a run need reach it."""

from __future__ import annotations

import threading

import httpx
import pytest

from tests.check.arm import ACCOUNT, PRINCIPAL, ROLE, SETTING
from tests.check.several import STAND_BY, configuration, world

OF_ACCOUNTS = [ACCOUNT, STAND_BY]
AUDIT = [{"category": "Audit", "enabled": True}]


def test_two_whole_accounts_are_as_declared() -> None:
    found = configuration(world()).declared()
    assert (found.differences, found.unclear) == ((), ())


@pytest.mark.parametrize("account", OF_ACCOUNTS)
@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("logs", AUDIT, "category RequestResponse"),
        ("metrics", [], "AllMetrics"),
    ],
)
def test_what_each_account_sends_is_judged(
    account: str, path: str, value: object, said: str
) -> None:
    made = world()
    made.set(f"{account}{SETTING}", path, value)
    name = "swc" if account == STAND_BY else "weu"
    (found,) = configuration(made).declared().differences
    assert said in found.path
    assert f"({name})" in found.path


@pytest.mark.parametrize("account", OF_ACCOUNTS)
def test_the_gateways_role_on_each_account_is_judged(account: str) -> None:
    made = world()
    reader = {
        "principalId": PRINCIPAL,
        "roleDefinitionId": "/x/acdd72a7-3385-48ef-bd42-f606fba81ae7",
    }
    made.resources[ROLE.replace(ACCOUNT, account)] = {"properties": reader}
    (found,) = configuration(made).declared().differences
    assert "role of the gateway's identity" in found.path
    assert found.deployed == "Reader"


CLOSED = {"defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}


@pytest.mark.parametrize("account", OF_ACCOUNTS)
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"customSubDomainName": "another"}, "customSubDomainName"),
        ({"customSubDomainName": None}, "customSubDomainName"),
        ({"customSubDomainName": "OAI"}, "customSubDomainName"),
        ({"publicNetworkAccess": "Disabled"}, "publicNetworkAccess"),
        ({"networkAcls": CLOSED}, "networkAcls.defaultAction"),
        ({"networkAcls": CLOSED | {"ipRules": [{"value": "192.0.2.1"}]}}, ""),
        ({"publicNetworkAccess": "Disabled", "privateEndpointConnections": [{"id": "x"}]}, ""),
    ],
)
def test_each_account_has_the_address_and_the_network_for_calls(
    account: str, changed: dict[str, object], said: str
) -> None:
    made = world()
    made.resources[account]["properties"] |= changed
    found = configuration(made).declared().differences
    assert [one.path.partition(" of ")[0] for one in found] == [said] * bool(said)


@pytest.mark.parametrize("judged", ["audit", "declared", "remarks", "routes", "access"])
@pytest.mark.parametrize("part", ["deployments", "providers/Microsoft.Insights/diagnosticSettings"])
def test_parts_of_all_accounts_are_read_at_once(judged: str, part: str) -> None:
    """Each of both reads waits until the other is under way."""
    made, together = world(), threading.Barrier(2, timeout=2)
    answer, met = made.handle, list[str]()

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path in {f"{one}/{part}" for one in OF_ACCOUNTS}:
            together.wait()
            met.append(request.url.path)
        return answer(request)

    made.handle = handle  # type: ignore[method-assign]
    getattr(configuration(made), judged)()
    assert len(met) == len(OF_ACCOUNTS)
