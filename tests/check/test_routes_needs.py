"""What the API's own policy decides by is nobody else's to change, nor by what an account does."""

from __future__ import annotations

import pytest

from tests.check.arm import POLICY, XML
from tests.check.ways import AROUND, around, judged, verdict

OWN = XML.replace(
    "<outbound>",
    '<outbound><choose><when condition="@(context.Variables.GetValueOrDefault<string>("pool", "") '
    '!= "" && context.Request.Headers.GetValueOrDefault("Content-Length", "") != "")">'
    '<set-header name="x" exists-action="override"><value>1</value></set-header></when></choose>',
    1,
)
"""The stack's own policy, which reads a variable and a header."""
CHANGES = {
    "<set-variable name='pool' value='x' />": "the variable pool",
    "<set-variable name='Pool' value='x' />": "the variable pool",
    "<cache-lookup-value key='k' variable-name='pool' />": "the variable pool",
    "<rate-limit calls='9' renewal-period='9' remaining-calls-variable-name='pool' />": (
        "the variable pool"
    ),
    "<choose><when condition='@(true)'><set-variable name='pool' value='x' /></when></choose>": (
        "the variable pool"
    ),
    "<set-header name='Content-Length' exists-action='delete' />": "content-length",
    "<set-header name='x-policy-id'><value>weak</value></set-header>": "x-policy-id",
    "<set-header name='X-MS-Spillover-Deployment'><value>x</value></set-header>": (
        "x-ms-spillover-deployment"
    ),
}
LEAVES = (
    "<set-variable name='pools' value='x' />",
    "<set-header name='x-correlation-id'><value>x</value></set-header>",
    "<set-header name='x-policy-id' exists-action='delete' />",
)


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", CHANGES)
def test_what_the_own_policy_reads_is_not_changed_around_it(place: str, statement: str) -> None:
    made = around(place, statement)
    made.resources[POLICY]["properties"]["value"] = OWN
    found = judged(made)
    assert CHANGES[statement] in str(found.differences), found


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", LEAVES)
def test_the_rest_may_be_changed(place: str, statement: str) -> None:
    made = around(place, statement)
    made.resources[POLICY]["properties"]["value"] = OWN
    assert verdict(made) == "seen"


def test_a_variable_that_a_secret_names_is_not_judged() -> None:
    made = around("product", "<set-variable name='{{secret}}' value='x' />")
    made.resources[POLICY]["properties"]["value"] = OWN
    assert verdict(made) == "unjudged"


BY_TOKEN = XML.replace(
    "<base />",
    '<base /><validate-jwt header-name="Authorization" failed-validation-httpcode="401">'
    '<openid-config url="https://x/.well-known/openid-configuration" /></validate-jwt>',
    1,
)
"""The stack's own policy, which lets callers in by their tokens."""
CALLER_IS = "authorization, which the API's own policy reads"
CREDENTIALS = {
    "<set-header name='Authorization'><value>Bearer x</value></set-header>": CALLER_IS,
    "<choose><when condition='@(true)'><set-header name='authorization' exists-action='skip'>"
    "<value>Bearer x</value></set-header></when></choose>": CALLER_IS,
    "<authentication-managed-identity resource='https://x' />": CALLER_IS,
    "<authentication-basic username='u' password='p' />": CALLER_IS,
}


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", CREDENTIALS)
def test_no_statement_around_gives_a_call_the_token_of_a_consumer(
    place: str, statement: str
) -> None:
    made = around(place, statement)
    made.resources[POLICY]["properties"]["value"] = BY_TOKEN
    assert CREDENTIALS[statement] in str(judged(made).differences)


@pytest.mark.parametrize("place", AROUND)
def test_a_token_that_is_only_kept_changes_none(place: str) -> None:
    kept = "<authentication-managed-identity resource='https://x' output-token-variable-name='t' />"
    made = around(place, kept)
    made.resources[POLICY]["properties"]["value"] = BY_TOKEN
    assert CALLER_IS not in str(judged(made).differences)
