"""Policies around the stack's own, at every scope: which change its calls and which do not."""

from __future__ import annotations

import pytest

from tests.check.arm import API, GATEWAY, POLICY, Arm
from tests.check.ways import (
    AROUND,
    CONDITIONS,
    ELSEWHERE,
    HARMLESS,
    HERE,
    STATEMENTS,
    UNCLEAR,
    document,
    judged,
    verdict,
)

CHANGES = [
    "<set-body>x</set-body>",
    "<find-and-replace from='a' to='b' />",
    "<rewrite-uri template='/x' />",
    "<mock-response />",
    "<return-response><set-status code='200' /></return-response>",
    "<return-response />",
    "<cache-lookup vary-by-developer='false' />",
    "<proxy url='https://p.example' />",
    "<send-one-way-request mode='copy'><set-url>https://a.example</set-url></send-one-way-request>",
    f"<send-request><set-url>{HERE}</set-url></send-request>",
    "<set-query-parameter name='api-version'><value>1</value></set-query-parameter>",
    "<set-header name='Content-Type'><value>x</value></set-header>",
]


@pytest.mark.parametrize("condition", ["always", "when"])
@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", CHANGES)
def test_a_policy_around_the_stacks_own_that_changes_its_calls_fails(
    place: str, statement: str, condition: str
) -> None:
    world = Arm()
    world.resources[f"{API}/operations/chat"] = {"properties": {}}
    world.resources[AROUND[place]] = document(CONDITIONS[condition].format(statement))
    found = judged(world)
    assert found.differences
    assert {"service": "all APIs", "product": "product aoai", "operation": "operation chat"}[
        place
    ] in str(found.differences[0])


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('@(context.Request.Method == "OPTIONS")', "seen"),
        ('@(context.Request.Method=="HEAD")', "seen"),
        ('@(context.Request.Method == "OPTIONS" || true)', "failed"),
        ('@(context.Request.Method == "POST")', "failed"),
    ],
)
def test_answers_to_browsers_and_probes_change_no_call(condition: str, status: str) -> None:
    world = Arm()
    answer = f"<choose><when condition='{condition}'><return-response /></when></choose>"
    world.resources[AROUND["service"]] = document(answer)
    assert verdict(world) == status


def test_a_formatter_of_errors_and_a_second_deletion_of_the_key_change_none() -> None:
    world = Arm()
    text = document("<set-header name='api-key' exists-action='delete' />")["properties"]["value"]
    formatter = (
        "<on-error><set-header name='Content-Type' exists-action='override'>"
        "<value>application/json</value></set-header><set-body>x</set-body></on-error>"
    )
    kept = "<outbound><base /><set-header name='Content-Type' exists-action='skip'>"
    kept += "<value>text/plain</value></set-header></outbound>"
    text = text.replace("</policies>", f"{kept}{formatter}</policies>")
    world.resources[AROUND["service"]] = {"properties": {"format": "rawxml", "value": text}}
    assert verdict(world) == "seen", judged(world)


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", HARMLESS)
def test_one_that_refuses_or_counts_them_does_not(place: str, statement: str) -> None:
    """A refusal that the check's own calls may not meet is not judged."""
    world = Arm()
    world.resources[f"{API}/operations/chat"] = {"properties": {}}
    world.resources[AROUND[place]] = document(statement)
    after = place == "operation" and "set-backend" in statement
    hidden = "jwt" in statement or (place == "operation" and "403" in statement)
    assert verdict(world) == ("failed" if after else "unjudged" if hidden else "seen")


@pytest.mark.parametrize("place", AROUND)
@pytest.mark.parametrize("statement", UNCLEAR)
def test_what_is_not_understood_around_the_stacks_own_is_not_passed(
    place: str, statement: str
) -> None:
    """A backend that a wider scope sets is set anew by the API's own policy, whatever it was."""
    world = Arm()
    world.resources[f"{API}/operations/chat"] = {"properties": {}}
    world.resources[AROUND[place]] = document(UNCLEAR[statement])
    world.resources[f"{GATEWAY}/backends/one"] = {"properties": {"url": ELSEWHERE}}
    anew = place != "operation" and "set-backend-service" in UNCLEAR[statement]
    assert (verdict(world) == "seen") == anew


def test_callers_sent_elsewhere_by_the_stacks_own_policy_fail() -> None:
    world = Arm()
    some = CONDITIONS["when"].format(STATEMENTS["base-url"].format(url=ELSEWHERE))
    text = str(world.resources[POLICY]["properties"]["value"]).replace(
        "</inbound>", f"{some}</inbound>"
    )
    world.set(POLICY, "value", text)
    assert "other.example" in str(judged(world).differences)
