"""Several accounts behind one API: each way leads to one that is judged, and none elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from pack.resource import UNKNOWN, kind_of

from policies.gateway.reader import Element, parse
from queries.contract import CHECK_HEADER
from tests.policies.harness import SEVERAL, Shown, added, changed, example, said
from tests.policies.test_api_policy import at, inside, written

POLICY, POOL, MEMBER = (
    f"openai-api-{name}" for name in ("policy", "pool-text-turbo", "backend-swc-text-turbo")
)
FOUR = example(SEVERAL)
TEXT = FOUR[POLICY]["props"]["value"]
SERVICE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service"
EXISTING = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/shared"
BACKENDS = [name for name, one in FOUR.items() if kind_of(one["type"]) == "apimanagement:Backend"]


def four(name: str, path: str, value: Any) -> Shown:
    return changed(name, path, value, example(SEVERAL))


def with_text(old: str, new: str) -> Shown:
    assert old in TEXT, old
    return four(POLICY, "value", TEXT.replace(old, new, 1))


def later(*ids: str) -> Shown:
    """Show four accounts once Azure has made them: names and ids are known."""
    stack = example(SEVERAL)
    for one in stack.values():
        if "serviceName" in one["props"]:
            one["props"]["serviceName"] = "apim-example"
    for member, known in zip(stack[POOL]["props"]["pool"]["services"], ids, strict=True):
        member["id"] = known
    return stack


def document() -> Element:
    found = parse(TEXT)
    assert found is not None
    return found


CHECKED = f'("{CHECK_HEADER}", "") =='
"""What a branch of the check's own calls says."""
IDS = [
    f"{SERVICE}/apim-example/backends/miyagi-api.{name}.text-turbo"
    for name in ("weu", "swc", "eus", "eus2")
]


def test_four_accounts_pass_before_they_are_made_and_after() -> None:
    for stack in (FOUR, later(*IDS), later(*map(str.upper, IDS))):
        told = said(stack)
        assert (told.refused, told.unclear) == ({}, {})
        assert len(told.advised["account-public-network"]) == 4


@pytest.mark.parametrize("place", inside(document()))
def test_no_line_of_the_policy_may_be_lost_or_changed(place: tuple[int, ...]) -> None:
    for name in [None, "unheard-of", *at(place, document()).attributes]:
        made = document()
        if name is None:
            del at(place[:-1], made).children[place[-1]]
        else:
            at(place, made).attributes[name] = "hunter 2"
        told = said(four(POLICY, "value", written(made)))
        if name is None and CHECKED in at(place, document()).attributes.get("condition", ""):
            assert told.refused == {}, "the check loses its own way to one account"
            continue
        assert told.refused.keys() & {"api-policy", "connected"}, name
    assert said(four(POLICY, "value", written(document()))).refused == {}, "as it is"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("miyagi-api.pool.text-turbo", "elsewhere", 'found:    "elsewhere"'),
        (
            '"miyagi-api.weu" />\n      </otherwise>',
            '"other" /></otherwise>',
            "otherwise/set-backe",
        ),
        (
            '== "embeddings")">\n        <set-backend-service backend-id="miyagi-api.eus" />',
            '== "embeddings")">\n<set-backend-service backend-id="miyagi-api.pool.text-turbo" />',
            "embeddings/set-variable pool",
        ),
        ("miyagi-api.pool.text-turbo", "miyagi-api.weu", "text-turbo/set-variable pool"),
        ('== "embeddings"', '== "other"', "wanted:   a route of embeddings"),
    ],
)
def test_each_route_leads_to_a_backend_of_the_stack(old: str, new: str, words: str) -> None:
    told = said(with_text(old, new))
    assert told.refused.keys() == {"connected"}
    assert words in told.text


def test_a_route_for_some_callers_alone_is_refused() -> None:
    vip = "@(context.Subscription.Id == &quot;vip&quot;)"
    branch = f'<when condition="{vip}"><set-backend-service backend-id="miyagi-api.weu" /></when>'
    route = '<when condition="@(context.Variables.GetValueOrDefault<string>("called-deployment"'
    told = said(with_text(route, branch + route))
    assert told.refused.keys() == {"api-policy"}


def test_a_pool_is_asked_as_often_as_a_retry_may_count() -> None:
    for count in ("@(1)", "@(50)"):
        assert said(with_text('"@(3)"', f'"{count}"')).refused == {}
    for count in ("@(0)", "@(51)", "3", "@(context.Request.Headers.Count)"):
        assert said(with_text('"@(3)"', f'"{count}"')).refused.keys() == {"api-policy"}, count


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("http://oai-swc.openai.azure.com/openai", {"backends", "connected"}),
        ("https://example.com/openai", {"backends", "connected"}),
        ("https://oai-swc.openai.azure.com/other", {"backends", "connected"}),
        ("https://oai-other.openai.azure.com/openai", {"connected"}),
        (None, {"backends", "connected"}),
    ],
)
def test_each_backend_leads_to_an_account_of_the_stack(url: Any, refused: set[str]) -> None:
    for name in BACKENDS:
        if FOUR[name]["props"]["type"] != "Pool":
            told = said(four(name, "url", url))
            assert told.refused.keys() == refused
            assert f"resource: {name} (" in told.text


def test_an_address_that_is_not_known_yet_is_told_later() -> None:
    told = said(four(MEMBER, "url", UNKNOWN))
    assert told.refused == {}
    assert told.unclear.keys() == {"connected"}


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("type", "other"),
        ("type", None),
        ("credentials", {"header": {"x": ["hunter2"]}}),
        ("tls", {"validateCertificateChain": False}),
        ("proxy", {"url": "https://example.com"}),
        ("pool/unheardOf", 1),
    ],
)
def test_whatever_else_a_backend_holds_is_refused(name: str, path: str, value: Any) -> None:
    told = said(four(name, path, value))
    assert "backends" in told.refused
    assert "hunter2" not in told.text


@pytest.mark.parametrize(
    "stranger",
    [
        f"{SERVICE}/apim-example/backends/stranger",
        f"{SERVICE}/apim-other/backends/miyagi-api.swc.text-turbo",
        f"{SERVICE}/apim-example/backends/miyagi-api.pool.text-turbo",
        "stranger",
        None,
    ],
)
def test_a_pools_members_are_backends_of_the_stack(stranger: Any) -> None:
    told = said(later(*IDS[:3], stranger))
    assert told.refused.keys() == {"connected"}
    assert f"resource: {POOL} (" in told.text


def test_a_member_that_is_not_known_yet_is_made_from_a_backend_of_the_stack() -> None:
    stack = example(SEVERAL)
    stack[POOL]["links"]["pool"].append("gateway")
    assert said(stack).refused.keys() == {"connected"}
    told = said(four(POOL, "pool/services", UNKNOWN))
    assert told.refused == {}
    assert told.unclear.keys() == {"connected"}
    for services in ([], None, [{"id": UNKNOWN, "url": "x"}], "x"):
        assert said(four(POOL, "pool/services", services)).refused.keys() >= {"connected"}


@pytest.mark.parametrize(
    ("path", "value", "policy"),
    [
        ("openai-account-swc/properties/disableLocalAuth", False, "account"),
        ("deployment-eus2-text-turbo/sku/name", "GlobalBatch", "account"),
        ("openai-account-eus2-diagnostics/logs", [], "diagnostic-settings"),
        ("openai-account-eus2-diagnostics/workspaceId", IDS[0], "connected"),
        ("openai-api-role-eus/principalId", IDS[0], "connected"),
    ],
)
def test_each_account_is_judged_as_the_one_is(path: str, value: Any, policy: str) -> None:
    name, _, key = path.partition("/")
    assert policy in said(four(name, key, value)).refused
    for account in ("weu", "swc", "eus", "eus2"):
        left = {k: v for k, v in FOUR.items() if k != f"openai-account-{account}-diagnostics"}
        assert said(left).refused.keys() == {"connected"}


def test_one_of_several_accounts_may_exist_once_it_is_named() -> None:
    stack = example(SEVERAL)
    del stack["openai-account-eus2"], stack["deployment-eus2-text-turbo"]
    changed("openai-account-eus2-diagnostics", "resourceUri", EXISTING, stack)
    changed("openai-api-role-eus2", "scope", EXISTING, stack)
    assert said(stack).refused.keys() == {"connected"}
    told = said(stack, {"connected": {"accounts": ["oai-eus2"]}})
    assert (told.refused, told.unclear) == ({}, {})
    assert said(stack, {"connected": {"accounts": ["other"]}}).refused.keys() == {"connected"}


def test_a_backend_of_another_gateway_is_none_of_the_policys() -> None:
    stack = example(SEVERAL)
    for name, one in stack.items():
        if "serviceName" in one["props"] and name != "gateway":
            changed(name, "serviceName", "apim-shared", stack)
    del stack["gateway"], stack["gateway-logger"]
    gateway = f"{SERVICE}/apim-shared"
    changed("gateway-diagnostics", "resourceUri", gateway, stack)
    changed("openai-api-diagnostic", "loggerId", f"{gateway}/loggers/azuremonitor", stack)
    assert said(stack).refused == {}
    told = said(changed("openai-api-backend-eus", "serviceName", "apim-other", stack))
    assert 'found:    "miyagi-api.eus"' in told.text


def test_a_backend_that_nothing_names_is_judged_too() -> None:
    props = {**FOUR[MEMBER]["props"], "url": "https://example.com"}
    told = said(added("more", "azure-native:apimanagement:Backend", props, example(SEVERAL)))
    assert told.refused.keys() == {"backends", "connected"}
