"""The resource manager's read endpoint: real clients get what is deployed, and nothing secret."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from azure.identity import DefaultAzureCredential

from sandbox.arm.endpoint import arm_endpoint
from sandbox.cloud import DEPLOYER_OBJECT_ID, SUBSCRIPTION_ID
from sandbox.errors import ArmError, NotModelledError
from sandbox.http import LOOPBACK, Headers, Request
from sandbox.identity import PATH, identity_endpoint, mint
from sandbox.network import Network
from sandbox.session import _clients
from tests.sandbox.seen import held, reply

from .conftest import (
    ACCOUNT,
    API,
    DEPLOYMENT,
    DIAGNOSTIC,
    GROUP,
    LOGGER,
    POLICY,
    PREVIEW,
    RAW_POLICY,
    ROLE,
    ROLE_NAME,
    SERVICE,
    SETTING,
    SUBSCRIPTION,
    WORKSPACE,
    Azure,
)
from .monitored import BODIES, WORKBOOK

URL = "https://management.azure.com"
GRANTS = "/providers/Microsoft.Authorization/roleAssignments"


class Reader:
    """GETs of a cloud by the deployer, or by another."""

    def __init__(self, azure: Azure) -> None:
        self.cloud, self.endpoint = azure.cloud, arm_endpoint(azure.cloud)

    def ask(self, path: str, **query: str) -> Any:
        audience, who = query.pop("audience", URL), query.pop("who", DEPLOYER_OBJECT_ID)
        token, _ = mint(self.cloud, audience, who)
        headers = Headers([("Authorization", f"Bearer {token}")])
        asked = {"api-version": PREVIEW, **query}
        items = [(name.replace("filter", "$filter"), text) for name, text in asked.items()]
        method = asked.pop("method", "GET")
        request = Request(method, "management.azure.com", quote(path), items, headers, b"")
        return reply(self.endpoint(request))

    def names(self, path: str, **query: str) -> set[str]:
        return {one["name"] for one in self.ask(path, **query)["value"]}


@pytest.fixture
def reader(stack: Azure) -> Reader:
    return Reader(stack)


@pytest.fixture
def credential(stack: Azure, monkeypatch: pytest.MonkeyPatch) -> Iterator[DefaultAzureCredential]:
    network = Network(stack.cloud.folder)
    network.register(LOOPBACK.__eq__, identity_endpoint(stack.cloud, "secret"))
    network.register("management.azure.com".__eq__, arm_endpoint(stack.cloud))
    with network.serve() as port:
        proxy = f"http://{LOOPBACK}:{port}"
        values = _clients(proxy, network.authority) | {"IDENTITY_ENDPOINT": proxy + PATH}
        for name, value in (values | {"IDENTITY_HEADER": "secret"}).items():
            monkeypatch.setenv(name, value)
        yield DefaultAzureCredential()


def test_a_real_credential_and_client_read_a_setting_or_are_refused(
    credential: DefaultAzureCredential, stack: Azure
) -> None:
    token = credential.get_token(f"{URL}/.default").token
    other = credential.get_token("https://api.loganalytics.io/.default").token
    with httpx.Client(base_url=URL, headers={"Authorization": f"Bearer {token}"}) as client:
        query = {"api-version": "2021-05-01-preview"}
        found = client.get(SETTING, params=query)
        assert (found.status_code, found.json()["id"].lower()) == (200, SETTING.lower())
        assert found.json()["properties"]["logAnalyticsDestinationType"] == "Dedicated"
        refusals: tuple[tuple[str, str, dict[str, Any], int, str], ...] = (
            ("GET", f"{SETTING}-2", {}, 404, "ResourceNotFound"),
            ("GET", f"{GROUP}-2", {}, 404, "ResourceGroupNotFound"),
            ("GET", f"{WORKSPACE}-2/dataExports", {}, 502, ""),
            ("GET", SERVICE.replace("/1111", "/2111"), {}, 404, "SubscriptionNotFound"),
            ("GET", SETTING, {"params": {}}, 400, "MissingApiVersionParameter"),
            ("PATCH", SETTING, {}, 405, "MethodNotAllowed"),
            ("POST", f"{SUBSCRIPTION}-2/listSecrets", {}, 404, "ResourceNotFound"),
            ("POST", f"{SERVICE}/listSecrets", {}, 502, ""),
            ("GET", SETTING, {"headers": {"Authorization": ""}}, 401, "AuthenticationFailed"),
            ("GET", SETTING, {"headers": {"Authorization": f"Bearer {other}"}}, 401, "Audience"),
            ("GET", SETTING, {"headers": {"Authorization": "Bearer x"}}, 401, "InvalidAuth"),
        )
        for method, path, more, status, code in refusals:
            answer = client.request(method, path, **({"params": query} | more))
            assert answer.status_code == status, answer.text
            assert code in answer.text
        assert client.get(SETTING, params=query).status_code == 200
        keys = client.post(f"{SUBSCRIPTION}/listSecrets", params=query).json()
        made = held(stack.cloud, SUBSCRIPTION)
        assert keys["primaryKey"] == stack.cloud.subscription_key(made, "primary")


@pytest.mark.parametrize(
    "audience", [f"{URL}/", "https://management.core.windows.net/", f"{URL}//"]
)
def test_audiences_of_the_resource_manager_are_tolerated(reader: Reader, audience: str) -> None:
    assert reader.ask(WORKSPACE, audience=audience)["name"] == WORKSPACE.rsplit("/", 1)[-1]


def test_only_the_deployer_may_read(reader: Reader) -> None:
    with pytest.raises(Exception, match=r"403 AuthorizationFailed: .*'Microsoft.A.*service/read'"):
        reader.ask(SERVICE, who="0a0a0a0a-0000-4000-8000-000000000001")


def test_children_of_a_type_are_listed_with_their_bodies(reader: Reader) -> None:
    assert reader.names(f"{SERVICE}/loggers") == {LOGGER.rsplit("/", 1)[-1]}
    assert reader.names(f"{API}/diagnostics") == {"azuremonitor"}
    assert "ChatCompletions_Create" in reader.names(f"{API}/operations")
    assert reader.names(f"{SERVICE}/diagnostics") == set()
    assert reader.names(f"{GROUP}/providers/Microsoft.ApiManagement/service") == {"apim-test"}
    [made] = reader.ask(f"{ACCOUNT}/deployments")["value"]
    assert (made["id"], made["properties"]["model"]["name"]) == (DEPLOYMENT, "gpt-5.6-luna")
    assert made["sku"] == {"name": "GlobalStandard", "capacity": 10}
    [setting] = reader.ask(f"{SERVICE}/providers/microsoft.insights/diagnosticSettings")["value"]
    assert setting["id"].lower() == SETTING.lower()
    assert setting["type"] == "Microsoft.Insights/diagnosticSettings"
    with pytest.raises(Exception, match="404 ResourceNotFound"):
        reader.ask(f"{SERVICE}-2/apis")
    with pytest.raises(NotModelledError, match="filter"):
        reader.ask(f"{SERVICE}/apis", filter="name eq 'x'")


def test_role_assignments_are_those_at_and_above_and_without_filter_below_too(
    stack: Azure, reader: Reader
) -> None:
    stack.role(principalType="ServicePrincipal")
    above = ROLE_NAME[:-1] + "2"
    stack.role(f"{GROUP}{GRANTS}/{above}", principalType="ServicePrincipal")
    assert reader.names(ACCOUNT + GRANTS, filter="atScope()") == {ROLE_NAME, above}
    assert reader.names(ACCOUNT + GRANTS) == {ROLE_NAME, above}
    assert reader.names(GROUP + GRANTS, filter="atScope()") == {above}
    assert reader.names(GROUP + GRANTS) == {ROLE_NAME, above}
    assert reader.names(f"/subscriptions/{SUBSCRIPTION_ID}{GRANTS}") == {ROLE_NAME, above}
    assert reader.names(SERVICE + GRANTS) == {above}
    assert reader.ask(ROLE)["properties"]["scope"] == ACCOUNT


def test_policies_are_shown_and_keys_are_not(reader: Reader) -> None:
    shown = reader.ask(POLICY, format="rawxml")["properties"]
    assert (shown["format"], shown["value"].split()) == ("rawxml", RAW_POLICY.split())
    subscription = held(reader.cloud, SUBSCRIPTION)
    text = json.dumps(reader.ask(SUBSCRIPTION))
    assert reader.cloud.subscription_key(subscription, "primary") not in text
    assert "Key" not in text


@pytest.mark.parametrize("path", [DIAGNOSTIC, DIAGNOSTIC.rpartition("/")[0]])
def test_a_version_that_the_namespace_lacks_is_refused(reader: Reader, path: str) -> None:
    with pytest.raises(ArmError, match=r"NoRegisteredProviderFound: .*'2024-03-01'"):
        reader.ask(path, **{"api-version": "2024-03-01"})


@pytest.mark.parametrize(
    ("version", "shown"),
    [(PREVIEW, True), ("2024-10-01-preview", True), ("2024-05-01", False), ("2022-08-01", False)],
)
def test_llm_logging_is_shown_by_previews_only(reader: Reader, version: str, shown: bool) -> None:
    found = reader.ask(DIAGNOSTIC, **{"api-version": version})["properties"]
    assert found["frontend"] == {"request": {"body": {"bytes": 8192}}}
    assert ("largeLanguageModel" in found) is shown


@pytest.mark.parametrize(("query", "shown"), [({}, False), ({"canFetchContent": "true"}, True)])
def test_a_workbooks_content_is_shown_on_demand(
    stack: Azure, query: dict[str, str], shown: bool
) -> None:
    stack.put(WORKBOOK, copy.deepcopy(BODIES[WORKBOOK]))
    found = Reader(stack).ask(WORKBOOK, **query)
    assert found["properties"]["displayName"] == "Azure OpenAI"
    assert ("serializedData" in found["properties"]) is shown
