"""Mistakes in the route of a call: policy, backend, API and model deployments."""

from __future__ import annotations

import json
import re

from harness.sabotage.mistake import Apply, Mistake, deleted, edited, the_only
from harness.sabotage.site import API, DEPLOYMENT, LINK, POLICY, PRODUCT, ROLE, Json, Site
from sandbox.arm.base import ACCOUNT, SERVICE
from sandbox.cloud import Resource

OPERATION = f"{SERVICE}/apis/operations"
OUTBOUND = re.compile(r"<outbound>.*</outbound>", re.DOTALL)
KEY_LINE = '<set-header name="api-key" exists-action="delete" />'
FORWARD_LINE = (
    '<forward-request timeout="600" buffer-request-body="false" buffer-response="false" />'
)
TOKEN_LINE = (
    '<authentication-managed-identity resource="https://cognitiveservices.azure.com" '
    'ignore-error="false" />'
)
STORED_LINE = '"stored-responses", "").StartsWith("!")'
BODY_LINE = (
    '<set-body>@(context.Variables.GetValueOrDefault<string>("asking-for-usage", ""))</set-body>'
)


def _policy(old: str, new: str) -> Apply:
    """Edit the policy's text, as in the portal's editor."""

    def change(body: Json) -> None:
        text = body["properties"]["value"]
        assert old in text
        body["properties"]["value"] = text.replace(old, new)

    return lambda site: site.edit(site.the(POLICY, "/miyagi-api/"), change)


def _without_outbound(site: Site) -> None:
    """Leave only `<base />` in the policy's outbound section."""

    def change(body: Json) -> None:
        text = body["properties"]["value"]
        reset = OUTBOUND.sub("<outbound><base /></outbound>", text)
        assert reset != text
        body["properties"]["value"] = reset

    site.edit(site.the(POLICY, "/miyagi-api/"), change)


def _backend(url: str) -> Apply:
    """Set another backend URL in the policy; `{account}` and `{gateway}` are the stack's names."""

    def apply(site: Site) -> None:
        account, gateway = site.the(ACCOUNT, r"/oai-\w+$").name, site.the(SERVICE).name
        new = url.format(account=account, gateway=gateway)
        _policy(f"https://{account}.openai.azure.com/openai", new)(site)

    return apply


def _another_account(site: Site) -> None:
    """Send calls to another account, on which the gateway has no role: they are refused."""
    site.second(ACCOUNT, customSubDomainName="oai-other")
    _backend("https://oai-other.openai.azure.com/openai")(site)


def answered_elsewhere(site: Site) -> None:
    """Send calls to another account, which answers them: the stack's account logs none."""
    deployment, role = site.the(DEPLOYMENT), site.the(ROLE)
    other = site.second(ACCOUNT, customSubDomainName="oai-other")
    site.again(deployment, f"{other.id}/deployments/{deployment.name}")
    site.again(role, f"{other.id}/providers/{ROLE}/0f8fad5b-d9cb-469f-a165-70867728950e")
    _backend("https://oai-other.openai.azure.com/openai")(site)


def _renamed(site: Site) -> None:
    old = site.the(DEPLOYMENT)
    site.delete(old)
    site.again(old, f"{old.id}-new")


def _another_model(site: Site) -> None:
    old = site.the(DEPLOYMENT)
    site.delete(old)
    model = {"format": "OpenAI", "name": "gpt-5.2", "version": "2025-12-11"}
    site.again(old, old.id, model=model)


def copied_api(site: Site, path: str) -> Resource:
    """Import the service once more under another path, as a colleague would; return that API."""
    api, policy = site.the(API), site.the(POLICY)
    document = {
        "openapi": "3.0.1",
        "info": {"title": "Azure OpenAI, copy", "version": "1"},
        "servers": [{"url": api.properties["serviceUrl"]}],
        "paths": {"/{name}/chat/completions": {"post": {"operationId": "chat"}}},
    }
    source = {"format": "openapi+json", "value": json.dumps(document), "path": path}
    copied = site.again(api, f"{api.id}-copy", **source)
    value = policy.properties["value"].replace('com/openai"', 'com/openai/deployments"')
    site.again(policy, f"{copied.id}/policies/policy", value=value)
    return copied


def _by_named_value(site: Site) -> None:
    """Give the copied API a policy that names the backend by a named value, and no service URL."""
    copied, gateway = copied_api(site, "elsewhere"), site.the(SERVICE).id
    url = f"https://{site.the(ACCOUNT).name}.openai.azure.com/openai/deployments"
    site.put(f"{gateway}/namedValues/model", {"properties": {"displayName": "model", "value": url}})
    policy = site.the(POLICY, "/miyagi-api-copy/")
    value = policy.properties["value"].replace(url, "{{model}}")
    site.edit(policy, lambda body: body["properties"].update(value=value))
    site.edit(copied, lambda body: body["properties"].update(serviceUrl=None))


def _answered_before(site: Site) -> None:
    """Have a product's policy answer some calls itself, with a text of its own."""
    body = "<set-status code='200' /><set-body>Try again later.</set-body>"
    answer = f"<return-response>{body}</return-response>"
    choose = f'<choose><when condition="@(1 == 2)">{answer}</when></choose>'
    text = f"<policies><inbound><base />{choose}</inbound></policies>"
    site.put(f"{site.the(PRODUCT).id}/policies/policy", {"properties": {"value": text}})


def _second_api(site: Site) -> None:
    """Import the service again under a longer path, which wins: every chat goes to the copy."""
    link = site.the(LINK)
    copied = copied_api(site, "openai/deployments")
    site.again(link, f"{link.id}-copy", apiId=copied.id)


MISTAKES = (
    Mistake(
        "wrong audience",
        "The policy's authentication-managed-identity names https://openai.azure.com.",
        _policy("https://cognitiveservices.azure.com", "https://openai.azure.com"),
        1,
        (
            "audience",
            "is https://openai.azure.com",
        ),
    ),
    Mistake(
        "key passed on to the account",
        "The policy's line that deletes the header api-key is lost in a merge.",
        _policy(KEY_LINE, ""),
        1,
        ("set-header api-key in the ApiPolicy",),
    ),
    Mistake(
        "no token sent",
        "The policy's line authentication-managed-identity is lost in a merge.",
        _policy(TOKEN_LINE, ""),
        1,
        ("authentication-managed-identity in the ApiPolicy",),
    ),
    Mistake(
        "answers buffered",
        "buffer-response of the policy's forward-request is lost in a merge: streamed answers come "
        "late since.",
        _policy(' buffer-response="false"', ""),
        1,
        ("the gateway holds streamed answers back", "buffer-response of forward-request"),
    ),
    Mistake(
        "backend section of all APIs",
        "The policy's forward-request is replaced by <base />, as new policies have it.",
        _policy(FORWARD_LINE, "<base />"),
        1,
        ("the gateway holds streamed answers back", "buffer-response of forward-request"),
    ),
    Mistake(
        "accounting lost",
        "The policy's outbound section is reset to <base />.",
        _without_outbound,
        1,
        ("set-header x-gateway-accounting in outbound of the API's policy is missing",),
    ),
    Mistake(
        "usage not asked for",
        "The policy's line that sets the body is lost in a merge: streams tell no tokens since.",
        _policy(BODY_LINE, ""),
        1,
        ("the stream told no tokens: the policy did not ask for them",),
    ),
    Mistake(
        "stored responses offered",
        "The policy's condition that refuses stored responses is turned off for a demonstration.",
        _policy(STORED_LINE, '"stored-responses", "") == "never"'),
        1,
        ("stored response: not refused with 403", "any consumer who learns an id reads"),
    ),
    Mistake(
        "policy removed",
        "The API's policy is reset in the portal's editor.",
        deleted(the_only(POLICY)),
        1,
        ("the ApiPolicy openai-api-policy is missing",),
    ),
    Mistake(
        "backend is the gateway itself",
        "The policy's backend URL is that of the gateway: every call comes back to it.",
        _backend("https://{gateway}.azure-api.net/openai"),
        1,
        ("set-backend-service in the ApiPolicy",),
    ),
    Mistake(
        "backend of another account",
        "The policy was copied from another environment, with its backend URL.",
        _another_account,
        1,
        ("set-backend-service in the ApiPolicy",),
    ),
    Mistake(
        "backend of another account that answers",
        "The same, where the gateway may call that account: nothing looks wrong to callers.",
        answered_elsewhere,
        1,
        ("set-backend-service in the ApiPolicy",),
    ),
    Mistake(
        "backend misspelt",
        "The policy's backend URL names a host that does not exist.",
        _backend("https://{account}x.openai.azure.com/openai"),
        1,
        ("set-backend-service in the ApiPolicy",),
    ),
    Mistake(
        "backend without /openai",
        "The policy's backend URL ends after the host, as the portal shows the endpoint.",
        _backend("https://{account}.openai.azure.com"),
        1,
        ("set-backend-service in the ApiPolicy",),
    ),
    Mistake(
        "backend of the v1 surface",
        "The policy's backend URL ends in /openai/v1, as newer guides have it.",
        _backend("https://{account}.openai.azure.com/openai/v1"),
        1,
        ("set-backend-service in the ApiPolicy",),
    ),
    Mistake(
        "path of the API changed",
        "The API URL suffix is changed in the API's settings.",
        edited(the_only(API), "path", "ai"),
        1,
        ("path of the API miyagi-api is ai",),
    ),
    Mistake(
        "API deleted",
        "The API is deleted in the portal.",
        deleted(the_only(API)),
        1,
        ("the API is missing",),
    ),
    Mistake(
        "operation deleted",
        "The operation for chat completions is deleted from the API.",
        lambda site: site.delete(site.the(OPERATION, "/ChatCompletions_Create$")),
        1,
        ("no operation of the API matches",),
    ),
    Mistake(
        "second API without diagnostics",
        "A colleague imports the service again, as openai/deployments: the longer path wins.",
        _second_api,
        1,
        ("openai/deployments",),
    ),
    Mistake(
        "second API beside, without diagnostics",
        "A colleague imports the service again, under a path of its own: its calls are not logged.",
        lambda site: copied_api(site, "elsewhere"),
        1,
        ("miyagi-api-copy, which leads to the account",),
    ),
    Mistake(
        "second API by a named value",
        "The same, where the policy names the backend by a named value.",
        _by_named_value,
        1,
        ("miyagi-api-copy, which leads to the account", "set-backend-service"),
    ),
    Mistake(
        "some calls answered by a product's policy",
        "A policy of the product answers some callers itself, for a test that nobody ended.",
        _answered_before,
        1,
        ("return-response in the policy of the product OpenAi",),
    ),
    Mistake(
        "deployment deleted",
        "The model deployment is deleted in the Foundry portal.",
        deleted(the_only(DEPLOYMENT)),
        1,
        ("deployment text-turbo is missing",),
    ),
    Mistake(
        "deployment renamed",
        "The deployment is made again under another name.",
        _renamed,
        1,
        (
            "deployment text-turbo is missing",
            "text-turbo-new",
        ),
    ),
    Mistake(
        "deployment of another model",
        "The deployment is made again under its name, with another model.",
        _another_model,
        1,
        ("model of the deployment text-turbo is gpt-5.2",),
    ),
)
