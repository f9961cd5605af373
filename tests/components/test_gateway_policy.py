"""The policy document calls the account with the gateway's own identity."""

from __future__ import annotations

import pytest
from defusedxml import ElementTree

from components import gateway_policy

AUDIENCE = "https://cognitiveservices.azure.com"
BACKEND = "https://oai-x.openai.azure.com/openai"


def test_caller_credentials_go_before_the_gateway_authenticates() -> None:
    policy = ElementTree.fromstring(gateway_policy.render(audience=AUDIENCE, backend_url=BACKEND))
    inbound = [(child.tag, dict(child.attrib)) for child in policy.find("inbound")]
    delete = {"exists-action": "delete"}
    assert inbound == [
        ("base", {}),
        ("set-header", {"name": "api-key", **delete}),
        ("set-query-parameter", {"name": "subscription-key", **delete}),
        ("set-header", {"name": "Authorization", **delete}),
        ("authentication-managed-identity", {"resource": AUDIENCE, "ignore-error": "false"}),
        ("set-backend-service", {"base-url": BACKEND}),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "oai-x.openai.azure.com/openai",
        "https://https://oai-x.openai.azure.com/openai",
        "https://oai-x.openai.azure.com//openai",
        "https://oai-x.openai.azure.com/openai/",
    ],
)
def test_malformed_backend_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="backend URL"):
        gateway_policy.render(audience=AUDIENCE, backend_url=url)


def test_values_cannot_break_out_of_their_attribute() -> None:
    text = gateway_policy.render(audience='a"/><evil x="', backend_url="https://h/p&q")
    policy = ElementTree.fromstring(text)
    assert policy.find("inbound/authentication-managed-identity").get("resource") == 'a"/><evil x="'
    assert policy.find("inbound/set-backend-service").get("base-url") == "https://h/p&q"
