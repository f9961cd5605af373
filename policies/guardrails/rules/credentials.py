"""What a gateway passes on of the caller's credentials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rules import apis, effective
from rules.ancestry import of_one_gateway
from rules.apis import IDENTITY
from rules.effective import Effective
from rules.finding import Finding, Quoted
from rules.parameters import Config, Parameter
from rules.policy_text import Statement, within
from rules.resource import UNKNOWN, Resource
from rules.stack import Stack

HEADERS = Parameter(
    "headers", ("api-key", "Authorization"), "Headers with the caller's credentials"
)
QUERY = Parameter(
    "queryParams", ("subscription-key",), "Query parameters with the caller's credentials"
)
KEY_NAMES = "subscriptionKeyParameterNames"
DEFAULT_KEYS = {"header": "Ocp-Apim-Subscription-Key", "query": "subscription-key"}
"""Where an API takes a subscription's key unless it says otherwise.

https://learn.microsoft.com/azure/api-management/api-management-subscriptions#use-a-subscription-key
"""
_SET = {"header": "set-header", "query": "set-query-parameter"}
_CALLER, _GONE, _OWN = "caller's", "gone", "gateway's"


def names(place: str, configured: Sequence[str], *apis: Resource) -> tuple[str, ...]:
    """Headers or query parameters with credentials: those configured, and what the APIs accept.

    Without an API in the stack, what APIs accept by default counts. A name that is not known yet
    is left out.
    """
    wanted = {name.lower(): name for name in configured}
    for accepted in [key_name(api, place) for api in apis] or [DEFAULT_KEYS[place]]:
        if accepted is not UNKNOWN:
            wanted.setdefault(str(accepted).lower(), str(accepted))
    return tuple(wanted.values())


def key_name(api: Resource, place: str) -> Any:
    """The header or query parameter in which an API takes a subscription's key."""
    return api.get(f"{KEY_NAMES}.{place}") or DEFAULT_KEYS[place]


def deleted(stack: Stack, config: Config) -> Iterator[Finding]:
    """What calls a model passes on neither the caller's key nor their token.

    https://learn.microsoft.com/azure/api-management/api-management-authenticate-authorize-azure-openai
    """
    seen: set[str] = set()
    for finding in _findings(stack, config):
        if str(finding) not in seen:
            seen.add(str(finding))
            yield finding


def _findings(stack: Stack, config: Config) -> Iterator[Finding]:
    covered: set[str] = set()
    for api in stack.of_type(apis.APIS):
        covered |= {one.urn for way in effective.of_api(stack, api) for one in way.chain}
    for api, sure in apis.of_models(stack, config):
        for way in effective.of_api(stack, api):
            if _calls_model(stack, way, api) is not False:
                yield from apis.certain(_kept(way, config, api), sure=sure)
    for policy in stack.of_type(*effective.POLICIES):
        way = effective.of_policy(stack, policy)
        state = _calls_model(stack, way)
        outside = policy.urn not in covered and not apis.is_exempt(policy, apis.EXEMPT.read(config))
        if outside and state is not False:
            yield from apis.certain(_kept(way, config), sure=state is True)


def _calls_model(stack: Stack, way: Effective, *api: Resource) -> bool | None:
    """Whether calls that go this way reach a model; None if nothing says where they go."""
    speaking = [one for one in api if one.get("serviceUrl") or one.get("value")]
    states = [apis.names_model(stack, one) for one in speaking]
    for step in within(way.steps):
        if step.tag == IDENTITY and apis.MODEL_AUDIENCE.search(step.attribute("resource")):
            states.append(True)
        elif step.tag == "set-backend-service":
            states.append(_target(stack, way.chain[0], step))
    if way.unknown:
        states.append(None)
    return True if True in states else None if None in states or (api and not states) else False


def _target(stack: Stack, user: Resource, step: Statement) -> bool | None:
    """Whether a statement sends calls to a model."""
    url = step.attribute("base-url")
    if url:
        vague = url.startswith("@") or "{{" in url
        return apis.text_names_model(url) or (None if vague else False)
    for backend in stack.of_type(apis.BACKENDS):
        key = backend.value("resourceName") or backend.value("backendId")
        same = str(key).lower() == step.attribute("backend-id")
        if same and of_one_gateway(stack, backend, user) is not False:
            return apis.names_model(stack, backend)
    return None


def _kept(way: Effective, config: Config, *api: Resource) -> Iterator[Finding]:
    """A finding for each credential that is passed on."""
    wanted = {
        "header": names("header", HEADERS.read(config), *api),
        "query": names("query", QUERY.read(config), *api),
    }
    if not way.chain:
        yield Finding(
            resource=api[0],
            path="policies/policy",
            found=None,
            wanted=f"a policy that deletes {', '.join([*wanted['header'], *wanted['query']])}",
            fix="declare an ApiPolicy for this API, or name the API in exempt",
        )
        return
    for place, listed in wanted.items():
        for one in api:
            if key_name(one, place) is UNKNOWN:
                path, fix = f"{KEY_NAMES}.{place}", "state it as a text"
                yield _finding(one, path, UNKNOWN, "a name that a policy deletes", fix)
        for name in listed:
            yield from _judged(way, place, name)


def _judged(way: Effective, place: str, name: str) -> Iterator[Finding]:
    policy = way.chain[0]
    state, lost = _CALLER, False
    for step in way.steps:
        before, state = state, _after(step, place, name, state)
        lost = lost or (before == _OWN and state == _GONE)
    wanted = f'<{_SET[place]} name="{name}" exists-action="delete" /> directly in inbound'
    if state == _CALLER and way.unknown:
        fix = "delete each directly in inbound, or in a base policy or fragment of this stack"
        yield _finding(policy, "value", UNKNOWN, "no credential of the caller passed on", fix)
    elif state == _CALLER:
        found: object = Quoted(f"{name} is passed on{_unless(way)}")
        fix = f"add it before {IDENTITY}, or in a base policy or fragment of this stack"
        yield _finding(policy, "value", found, wanted, fix)
    elif lost and state == _GONE:
        found = Quoted(f"{name} is deleted after {IDENTITY}, whose token goes with it")
        yield _finding(policy, "value", found, wanted, f"move it before {IDENTITY}")


def _unless(way: Effective) -> str:
    unseen = ", ".join(way.unseen)
    return f", as far as can be seen: not in this stack is {unseen}" if unseen else ""


def _after(step: Statement, place: str, name: str, state: str) -> str:
    """Whose value a header or query parameter holds after a statement.

    https://learn.microsoft.com/azure/api-management/set-header-policy
    https://learn.microsoft.com/azure/api-management/authentication-managed-identity-policy
    """
    if step.tag == IDENTITY and place == "header" and name.lower() == "authorization":
        stored = step.attribute("output-token-variable-name")
        may_fail = step.attribute("ignore-error") not in {"", "false"}
        return state if stored or (may_fail and state == _CALLER) else _OWN
    if step.tag != _SET[place] or step.attribute("name") != name.lower():
        return state
    action = step.attribute("exists-action") or "override"
    if action == "delete":
        return _GONE
    values = [child.text.lower() for child in step.children if child.tag == "value"]
    own = len(values) == 1 and "request." not in values[0]
    return _OWN if own and action == "override" else _CALLER if action == "override" else state


def _finding(resource: Resource, path: str, found: object, wanted: str, fix: str) -> Finding:
    return Finding(resource=resource, path=resource.path(path), found=found, wanted=wanted, fix=fix)
