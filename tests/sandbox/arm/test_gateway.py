"""API Management: the service, imports, policies, diagnostics, products, subscriptions."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import arm
from sandbox.cloud import Resource
from sandbox.errors import NotModelledError

from .conftest import (
    API,
    DIAGNOSTIC,
    DOCUMENT,
    LINK,
    LOGGER,
    POLICY,
    PRODUCT,
    SERVICE,
    STACK,
    SUBSCRIPTION,
    Azure,
    refusal,
)

Change = Callable[[dict[str, Any]], object]


def _set(path: str, value: object) -> Change:
    """Set a value deep inside `properties`."""

    def change(body: dict[str, Any]) -> None:
        *parents, last = f"properties.{path}".split(".")
        for part in parents:
            body = body.setdefault(part, {})
        body[last] = value

    return change


def _operations(azure: Azure) -> dict[str, Resource]:
    found = azure.cloud.of_type("Microsoft.ApiManagement/service/apis/operations")
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_set("publisherEmail", "nobody"), "InvalidParameters"),
        (_set("publisherName", ""), "InvalidParameters"),
        (lambda b: b["sku"].update(capacity=5), "InvalidParameters"),
        (lambda b: b["sku"].update(name="Gold"), "InvalidParameters"),
        (lambda b: b["sku"].update(name="StandardV2"), "InvalidParameters"),
    ],
)
def test_services_that_azure_refuses(stack: Azure, change: Change, code: str) -> None:
    assert refusal(lambda: stack.edit(SERVICE, change)).code == code


def test_a_service_name_is_unique_in_azure(stack: Azure) -> None:
    group = SERVICE.replace("rg-test", "rg-other")
    stack.put(group.split("/providers/")[0], {"location": "eastus"})
    assert refusal(lambda: stack.put(group, STACK[SERVICE])).code == "ServiceAlreadyExists"


def test_an_import_makes_operations_and_overrides_name_and_backend(stack: Azure) -> None:
    api = arm.get(stack.cloud, API)
    assert api.properties["displayName"] == "Azure OpenAI Service API"
    assert api.properties["serviceUrl"] == "https://oai-test.openai.azure.com/openai"
    assert "value" not in api.properties
    chat = _operations(stack)["ChatCompletions_Create"].properties
    template = "/deployments/{deployment-id}/chat/completions?api-version={api-version}"
    assert (chat["method"], chat["urlTemplate"]) == ("POST", template)
    assert [one["name"] for one in chat["templateParameters"]] == ["deployment-id", "api-version"]
    models = _operations(stack)["get-v1-models"].properties
    assert models["request"]["queryParameters"][0] == {
        "name": "limit",
        "type": "string",
        "required": False,
    }


def test_required_queries_stay_queries_if_asked(stack: Azure) -> None:
    stack.edit(API, _set("translateRequiredQueryParameters", "query"))
    chat = _operations(stack)["ChatCompletions_Create"].properties
    assert chat["urlTemplate"].endswith("/chat/completions")
    assert chat["request"]["queryParameters"][0]["required"] is True


def test_another_import_replaces_the_operations(stack: Azure) -> None:
    fewer = copy.deepcopy(DOCUMENT)
    del fewer["paths"]["/v1/models"]
    stack.edit(API, _set("value", json.dumps(fewer)))
    assert list(_operations(stack)) == ["ChatCompletions_Create"]


def test_odd_seeds_normalise_operation_ids(tmp_path: Path) -> None:
    azure = Azure(tmp_path, seed=1)
    for resource_id in list(STACK)[: list(STACK).index(API) + 1]:
        azure.put(resource_id, STACK[resource_id])
    assert set(_operations(azure)) == {"chatcompletions-create", "get-v1-models"}


@pytest.mark.parametrize(
    "value",
    [
        "{",
        json.dumps({"openapi": "2.0", "info": {"title": "x"}, "paths": {"/": {}}}),
        json.dumps(DOCUMENT | {"info": {}}),
        json.dumps(DOCUMENT | {"paths": {}}),
        json.dumps(DOCUMENT | {"components": {}}),
        json.dumps(DOCUMENT | {"paths": {"/": {"get": "x"}}}),
        json.dumps(DOCUMENT | {"paths": {p: {"get": {"operationId": "twice"}} for p in "ab"}}),
    ],
)
def test_bad_documents_are_refused_and_change_nothing(stack: Azure, value: str) -> None:
    error = refusal(lambda: stack.edit(API, _set("value", value)))
    assert (error.status, error.code) == (400, "ValidationError")
    assert "Parsing error" in error.message
    assert len(_operations(stack)) == 2


def test_an_import_by_link_is_not_modelled(stack: Azure) -> None:
    with pytest.raises(NotModelledError, match="openapi\\+json-link"):
        stack.edit(API, _set("format", "openapi+json-link"))


def test_apis_have_known_protocols(stack: Azure) -> None:
    error = refusal(lambda: stack.edit(API, _set("protocols", ["https", "ftp"])))
    assert (error.status, error.code) == (400, "ValidationError")
    assert "'ftp'" in error.message
    assert stack.edit(API, _set("protocols", ["https", "wss"])).properties["protocols"][1] == "wss"


def test_two_apis_cannot_share_a_path(stack: Azure) -> None:
    error = refusal(lambda: stack.put(f"{API}-2", STACK[API]))
    assert "with the same Path 'openai' as API 'openai'" in error.message


@pytest.mark.parametrize(
    ("inbound", "words"),
    [
        ("<set-haeder />", "'inbound' has invalid child element 'set-haeder'"),
        ("<set-header />", "'set-header' on line 1, column 21: The required attribute 'name'"),
        ("<set-header name='x' exists-action='zap' />", "'exists-action' is invalid"),
        ("<set-backend-service />", "The required attribute 'base-url|backend-id'"),
        ("<forward-request />", "Policy is not allowed in the specified section"),
        ("<choose><base /></choose>", "'choose' has invalid child element 'base'"),
        ("<choose><when><magic /></when></choose>", "'when' has invalid child element 'magic'"),
        ("<base /> @(x)", "The element 'inbound' cannot contain text."),
        ("<choose>x</choose>", "The element 'choose' cannot contain text."),
        ("<base>", "mismatched tag. Line 1, position"),
    ],
)
def test_policies_that_azure_refuses(stack: Azure, inbound: str, words: str) -> None:
    value = f"<policies><inbound>{inbound}</inbound></policies>"
    error = refusal(lambda: stack.edit(POLICY, _set("value", value)))
    assert (error.status, error.code) == (400, "ValidationError")
    assert words in error.message


@pytest.mark.parametrize(
    "value",
    [
        "<inbound />",
        "<policies><middle /></policies>",
        "<policies><inbound /><inbound /></policies>",
    ],
)
def test_policies_have_four_sections(stack: Azure, value: str) -> None:
    assert refusal(lambda: stack.edit(POLICY, _set("value", value))).code == "ValidationError"


def test_statements_that_the_gateway_does_not_execute_can_be_deployed(stack: Azure) -> None:
    value = '<policies><inbound><azure-openai-token-limit counter-key="x" /></inbound></policies>'
    assert stack.edit(POLICY, _set("value", value)).properties["value"] == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("loggerId", f"{LOGGER}-2"),
        ("loggerId", None),
        ("sampling.percentage", 101),
        ("frontend.request.body.bytes", 8193),
        ("backend.response.body.bytes", -1),
        ("alwaysLog", "everything"),
        ("largeLanguageModel.logs", "yes"),
        ("frontend.request.dataMasking.headers", [{"mode": "Stars", "value": "x"}]),
        ("backend.response.dataMasking.queryParams", [{"mode": "mask", "value": "x"}]),
        ("largeLanguageModel.requests.maxSizeInBytes", 2**21 + 1),
    ],
)
def test_diagnostics_that_azure_refuses(stack: Azure, path: str, value: object) -> None:
    assert refusal(lambda: stack.edit(DIAGNOSTIC, _set(path, value))).code == "ValidationError"


def test_llm_logging_needs_a_preview_version(stack: Azure) -> None:
    error = refusal(lambda: stack.put(DIAGNOSTIC, STACK[DIAGNOSTIC], "2024-05-01"))
    assert "largeLanguageModel" in error.message
    short = {"properties": {"loggerId": "/loggers/azuremonitor"}}
    assert stack.put(DIAGNOSTIC, short, "2024-05-01")


def test_a_products_display_name_is_taken_once_in_a_service(stack: Azure) -> None:
    body = copy.deepcopy(STACK[PRODUCT])
    error = refusal(lambda: stack.put(f"{SERVICE}/products/other", body))
    assert "Product with the same name already exists" in error.message


@pytest.mark.parametrize(("tier", "refused"), [("Standard", True), ("StandardV2", False)])
def test_classic_tiers_refuse_to_state_that_client_certificates_are_off(
    stack: Azure, tier: str, refused: bool
) -> None:
    body = copy.deepcopy(STACK[SERVICE])
    body["sku"] = {"name": tier, "capacity": 1}
    body["properties"]["enableClientCertificate"] = False
    service = SERVICE.replace("apim-test", "apim-other")
    if not refused:
        stack.put(service, body)
        return
    error = refusal(lambda: stack.put(service, body))
    assert error.code == "EnableClientCertificateCannotBeChangedForSku"


def test_a_product_comes_with_a_subscription_and_goes_without_any(stack: Azure) -> None:
    own = stack.cloud.of_type("Microsoft.ApiManagement/service/subscriptions")
    assert len(own) == 2
    error = refusal(lambda: arm.delete(stack.cloud, PRODUCT))
    assert (error.status, error.code) == (400, "ValidationError")
    assert "Product cannot be deleted since it has existing subscriptions." in error.message
    for one in own:
        arm.delete(stack.cloud, one.id)
    arm.delete(stack.cloud, PRODUCT)
    assert stack.cloud.get(LINK) is None


def test_an_api_takes_its_children_and_links_along(stack: Azure) -> None:
    arm.delete(stack.cloud, API)
    assert stack.cloud.get(LINK) is None
    assert _operations(stack) == {}


@pytest.mark.parametrize("scope", [PRODUCT, "/products/OpenAi", "/apis/openai", "/apis"])
def test_a_subscription_waits_for_approval_and_has_two_keys(stack: Azure, scope: str) -> None:
    name = f"{SUBSCRIPTION}-2"
    made = stack.put(name, {"properties": {"displayName": "two", "scope": scope}})
    assert made.properties["state"] == "submitted"
    assert made.properties["scope"].startswith(SERVICE)
    keys = arm.post(stack.cloud, name, "listSecrets", {})
    assert keys["primaryKey"] != keys["secondaryKey"]
    assert keys["primaryKey"] not in (stack.cloud.folder / "cloud.json").read_text()


@pytest.mark.parametrize("scope", ["/products/none", "/users/1", "/apis/none", f"{SERVICE}-2/apis"])
def test_a_subscription_needs_something_to_subscribe_to(stack: Azure, scope: str) -> None:
    assert refusal(lambda: stack.edit(SUBSCRIPTION, _set("scope", scope))).status in (400, 404)


@pytest.mark.parametrize(("tier", "nat"), [("Standard", "Enabled"), ("StandardV2", "Disabled")])
def test_what_azure_makes_of_a_tiers_other_nat_gateway_state_is_not_known(
    stack: Azure, tier: str, nat: str
) -> None:
    body = copy.deepcopy(STACK[SERVICE])
    body["sku"] = {"name": tier, "capacity": 1}
    body["properties"] |= {"enableClientCertificate": True, "natGatewayState": nat}
    with pytest.raises(NotModelledError, match=f"natGatewayState {nat} on {tier}"):
        stack.put(SERVICE.replace("apim-test", "apim-other"), body)
    del body["properties"]["natGatewayState"]
    made = stack.put(SERVICE.replace("apim-test", "apim-other"), body)
    assert made.properties["natGatewayState"] != nat
