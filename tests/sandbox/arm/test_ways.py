"""What calls may meet on their way: values, fragments, backends, revisions, workspaces, roles."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import arm, rbac
from sandbox.arm.endpoint import arm_endpoint
from sandbox.cloud import DEPLOYER_OBJECT_ID
from sandbox.errors import ArmError, NotModelledError
from sandbox.http import Headers, Request
from sandbox.identity import mint
from sandbox.options import Options
from tests.sandbox.seen import reply

from .conftest import ACCOUNT, API, POLICY, PREVIEW, RAW_POLICY, SERVICE, Azure

VALUE = f"{SERVICE}/namedValues/where"
TOKENS = "https://management.azure.com"


def put(stack: Azure, resource_id: str, **properties: Any) -> Any:
    options = Options(folder=stack.cloud.folder, role_delay=0)
    return arm.put(stack.cloud, options, resource_id, PREVIEW, {"properties": properties})


def read(stack: Azure, path: str) -> Any:
    token, _ = mint(stack.cloud, TOKENS, DEPLOYER_OBJECT_ID)
    headers = Headers([("Authorization", f"Bearer {token}")])
    url = f"{TOKENS}{path}?api-version={PREVIEW}"
    return reply(arm_endpoint(stack.cloud)(Request.to("GET", url, headers, b"")))


def refused(stack: Azure, resource_id: str, **properties: Any) -> str:
    with pytest.raises(ArmError) as error:
        put(stack, resource_id, **properties)
    return error.value.message


def test_a_secret_named_value_is_never_shown(stack: Azure) -> None:
    put(stack, VALUE, displayName="where", value="https://a.example")
    assert read(stack, VALUE)["properties"]["value"] == "https://a.example"
    put(stack, VALUE, displayName="where", value="hunter2", secret=True)
    assert "hunter2" not in str(read(stack, f"{SERVICE}/namedValues"))


def test_a_policy_names_values_that_there_are(stack: Azure) -> None:
    text = RAW_POLICY.replace("api-key", "{{where}}")
    assert "'where'" in refused(stack, POLICY, format="rawxml", value=text)
    put(stack, VALUE, displayName="where", value="api-key")
    for path in ("", "/apis/openai/operations/ChatCompletions_Create", "/products/OpenAi"):
        put(stack, f"{SERVICE}{path}/policies/policy", format="rawxml", value=text)


def test_a_fragment_holds_statements_alone(stack: Azure) -> None:
    own = f"{SERVICE}/policyFragments/lead"
    put(stack, own, value="<fragment><set-variable name='x' value='y' /></fragment>")
    for wrong in ("<base />", "<nothing />"):
        assert "invalid child" in refused(stack, own, value=f"<fragment>{wrong}</fragment>")
    assert refused(stack, own, value="<policies />")


def test_a_pool_has_backends_of_the_service(stack: Azure) -> None:
    one, pool = f"{SERVICE}/backends/one", f"{SERVICE}/backends/pool"
    put(stack, one, protocol="http", url="https://a.example")
    put(stack, pool, type="Pool", pool={"services": [{"id": one}]})
    assert "is no backend" in refused(
        stack, pool, type="Pool", pool={"services": [{"id": f"{one}-2"}]}
    )
    assert "is no backend" in refused(stack, pool, type="Pool", pool={"services": [{"id": pool}]})
    assert "URL" in refused(stack, one, protocol="http", url="a.example")
    with pytest.raises(NotModelledError, match="credentials"):
        put(stack, one, url="https://a.example", credentials={"header": {"a": ["b"]}})


RULE: dict[str, Any] = {
    "name": "busy",
    "failureCondition": {
        "count": 1,
        "interval": "PT1M",
        "statusCodeRanges": [{"min": 429, "max": 429}],
    },
    "tripDuration": "PT10S",
    "acceptRetryAfter": True,
}


def test_a_breaker_has_one_whole_rule(stack: Azure) -> None:
    own = f"{SERVICE}/backends/one"
    single = {"protocol": "http", "url": "https://a.example"}
    put(stack, own, **single, circuitBreaker={"rules": [RULE]})
    condition = RULE["failureCondition"]
    for rules in (
        [RULE, RULE],
        [RULE | {"name": ""}],
        [RULE | {"tripDuration": "10 s"}],
        [RULE | {"failureCondition": condition | {"count": 0}}],
        [RULE | {"failureCondition": condition | {"statusCodeRanges": [{"min": 1, "max": 600}]}}],
    ):
        told = refused(stack, own, **single, circuitBreaker={"rules": rules})
        assert "circuitBreaker" in told


def test_a_pool_has_bounds(stack: Azure) -> None:
    one, pool = f"{SERVICE}/backends/one", f"{SERVICE}/backends/pool"
    assert "protocol" in refused(stack, one, url="https://a.example")
    put(stack, one, protocol="http", url="https://a.example")
    member = {"id": one, "priority": 1, "weight": 50}
    put(stack, pool, type="Pool", pool={"services": [member]})
    for services in ([], [member] * 31, [member | {"priority": 101}], [member | {"weight": -1}]):
        assert "pool.services" in refused(stack, pool, type="Pool", pool={"services": services})


def test_a_policy_names_backends_that_there_are_and_forwards_once(stack: Azure) -> None:
    named = "<policies><inbound><set-backend-service backend-id='{}' /></inbound></policies>"
    told = refused(stack, POLICY, value=named.format("one"))
    assert "Backend with id 'one' could not be found." in told
    put(stack, f"{SERVICE}/backends/one", protocol="http", url="https://a.example")
    put(stack, POLICY, value=named.format("one"))
    put(stack, POLICY, value=named.format("@(context.Request.Method)"))
    twice = "<policies><backend><base /><forward-request /></backend></policies>"
    assert "allows only one policy" in refused(stack, POLICY, value=twice)


def test_a_revision_begins_as_a_copy_and_is_listed(stack: Azure) -> None:
    source = stack.cloud.get(API)
    assert source is not None
    source.properties["subscriptionKeyParameterNames"] = {"header": "api-key", "query": "key"}
    source.properties["type"] = "http"
    put(stack, f"{API};rev=2", sourceApiId=API)
    assert stack.cloud.get(f"{API};rev=2/policies/policy")
    first, second = (read(stack, f"{API}{one}")["properties"] for one in ("", ";rev=2"))
    assert {name for name in first | second if first.get(name) != second.get(name)} <= {
        *("apiRevision", "isCurrent", "isOnline"),
    }
    listed = {one["apiRevision"]: one for one in read(stack, f"{API}/revisions")["value"]}
    assert {number: one["isCurrent"] for number, one in listed.items()} == {"1": True, "2": False}
    assert all("id" not in one for one in listed.values())
    assert "not found" in refused(stack, f"{API}-2;rev=2")


def test_an_api_lists_the_products_that_hold_it(stack: Azure) -> None:
    known = {one["name"] for one in read(stack, f"{API}/products")["value"]}
    fields = {"subscriptionRequired": True, "state": "published"}
    for name, link in (("by-link", "apiLinks/x"), ("by-name", "apis/miyagi-api")):
        put(stack, f"{SERVICE}/products/{name}", displayName=name, **fields)
        assert {one["name"] for one in read(stack, f"{API}/products")["value"]} == known
        put(stack, f"{SERVICE}/products/{name}/{link}", apiId=API)
        known |= {name}
        listed = read(stack, f"{API}/products")["value"]
        assert {one["name"] for one in listed} == known
        assert f"{SERVICE}/products/{name}" in {one["id"] for one in listed}


def test_some_tiers_have_workspaces_and_some_self_hosted_gateways(stack: Azure) -> None:
    service = stack.cloud.get(SERVICE)
    assert service is not None
    has = {"Standard": "", "StandardV2": "workspaces", "Developer": "gateways"}
    for tier, kinds in (*has.items(), ("Premium", "workspaces gateways")):
        service.body["sku"]["name"] = tier
        for kind in ("workspaces", "gateways"):
            if kind in kinds.split():
                put(stack, f"{SERVICE}/{kind}/{tier}", displayName="x")
                assert read(stack, f"{SERVICE}/{kind}")["value"]
            else:
                with pytest.raises(ArmError, match="MethodNotAllowedInPricingTier"):
                    read(stack, f"{SERVICE}/{kind}")


def test_a_role_is_read_at_any_scope(stack: Azure) -> None:
    for scope in (ACCOUNT, SERVICE):
        for name, role in rbac.BUILT_IN.items():
            shown = read(stack, f"{scope}/providers/{rbac.DEFINITION}/{name}")["properties"]
            assert shown["permissions"][0]["dataActions"] == role["dataActions"]
    with pytest.raises(ArmError, match="RoleDefinitionDoesNotExist"):
        read(stack, f"{ACCOUNT}/providers/{rbac.DEFINITION}/{name[:-1]}0")
