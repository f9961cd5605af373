"""The stack's own API runs all of its policy, once, in each revision and under each operation."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from components.openai_api import policy
from policies.gateway.reader import EXPRESSIONS, Element, parse
from tests.check.arm import API, GATEWAY, POLICY, XML, Arm, Json
from tests.check.ways import AROUND, CONDITIONS, judged, verdict

REVISION = f"{API};rev=2"
CHAT = {"method": "POST", "urlTemplate": "/chat?api-version={api-version}"}
SECTIONS = ("inbound", "backend", "outbound", "on-error")
MORE: dict[str, Any] = {
    "protocols": ["https"],
    "authenticationSettings": {"oAuth2": None, "openid": None},
    "type": "http",
    "isCurrent": True,
    "apiVersion": "",
}


def world(**changed: Any) -> Arm:
    """A deployment with an operation, and a second revision that is online; some is changed."""
    made = Arm()
    made.resources[API]["properties"] |= MORE
    made.resources[f"{API}/operations/chat"] = {"properties": CHAT}
    theirs = made.resources[API]["properties"] | {"isCurrent": False, "description": "next"}
    made.resources |= {
        f"{API}/revisions/1": {"apiRevision": "1", "isOnline": True, "isCurrent": True},
        f"{API}/revisions/2": {"apiRevision": "2", "isOnline": True, "isCurrent": False},
        REVISION: {"name": "miyagi-api;rev=2", "properties": theirs | changed},
        f"{REVISION}/operations/chat": {"properties": copy.deepcopy(CHAT)},
        f"{REVISION}/policies/policy": copy.deepcopy(made.resources[POLICY]),
    }
    return made


def written(element: Element) -> str:
    """The document of an element, in other blanks and without comments."""
    if not element.name:
        return "".join(map(written, element.children))
    given = "".join(f" {key}={_quoted(value)}" for key, value in element.attributes.items())
    inside = element.text + "".join(map(written, element.children))
    return f"<{element.name}{given}>{inside}</{element.name}>"


def _quoted(value: str) -> str:
    if not value.startswith(EXPRESSIONS):
        value = value.replace('"', "&quot;")
    return f'"{value}"'


def document(text: str = XML) -> Element:
    made = parse(text)
    assert made
    return made


def below(element: Element) -> Iterator[tuple[Element, int]]:
    """Every statement of the sections, with its place in what holds it."""
    for place, child in enumerate(element.children):
        if child.name not in {"policies", *SECTIONS, "base"}:
            yield element, place
        yield from below(child)


def other_policies(text: str = XML) -> dict[str, str]:
    """The stack's own policy with one statement dropped, or one attribute or text otherwise."""
    made = dict[str, str]()
    for number, _ in enumerate(below(document(text))):
        root = document(text)
        holder, place = list(below(root))[number]
        one = holder.children.pop(place)
        title = f"{number} {one.name}"
        made[f"{title} dropped"] = written(root)
        holder.children.insert(place, Element("choose", children=[Element("when", {}, [one])]))
        if one.name not in {"when", "value"}:
            made[f"{title} under a condition"] = written(root)
        for name in one.attributes:
            holder.children[place] = changed = copy.deepcopy(one)
            changed.attributes[name] = "@(1)" if "@" in one.attributes[name] else "other"
            made[f"{title} {name}"] = written(root)
    return made


OTHERS = other_policies()


def test_a_revision_that_is_as_the_current_one_is_seen() -> None:
    made = world()
    made.set(f"{REVISION}/policies/policy", "value", written(document()))
    found = judged(made)
    assert (found.differences, found.unclear) == ((), ())
    assert found.said.startswith("of 2 APIs and revisions none")


@pytest.mark.parametrize("name", ["path", "subscriptionRequired", *MORE, "anything"])
def test_a_property_of_a_revision_that_is_otherwise_fails(name: str) -> None:
    was = world().resources[API]["properties"].get(name)
    other: Any = not was if isinstance(was, bool) else {"oAuth2": {"id": "x"}} if was else "other"
    made = world(**{name: other})
    label = name == "isCurrent"
    assert verdict(made) == ("seen" if label else "failed")
    made.resources[f"{API}/revisions/2"]["isOnline"] = False
    assert verdict(made) == "seen"


@pytest.mark.parametrize("name", ["path", "subscriptionRequired", *MORE])
def test_a_property_of_a_revision_that_is_not_told_is_not_judged(name: str) -> None:
    told = name in {"path", "subscriptionRequired", "protocols"}
    assert verdict(world(**{name: None})) == ("unjudged" if told else "seen")


@pytest.mark.parametrize("name", ["header", "query"])
def test_a_revision_with_another_name_of_the_key_fails(name: str) -> None:
    made = world()
    made.set(REVISION, "subscriptionKeyParameterNames", {"header": "api-key"} | {name: "other"})
    assert "subscriptionKeyParameterNames of the revision" in str(judged(made).differences)


@pytest.mark.parametrize("other", OTHERS)
def test_a_revision_whose_policy_is_otherwise_fails(other: str) -> None:
    """Each statement of the stack's own policy: dropped, conditional, each attribute otherwise."""
    made = world()
    made.set(f"{REVISION}/policies/policy", "value", OTHERS[other])
    assert verdict(made) == "failed"


def test_the_policy_that_the_program_writes_is_run_whole() -> None:
    whole = policy.render(
        audience="https://cognitiveservices.azure.com",
        backend_url="https://oai-x.openai.azure.com/openai",
        timeout=600,
    )
    made = world()
    made.set(POLICY, "value", whole)
    made.set(f"{REVISION}/policies/policy", "value", written(document(whole)))
    made.resources[AROUND["operation"]] = around("inbound", "<base />")
    assert verdict(made) == "seen"
    for name, other in other_policies(whole).items():
        made.set(f"{REVISION}/policies/policy", "value", other)
        assert verdict(made) == "failed", name


@pytest.mark.parametrize(
    "statement",
    [
        "<set-body>another prompt</set-body>",
        "<set-header name='Content-Type'><value>x</value></set-header>",
        "<authentication-managed-identity resource='https://x' client-id='another' />",
        "<set-query-parameter name='api-version'><value>1</value></set-query-parameter>",
    ],
)
def test_what_a_revision_does_beside_the_current_ones_policy_fails(statement: str) -> None:
    made = world()
    for place in ("</inbound>", "<set-variable"):
        text = XML.replace(place, f"{statement}{place}", 1)
        made.set(f"{REVISION}/policies/policy", "value", text)
        assert verdict(made) == "failed", place
    made.resources.pop(f"{REVISION}/policies/policy")
    assert verdict(made) == "failed"


def test_a_revision_that_refuses_calls_is_not_passed() -> None:
    """The check calls the current revision alone."""
    made = world()
    refusal = "<return-response><set-status code='403' /></return-response>"
    made.set(f"{REVISION}/policies/policy", "value", XML.replace("<base />", f"<base />{refusal}"))
    assert verdict(made) == "unjudged"


def test_operations_of_a_revision_are_those_of_the_current_one() -> None:
    made = world()
    own = f"{REVISION}/operations/chat"
    made.set(own, "urlTemplate", "/chat")
    assert "operation post /chat of the revision" in str(judged(made).differences)
    made.resources.pop(own)
    assert "is missing" in str(judged(made).differences[0])


def around(section: str, inside: str) -> Json:
    """A policy that runs wider ones everywhere but, if `inside` says so, in one section."""
    parts = "".join(
        f"<{name}>{inside if name == section else '<base />'}</{name}>" for name in SECTIONS
    )
    return {"properties": {"value": f"<policies>{parts}</policies>"}}


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("inside", ["", *(c.format("<base />") for c in CONDITIONS.values())])
def test_an_operation_that_does_not_surely_run_the_apis_own_policy_fails(
    section: str, inside: str
) -> None:
    made = Arm()
    own = XML.replace("</policies>", "<on-error><set-variable name='x' value='y' /></on-error>")
    made.set(POLICY, "value", f"{own}</policies>")
    made.resources[f"{API}/operations/chat"] = {"properties": CHAT}
    made.resources[AROUND["operation"]] = around(section, inside)
    assert verdict(made) == ("seen" if inside == "<base />" else "failed")
    if inside != "<base />":
        assert f"own {section} under the policy of the operation" in str(judged(made).differences)


def test_statements_in_another_order_fail() -> None:
    made = world()
    text = XML.replace("<base />", "")
    first, second = (
        '<set-header name="api-key" exists-action="delete" />',
        '<set-header name="Authorization" exists-action="delete" />',
    )
    text = text.replace(first, "-").replace(second, first).replace("-\n", f"{second}\n")
    made.set(f"{REVISION}/policies/policy", "value", text)
    assert "the API's own inbound" in str(judged(made).differences)


def test_an_operation_may_run_more_and_hold_calls_back() -> None:
    made = Arm()
    made.resources[f"{API}/operations/chat"] = {"properties": CHAT}
    held = "<limit-concurrency key='k' max-count='3'><base /></limit-concurrency>"
    for section in SECTIONS[:2]:
        made.resources[AROUND["operation"]] = around(section, held)
        assert verdict(made) == "seen", section


FORWARD = '<forward-request timeout="600" buffer-response="false" />'
WHEN = "<choose><when condition='@(context.Request.IpAddress == \"1\")'>{}</when></choose>"


@pytest.mark.parametrize(
    "backend",
    [
        '<forward-request timeout="5" buffer-response="true" />',
        "<forward-request />",
        f"<base />{FORWARD}",
        WHEN.format(FORWARD) + FORWARD,
        WHEN.format(FORWARD),
        f"<retry condition='@(true)' count='2' interval='1'>{FORWARD}</retry>",
        "<retry condition='@(true)' count='2'><include-fragment fragment-id='go' /></retry>",
        f"{FORWARD}<include-fragment fragment-id='go' />",
        "<set-variable name='x' value='y' />",
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_a_call_goes_to_the_account_once_as_declared(backend: str, own: bool) -> None:
    """Whether a policy around the API's says so, or the API's own, which `drift` compares."""
    made = Arm()
    made.resources |= {
        f"{API}/operations/chat": {"properties": CHAT},
        f"{GATEWAY}/policyFragments/go": {
            "properties": {"value": f"<fragment>{FORWARD}</fragment>"}
        },
    }
    if own:
        made.set(POLICY, "value", XML.replace(FORWARD, backend))
        declared = "timeout" in backend and "<base" not in backend and backend.count("<") == 1
        assert verdict(made) == (
            "seen" if declared or backend == "<forward-request />" else "failed"
        )
    else:
        made.resources[AROUND["operation"]] = around("backend", backend)
        assert verdict(made) == "failed"
        assert "own backend" in str(judged(made).differences) or "once more" in str(
            judged(made).differences
        )


def test_a_fragment_may_hold_the_one_forward() -> None:
    made = Arm()
    made.resources[f"{GATEWAY}/policyFragments/go"] = {
        "properties": {"value": f"<fragment>{FORWARD}</fragment>"}
    }
    made.set(POLICY, "value", XML.replace(FORWARD, "<include-fragment fragment-id='go' />"))
    assert verdict(made) == "seen"
