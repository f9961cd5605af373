from __future__ import annotations

import json
from typing import Any

import pytest
from rules import api_logging, masking
from rules.resource import UNKNOWN, Resource

from tests.policies.gateways import (
    HOST,
    IDENTITY,
    TO_MODEL,
    api,
    backend,
    fragment,
    named,
    policy,
    unknown_policy,
)
from tests.policies.harness import linked, passes, resource, said, stack, unknown, wrong

ACCOUNT = resource("cognitiveservices:Account", name="account")
KEYS = {"header": "api-key", "query": "subscription-key"}
PROPS = {"apiId": "chat", "serviceName": "gw", "subscriptionKeyParameterNames": KEYS}
API = resource("apimanagement:Api", PROPS, "api")
MASKS = {
    "headers": [{"mode": "Mask", "value": "Authorization"}, {"mode": "Hide", "value": "API-KEY"}],
    "queryParams": [{"mode": "Mask", "value": "subscription-key"}],
}
MESSAGE = {"body": {"bytes": 8192}, "headers": [], "dataMasking": MASKS}
ANSWER = MESSAGE | {"body": {"bytes": 0}}
PROPERTIES = {
    "sampling": {"samplingType": "fixed", "percentage": 100},
    "frontend": {"request": MESSAGE, "response": ANSWER},
    "backend": {"request": MESSAGE, "response": ANSWER},
    "largeLanguageModel": {
        "logs": "enabled",
        "requests": {"messages": "all"},
        "responses": {"messages": "all"},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    properties: dict[str, Any] = json.loads(json.dumps(PROPERTIES))
    place = properties
    *keys, last = path.split(".")
    for key in keys:
        place = place[key]
    place[last] = value
    return properties


def typed(properties: dict[str, Any] = PROPERTIES, api: Any = "chat", **more: Any) -> Resource:
    props = {**properties, "diagnosticId": "azuremonitor", "apiId": api, "serviceName": "gw"}
    return resource("apimanagement:ApiDiagnostic", props, "diagnostic", **more)


def generic(
    properties: dict[str, Any] = PROPERTIES, parent: Any = "service/gw/apis/chat", **more: Any
) -> Resource:
    props = {
        "resourceProviderNamespace": "Microsoft.ApiManagement",
        "resourceType": "diagnostics",
        "parentResourcePath": parent,
        "resourceName": "azuremonitor",
        "properties": properties,
    }
    return resource("resources:Resource", props, "diagnostic", **more)


def test_both_forms_are_recognised() -> None:
    for diagnostic in (typed(), generic(), generic(parent=UNKNOWN, links=linked_to_api())):
        whole = stack(ACCOUNT, API, diagnostic)
        assert passes(api_logging.has_own_diagnostic, whole)
        assert passes(api_logging.logs_every_call, whole)
        assert passes(masking.secrets_masked, whole)


def linked_to_api() -> dict[str, frozenset[str]]:
    return linked(parentResourcePath=API)


def test_an_api_without_a_diagnostic_of_its_own() -> None:
    rule = api_logging.has_own_diagnostic
    assert "diagnostics/azuremonitor" in wrong(rule, stack(ACCOUNT, API))
    assert "api" in wrong(rule, stack(ACCOUNT, API, typed(api="other")))
    elsewhere = generic(parent="service/other/apis/chat")
    assert "api" in wrong(rule, stack(ACCOUNT, API, elsewhere))
    insights = {**typed().props, "diagnosticId": "applicationinsights"}
    other = resource("apimanagement:ApiDiagnostic", insights)
    assert "api" in wrong(rule, stack(ACCOUNT, API, other))
    assert unknown(rule, stack(ACCOUNT, API, typed(api=UNKNOWN)))
    assert passes(rule, stack(ACCOUNT, API), exempt=["ch*"])


def test_a_gateway_without_a_model_is_no_concern() -> None:
    weather = resource("apimanagement:Api", {"apiId": "w", "serviceUrl": "https://example.com"})
    assert passes(api_logging.has_own_diagnostic, stack(weather))
    assert passes(api_logging.logs_every_call, stack(weather, typed(changed("sampling", None))))


@pytest.mark.parametrize(
    "other",
    [
        backend(),
        named("host", HOST),
        fragment(TO_MODEL),
        *(policy(TO_MODEL, level=level) for level in ("", "Api", "ApiOperation", "Product")),
        policy(IDENTITY, '<set-backend-service backend-id="elsewhere" />'),
        api("other", serviceUrl=HOST),
    ],
)
def test_a_model_is_known_by_its_host_or_audience(other: Resource) -> None:
    rule = api_logging.has_own_diagnostic
    assert "api diagnostics/azuremonitor wrong" in said(rule(stack(API, other), {}))
    elsewhere = resource(other.token, {**other.props, "serviceName": "other"}, "elsewhere")
    assert "api diagnostics/azuremonitor wrong" not in said(rule(stack(API, elsewhere), {}))
    sampled = typed(changed("sampling.percentage", 1))
    assert "1\n" in wrong(api_logging.logs_every_call, stack(API, other, sampled))


def test_a_text_that_is_not_known_yet_may_name_a_model() -> None:
    rule = api_logging.has_own_diagnostic
    assert unknown(rule, stack(API, unknown_policy()))
    assert unknown(rule, stack(API, named("host", UNKNOWN)))
    assert passes(rule, stack(API, named("key", UNKNOWN, secret=True)))
    from_account = unknown_policy(links=linked(value=ACCOUNT))
    assert "not set" in wrong(rule, stack(ACCOUNT, API, from_account))
    speech = resource("cognitiveservices:Account", {"kind": "SpeechServices"}, "speech")
    assert unknown(rule, stack(speech, API, unknown_policy(links=linked(value=speech))))


def test_only_the_gateway_that_fronts_the_model_is_judged() -> None:
    rule = api_logging.has_own_diagnostic
    weather = api("weather", gateway="second", serviceUrl="https://example.com")
    speech = resource("cognitiveservices:Account", {"kind": "SpeechServices"}, "speech")
    assert passes(rule, stack(speech, weather))
    assert said(rule(stack(ACCOUNT, API, policy(TO_MODEL), weather), {})) == [
        "api diagnostics/azuremonitor wrong"
    ]
    assert said(rule(stack(ACCOUNT, weather), {})) == ["weather diagnostics/azuremonitor wrong"], (
        "nothing says who calls the account"
    )


def test_an_api_of_a_workspace_is_an_api() -> None:
    rule, props = api_logging.has_own_diagnostic, {**PROPS, "workspaceId": "team"}
    mine = resource("apimanagement:WorkspaceApi", props, "api")
    assert "not set" in wrong(rule, stack(ACCOUNT, mine))
    assert "not set" in wrong(rule, stack(ACCOUNT, mine, typed())), "of an API outside of it"
    inside = {**typed().props, "workspaceId": "team"}
    assert passes(
        rule, stack(ACCOUNT, mine, resource("apimanagement:WorkspaceApiDiagnostic", inside))
    )


def test_a_sample_is_refused() -> None:
    rule = api_logging.logs_every_call
    report = wrong(rule, stack(ACCOUNT, API, typed(changed("sampling.percentage", 50))))
    assert "property: sampling.percentage\nfound:    50\nwanted:   100" in report
    report = wrong(rule, stack(ACCOUNT, API, generic(changed("sampling", None))))
    assert "property: properties.sampling.percentage\nfound:    not set" in report
    assert unknown(rule, stack(ACCOUNT, API, typed(changed("sampling.percentage", UNKNOWN))))


def test_short_bodies_are_refused() -> None:
    rule = api_logging.logs_every_call
    short = stack(ACCOUNT, API, generic(changed("backend.request.body.bytes", 1024)))
    assert "property: properties.backend.request.body.bytes\nfound:    [1024]" in wrong(rule, short)
    assert passes(rule, short, bodyBytes=1024)
    assert passes(rule, short, capture="metadata")
    assert "8192" in wrong(rule, stack(ACCOUNT, API, typed(changed("frontend.request", None))))
    hidden = typed(changed("frontend.request.body", UNKNOWN))
    assert unknown(rule, stack(ACCOUNT, API, hidden))


def test_bodies_of_responses_are_demanded_only_where_they_are_asked_for() -> None:
    rule = api_logging.logs_every_call
    whole = stack(ACCOUNT, API, typed())
    assert passes(rule, whole)
    report = wrong(rule, whole, responseBodies="all")
    assert "frontend.response.body.bytes, backend.response.body.bytes" in report


def test_what_holds_streams_back_is_refused() -> None:
    rule = api_logging.lets_streams_through
    logged = stack(ACCOUNT, API, typed(changed("backend.response.body.bytes", 8192)))
    assert "property: backend.response.body.bytes\nfound:    8192" in wrong(rule, logged)
    assert passes(rule, logged, responseBodies="all")
    assert passes(rule, logged, exempt=["ch*"])
    assert unknown(rule, stack(ACCOUNT, API, typed(changed("backend.response", UNKNOWN))))
    assert passes(rule, stack(ACCOUNT, API, typed(), unknown_policy()))

    def with_backend(forward: str, *more: Resource) -> Any:
        text = policy(TO_MODEL).props["value"].replace("<base />", forward)
        return stack(ACCOUNT, API, typed(), policy(value=text), *more)

    def of_all_apis(buffers: str) -> Resource:
        forward = f'<forward-request buffer-response="{buffers}" />'
        return policy(level="", value=f"<policies><backend>{forward}</backend></policies>")

    assert passes(rule, with_backend('<forward-request timeout="9" buffer-response="false" />'))
    assert "no forward-request" in wrong(rule, with_backend("<base />"))
    either = (
        '<choose><when condition="@(true)">{0}</when><otherwise>{0}</otherwise></choose>'
    ).format('<forward-request buffer-response="false" />')
    assert passes(rule, with_backend(either))
    assert "without it" in wrong(rule, with_backend(f"{either}<forward-request />"))
    assert passes(rule, with_backend("<base />", of_all_apis("false")))
    buffered = with_backend("<base />", of_all_apis("true"))
    assert 'found:    buffer-response="true"' in wrong(rule, buffered)
    assert "without it" in wrong(rule, with_backend("<forward-request />"))
    assert '"true"' in wrong(rule, with_backend('<forward-request buffer-response="true" />'))


def test_messages_must_be_logged() -> None:
    rule = api_logging.logs_every_call
    report = wrong(rule, stack(ACCOUNT, API, typed(changed("largeLanguageModel", None))))
    assert "pulumi package add azure-native apimanagement" in report
    half = generic(changed("largeLanguageModel.responses", None))
    report = wrong(rule, stack(ACCOUNT, API, half))
    assert "property: properties.largeLanguageModel.responses.messages" in report
    assert passes(rule, stack(ACCOUNT, API, half), capture="metadata")


def test_messages_are_logged_whole() -> None:
    rule = api_logging.logs_every_call
    for half in ("requests", "responses"):
        cut = stack(ACCOUNT, API, generic(changed(f"largeLanguageModel.{half}.maxSizeInBytes", 1)))
        report = wrong(rule, cut)
        assert f"property: properties.largeLanguageModel.{half}.maxSizeInBytes" in report
        assert "found:    1\nwanted:   at least 32768" in report
        assert passes(rule, cut, messageBytes=1)
        assert passes(rule, cut, capture="metadata")
    hidden = generic(changed("largeLanguageModel.requests.maxSizeInBytes", UNKNOWN))
    assert unknown(rule, stack(ACCOUNT, API, hidden))
    assert len(said(rule(stack(ACCOUNT, API, generic()), {"messageBytes": 262144}))) == 2


def test_the_diagnostic_of_an_existing_or_an_exempt_api() -> None:
    rule = api_logging.logs_every_call
    sampled = typed(changed("sampling.percentage", 1), api="existing")
    assert "1\n" in wrong(rule, stack(ACCOUNT, sampled))
    mine = typed(changed("sampling.percentage", 1))
    assert passes(rule, stack(ACCOUNT, API, mine), exempt=["chat"])


def test_unmasked_secrets_are_refused() -> None:
    rule = masking.secrets_masked
    unmasked = generic(changed("frontend.request.dataMasking.headers", []))
    report = wrong(rule, stack(API, unmasked))
    assert "property: properties.frontend.request.dataMasking.headers" in report
    assert "Authorization and for api-key" in report
    query = typed(changed("backend.request.dataMasking.queryParams", None))
    assert "subscription-key" in wrong(rule, stack(API, query))
    shown = changed("frontend.response.headers", ["authorization"])
    shown["frontend"]["response"]["dataMasking"] = None
    assert "frontend.response" in wrong(rule, stack(API, typed(shown)))
    assert said(rule(stack(API, typed()), {"headers": ["x-token"]})) == [
        "diagnostic frontend.request.dataMasking.headers wrong",
        "diagnostic backend.request.dataMasking.headers wrong",
    ]
    later = typed(changed("frontend.request.dataMasking", UNKNOWN))
    assert unknown(rule, stack(API, later))


def test_what_the_api_takes_keys_in_is_masked() -> None:
    rule = masking.secrets_masked
    default = resource("apimanagement:Api", {"apiId": "chat", "serviceName": "gw"}, "api")
    whole = {"apiId": None, "diagnosticId": "azuremonitor", "serviceName": "gw"}
    of_gateway = resource("apimanagement:Diagnostic", {**PROPERTIES, **whole}, "whole")
    for subject in (stack(default, typed()), stack(typed()), stack(default, of_gateway)):
        reports = [str(finding) for finding in rule(subject, {})]
        assert len(reports) == 2
        assert all("a mask for Ocp-Apim-Subscription-Key" in report for report in reports)
    assert passes(rule, stack(API, of_gateway))
    named_later = {**PROPS, "subscriptionKeyParameterNames": UNKNOWN}
    assert unknown(rule, stack(resource("apimanagement:Api", named_later, "api"), typed()))
