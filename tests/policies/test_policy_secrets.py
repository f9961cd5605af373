from __future__ import annotations

from typing import Any

import pytest
from rules.policy_secrets import hold_no_secret
from rules.resource import UNKNOWN

from tests.policies.gateways import backend, named, policy
from tests.policies.harness import passes, unknown, wrong

HEX = "0A" * 16


def report(text: str) -> str:
    """The report on a policy with that text, which does not repeat it."""
    return wrong(hold_no_secret, policy(text))


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
            '<set-header name="api-key"><value>@("abcdefgh")</value></set-header>',
            "a literal in set-header api-key",
        ),
        (
            '<set-header name="sig"><value>@{ return "Bearer " + "abc"; }</value></set-header>',
            "a literal in set-header sig",
        ),
        (
            '<set-header name="x-gateway-secret"><value>abc</value></set-header>',
            "a literal in set-header x-gateway-secret",
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
        (f'<set-variable name="k" value="{HEX}" />', "an account key"),
        (f'<set-variable name="k" value="@("{"aB3" * 28}")" />', "an account key"),
        (f"<set-body>sk-{'abcd' * 6}</set-body>", "an OpenAI key"),
        ("<set-body>Endpoint=x;SharedAccessKey=abcdefghijk</set-body>", "a connection string"),
        ("<set-body>client_id=a&amp;client_secret=abcdef</set-body>", "a client secret"),
    ],
)
def test_literal_secrets_are_refused_and_not_repeated(text: str, words: str) -> None:
    found = report(text)
    assert f"found:    {words} (not shown)" in found
    assert not any(value in found for value in ("abc", "YWJj", "0a0a", "0A0A", "aB3"))


@pytest.mark.parametrize(
    "text",
    [
        '<set-header name="api-key"><value>{{model-key}}</value></set-header>',
        '<set-header name="Authorization"><value>Bearer {{token}}</value></set-header>',
        '<set-header name="Authorization"><value>@("a" + context.User.Id)</value></set-header>',
        '<set-header name="sig"><value>@(context.Get("sixteen-chars-xy"))</value></set-header>',
        '<set-header name="sig"><value>@($"Bearer {context.Variables["t"]}")</value></set-header>',
        '<set-header name="x-region"><value>eastus</value></set-header>',
        '<set-header name="idempotency-key"><value>abc</value></set-header>',
        '<authentication-basic username="u" password="{{password}}" />',
        '<validate-azure-ad-token tenant-id="11111111-2222-3333-4444-555555555555" />',
        '<validate-azure-ad-token tenant-id="11111111222233334444555555555555" />',
        "<set-url>https://login.microsoftonline.com/11111111222233334444555555555555/x</set-url>",
        "<set-body>client_id=a&amp;client_secret={{secret}}</set-body>",
        '<set-body>@("client_secret=" + context.Variables["s"])</set-body>',
    ],
)
def test_what_is_no_secret_passes(text: str) -> None:
    assert passes(hold_no_secret, policy(text))


def test_a_policy_that_cannot_be_read() -> None:
    assert unknown(hold_no_secret, policy(value=UNKNOWN))
    link = policy(value="https://example.com/p.xml", format="rawxml-link")
    assert "a link to a document" in wrong(hold_no_secret, link)


def credentials(**given: Any) -> Any:
    return backend(credentials=given)


def test_what_a_backend_adds_is_read() -> None:
    found = wrong(hold_no_secret, credentials(header={"api-key": ["abc"]}))
    assert "property: credentials.header.api-key\nfound:    a literal (not shown)" in found
    assert "abc" not in found
    assert "credentials.query.code" in wrong(hold_no_secret, credentials(query={"code": ["abc"]}))
    basic = {"scheme": "Basic", "parameter": "abc"}
    assert "authorization.parameter" in wrong(hold_no_secret, credentials(authorization=basic))
    assert "x-any" in wrong(hold_no_secret, credentials(header={"x-any": [HEX]}))
    assert "proxy.password" in wrong(hold_no_secret, backend(proxy={"password": "abc"}))
    assert passes(hold_no_secret, backend())
    assert passes(hold_no_secret, credentials(header={"api-key": ["{{key}}"], "x-any": ["1"]}))
    assert unknown(hold_no_secret, credentials(header={"api-key": [UNKNOWN]}))
    assert unknown(hold_no_secret, credentials(header=UNKNOWN))


def test_a_named_value_that_everybody_may_read() -> None:
    found = wrong(hold_no_secret, named("model-key", "abc"))
    assert "a secret that is not marked secret (not shown)" in found
    assert "abc" not in found
    assert "not marked" in wrong(hold_no_secret, named("other", HEX))
    assert passes(hold_no_secret, named("model-key", "abc", secret=True))
    vault = named("model-key", None, keyVault={"secretIdentifier": "https://v.example/secrets/k"})
    assert passes(hold_no_secret, vault)
    assert passes(hold_no_secret, named("host", "contoso.openai.azure.com"))
    assert unknown(hold_no_secret, named("model-key", UNKNOWN))
