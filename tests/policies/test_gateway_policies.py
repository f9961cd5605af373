from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rules import gateway_policies as rules
from rules.resource import UNKNOWN, Resource

from tests.policies.harness import passes, resource, said, unknown, wrong

PRODUCT = Path(__file__).resolve().parents[2] / "policies" / "gateway" / "azure-openai.xml"
IDENTITY = '<authentication-managed-identity resource="https://cognitiveservices.azure.com" />'
DELETES = (
    '<set-header name="api-key" exists-action="delete" />',
    '<set-query-parameter name="subscription-key" exists-action="delete" />',
    '<set-header name="Authorization" exists-action="delete" />',
)


def policy(*inbound: str, **props: Any) -> Resource:
    text = f"<policies><inbound><base />{''.join(inbound)}</inbound></policies>"
    return resource("apimanagement:ApiPolicy", {"format": "rawxml", "value": text, **props})


def secret(text: str) -> str:
    """The report on a policy with that text, which does not repeat it."""
    return wrong(rules.hold_no_secret, policy(text))


def test_the_products_own_policy_passes() -> None:
    text = PRODUCT.read_text().replace("${audience}", "https://cognitiveservices.azure.com")
    own = policy(value=text)
    assert passes(rules.delete_credentials, own)
    assert passes(rules.hold_no_secret, own)


@pytest.mark.parametrize("left_out", range(3))
def test_each_credential_must_be_deleted(left_out: int) -> None:
    kept = [text for index, text in enumerate(DELETES) if index != left_out]
    assert passes(rules.delete_credentials, policy(*DELETES, IDENTITY))
    report = wrong(rules.delete_credentials, policy(*kept, IDENTITY))
    assert "is passed on" in report
    assert f"wanted:   {DELETES[left_out]} in inbound" in report


@pytest.mark.parametrize(
    "instead",
    [
        "<!-- {} -->",
        '<choose><when condition="@(true)"><choose><otherwise /></choose>{}</when></choose>',
    ],
)
def test_a_deletion_that_may_not_happen_does_not_count(instead: str) -> None:
    made = policy(instead.format(DELETES[0]), *DELETES[1:], IDENTITY)
    assert "api-key is passed on" in wrong(rules.delete_credentials, made)


def test_a_deletion_from_the_answer_does_not_count() -> None:
    late = policy(*DELETES[1:], IDENTITY, f"</inbound><outbound>{DELETES[0]}</outbound>")
    assert "api-key is passed on" in wrong(rules.delete_credentials, late)


def test_the_gateways_own_token_is_not_deleted() -> None:
    report = wrong(rules.delete_credentials, policy(*DELETES[:2], IDENTITY, DELETES[2]))
    assert "deleted after authentication-managed-identity" in report


def test_only_policies_that_call_a_model_must_delete() -> None:
    assert passes(rules.delete_credentials, policy('<rate-limit calls="9" renewal-period="1" />'))
    backend = '<set-backend-service base-url="https://contoso.openai.azure.com/openai" />'
    assert len(list(rules.delete_credentials(policy(backend), {}))) == 3
    assert unknown(rules.delete_credentials, policy(value=UNKNOWN))
    assert said(rules.delete_credentials(policy(backend), {"headers": [], "queryParams": []})) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '<set-header name="api-key" exists-action="override"><value>abc</value></set-header>',
            "a literal in set-header api-key",
        ),
        (
            '<set-header name="Authorization"><value>Bearer abc</value></set-header>',
            "a literal in set-header Authorization",
        ),
        (
            '<set-query-parameter name="code"><value>abc</value></set-query-parameter>',
            "a literal in set-query-parameter code",
        ),
        (
            '<authentication-basic username="u" password="abc" />',
            "a literal password in authentication-basic",
        ),
        ("<issuer-signing-keys><key>YWJj</key></issuer-signing-keys>", "a literal in key"),
        (f'<set-variable name="k" value="{"0a" * 16}" />', "an account key"),
        (f'<set-variable name="k" value="@("{"aB3" * 28}")" />', "an account key"),
        (f"<set-body>sk-{'abcd' * 6}</set-body>", "an OpenAI key"),
        ("<set-body>Endpoint=x;SharedAccessKey=abcdefghijk</set-body>", "a connection string"),
    ],
)
def test_literal_secrets_are_refused_and_not_repeated(text: str, words: str) -> None:
    report = secret(text)
    assert f"found:    {words} (not shown)" in report
    assert not any(value in report for value in ("abc", "YWJj", "0a0a", "aB3"))


@pytest.mark.parametrize(
    "text",
    [
        '<set-header name="api-key"><value>{{model-key}}</value></set-header>',
        '<set-header name="Authorization"><value>Bearer {{token}}</value></set-header>',
        '<set-header name="Authorization"><value>@("a" + context.User.Id)</value></set-header>',
        '<set-header name="x-region"><value>eastus</value></set-header>',
        '<authentication-basic username="u" password="{{password}}" />',
        '<validate-azure-ad-token tenant-id="11111111-2222-3333-4444-555555555555" />',
    ],
)
def test_what_is_no_secret_passes(text: str) -> None:
    assert passes(rules.hold_no_secret, policy(text))


def test_a_policy_that_cannot_be_read() -> None:
    assert unknown(rules.hold_no_secret, policy(value=UNKNOWN))
    link = policy(value="https://example.com/p.xml", format="rawxml-link")
    assert "a link to a document" in wrong(rules.hold_no_secret, link)
