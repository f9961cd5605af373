"""Policies around the stack's own that refuse some callers, or show none of them an error."""

from __future__ import annotations

import pytest

from tests.check.arm import POLICY, XML, Arm
from tests.check.ways import AROUND, around, judged, verdict

REFUSED = "<return-response><set-status code='403' /></return-response>"
WHEN = '<choose><when condition="@({})">{}</when></choose>'
AGENT = 'context.Request.Headers.GetValueOrDefault("User-Agent", "").Contains("OpenAI")'
BY_MORE = [
    "<ip-filter action='allow'><address>203.0.113.7</address></ip-filter>",
    "<ip-filter action='forbid'><address>203.0.113.7</address></ip-filter>",
    "<check-header name='x' failed-check-httpcode='401'><value>y</value></check-header>",
    "<validate-jwt header-name='Authorization' />",
    "<validate-client-certificate />",
    "<validate-azure-ad-token tenant-id='x' />",
    "<validate-content max-size='4096' size-exceeded-action='prevent' />",
    (
        "<validate-content max-size='4096' size-exceeded-action='ignore' "
        "unspecified-content-type-action='ignore'><content action='prevent' /></validate-content>"
    ),
    "<validate-parameters specified-parameter-action='@(\"prevent\")' />",
    "<llm-content-safety backend-id='safety' />",
    WHEN.format(AGENT, REFUSED),
    WHEN.format("context.Request.IpAddress == &quot;1&quot;", REFUSED),
    WHEN.format('context.Variables.ContainsKey("x")', REFUSED),
    WHEN.format('context.Operation.Id == "x"', REFUSED),
    WHEN.format("DateTime.UtcNow.Hour == 3", REFUSED),
    WHEN.format("context.Api.IsCurrentRevision", REFUSED),
    WHEN.format('context.Subscription.Id == "a"', WHEN.format(AGENT, REFUSED)),
    f"<choose><when condition='@({AGENT})' /><otherwise>{REFUSED}</otherwise></choose>",
    f"<choose><when condition='@{{ return true; }}'>{REFUSED}</when></choose>",
    WHEN.format(AGENT, "<rate-limit calls='1' renewal-period='60' />"),
    WHEN.format(AGENT, "<limit-concurrency key='k' max-count='1' />"),
    (
        "<rate-limit-by-key counter-key='x' renewal-period='60' "
        "calls='@(context.Request.IpAddress == \"1\" ? 0 : 9)' />"
    ),
    "<wait for='any'>" + REFUSED + "</wait>",
    "<return-response><set-status code='@(context.Response.StatusCode)' /></return-response>",
    "<return-response response-variable-name='r' />",
]
"""Statements that refuse calls, and not by their key alone."""
BY_KEY = [
    WHEN.format('context.Subscription.Id == "a"', REFUSED),
    WHEN.format("context.Product == null || context.Product.Name == &quot;b&quot;", REFUSED),
    WHEN.format('context.Subscription?.Name.ToLower() != "a"', REFUSED),
    WHEN.format('new [] { "a", "b" }.Contains(context.User.Id)', REFUSED),
    WHEN.format('context.Api.Id == "another"', REFUSED),
    WHEN.format("true", REFUSED),
    WHEN.format('context.Product.Name == "gold"', "<llm-token-limit tokens-per-minute='9' />"),
    (
        "<rate-limit-by-key counter-key='@(context.Request.IpAddress)' calls='9' "
        "renewal-period='9' increment-condition='@(context.Response.StatusCode == 200)' />"
    ),
    "<quota calls='1000' renewal-period='3600' />",
    "<limit-concurrency key='@(context.Subscription.Id)' max-count='9' />",
    (
        "<validate-content max-size='4096' size-exceeded-action='detect' "
        "unspecified-content-type-action='ignore'><content action='detect' /></validate-content>"
    ),
    "<cors><allowed-origins><origin>*</origin></allowed-origins></cors>",
]
"""Those that keys decide, or that refuse nobody."""


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", BY_MORE)
def test_a_refusal_by_more_than_the_key_is_not_judged(place: str, statement: str) -> None:
    found = judged(around(place, statement))
    assert found.differences == ()
    said = [one for one in found.unclear if one.rpartition(": ")[0].count(" in the policy of ")]
    assert said == list(found.unclear) != [], "a stable part: the statement and its place"


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", BY_KEY)
def test_a_refusal_by_the_key_is_shown_by_calls(place: str, statement: str) -> None:
    assert verdict(around(place, statement)) == "seen"


def test_what_the_apis_own_policy_refuses_is_compared_by_drift() -> None:
    made = Arm()
    for statement in BY_MORE[:2] + BY_MORE[10:13]:
        made.set(POLICY, "value", XML.replace("<base />", f"<base />{statement}"))
        assert verdict(made) == "seen", statement


@pytest.mark.parametrize("place", [*AROUND, "own"])
@pytest.mark.parametrize(
    ("statement", "ends"),
    [
        ("<return-response><set-status code='200' /></return-response>", "failed"),
        ("<return-response />", "failed"),
        ("<return-response><set-status code='302' /></return-response>", "failed"),
        ("<set-status code='200' reason='OK' />", "failed"),
        ("<mock-response />", "failed"),
        (WHEN.format(AGENT, "<set-status code='200' reason='OK' />"), "failed"),
        ("<set-status code='@(context.Response.StatusCode)' reason='x' />", "unjudged"),
        ("<return-response response-variable-name='r' />", "unjudged"),
        ("<return-response><set-status code='503' /></return-response>", "seen"),
        ("<set-status code='502' reason='x' />", "seen"),
        ("<set-body>sorry</set-body>", "seen"),
    ],
)
def test_an_error_that_callers_do_not_see_fails(place: str, statement: str, ends: str) -> None:
    if place == "own":
        made, end = Arm(), f"<on-error>{statement}</on-error></policies>"
        made.set(POLICY, "value", XML.replace("</policies>", end))
    else:
        made = around(place, statement, "on-error")
    assert verdict(made) == ends
