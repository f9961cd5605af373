from __future__ import annotations

import json
from typing import Any

from rules import api_logging, masking
from rules.resource import UNKNOWN, Resource

from tests.policies.harness import linked, passes, resource, said, stack, unknown, wrong

ACCOUNT = resource("cognitiveservices:Account", name="account")
API = resource("apimanagement:Api", {"apiId": "chat", "serviceName": "gw"}, "api")
MASKS = {
    "headers": [{"mode": "Mask", "value": "Authorization"}, {"mode": "Hide", "value": "API-KEY"}],
    "queryParams": [{"mode": "Mask", "value": "subscription-key"}],
}
MESSAGE = {"body": {"bytes": 8192}, "headers": [], "dataMasking": MASKS}
PROPERTIES = {
    "sampling": {"samplingType": "fixed", "percentage": 100},
    "frontend": {"request": MESSAGE, "response": MESSAGE},
    "backend": {"request": MESSAGE, "response": MESSAGE},
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
        assert passes(masking.secrets_masked, diagnostic)


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


def test_a_model_is_known_by_its_host() -> None:
    rule = api_logging.has_own_diagnostic
    url = "https://contoso.openai.azure.com/openai"
    for other in (
        resource("apimanagement:Backend", {"url": url}),
        resource("apimanagement:ApiPolicy", {"value": f'<set-backend-service base-url="{url}" />'}),
        resource("apimanagement:ApiPolicy", {"value": UNKNOWN}),
    ):
        assert "not set" in wrong(rule, stack(API, other))


def test_a_sample_is_refused() -> None:
    rule = api_logging.logs_every_call
    report = wrong(rule, stack(ACCOUNT, API, typed(changed("sampling.percentage", 50))))
    assert "property: sampling.percentage\nfound:    50\nwanted:   100" in report
    report = wrong(rule, stack(ACCOUNT, API, generic(changed("sampling", None))))
    assert "property: properties.sampling.percentage\nfound:    not set" in report
    assert unknown(rule, stack(ACCOUNT, API, typed(changed("sampling.percentage", UNKNOWN))))


def test_short_bodies_are_refused() -> None:
    rule = api_logging.logs_every_call
    short = stack(ACCOUNT, API, generic(changed("backend.response.body.bytes", 1024)))
    assert "property: properties.backend.response.body.bytes\nfound:    [1024]" in wrong(
        rule, short
    )
    assert passes(rule, short, bodyBytes=1024)
    assert passes(rule, short, capture="metadata")
    assert "8192" in wrong(rule, stack(ACCOUNT, API, typed(changed("frontend.request", None))))
    hidden = typed(changed("frontend.request.body", UNKNOWN))
    assert unknown(rule, stack(ACCOUNT, API, hidden))


def test_messages_must_be_logged() -> None:
    rule = api_logging.logs_every_call
    report = wrong(rule, stack(ACCOUNT, API, typed(changed("largeLanguageModel", None))))
    assert "azure-native:resources:Resource" in report
    half = generic(changed("largeLanguageModel.responses", None))
    report = wrong(rule, stack(ACCOUNT, API, half))
    assert "property: properties.largeLanguageModel.responses.messages" in report
    assert passes(rule, stack(ACCOUNT, API, half), capture="metadata")


def test_the_diagnostic_of_an_existing_or_an_exempt_api() -> None:
    rule = api_logging.logs_every_call
    sampled = typed(changed("sampling.percentage", 1), api="existing")
    assert "1\n" in wrong(rule, stack(ACCOUNT, sampled))
    mine = typed(changed("sampling.percentage", 1))
    assert passes(rule, stack(ACCOUNT, API, mine), exempt=["chat"])


def test_unmasked_secrets_are_refused() -> None:
    rule = masking.secrets_masked
    report = wrong(rule, generic(changed("frontend.request.dataMasking.headers", [])))
    assert "property: properties.frontend.request.dataMasking.headers" in report
    assert "Authorization and for api-key" in report
    report = wrong(rule, typed(changed("backend.request.dataMasking.queryParams", None)))
    assert "subscription-key" in report
    shown = changed("frontend.response.headers", ["authorization"])
    shown["frontend"]["response"]["dataMasking"] = None
    assert "frontend.response" in wrong(rule, typed(shown))
    assert said(rule(typed(), {"headers": ["x-token"]})) == [
        "diagnostic frontend.request.dataMasking.headers wrong",
        "diagnostic backend.request.dataMasking.headers wrong",
    ]
    assert unknown(rule, typed(changed("frontend.request.dataMasking", UNKNOWN)))
