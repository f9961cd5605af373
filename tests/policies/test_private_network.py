"""A private network: what passes, what is refused, and what is not known yet."""

from __future__ import annotations

from typing import Any

import pytest
from pack.resource import UNKNOWN

from tests.policies.harness import PRIVATE, Json, Said, Shown, added, changed, example, said

ACCESS, RULES = "properties/publicNetworkAccess", "properties/networkAcls"
ENDPOINT = "openai-account-endpoint"


def connection(**more: Any) -> Json:
    return {"name": "account", "groupIds": ["account"], "privateLinkServiceId": UNKNOWN, **more}


def private(access: str = "Disabled", *connections: Json, target: str = "openai-account") -> Shown:
    """The example with a private endpoint of its account."""
    given = {
        "privateEndpointName": UNKNOWN,
        "subnet": {"id": "/subscriptions/x"},
        "privateLinkServiceConnections": list(connections) or [connection()],
    }
    made = added(ENDPOINT, "azure-native:network:PrivateEndpoint", given)
    made[ENDPOINT]["links"] = {"privateLinkServiceConnections": [target]}
    names = {"privateDnsZoneGroupName": "default", "privateDnsZoneConfigs": []}
    made = added(
        f"{ENDPOINT}-names", "azure-native:network:PrivateDnsZoneGroup",
        {**names, "privateEndpointName": UNKNOWN}, made,
    )  # fmt: skip
    made[f"{ENDPOINT}-names"]["links"] = {"privateEndpointName": [ENDPOINT]}
    return changed("openai-account", ACCESS, access, made)


def only(told: Said, policy: str = "private-network") -> str:
    assert told.refused.keys() == {policy}
    (report,) = told.refused[policy]
    return report


def test_the_projects_own_private_stack_passes() -> None:
    assert said(example(PRIVATE)).refused == {}


def test_a_closed_account_with_its_endpoint_passes() -> None:
    told = said(private())
    assert told.refused == {}
    assert "account-public-network" not in told.advised


def test_an_open_account_beside_its_endpoint_is_refused() -> None:
    assert "properties.publicNetworkAccess" in only(said(private("Enabled")))


@pytest.mark.parametrize(
    "wrong",
    [
        connection(groupIds=["vault"]),
        connection(groupIds=["account", "Gateway"]),
        connection(requestMessage="please"),
        connection(groupIds=UNKNOWN),
    ],
)
def test_a_connection_to_something_else_is_refused(wrong: Json) -> None:
    assert "privateLinkServiceConnections" in only(said(private("Disabled", wrong)))


def test_an_endpoint_of_what_is_not_the_stacks_own_is_refused() -> None:
    told = said(private(target="workspace"))
    assert "privateLinkServiceConnections" in only(told, "connected")


def test_a_gateway_may_join_a_network_and_be_closed() -> None:
    stack = changed("gateway", "virtualNetworkType", "External", private())
    subnet = {"subnetResourceId": "/subscriptions/x"}
    stack = changed("gateway", "virtualNetworkConfiguration", subnet, stack)
    for access in ("Enabled", "Disabled"):
        assert said(changed("gateway", "publicNetworkAccess", access, stack)).refused == {}
    assert said(changed("gateway", "publicNetworkAccess", "Perhaps", stack)).refused


def rules(made_from: str = "gateway", **more: Any) -> Shown:
    given = {"defaultAction": "Deny", "virtualNetworkRules": [], "ipRules": UNKNOWN, **more}
    stack = changed("openai-account", RULES, given)
    stack["openai-account"]["links"]["properties"] = [made_from]
    return stack


def test_rules_let_in_the_gateways_addresses_alone() -> None:
    assert said(rules()).refused == {}
    assert said(rules(ipRules=[{"value": "20.1.2.3"}])).refused == {}
    assert "ipRules" in only(said(rules("workspace", ipRules=[{"value": "20.1.2.3"}])))
    assert "ipRules" in only(said(rules(ipRules=[{"value": "0.0.0.0/1"}])))
    assert "defaultAction" in only(said(rules(defaultAction="Allow")))
    assert "virtualNetworkRules" in only(said(rules(virtualNetworkRules=[{"id": "x"}])))
