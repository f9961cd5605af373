"""What `network` of the stack file declares, and what it refuses before anything is made."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.azure.own_state import STATE
from components.settings.limits import UNITS_BY_TIER
from components.settings.network import TIERS
from harness.example import example_config
from tests.components.harness import SUBSCRIPTION, Json, Run, run_without_insights
from tests.components.test_bad_input import refusal

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network"
GATEWAYS, ENDPOINTS = (f"{GROUP}/virtualNetworks/vnet/subnets/{name}" for name in ("apim", "pe"))
OPENAI, COGNITIVE, AI, APIM = (
    f"{GROUP}/privateDnsZones/privatelink.{name}"
    for name in (
        *("openai.azure.com", "cognitiveservices.azure.com"),
        *("services.ai.azure.com", "azure-api.net"),
    )
)
PRIVATE: Json = {"gatewaySubnetId": GATEWAYS, "endpointSubnetId": ENDPOINTS}
FARMS = {"delegations": [{"serviceName": "Microsoft.Web/serverFarms"}]}
V2: dict[str, Any] = {"gatewayTier": "StandardV2"}
NAMED: dict[str, Any] = {"gatewayName": "apim-it", "resourceGroupName": "rg-it"}
INSIDE: dict[str, Any] = {"gatewayTier": "Premium"}
ENDPOINT = "azure-native:network:PrivateEndpoint"


def run(network: Json, *, held: Json | None = None, subnet: Json = FARMS, **config: Any) -> Run:
    answers: dict[str, Any] = {
        "azure-native:network:getVirtualNetwork": {"location": "East US"},
        "azure-native:network:getSubnet": subnet,
        STATE: {"outputs": held or {}},
    }
    return run_without_insights({"network": network, **config}, answers=answers)


def test_an_account_is_reached_by_its_private_endpoint_alone() -> None:
    found = run({**PRIVATE, "dnsZoneIds": [OPENAI]}, **V2)
    account = found.inputs("openai-account")["properties"]
    assert account["publicNetworkAccess"] == "Disabled"
    endpoint = found.inputs("openai-account-endpoint")
    assert endpoint["subnet"] == {"id": ENDPOINTS}, "no default of the SDK's own"
    [connection] = endpoint["privateLinkServiceConnections"]
    assert connection["groupIds"] == ["account"]
    assert connection["privateLinkServiceId"] == "/id/openai-account"
    assert endpoint["location"] == "East US"
    [zone] = found.inputs("openai-account-endpoint-names")["privateDnsZoneConfigs"]
    assert zone["privateDnsZoneId"] == OPENAI
    gateway = found.inputs("gateway")
    assert gateway["virtualNetworkType"] == "External"
    assert gateway["virtualNetworkConfiguration"] == {"subnetResourceId": GATEWAYS}
    assert gateway["publicNetworkAccess"] == "Enabled", "what was closed before is opened again"


def test_the_endpoint_waits_for_the_deployments_and_an_unvouched_gateway_for_the_endpoint() -> None:
    found = run(PRIVATE, **V2, preflight="false")
    after = found.request("openai-account-endpoint").dependencies
    assert any(one.endswith("::deployment-text-turbo") for one in after)


def test_each_account_to_create_gets_an_endpoint_and_no_existing_one() -> None:
    there = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-ai/providers"
    there += "/Microsoft.CognitiveServices/accounts/shared"
    [deployment] = example_config()["deployments"]
    accounts = [
        {"name": "one", "deployments": [deployment]},
        {"name": "two", "deployments": [deployment], "kind": "AIServices"},
    ]
    zones = {"dnsZoneIds": [OPENAI, COGNITIVE, AI]}
    found = run({**PRIVATE, **zones}, **V2, accounts=accounts, deployments=[])
    for name in ("one", "two"):
        names = found.inputs(f"openai-account-{name}-endpoint-names")["privateDnsZoneConfigs"]
        assert len(names) == 3, "Azure may make a Foundry resource of any account"
    assert there not in str(found.outputs)


def test_zones_may_be_left_to_a_policy() -> None:
    found = run(PRIVATE, **V2)
    assert not [one for one in found.requests.values() if "DnsZoneGroup" in one.type]


def test_inside_a_network_the_gateway_may_answer_that_alone() -> None:
    found = run({**PRIVATE, "virtualNetworkType": "Internal"}, subnet={}, **INSIDE)
    assert found.inputs("gateway")["virtualNetworkType"] == "Internal"


SERVICE = "Microsoft.ApiManagement/service"


def held(location: str = "East US", *kinds: str, name: str = "apim-it") -> Json:
    place = "urn:pulumi:dev::azure-openai-accounted::aoai:index:Gateway$"
    names = {
        "azure-native:apimanagement:ApiManagementService": "gateway",
        ENDPOINT: "gateway-endpoint",
    }
    component = "aoai:index:Gateway"
    service = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-it/providers/{SERVICE}/{name}"
    return {
        f"{place.removesuffix('$')}::gateway": {"type": component, "outputs": {"id": service}},
        **{
            f"{place}{kind}::{names[kind]}": {
                "type": kind,
                "outputs": {"location": location, "name": name},
            }
            for kind in (kinds or names)
        },
    }


def test_the_gateway_is_closed_once_it_has_its_endpoint() -> None:
    closed: Json = {**PRIVATE, "gatewayPublicNetworkAccess": "Disabled"}

    def access(state: Json) -> str:
        found = run(closed, held=state, **V2, **NAMED)
        [connection] = found.inputs("gateway-endpoint")["privateLinkServiceConnections"]
        assert connection["groupIds"] == ["Gateway"]
        return str(found.inputs("gateway")["publicNetworkAccess"])

    assert access({}) == "Enabled", "Azure refuses to create a closed service"
    assert access(held()) == "Disabled"
    assert access(held("East US", "azure-native:apimanagement:ApiManagementService")) == "Enabled"
    assert access(held("West US")) == "Enabled", "it is about to be replaced by a new one"
    assert access(held(name="apim-other")) == "Enabled", "so is one of another name"


def test_the_accounts_firewall_lets_in_the_gateways_own_addresses() -> None:
    found = run({"accountFirewall": True}, gatewayTier="Basic")
    account = found.inputs("openai-account")["properties"]
    assert account["publicNetworkAccess"] == "Enabled"
    assert account["networkAcls"]["defaultAction"] == "Deny"
    assert account["networkAcls"]["ipRules"] == [{"value": "20.1.2.3"}]
    assert not [one for one in found.requests.values() if one.type == ENDPOINT]


def test_an_account_may_be_kept_from_calling_others() -> None:
    network = {"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["data.example.com"]}
    account = run(network).inputs("openai-account")["properties"]
    assert account["restrictOutboundNetworkAccess"] is True
    assert account["allowedFqdnList"] == ["data.example.com"]
    assert account["publicNetworkAccess"] == "Enabled"


def test_without_the_key_nothing_of_a_network_is_declared() -> None:
    found = run_without_insights()
    account = found.inputs("openai-account")["properties"]
    assert account.keys() == {"customSubDomainName", "disableLocalAuth", "publicNetworkAccess"}
    given = found.inputs("gateway")
    assert given["virtualNetworkType"] == "None"
    assert not {"publicNetworkAccess", "virtualNetworkConfiguration"} & given.keys()


def test_a_network_of_the_stacks_own_is_whole() -> None:
    space: Json = {"addressSpace": "10.20.0.0/25", "gatewayPublicNetworkAccess": "Disabled"}
    found = run(space, held=held(), **V2, **NAMED)
    gateway, ends = found.inputs("network")["subnets"]
    assert (gateway["addressPrefix"], ends["addressPrefix"]) == ("10.20.0.0/26", "10.20.0.64/26")
    assert gateway["networkSecurityGroup"], "Azure refuses a gateway without one"
    assert gateway["delegations"][0]["serviceName"] == "Microsoft.Web/serverFarms"
    given = found.inputs("gateway")
    assert given["virtualNetworkConfiguration"]["subnetResourceId"] == "/id/network/subnets/gateway"
    assert given["publicNetworkAccess"] == "Disabled"
    account = found.inputs("openai-account")["properties"]
    assert account["publicNetworkAccess"] == "Disabled"
    for endpoint, zones in (("openai-account-endpoint", 3), ("gateway-endpoint", 1)):
        assert found.inputs(endpoint)["subnet"] == {"id": "/id/network/subnets/endpoints"}
        assert len(found.inputs(f"{endpoint}-names")["privateDnsZoneConfigs"]) == zones
    links = [one for one in found.requests.values() if one.type.endswith("VirtualNetworkLink")]
    assert len(links) == 4


def test_the_table_has_every_tier() -> None:
    assert TIERS.keys() == UNITS_BY_TIER.keys()


EXISTING = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
EXISTING += "/Microsoft.ApiManagement/service/apim"


@pytest.mark.parametrize(
    ("network", "config", "said"),
    [
        (
            PRIVATE,
            {"gatewayTier": tier},
            "gatewaySubnetId only in tiers Developer, Premium, Standar",
        )
        for tier in ("Basic", "Standard", "BasicV2")
    ]
    + [
        ({"endpointSubnetId": ENDPOINTS}, V2, "endpointSubnetId only beside gatewaySubnetId"),
        ({**PRIVATE, "virtualNetworkType": "Internal"}, V2, "virtualNetworkType External in tier"),
        ({"virtualNetworkType": "Internal"}, INSIDE, "Internal only beside gatewaySubnetId"),
        ({**PRIVATE, "endpointSubnetId": GATEWAYS}, V2, "another subnet than gatewaySubnetId"),
        ({"dnsZoneIds": [OPENAI]}, V2, "only beside endpointSubnetId"),
        ({"gatewayPublicNetworkAccess": "Disabled"}, V2, "only beside endpointSubnetId"),
        ({**PRIVATE, "dnsZoneIds": [APIM]}, V2, "missing: privatelink.openai.azure.com"),
        (
            {**PRIVATE, "dnsZoneIds": [OPENAI]},
            {**V2, "accountKind": "AIServices"},
            "missing: privatelink.cognitiveservices.azure.com, privatelink.services.ai.azure.com",
        ),
        (
            {**PRIVATE, "dnsZoneIds": [OPENAI], "gatewayPublicNetworkAccess": "Disabled"},
            V2,
            "missing: privatelink.azure-api.net",
        ),
        (
            {**PRIVATE, "dnsZoneIds": [OPENAI, f"{OPENAI}.example"]},
            V2,
            "no endpoint here gets a name in: privatelink.openai.azure.com.example",
        ),
        ({**PRIVATE, "dnsZoneIds": [OPENAI, OPENAI.upper()]}, V2, "none of them twice"),
        (
            {**PRIVATE, "gatewayPublicNetworkAccess": "Disabled"},
            INSIDE,
            "a gateway inside a network takes no private endpoint",
        ),
        (
            {
                "endpointSubnetId": ENDPOINTS,
                "accountFirewall": True,
                "gatewayPublicNetworkAccess": "Disabled",
            },
            {"gatewayTier": "BasicV2"},
            "accountFirewall only in tiers Developer, Basic, Standard, Premium",
        ),
        ({"addressSpace": "10.20.0.0/24"}, INSIDE, "addressSpace only in tier StandardV2"),
        ({"addressSpace": "10.20.0.0/24"}, {"gatewayId": EXISTING}, "no addressSpace beside gate"),
        ({"addressSpace": "10.20.0.0/24", "gatewaySubnetId": GATEWAYS}, V2, "beside addressSpace"),
        ({"addressSpace": "10.20.0.0/24", "accountFirewall": True}, V2, "false beside gatewaySub"),
        ({"addressSpace": "10.20.0.0/27"}, V2, "from /16 to /26"),
        ({"addressSpace": "10.20.0.1/24"}, V2, "from /16 to /26"),
        ({"addressSpace": "20.1.0.0/24"}, V2, "a private range"),
        ({"addressSpace": "fd00::/24"}, V2, "IPv4"),
        ({"accountFirewall": True}, V2, "accountFirewall only in tiers Developer, Basic, Standard"),
        ({**PRIVATE, "accountFirewall": True}, INSIDE, "false beside gatewaySubnetId"),
        (PRIVATE, {"gatewayId": EXISTING}, "no gatewaySubnetId beside gatewayId"),
        ({"allowedFqdnList": ["a.example.com"]}, {}, "only beside restrictOutboundNetworkAccess"),
        (
            {"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["https://a.example.com"]},
            {},
            "a host such as data.example.com",
        ),
    ],
)
def test_what_azure_cannot_do_is_refused(network: Json, config: Json, said: str) -> None:
    told = refusal({"network": network, **config})
    assert "1 configuration value is wrong" in told
    assert "network" in told
    assert said in told


def test_a_subnet_that_cannot_take_the_gateway_is_refused_before_anything_is_made() -> None:
    for subnet, tier, said in (({}, V2, "delegated to nothing"), (FARMS, INSIDE, "serverFarms; a")):
        with pytest.raises(pulumi.RunError, match=said):
            run(PRIVATE, subnet=subnet, **tier)
    with pytest.raises(
        pulumi.RunError, match="the network is in eastus, and the gateway in westus"
    ):
        run(PRIVATE, **V2, location="westus")
