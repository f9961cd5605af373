"""The policy document calls the account with the gateway's own identity."""

from __future__ import annotations

import re
from typing import Any

import pytest
from defusedxml import ElementTree

from components.openai_api import policy
from sandbox.policy_text import as_xml

AUDIENCE = "https://cognitiveservices.azure.com"
BACKEND = "https://oai-x.openai.azure.com/openai"


def rendered(audience: str = AUDIENCE, backend_url: str = BACKEND) -> Any:
    """The document, its raw expressions escaped as Azure reads them."""
    text = policy.render(audience=audience, backend_url=backend_url, timeout=600)
    return ElementTree.fromstring(as_xml(text, "rawxml"))


def test_streams_pass_unbuffered_by_the_only_forward_request() -> None:
    """A second one, by `<base />`, would send each call twice."""
    (forward,) = rendered().find("backend")
    assert forward.tag == "forward-request"
    wanted = {"timeout": "600", "buffer-request-body": "false", "buffer-response": "false"}
    assert dict(forward.attrib) == wanted


def test_only_what_comes_whole_is_read() -> None:
    (_, choose) = rendered().find("outbound")
    (when,) = choose
    assert '.StartsWith("application/json")' in when.get("condition")
    (name,) = {header.get("name") for header in choose.iter("set-header")}
    assert name == policy.ACCOUNTING_HEADER


def test_caller_credentials_go_before_the_gateway_authenticates() -> None:
    policy = rendered()
    inbound = [(child.tag, dict(child.attrib)) for child in policy.find("inbound")]
    delete = {"exists-action": "delete"}
    assert inbound.pop(5) == ("set-variable", {"name": "readable-length", "value": "^[0-9]*$"})
    inbound[5][1].pop("value")
    assert inbound == [
        ("base", {}),
        ("set-header", {"name": "api-key", **delete}),
        ("set-query-parameter", {"name": "subscription-key", **delete}),
        ("set-header", {"name": "Authorization", **delete}),
        ("set-header", {"name": "Accept-Encoding", **delete}),
        ("set-variable", {"name": "stored-responses"}),
        ("choose", {}),
        ("choose", {}),
        ("authentication-managed-identity", {"resource": AUDIENCE, "ignore-error": "false"}),
        ("set-backend-service", {"base-url": BACKEND}),
    ]


@pytest.mark.parametrize("length", [0, 999_999, 1_999_999, 2_089_999, 2_097_153, 30_000_000])
@pytest.mark.parametrize("tier", ["Developer", "Premium", "BasicV2", "StandardV2"])
def test_a_body_is_read_that_the_tier_can_hold(tier: str, length: int) -> None:
    text = policy.render(audience=AUDIENCE, backend_url=BACKEND, timeout=600, tier=tier)
    document: Any = ElementTree.fromstring(as_xml(text, "rawxml"))
    pattern = document.find("inbound/set-variable").get("value")
    wanted = length <= 2 * 1024 * 1024 or not tier.endswith("V2")
    assert bool(re.search(pattern, str(length))) == wanted
    assert re.search(pattern, "")


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
        policy.render(audience=AUDIENCE, backend_url=url, timeout=1)


def test_values_cannot_break_out_of_their_attribute() -> None:
    policy = rendered(audience='a"/><evil x="', backend_url="https://h/p&q")
    assert policy.find("inbound/authentication-managed-identity").get("resource") == 'a"/><evil x="'
    assert policy.find("inbound/set-backend-service").get("base-url") == "https://h/p&q"
