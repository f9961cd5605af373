from __future__ import annotations

from copy import deepcopy

import pytest
from pack.api_policy import DIFFERENT, account_called, allowed
from pack.resource import UNKNOWN

from components.openai_api import policy
from components.openai_api.routing import TRIP_SECONDS, plan
from components.settings import policy_document
from components.settings.accounts import Account
from policies.gateway.reader import Element, parse
from tests.policies.harness import Shown, changed, example, said

NAME = "openai-api-policy"
TEXT = example()[NAME]["props"]["value"]
KEY, TOKEN = (
    f'<set-header name="{name}" exists-action="delete" />' for name in ("api-key", "Authorization")
)
IDENTITY = '<authentication-managed-identity resource="https://cognitiveservices.azure.com" '
LIMIT = (
    '<rate-limit-by-key calls="9" renewal-period="1" counter-key="@(context.Subscription.Id)" />'
)


def with_text(old: str, new: str) -> Shown:
    assert old in TEXT, old
    return changed(NAME, "value", TEXT.replace(old, new, 1))


def inside(element: Element, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """List the place of each statement, as indices from the document down."""
    below = [inside(child, (*path, index)) for index, child in enumerate(element.children)]
    return [*([path] if len(path) > 1 else []), *(one for several in below for one in several)]


def written(element: Element) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in element.attributes.items())
    text = "".join([element.text, *map(written, element.children)])
    return f"<{element.name}{attributes}>{text}</{element.name}>" if element.name else text


def document() -> Element:
    found = parse(TEXT)
    assert found is not None
    return found


def at(place: tuple[int, ...], inside: Element) -> Element:
    for index in place:
        inside = inside.children[index]
    return inside


@pytest.mark.parametrize("place", inside(document()))
def test_each_statement_must_be_there_with_each_of_its_attributes(place: tuple[int, ...]) -> None:
    def edited(*, name: str | None) -> str:
        made = document()
        if name is None:
            del at(place[:-1], made).children[place[-1]]
        else:
            at(place, made).attributes[name] = "hunter2"
        return written(made)

    def told(*, name: str | None) -> str:
        found = said(changed(NAME, "value", edited(name=name)))
        assert "api-policy" in found.refused
        return found.text

    assert said(changed(NAME, "value", written(document()))).refused == {}, "as it is"
    assert "restore it" in told(name=None)
    for name in [*at(place, document()).attributes, "unheard-of"]:
        assert "hunter2" not in told(name=name) or name == "name"


@pytest.mark.parametrize("section", ["inbound", "backend", "outbound", "on-error"])
def test_whatever_else_stands_in_a_section_is_refused_and_not_shown(section: str) -> None:
    secret = '<set-header name="x-gateway-secret"><value>hunter2</value></set-header>'
    told = said(with_text(f"</{section}>", f"{secret}</{section}>"))
    assert told.refused.keys() == {"api-policy"}
    assert f"property: value/policies/{section}\n" in told.text
    assert "found:    set-header x-gateway-secret (values are not shown)" in told.text
    assert "wanted:   no further statement" in told.text
    assert "hunter2" not in told.text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (KEY, "", 'wanted:   <set-header name="api-key" exists-action="delete">'),
        (KEY, f"<!-- {KEY} -->", 'wanted:   <set-header name="api-key" exists-action="delete">'),
        (f"{IDENTITY}", f"{TOKEN}{IDENTITY}", "found:    set-header Authorization"),
        ("cognitiveservices.azure.com", "example.com", "with another resource"),
        ('ignore-error="false"', 'ignore-error="true"', "with another ignore-error"),
        ('buffer-response="false"', 'buffer-response="true"', "with another buffer-response"),
        ("<forward-request", "<base /><forward-request", "found:    base"),
        ("oai-example.openai.azure.com/openai", "example.com", "with another base-url"),
        (
            'StartsWith("application/json")',
            'StartsWith("")',
            "found:    when with another condition",
        ),
        ('told.ToString(), "[^!-~]', 'answer.ToString(), "[^!-~]', "with another value"),
        ("accounting", "told", "set-variable told"),
        ('"accounting", ""))</value>', '"Body", ""))</value>', "with another text"),
    ],
)
def test_an_edit_is_named_where_it_stands(old: str, new: str, words: str) -> None:
    told = said(with_text(old, new))
    assert "api-policy" in told.refused
    assert words in told.text


@pytest.mark.parametrize("tier", ["Standard", "StandardV2"])
def test_the_readable_length_is_that_of_a_tier(tier: str) -> None:
    whole = policy.READABLE[""]
    mine = policy.READABLE["V2" if tier.endswith("V2") else ""]
    assert not said(with_text(f'value="{whole}"', f'value="{mine}"')).text
    told = said(with_text(f'value="{whole}"', 'value="^[0-9]{0,9}$"'))
    assert "set-variable readable-length with another value" in told.text


def test_the_gateway_waits_as_long_as_a_stack_may_set() -> None:
    for seconds in range(1, 3601):
        assert DIFFERENT["${timeout}"].fullmatch(f"{seconds}"), seconds
    for wrong in ("0", "", "00", "01", "3601", "3700", "4000", "10000", "1.5", "-1"):
        told = said(with_text('timeout="600"', f'timeout="{wrong}"'))
        assert told.refused.keys() == {"api-policy"}, wrong
        assert "forward-request with another timeout" in told.text


@pytest.mark.parametrize("place", ["<policies>", "</policies>"])
def test_text_around_the_policies_is_refused_and_not_shown(place: str) -> None:
    old, new = (place, f"hunter2 {place}") if place == "<policies>" else (place, f"{place} hunter2")
    told = said(with_text(old, new))
    assert told.refused.keys() == {"api-policy"}
    assert "found:    text (not shown)\nwanted:   <policies> and comments" in told.text
    assert "hunter2" not in told.text
    assert said(with_text(old, new.replace("hunter2", "<!-- hunter2 -->"))).refused == {}


def test_blanks_and_comments_mean_nothing() -> None:
    assert said(with_text("<inbound>", "<inbound>\n\n  <!-- the caller -->")).refused == {}


def test_statements_that_are_allowed_may_stand_anywhere_whole() -> None:
    limited = with_text("</inbound>", f"{LIMIT}</inbound>")
    assert "found:    rate-limit-by-key" in said(limited).text
    allowed = {"api-policy": {"statements": ["rate-limit-by-key"]}}
    assert said(limited, allowed).refused == {}
    assert said(with_text(KEY, LIMIT + KEY), allowed).refused == {}
    assert said(with_text(KEY, LIMIT), allowed).refused.keys() == {"api-policy"}


def test_a_policy_that_cannot_be_read() -> None:
    for text in ("", "<policies><inbound></policies>", "<policies />", 7):
        assert "api-policy" in said(changed(NAME, "value", text)).refused, text
    later = said(changed(NAME, "value", UNKNOWN))
    assert later.refused == {}
    assert later.unclear.keys() == {"api-policy", "connected"}
    assert "`pulumi up` evaluates it before the policy is made" in later.unclear["api-policy"]
    linked = said(changed(NAME, "format", "rawxml-link"))
    assert "property: format\n" in linked.text


def test_calls_go_to_the_stacks_own_account() -> None:
    told = said(with_text("//oai-example.", "//oai-another."))
    assert told.refused.keys() == {"connected"}
    assert 'found:    "oai-another"' in told.text
    assert account_called("<a />") == account_called("<a>") == ""
    later = said(changed("openai-account", "properties/customSubDomainName", UNKNOWN))
    assert "set-backend-service" in later.unclear["connected"]


ROUTE = """<when condition="${route}"><set-backend-service backend-id="${backend}" />
    <set-variable name="pool" value="${pool}" />
    <set-variable name="retries" value="${retries}" /></when>"""


@pytest.mark.parametrize("accounts", ["one", "several"])
def test_the_pack_allows_what_the_program_renders(accounts: str) -> None:
    template = policy_document.template(several=accounts == "several")
    models = [{"name": "chat", "model": "gpt-5.6-luna", "version": "2026-07-09", "capacity": 1}]
    names = ("weu", "swc")
    planned = plan("a", [Account.model_validate({"name": n, "deployments": models}) for n in names])
    assert planned
    refusal = policy.checks(planned).partition("</when>")[0] + "</when>"
    made = template.safe_substitute(
        accountingHeader=policy.ACCOUNTING_HEADER,
        tripSeconds=TRIP_SECONDS,
        checks=refusal + ROUTE.replace("route", "check"),
        routes=ROUTE,
        plans="",
    )
    ours, theirs = parse(made), deepcopy(allowed(accounts))
    assert ours
    for choice in theirs.all("choose"):
        choice.children = [
            one
            for one in choice.children
            if one.attributes.get("condition") not in {"${plan}", "${expired}"}
        ]
    assert written(theirs).split() == written(ours).split()


def rendered(without: str) -> str:
    """The policy of the example without a fragment."""
    off = frozenset({without, "plans", "called-deployment"})
    return policy_document.template(off).substitute(
        audience="https://cognitiveservices.azure.com",
        backendUrl="https://oai-example.openai.azure.com/openai",
        timeout=600,
        readableLength=policy.READABLE[""],
        accountingHeader="x-gateway-accounting",
    )


def test_a_stack_may_leave_streams_to_their_callers_where_the_pack_is_told_so() -> None:
    left = changed(NAME, "value", rendered("stream-usage"))
    assert "wanted:   <choose>" in said(left).text
    allowed = {"api-policy": {"streamUsage": "leave"}}
    assert said(left, allowed).refused == {}
    assert said(changed(NAME, "value", TEXT), allowed).refused == {}
    edited = with_text('"stream_options"', '"stream_option"')
    assert said(edited, allowed).refused.keys() == {"api-policy"}


def test_a_stack_may_share_stored_responses_where_the_pack_is_told_so() -> None:
    left = changed(NAME, "value", rendered("stored-responses"))
    assert 'wanted:   <set-variable name="stored-responses"' in said(left).text
    allowed = {"api-policy": {"storedResponses": "share"}}
    assert said(left, allowed).refused == {}
    half = with_text("<return-response>", "<return-response><set-status code='200' />")
    assert said(half, allowed).refused.keys() == {"api-policy"}
