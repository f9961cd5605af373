"""Second APIs that lead to the account, or not, made from places, statements and conditions."""

from __future__ import annotations

import itertools

import httpx

from queries.check.configuration.manager import Manager
from queries.check.difference import Findings
from queries.check.gateway import reading
from queries.check.gateway.judge import judge
from queries.outputs import Target, target
from tests.check import arm
from tests.check.arm import ACCOUNT, API, GATEWAY, OTHER, PRODUCT, Arm, Json
from tests.check.clock import FakeClock
from tests.check.stack import outputs

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
    return judge(reading.read(manager, stack), [world.resources[ACCOUNT]], stack)


def verdict(world: Arm) -> str:
    found = judged(world)
    return "failed" if found.differences else "unjudged" if found.unclear else "seen"


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
"""Statements around the stack's own policy that leave its calls as they are."""
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
    "Dapr": '<set-backend-service backend-id="dapr" dapr-app-id="x" dapr-method="y" />',
    "no backend": '<set-backend-service sf-listener-name="x" />',
    "unknown attribute": '<set-backend-service resource-id="x" base-url="https://a.example" />',
    "unknown fragment": '<include-fragment fragment-id="lost" />',
    "fragment by expression": '<include-fragment fragment-id="@("lead")" />',
    "fragment in itself": '<include-fragment fragment-id="round" />',
    "no XML": "<set-variable",
}
AROUND = {
    "service": PLACES["service"],
    "product": f"{PRODUCT}/policies/policy",
    "operation": f"{API}/operations/chat/policies/policy",
}
"""Places of policies around the stack's own API."""


def around(place: str, statement: str, section: str = "inbound") -> Arm:
    """A deployment with an operation, and a policy around the stack's own."""
    made = Arm()
    made.resources[f"{API}/operations/chat"] = {"properties": {"urlTemplate": "/chat"}}
    inside = f"<{section}><base />{statement}</{section}>"
    text: Json = {"value": f"<policies>{inside}</policies>"}
    made.resources[AROUND[place]] = {"properties": text}
    made.resources |= {
        f"{GATEWAY}/namedValues/s": {"properties": {"displayName": "secret", "secret": True}},
        f"{GATEWAY}/backends/safety": {"properties": {"url": "https://safety.example"}},
    }
    return made
