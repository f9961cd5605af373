from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rules.credentials import deleted
from rules.resource import UNKNOWN, Resource

from tests.policies.gateways import (
    ACCOUNT,
    API,
    DELETES,
    HOST,
    IDENTITY,
    TO_MODEL,
    api,
    backend,
    fragment,
    named,
    policy,
    product_link,
    subscription,
    unknown_policy,
)
from tests.policies.harness import linked, passes, resource, said, stack, unknown, wrong

PRODUCT = Path(__file__).resolve().parents[2] / "policies" / "gateway" / "azure-openai.xml"
HEADER, QUERY, TOKEN = DELETES
BASE = "<base />"


def calls(*inbound: str, **more: Any) -> Resource:
    """The API's policy with those statements, which then sends the call to a model."""
    return policy(*inbound, TO_MODEL, **more)


def test_the_products_own_policy_passes() -> None:
    value = PRODUCT.read_text().replace("${audience}", "https://cognitiveservices.azure.com")
    own = policy(value=value.replace("${backendUrl}", HOST))
    assert passes(deleted, stack(ACCOUNT, API, own))


@pytest.mark.parametrize(("left_out", "name"), [(0, "api-key"), (1, "subscription-key")])
def test_each_credential_must_be_deleted(left_out: int, name: str) -> None:
    kept = [one for index, one in enumerate(DELETES) if index != left_out]
    assert passes(deleted, stack(API, calls(*DELETES, IDENTITY)))
    report = wrong(deleted, stack(API, calls(*kept, IDENTITY)))
    assert "property: value" in report
    assert f"found:    {name} is passed on" in report
    assert f"wanted:   {DELETES[left_out]} directly in inbound" in report


def test_an_api_without_a_policy_passes_everything_on() -> None:
    report = wrong(deleted, stack(ACCOUNT, API))
    assert "resource: chat (Microsoft.ApiManagement/service/apis)" in report
    assert "property: policies/policy\nfound:    not set" in report
    assert "declare an ApiPolicy" in report
    assert "not set" in wrong(deleted, stack(api(serviceUrl=HOST)))
    assert passes(deleted, stack(ACCOUNT, API), exempt=["chat"])


def test_a_backend_by_its_id_is_a_model_too() -> None:
    to_backend = policy('<set-backend-service backend-id="openai" />')
    assert len(said(deleted(stack(API, backend(), to_backend), {}))) == 3
    assert passes(deleted, stack(API, backend("https://example.com"), to_backend))
    generic = named("host", HOST)
    by_value = policy('<set-backend-service base-url="{{host}}" />')
    assert len(said(deleted(stack(API, generic, by_value), {}))) == 3


def test_a_call_that_goes_elsewhere_is_no_concern() -> None:
    weather = api("weather", serviceUrl="https://example.com")
    model = policy(*DELETES, IDENTITY, TO_MODEL)
    assert passes(deleted, stack(ACCOUNT, API, model, weather))
    imported = api("weather", value='{"servers": [{"url": "https://example.com"}]}')
    assert passes(deleted, stack(ACCOUNT, API, model, imported))
    assert passes(deleted, stack(policy('<rate-limit calls="9" renewal-period="1" />')))


def test_a_policy_of_an_existing_api_is_judged() -> None:
    own = calls(*DELETES, IDENTITY)
    assert "Ocp-Apim-Subscription-Key" in wrong(deleted, stack(own)), "the default, unless stated"
    stripped = '<set-header name="Ocp-Apim-Subscription-Key" exists-action="delete" />'
    assert passes(deleted, stack(calls(*DELETES, stripped, IDENTITY)))
    assert passes(deleted, stack(own), exempt=["chat"])
    assert unknown(deleted, stack(unknown_policy()))


def test_what_the_api_takes_keys_in_is_deleted() -> None:
    default = api(subscriptionKeyParameterNames=None)
    report = wrong(deleted, stack(default, calls(*DELETES, IDENTITY)))
    assert "Ocp-Apim-Subscription-Key is passed on" in report
    custom = api(subscriptionKeyParameterNames={"header": "x-team", "query": "team"})
    found = said(deleted(stack(custom, calls(*DELETES, IDENTITY)), {}))
    assert found == ["api-policy value wrong"] * 2
    later = api(subscriptionKeyParameterNames={"header": UNKNOWN})
    assert unknown(deleted, stack(later, calls(*DELETES, IDENTITY)))


def test_the_gateways_own_value_in_the_same_place_is_no_callers() -> None:
    """https://learn.microsoft.com/azure/api-management/authentication-managed-identity-policy."""
    stored = IDENTITY.replace(" />", ' output-token-variable-name="token" />')
    own = (
        '<set-header name="Authorization" exists-action="override">'
        '<value>@("Bearer " + (string)context.Variables["token"])</value></set-header>'
    )
    assert passes(deleted, stack(API, calls(HEADER, QUERY, stored, own)))
    assert passes(deleted, stack(API, calls(HEADER, QUERY, IDENTITY))), "sets Authorization"
    report = wrong(deleted, stack(API, calls(HEADER, QUERY, stored)))
    assert "Authorization is passed on" in report
    callers = own.replace('context.Variables["token"]', 'context.Request.Headers["X"]')
    assert "is passed on" in wrong(deleted, stack(API, calls(HEADER, QUERY, callers)))
    for action in ("append", "skip"):
        kept = own.replace("override", action)
        assert "is passed on" in wrong(deleted, stack(API, calls(HEADER, QUERY, stored, kept)))
    hopeful = IDENTITY.replace(" />", ' ignore-error="true" />')
    assert "is passed on" in wrong(deleted, stack(API, calls(HEADER, QUERY, hopeful)))


def test_the_gateways_own_token_is_not_deleted() -> None:
    report = wrong(deleted, stack(API, calls(HEADER, QUERY, IDENTITY, TOKEN)))
    assert "deleted after authentication-managed-identity" in report


@pytest.mark.parametrize(
    "instead",
    [
        "<!-- {} -->",
        '<choose><when condition="@(1 < 2)"><choose><otherwise /></choose>{}</when></choose>',
        '<send-request mode="new"><set-url>https://a.example</set-url>{}</send-request>',
        '<wait for="all"><send-request mode="new">{}</send-request></wait>',
        "<return-response>{}</return-response>",
        '<retry condition="@(false)" count="1" interval="1">{}</retry>',
        "</inbound><outbound>{}</outbound><inbound>",
    ],
)
def test_a_deletion_that_may_not_happen_does_not_count(instead: str) -> None:
    made = calls(instead.format(HEADER), *DELETES[1:], IDENTITY)
    assert "api-key is passed on" in wrong(deleted, stack(API, made))


def test_angle_brackets_in_expressions_end_nothing() -> None:
    text = '<set-variable name="a" value="@(1 < 2 ? "<b>" : "</inbound>")" />'
    body = '<set-body>@{ return "<choose>"; }</set-body>'
    assert passes(deleted, stack(API, calls(text, body, *DELETES, IDENTITY)))


def test_fragments_are_followed() -> None:
    includes = calls('<include-fragment fragment-id="strip" />', IDENTITY)
    assert passes(deleted, stack(API, fragment(*DELETES), includes))
    nested = fragment('<include-fragment fragment-id="inner" />')
    assert passes(deleted, stack(API, nested, fragment(*DELETES, name="inner"), includes))
    endless = fragment('<include-fragment fragment-id="strip" />')
    assert len(said(deleted(stack(API, endless, includes), {}))) == 2
    found = [str(finding) for finding in deleted(stack(API, includes), {})]
    assert len(found) == 2
    assert all("not in this stack is fragment strip" in report for report in found)
    elsewhere = fragment(*DELETES, gateway="other")
    assert len(said(deleted(stack(API, elsewhere, includes), {}))) == 2
    later = resource(
        "apimanagement:PolicyFragment", {"id": "strip", "serviceName": "gw", "value": UNKNOWN}
    )
    assert unknown(deleted, stack(API, later, includes))


@pytest.mark.parametrize("level", ["", "Api", "Product"])
def test_what_a_base_policy_deletes_is_deleted(level: str) -> None:
    parent = policy(BASE, *DELETES, level=level)
    operation = calls(BASE, IDENTITY, level="ApiOperation")
    whole = stack(API, product_link(), parent, policy(BASE, level="Api", name="x"), operation)
    if level == "Api":
        whole = stack(API, product_link(), parent, operation)
    assert passes(deleted, whole)
    without = calls(IDENTITY, level="ApiOperation")
    assert len(said(deleted(stack(API, parent, without), {}))) >= 2, "no <base />"


def test_a_call_past_the_product_misses_its_policy() -> None:
    parts = (API, product_link(), policy(*DELETES, level="Product"), calls(BASE, IDENTITY))
    assert passes(deleted, stack(*parts))
    to_product = subscription("/service/gw/products/clients")
    assert passes(deleted, stack(*parts, to_product))
    for past in (subscription("/apis"), product_link("open")):
        assert len(said(deleted(stack(*parts, past), {}))) == 2
    assert len(said(deleted(stack(api(subscriptionRequired=False), *parts[1:]), {}))) == 2


def test_the_policy_of_another_gateway_is_none_of_this_one() -> None:
    other = policy(*DELETES, level="", gateway="other")
    assert len(said(deleted(stack(API, other, calls(BASE, IDENTITY)), {}))) == 2
    gateways = [resource("apimanagement:ApiManagementService", name=name) for name in "ab"]
    first, second = (linked(serviceName=gateway) for gateway in gateways)
    here = resource("apimanagement:Api", {**API.props, "serviceName": UNKNOWN}, links=first)
    parts = [
        resource(one.token, {**one.props, "serviceName": UNKNOWN}, name, links=links)
        for one, name, links in (
            (calls(BASE, IDENTITY), "inner", first),
            (policy(*DELETES, level=""), "outer", second),
        )
    ]
    assert len(said(deleted(stack(*gateways, here, *parts), {}))) == 2
    own = resource(parts[1].token, parts[1].props, "own", links=first)
    assert passes(deleted, stack(*gateways, here, parts[0], own))


def test_workspaces_are_gateways_too() -> None:
    inside = {"workspaceId": "team"}
    one = resource("apimanagement:WorkspaceApi", {**API.props, **inside}, "chat")
    made = calls(BASE, IDENTITY)
    mine = resource("apimanagement:WorkspaceApiPolicy", {**made.props, **inside})
    assert len(said(deleted(stack(one, mine), {}))) == 2
    of_workspace = policy(*DELETES, level="")
    around = resource("apimanagement:WorkspacePolicy", {**of_workspace.props, **inside})
    assert passes(deleted, stack(one, mine, around))


def test_what_is_not_known_yet_is_said_once() -> None:
    findings = list(deleted(stack(ACCOUNT, API, unknown_policy()), {}))
    assert [finding.known for finding in findings] == [False]
    linked_text = unknown_policy(links=linked(value=ACCOUNT))
    assert unknown(deleted, stack(ACCOUNT, API, linked_text))
