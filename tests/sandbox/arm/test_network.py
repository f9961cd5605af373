"""Networks, private endpoints and their names: what Azure refuses, and who reaches what."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from sandbox import arm, reach
from sandbox.arm import network
from sandbox.cloud import Cloud, Resource
from sandbox.gateway import doors
from sandbox.http import Headers, Request, Response
from tests.sandbox.seen import held

from .conftest import ACCOUNT, GROUP, SERVICE, Azure, refusal

PLACE = f"{GROUP}/providers/Microsoft.Network"
HUB, OTHER = (f"{PLACE}/virtualNetworks/{name}" for name in ("hub", "other"))
GATEWAYS, PLAIN, ENDPOINTS = (f"{HUB}/subnets/{name}" for name in ("apim", "plain", "pe"))
ENDPOINT = f"{PLACE}/privateEndpoints/pep-oai"
NAMES = f"{ENDPOINT}/privateDnsZoneGroups/default"
ZONE = f"{PLACE}/privateDnsZones/privatelink.openai.azure.com"
FARMS = [{"name": "farms", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}]
Json = dict[str, Any]


def endpoint(target: str = ACCOUNT, part: str = "account", subnet: str = ENDPOINTS) -> Json:
    connection = {"privateLinkServiceId": target, "groupIds": [part]}
    given = {
        "subnet": {"id": subnet},
        network.CONNECTIONS: [{"name": "a", "properties": connection}],
    }
    return {"location": "eastus", "properties": given}


@pytest.fixture
def here(stack: Azure) -> Azure:
    """The reference stack beside two networks, of which one has a zone."""
    for name in (HUB, OTHER):
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
        stack.put(name, {"location": "eastus", "properties": space})
    for name, delegations in ((GATEWAYS, FARMS), (PLAIN, []), (ENDPOINTS, [])):
        given = {"addressPrefix": "10.0.1.0/24", "delegations": delegations}
        stack.put(name, {"properties": given})
    stack.put(ZONE, {"location": "global", "properties": {}})
    linked = {"virtualNetwork": {"id": HUB}}
    stack.put(f"{ZONE}/virtualNetworkLinks/hub", {"location": "global", "properties": linked})
    return stack


def named(azure: Azure) -> None:
    """Make the account's endpoint, with its name in the zone."""
    azure.put(ENDPOINT, endpoint())
    config = {"name": "openai", "properties": {"privateDnsZoneId": ZONE}}
    azure.put(NAMES, {"properties": {"privateDnsZoneConfigs": [config]}})


def call(host: str, *networks: str, address: str = "") -> Request:
    places = tuple(one.lower() for one in networks)
    return Request("GET", host, "/", [], Headers(), b"", networks=places, address=address)


def test_an_endpoint_is_reached_where_its_name_leads_to_it(here: Azure) -> None:
    account = held(here.cloud, ACCOUNT)
    host = "oai-test.openai.azure.com"

    def reached(*networks: str, host: str = host) -> bool:
        return reach.privately(here.cloud, call(host, *networks), account)

    assert not reached(HUB), "there is no endpoint"
    here.put(ENDPOINT, endpoint())
    assert not reached(HUB), "the name still leads to the public address"
    named(here)
    assert reached(HUB)
    assert not reached(OTHER), "no zone is linked to it"
    assert not reached(), "the internet"
    assert not reached(HUB, host="oai-test.cognitiveservices.azure.com"), "a name without a zone"
    assert reach.every_network(here.cloud) == (HUB.lower(), OTHER.lower())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (endpoint(subnet=f"{HUB}/subnets/none"), "InvalidResourceReference"),
        (endpoint() | {"location": "westus"}, "InvalidResourceReference"),
        (endpoint(f"{ACCOUNT}-none"), "InvalidResourceReference"),
        (endpoint(part="vault"), "InvalidRequestContent"),
        (endpoint(SERVICE), "InvalidRequestContent"),
    ],
)
def test_an_endpoint_that_leads_nowhere_is_refused(here: Azure, body: Json, code: str) -> None:
    assert refusal(lambda: here.put(ENDPOINT, body)).code == code


def test_a_gateway_takes_an_endpoint_by_its_tier_and_outside_of_networks(here: Azure) -> None:
    body = endpoint(SERVICE, "Gateway")
    here.put(ENDPOINT, body)
    held(here.cloud, SERVICE).properties["virtualNetworkType"] = "External"
    assert refusal(lambda: here.put(ENDPOINT, body)).code == "BadRequest"
    held(here.cloud, SERVICE).body["sku"]["name"] = "StandardV2"
    here.put(ENDPOINT, body)
    held(here.cloud, SERVICE).body["sku"]["name"] = "BasicV2"
    assert refusal(lambda: here.put(ENDPOINT, body)).code == "BadRequest"


@pytest.mark.parametrize(
    ("tier", "kind", "subnet", "fits"),
    [
        ("Premium", "External", PLAIN, True),
        ("Premium", "Internal", PLAIN, True),
        ("Premium", "External", GATEWAYS, False),
        ("Premium", "External", f"{HUB}/subnets/none", False),
        ("StandardV2", "External", GATEWAYS, True),
        ("StandardV2", "External", PLAIN, False),
        ("StandardV2", "Internal", GATEWAYS, False),
        ("Standard", "External", PLAIN, False),
        ("BasicV2", "External", GATEWAYS, False),
    ],
)
def test_a_gateway_joins_a_network_as_its_tier_can(
    here: Azure, tier: str, kind: str, subnet: str, fits: bool
) -> None:
    body = {
        "location": "eastus",
        "sku": {"name": tier, "capacity": 1},
        "properties": {
            "publisherEmail": "team@example.com",
            "publisherName": "Windows",
            "virtualNetworkType": kind,
            "virtualNetworkConfiguration": {"subnetResourceId": subnet},
        },
    }
    new = f"{SERVICE}-new"
    if fits:
        assert reach.of_gateway(here.put(new, body)) == (HUB.lower(),)
        return
    code = refusal(lambda: here.put(new, body)).code
    assert code in {"InvalidParameters", "InvalidResourceReference"}


def test_a_gateway_closes_only_once_it_has_an_endpoint(here: Azure) -> None:
    def close(body: Json) -> None:
        body["properties"]["publicNetworkAccess"] = "Disabled"

    refused = refusal(lambda: here.edit(SERVICE, close))
    assert refused.code == "NotSupported"
    assert "atleast one approved Private Endpoint Connections" in refused.message
    here.put(ENDPOINT, endpoint(SERVICE, "Gateway"))
    here.edit(SERVICE, close)


def answer(cloud: Cloud, request: Request) -> int:
    found = doors.refusal(cloud, held(cloud, SERVICE), request)
    return found.status if found else 0


def test_a_closed_gateway_refuses_who_does_not_come_by_its_endpoint(here: Azure) -> None:
    service, host = held(here.cloud, SERVICE), "apim-test.azure-api.net"
    assert answer(here.cloud, call(host)) == 0
    service.properties["publicNetworkAccess"] = "Disabled"
    assert answer(here.cloud, call(host)) == 403
    service.properties.update(
        {
            "publicNetworkAccess": "Enabled",
            "virtualNetworkType": "Internal",
            "virtualNetworkConfiguration": {"subnetResourceId": PLAIN},
        }
    )
    assert answer(here.cloud, call(host, HUB)) == 0
    with pytest.raises(ConnectionError):
        answer(here.cloud, call(host, OTHER))


def test_calls_of_a_gateway_come_from_its_network_and_its_own_address(here: Azure) -> None:
    service, seen = held(here.cloud, SERVICE), list[Request]()

    def send(request: Request) -> Response:
        seen.append(request)
        return Response(200)

    service.properties.update(
        {
            "virtualNetworkType": "External",
            "virtualNetworkConfiguration": {"subnetResourceId": PLAIN},
        }
    )
    doors.leaving(service, send)(call("oai-test.openai.azure.com", OTHER))
    assert seen[0].networks == (HUB.lower(),)
    assert [seen[0].address] == service.properties["publicIPAddresses"]
    rules = {"networkAcls": {"ipRules": [{"value": seen[0].address}]}}
    account = replace(held(here.cloud, ACCOUNT), body={"properties": rules})
    assert reach.lets_in(account, seen[0])
    assert not reach.lets_in(account, call("x", address="203.0.113.9"))
    assert not reach.lets_in(account, call("x"))


def test_a_network_that_lists_subnets_has_these_and_no_others(here: Azure) -> None:
    def listing(*names: str) -> Json:
        given = [{"name": one, "properties": {"addressPrefix": "10.0.1.0/24"}} for one in names]
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": given}
        return {"location": "eastus", "properties": space}

    here.put(OTHER, listing("a", "b"))
    here.put(OTHER, listing("b"))
    assert [one.name for one in here.cloud.below(OTHER)] == ["b"]
    here.put(ENDPOINT, endpoint(subnet=f"{OTHER}/subnets/b"))
    refused = refusal(lambda: here.put(OTHER, listing()))
    assert refused.code == "InUseSubnetCannotBeDeleted"


def test_what_is_in_use_stays(here: Azure) -> None:
    here.put(ENDPOINT, endpoint())
    for used in (ENDPOINTS, HUB):
        code = refusal(partial(arm.delete, here.cloud, used)).code
        assert code == "InUseSubnetCannotBeDeleted"
    arm.delete(here.cloud, PLAIN)
    arm.delete(here.cloud, OTHER)


def test_a_policy_of_the_tenant_denies_an_account_that_is_open(stack: Azure) -> None:
    stack.put(ACCOUNT, arm.get(stack.cloud, ACCOUNT).body)
    rule = f"/subscriptions/x/providers/{arm.POLICIES}/deny"
    body = {"properties": {"deny": "closed, please"}}
    with stack.cloud.change():
        stack.cloud.put(Resource(rule, arm.POLICIES, "deny", body))
    open_ = arm.get(stack.cloud, ACCOUNT).body
    refused = refusal(lambda: stack.put(ACCOUNT, open_))
    assert refused.code == "RequestDisallowedByPolicy"
    assert "oai-test" in refused.message
    assert "closed, please" in refused.message
    closed = open_ | {"properties": open_["properties"] | {"publicNetworkAccess": "Disabled"}}
    stack.put(ACCOUNT, closed)
