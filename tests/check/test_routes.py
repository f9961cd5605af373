"""Ways through the gateway that lead around the logs: made from places and statements, not listed.

Each second API leads to the account, or not, by one statement at one place. `tests/sandbox/routes`
shows on the sandbox's gateway that what fails here is answered by the account in fact.
"""

from __future__ import annotations

import copy
import itertools
from typing import Any

import httpx
import pytest

from queries.check.configuration.manager import Manager
from queries.check.difference import Findings
from queries.check.gateway import reading
from queries.check.gateway.judge import judge
from queries.outputs import Target, target
from tests.check import arm
from tests.check.arm import ACCOUNT, API, DIAGNOSTIC, GATEWAY, OTHER, POLICY, PRODUCT, Arm, Json
from tests.check.azure import FakeClock, outputs
from tests.check.conftest import Run
from tests.check.reading import of

STACK: Target = target(outputs(otherCallers=[]))
HERE, ELSEWHERE = "https://oai-x.openai.azure.com/openai", "https://other.example/openai"
ALIASES = [
    "https://OAI-X.openai.azure.com",
    "https://oai-x.openai.azure.com:443/openai/deployments",
    "https://oai-x.openai.azure.com./openai",
    "http://user@oai-x.cognitiveservices.azure.com/openai",
    "https://oai-x.services.ai.azure.com/models",
    "https://oai-x.privatelink.openai.azure.com/openai",
    "https://oai-x.openai.azure.us/openai",
    "oai-x.openai.azure.com/openai",
    "https://%6Fai-x.openai.azure.com",
]
SECRET: Json = {"displayName": "where", "secret": True}
PLACES = {
    "service": f"{GATEWAY}/policies/policy",
    "product": f"{PRODUCT}/policies/policy",
    "api": f"{OTHER}/policies/policy",
    "operation": f"{OTHER}/operations/chat/policies/policy",
    "fragment": f"{GATEWAY}/policyFragments/lead",
}
STATEMENTS = {
    "base-url": '<set-backend-service base-url="{url}" />',
    "backend-id": '<set-backend-service backend-id="one" />',
    "pool": '<set-backend-service backend-id="pool" />',
    "pool of two": '<set-backend-service id="x" backend-id = "Pool" />',
    "send-request": "<send-request mode='new' response-variable-name='r'><set-url>{url}</set-url>"
    "<set-method>POST</set-method></send-request>",
    "send-one-way-request": "<send-one-way-request><set-url> {url} </set-url>"
    "</send-one-way-request>",
    "cache": '<llm-semantic-cache-lookup score-threshold="0.1" embeddings-backend-id="one" />',
    "host": '<set-header name="HOST"><value>oai-x.openai.azure.com</value></set-header>',
}
CONDITIONS = {
    "always": "{}",
    "when": '<choose><when condition="@(context.Request.Url.Path == "/x")">{}</when></choose>',
    "otherwise": '<choose><when condition="@(false)" /><otherwise>{}</otherwise></choose>',
    "retry": '<retry condition="@(true)" count="2" interval="1">{}</retry>',
    "nested": "<limit-concurrency key='k' max-count='3'><wait>{}</wait></limit-concurrency>",
}
NAMINGS = list(itertools.product(("literal", "named value"), CONDITIONS))
INSTEAD = {"base-url", "backend-id", "pool", "pool of two"}
"""Statements that lead a call elsewhere, and no second one."""


def document(statement: str) -> Json:
    text = f"<policies><inbound><base />{statement}</inbound><backend><base /></backend></policies>"
    return {"properties": {"format": "rawxml", "value": text}}


def gateway(place: str, statement: str, url: str, naming: str, condition: str) -> Arm:
    """A whole deployment, with a second API that a statement at a place leads to a URL."""
    world = Arm()
    written = "{{where}}" if naming == "named value" else url
    line = CONDITIONS[condition].format(STATEMENTS[statement].format(url=written))
    world.resources |= {
        OTHER: arm.other_api("copy", serviceUrl="https://nowhere.example"),
        f"{OTHER}/operations/chat": {"properties": {"method": "POST", "urlTemplate": "/chat"}},
        f"{PRODUCT}/apiLinks/2": {"properties": {"apiId": OTHER}},
        f"{GATEWAY}/namedValues/w": {"properties": {"displayName": "where", "value": url}},
        f"{GATEWAY}/backends/one": {"properties": {"type": "Single", "url": written}},
        f"{GATEWAY}/backends/two": {"properties": {"url": ELSEWHERE}},
        f"{GATEWAY}/backends/pool": pool("two", "one"),
    }
    if place == "fragment":
        text = f"<fragment>{line}</fragment>"
        world.resources[PLACES[place]] = {"properties": {"value": text}}
        line = '<include-fragment fragment-id="lead" />'
    world.resources[PLACES["api" if place == "fragment" else place]] = document(line)
    if place == "product":
        world.resources.pop(arm.LINK)
    return world


def pool(*names: str) -> Json:
    services = [{"id": f"{GATEWAY}/backends/{name}", "priority": 1} for name in names]
    return {"properties": {"type": "Pool", "pool": {"services": services}}}


def judged(world: Arm, stack: Target = STACK) -> Findings:
    manager = Manager(
        endpoint="https://management.azure.com",
        client=lambda: httpx.Client(transport=httpx.MockTransport(world.handle), trust_env=False),
        credential=arm.Credential,
        clock=FakeClock(),
    )
    return judge(reading.read(manager, stack), world.resources[ACCOUNT], stack)


def verdict(world: Arm) -> str:
    found = judged(world)
    return "failed" if found.differences else "unjudged" if found.unclear else "seen"


def test_a_whole_deployment_is_seen() -> None:
    found = judged(Arm())
    assert (found.differences, found.unclear) == ((), ())
    assert found.said.startswith("1 APIs and revisions")


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("place", PLACES)
def test_an_api_that_leads_to_the_account_unlogged_fails_wherever_that_is_said(
    place: str, statement: str
) -> None:
    for naming, condition in NAMINGS:
        found = judged(gateway(place, statement, HERE, naming, condition))
        said = "; ".join(map(str, found.differences))
        assert "diagnostic azuremonitor of the API copy, which leads to the account" in said
        assert "missing" in said, (naming, condition)


@pytest.mark.parametrize("statement", sorted(STATEMENTS.keys() - {"host"}))
@pytest.mark.parametrize("place", PLACES)
def test_the_same_elsewhere_is_seen(place: str, statement: str) -> None:
    for naming, condition in NAMINGS:
        found = judged(gateway(place, statement, ELSEWHERE, naming, condition))
        said = str(found.differences)
        own = place == "service" and statement == "cache"
        assert ("may answer from a cache" in said) if own else not found.differences
        assert not found.unclear


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("place", PLACES)
def test_the_same_logged_as_the_stacks_own_is_seen(place: str, statement: str) -> None:
    """What concerns all APIs may call the account for the stack's own calls too."""
    for naming, condition in NAMINGS:
        logged = gateway(place, statement, HERE, naming, condition)
        logged.resources[f"{OTHER}/diagnostics/azuremonitor"] = logged.resources[DIAGNOSTIC]
        own = place == "service" and statement not in INSTEAD
        assert verdict(logged) == ("failed" if own else "seen"), (naming, condition)


@pytest.mark.parametrize("url", ALIASES)
@pytest.mark.parametrize("statement", ["base-url", "backend-id"])
def test_the_account_is_known_by_each_of_its_names(url: str, statement: str) -> None:
    assert verdict(gateway("api", statement, url, "literal", "always")) == "failed"
    service = Arm()
    service.resources[OTHER] = arm.other_api("copy", serviceUrl=url)
    assert verdict(service) == "failed"


@pytest.mark.parametrize(
    "url",
    [
        "https://oai-xy.openai.azure.com",
        "https://oai-x.example/openai",
        "https://proxy.example/oai-x.openai.azure.com",
        "https://westus.api.cognitive.microsoft.com",
        "https://{your-resource-name}.openai.azure.com/openai",
        "https://[bad",
    ],
)
def test_other_hosts_are_none_of_them(url: str) -> None:
    assert verdict(gateway("api", "base-url", url, "literal", "always")) == "seen"


def test_a_regions_name_counts_while_the_accounts_keys_are_on() -> None:
    world = gateway("api", "base-url", "https://eastus.api.cognitive.microsoft.com", "x", "always")
    world.resources[ACCOUNT]["location"] = "East US"
    assert verdict(world) == "seen"
    world.set(ACCOUNT, "disableLocalAuth", False)
    assert verdict(world) == "failed"


UNCLEAR = {
    "expression": '<set-backend-service base-url="@(context.Variables["x"])" />',
    "block": "<send-request><set-url>@{ return x; }</set-url></send-request>",
    "no URL": "<send-request><set-method>POST</set-method></send-request>",
    "secret": '<set-backend-service base-url="{{secret}}" />',
    "part of it secret": '<set-backend-service base-url="https://{{secret}}.azure.com" />',
    "vault": '<set-backend-service base-url="{{vault}}" />',
    "unknown value": '<set-backend-service base-url="{{nowhere}}" />',
    "value that is an expression": '<set-backend-service base-url="{{code}}" />',
    "one of several": '<set-backend-service backend-id="@(context.Variables["x"])" />',
    "unknown statement": '<send-everything-to url="https://oai-x.openai.azure.com" />',
    "unknown attribute": '<set-backend-service resource-id="x" base-url="https://a.example" />',
    "unknown fragment": '<include-fragment fragment-id="lost" />',
    "fragment by expression": '<include-fragment fragment-id="@("lead")" />',
    "fragment in itself": '<include-fragment fragment-id="round" />',
    "no XML": "<set-variable",
}


@pytest.mark.parametrize("place", sorted(PLACES.keys() - {"fragment"}))
@pytest.mark.parametrize("statement", UNCLEAR)
def test_what_is_not_understood_is_never_passed(place: str, statement: str) -> None:
    world = gateway(place, "base-url", HERE, "literal", "always")
    world.resources |= {
        f"{GATEWAY}/namedValues/secret": {"properties": {"displayName": "secret", "secret": True}},
        f"{GATEWAY}/namedValues/vault": {
            "properties": {"displayName": "vault", "keyVault": {"secretIdentifier": "x"}}
        },
        f"{GATEWAY}/namedValues/code": {
            "properties": {"displayName": "code", "value": "@(context.Variables)"}
        },
        f"{GATEWAY}/policyFragments/round": {
            "properties": {"value": "<fragment><include-fragment fragment-id='round'/></fragment>"}
        },
        PLACES[place]: document(UNCLEAR[statement]),
    }
    found = judged(world)
    assert found.unclear
    assert found.differences == ()


def test_one_of_several_backends_is_understood_where_none_is_the_account() -> None:
    world = gateway("api", "base-url", ELSEWHERE, "literal", "always")
    world.resources[PLACES["api"]] = document(UNCLEAR["one of several"])
    assert verdict(world) == "seen"


LESS: dict[str, Any] = {
    "loggerId": f"{GATEWAY}/loggers/insights",
    "sampling.percentage": 99.0,
    "alwaysLog": None,
    "logClientIp": False,
    "verbosity": "error",
    **{
        f"{side}.{message}.body.bytes": 8191
        for side in ("frontend", "backend")
        for message in ("request", "response")
    },
    "largeLanguageModel.logs": "disabled",
    "largeLanguageModel.requests.messages": None,
    "largeLanguageModel.responses.maxSizeInBytes": 262143,
    "largeLanguageModel.requests": None,
    "largeLanguageModel": None,
}


@pytest.mark.parametrize("scope", [OTHER, GATEWAY], ids=["own", "of all APIs"])
@pytest.mark.parametrize("path", LESS)
def test_an_api_that_is_logged_less_than_the_stacks_own_fails(scope: str, path: str) -> None:
    world = gateway("api", "base-url", HERE, "literal", "always")
    own = f"{scope}/diagnostics/azuremonitor"
    world.resources[own] = copy.deepcopy(world.resources[DIAGNOSTIC])
    world.resources[f"{GATEWAY}/loggers/insights"] = {
        "properties": {"loggerType": "applicationInsights"}
    }
    assert verdict(world) == "seen"
    world.set(own, path, LESS[path])
    assert verdict(world) == "failed"


@pytest.mark.parametrize("online", [True, False])
@pytest.mark.parametrize("name", ["copy", "miyagi-api"])
def test_a_revision_counts_while_it_is_online(online: bool, name: str) -> None:
    world = Arm()
    base, revision = f"{GATEWAY}/apis/{name}", f"{GATEWAY}/apis/{name};rev=2"
    url = HERE if name == "copy" else ELSEWHERE
    world.resources |= {
        OTHER: arm.other_api("copy"),
        f"{base}/revisions/2": {"apiRevision": "2", "isOnline": online, "isCurrent": False},
        f"{base}/revisions/1": {"apiRevision": "1", "isOnline": True, "isCurrent": True},
        revision: {"name": f"{name};rev=2", "properties": {"serviceUrl": url}},
    }
    assert verdict(world) == ("failed" if online else "seen")


def test_a_workspaces_api_is_judged_by_its_workspace() -> None:
    world, workspace = Arm(), f"{GATEWAY}/workspaces/w"
    world.resources |= {
        workspace: {"properties": {"displayName": "w"}},
        f"{workspace}/apis/copy": {"properties": {"path": "w"}},
        f"{workspace}/apis/copy/policies/policy": document(STATEMENTS["backend-id"]),
        f"{workspace}/backends/one": {"properties": {"url": ELSEWHERE}},
    }
    assert verdict(world) == "seen"
    world.set(f"{workspace}/backends/one", "url", HERE)
    assert "API copy" in str(judged(world).differences)
    world.resources[f"{workspace}/apis/copy/diagnostics/azuremonitor"] = world.resources[DIAGNOSTIC]
    world.resources[f"{workspace}/loggers/azuremonitor"] = world.resources[arm.LOGGER]
    assert verdict(world) == "unjudged"


def test_a_self_hosted_gateway_logs_nothing_of_the_stacks_api() -> None:
    world = Arm()
    world.resources |= {
        f"{GATEWAY}/gateways/shop": {"properties": {}},
        f"{GATEWAY}/gateways/shop/apis/echo": {"properties": {}},
    }
    assert verdict(world) == "seen"
    world.resources[f"{GATEWAY}/gateways/shop/apis/miyagi-api"] = {"properties": {}}
    assert "self-hosted gateway shop" in str(judged(world).differences)


CHANGES = [
    "<set-body>x</set-body>",
    "<find-and-replace from='a' to='b' />",
    "<rewrite-uri template='/x' />",
    "<mock-response />",
    "<return-response><set-status code='200' /></return-response>",
    "<return-response />",
    "<cache-lookup vary-by-developer='false' />",
    "<proxy url='https://p.example' />",
    "<send-one-way-request mode='copy'><set-url>https://a.example</set-url></send-one-way-request>",
    f"<send-request><set-url>{HERE}</set-url></send-request>",
    "<set-query-parameter name='api-version'><value>1</value></set-query-parameter>",
    "<set-header name='Content-Type'><value>x</value></set-header>",
]
HARMLESS = [
    "<rate-limit calls='1' renewal-period='1' />",
    "<validate-jwt header-name='Authorization' />",
    "<cors><allowed-origins><origin>*</origin></allowed-origins></cors>",
    "<set-header name='X-Powered-By' exists-action='delete' />",
    "<set-variable name='x' value='@(1)' />",
    "<return-response><set-status code='403' /></return-response>",
    "<send-request><set-url>https://login.example/introspect</set-url></send-request>",
    "<set-backend-service base-url='https://before.example' />",
]
AROUND = {
    "service": PLACES["service"],
    "product": f"{PRODUCT}/policies/policy",
    "operation": f"{API}/operations/chat/policies/policy",
}


@pytest.mark.parametrize("condition", ["always", "when"])
@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", CHANGES)
def test_a_policy_around_the_stacks_own_that_changes_its_calls_fails(
    place: str, statement: str, condition: str
) -> None:
    world = Arm()
    world.resources[f"{API}/operations/chat"] = {"properties": {}}
    world.resources[AROUND[place]] = document(CONDITIONS[condition].format(statement))
    found = judged(world)
    assert found.differences
    assert {"service": "all APIs", "product": "product aoai", "operation": "operation chat"}[
        place
    ] in str(found.differences[0])


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", HARMLESS)
def test_one_that_refuses_or_counts_them_does_not(place: str, statement: str) -> None:
    world = Arm()
    world.resources[f"{API}/operations/chat"] = {"properties": {}}
    world.resources[AROUND[place]] = document(statement)
    after = place == "operation" and "set-backend" in statement
    assert verdict(world) == ("failed" if after else "seen")


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", UNCLEAR)
def test_what_is_not_understood_around_the_stacks_own_is_not_passed(
    place: str, statement: str
) -> None:
    """A backend that a wider scope sets is set anew by the API's own policy, whatever it was."""
    world = Arm()
    world.resources[f"{API}/operations/chat"] = {"properties": {}}
    world.resources[AROUND[place]] = document(UNCLEAR[statement])
    world.resources[f"{GATEWAY}/backends/one"] = {"properties": {"url": ELSEWHERE}}
    anew = place != "operation" and "set-backend-service" in UNCLEAR[statement]
    assert (verdict(world) == "seen") == anew


def test_callers_sent_elsewhere_by_the_stacks_own_policy_fail() -> None:
    world = Arm()
    some = CONDITIONS["when"].format(STATEMENTS["base-url"].format(url=ELSEWHERE))
    text = str(world.resources[POLICY]["properties"]["value"]).replace(
        "</inbound>", f"{some}</inbound>"
    )
    world.set(POLICY, "value", text)
    assert "other.example" in str(judged(world).differences)


def test_a_hundred_unrelated_apis_are_seen() -> None:
    world = Arm()
    for number in range(100):
        name = f"{GATEWAY}/apis/other-{number}"
        url = f"https://service-{number}.example"
        world.resources |= {
            name: {
                "name": f"other-{number}",
                "properties": {"path": f"p{number}", "serviceUrl": url},
            },
            f"{name}/policies/policy": document(HARMLESS[number % len(HARMLESS)]),
            f"{name}/operations/get": {"properties": {"method": "GET"}},
        }
    assert judged(world).said.startswith("101 APIs")


def _healthy() -> Arm:
    """A deployment that has everything which is read."""
    world, workspace = (
        gateway("fragment", "pool", ELSEWHERE, "named value", "when"),
        f"{GATEWAY}/workspaces/w",
    )
    world.resources |= {
        PLACES["service"]: document(HARMLESS[0]),
        PLACES["product"]: document(HARMLESS[0]),
        PLACES["operation"]: document(HARMLESS[0]),
        f"{GATEWAY}/diagnostics/azuremonitor": world.resources[DIAGNOSTIC],
        f"{OTHER}/diagnostics/azuremonitor": world.resources[DIAGNOSTIC],
        f"{OTHER}/revisions/2": {"apiRevision": "2", "isOnline": True},
        f"{OTHER};rev=2": {"name": "copy;rev=2", "properties": {"serviceUrl": ELSEWHERE}},
        f"{GATEWAY}/gateways/shop": {"properties": {"description": "x"}},
        workspace: {"properties": {"displayName": "w"}},
        f"{workspace}/apis/in-w": {"properties": {"path": "w"}},
    }
    return world


def _paths() -> list[str]:
    world = _healthy()
    assert verdict(world) == "seen"
    return [request.url.path for request in world.asked]


def _answers() -> list[httpx.Response]:
    return [
        *(httpx.Response(status, json={"error": {}}) for status in (401, 403, 429, 500, 503)),
        httpx.Response(200, text="<html>proxy</html>"),
        httpx.Response(200, json=["x"]),
        httpx.Response(200, json={"value": "x", "properties": "x"}),
        httpx.Response(200, json={"value": [7], "properties": [7]}),
    ]


def _instead(path: str, answer: httpx.Response) -> Arm:
    """The deployment that has everything, of which one read answers something else."""
    world = _healthy()
    told = world.handle

    def handle(request: httpx.Request) -> httpx.Response:
        return answer if request.url.path == path else told(request)

    world.handle = handle  # type: ignore[method-assign]
    return world


@pytest.mark.parametrize("number", range(len(_answers())))
def test_whatever_one_read_answers_instead_is_never_seen(number: int) -> None:
    """Every read of a deployment that has everything, one after the other."""
    for path in _paths():
        assert verdict(_instead(path, _answers()[number])) != "seen", path


def test_a_list_that_is_not_there_is_never_seen() -> None:
    for path in [path for path in _paths() if path.rpartition("/")[2] in arm.LISTS]:
        assert verdict(_instead(path, httpx.Response(404))) == "unjudged", path


@pytest.mark.parametrize("kind", ["workspaces", "gateways"])
def test_a_tier_without_workspaces_has_none_to_judge(kind: str) -> None:
    world = Arm()
    told = world.handle
    refusal = {"error": {"code": "MethodNotAllowedInPricingTier", "message": "Method not allowed"}}

    def handle(request: httpx.Request) -> httpx.Response:
        lacks = request.url.path == f"{GATEWAY}/{kind}"
        return httpx.Response(400, json=refusal) if lacks else told(request)

    world.handle = handle  # type: ignore[method-assign]
    assert verdict(world) == "seen"


def test_the_proof_tells_what_was_found_and_where(run: Run) -> None:
    run.azure.arm.resources = gateway("api", "base-url", HERE, "named value", "when").resources
    status, detail, fix = of(run(), "routes")
    assert status == "failed"
    assert "(set-backend-service in the policy of the API copy)" in detail
    assert "copy > Settings > Azure Monitor" in fix
