"""Ways through the gateway that lead around the logs: made from places and statements, not listed.

Each second API leads to the account, or not, by one statement at one place. `tests/sandbox/routes`
shows on the sandbox's gateway that what fails here is answered by the account in fact.
"""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from queries.outputs import target
from tests.check import arm
from tests.check.arm import API, DIAGNOSTIC, GATEWAY, OTHER, Arm
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.stack import outputs
from tests.check.ways import (
    ELSEWHERE,
    HARMLESS,
    HERE,
    INSTEAD,
    NAMINGS,
    PLACES,
    STATEMENTS,
    UNCLEAR,
    document,
    gateway,
    judged,
    verdict,
)


def test_a_whole_deployment_is_seen() -> None:
    found = judged(Arm())
    assert (found.differences, found.unclear) == ((), ())
    assert found.said.startswith("of 1 API or revision none")


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("place", PLACES)
def test_an_api_that_leads_to_the_account_unlogged_fails_wherever_that_is_said(
    place: str, statement: str
) -> None:
    for naming, condition in NAMINGS:
        found = judged(gateway(place, statement, HERE, naming, condition))
        said = "; ".join(map(str, found.differences))
        assert "diagnostic azuremonitor of the API copy, which leads to the account" in said
        assert "missing" in said, (naming, condition)


@pytest.mark.parametrize("statement", sorted(STATEMENTS.keys() - {"host"}))
@pytest.mark.parametrize("place", PLACES)
def test_the_same_elsewhere_is_seen(place: str, statement: str) -> None:
    for naming, condition in NAMINGS:
        found = judged(gateway(place, statement, ELSEWHERE, naming, condition))
        said = str(found.differences)
        own = place == "service" and statement == "cache"
        assert ("may answer from a cache" in said) if own else not found.differences
        assert not found.unclear


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("place", PLACES)
def test_the_same_logged_as_the_stacks_own_is_seen(place: str, statement: str) -> None:
    """What concerns all APIs may call the account for the stack's own calls too."""
    for naming, condition in NAMINGS:
        logged = gateway(place, statement, HERE, naming, condition)
        logged.resources[f"{OTHER}/diagnostics/azuremonitor"] = logged.resources[DIAGNOSTIC]
        own = place == "service" and statement not in INSTEAD
        assert verdict(logged) == ("failed" if own else "seen"), (naming, condition)


@pytest.mark.parametrize("place", sorted(PLACES.keys() - {"fragment"}))
@pytest.mark.parametrize("statement", UNCLEAR)
def test_what_is_not_understood_is_never_passed(place: str, statement: str) -> None:
    world = gateway(place, "base-url", HERE, "literal", "always")
    world.resources |= {
        f"{GATEWAY}/namedValues/secret": {"properties": {"displayName": "secret", "secret": True}},
        f"{GATEWAY}/namedValues/vault": {
            "properties": {"displayName": "vault", "keyVault": {"secretIdentifier": "x"}}
        },
        f"{GATEWAY}/namedValues/code": {
            "properties": {"displayName": "code", "value": "@(context.Variables)"}
        },
        f"{GATEWAY}/policyFragments/round": {
            "properties": {"value": "<fragment><include-fragment fragment-id='round'/></fragment>"}
        },
        PLACES[place]: document(UNCLEAR[statement]),
    }
    found = judged(world)
    assert found.unclear
    assert found.differences == ()


def test_one_of_several_backends_is_understood_where_none_is_the_account() -> None:
    world = gateway("api", "base-url", ELSEWHERE, "literal", "always")
    world.resources[PLACES["api"]] = document(UNCLEAR["one of several"])
    assert verdict(world) == "seen"


LESS: dict[str, Any] = {
    "loggerId": f"{GATEWAY}/loggers/insights",
    "sampling.percentage": 99.0,
    "alwaysLog": None,
    "logClientIp": False,
    "verbosity": "error",
    **{
        f"{side}.{message}.body.bytes": 8191
        for side in ("frontend", "backend")
        for message in ("request", "response")
    },
    "largeLanguageModel.logs": "disabled",
    "largeLanguageModel.requests.messages": None,
    "largeLanguageModel.responses.maxSizeInBytes": 262143,
    "largeLanguageModel.requests": None,
    "largeLanguageModel": None,
    "frontend.request.dataMasking.queryParams": [],
    "backend.request.dataMasking": None,
}


@pytest.mark.parametrize("scope", [OTHER, GATEWAY], ids=["own", "of all APIs"])
@pytest.mark.parametrize("path", LESS)
def test_an_api_that_is_logged_less_than_the_stacks_own_fails(scope: str, path: str) -> None:
    world = gateway("api", "base-url", HERE, "literal", "always")
    own = f"{scope}/diagnostics/azuremonitor"
    world.resources[own] = copy.deepcopy(world.resources[DIAGNOSTIC])
    world.resources[f"{GATEWAY}/loggers/insights"] = {
        "properties": {"loggerType": "applicationInsights"}
    }
    assert verdict(world) == "seen"
    world.set(own, path, LESS[path])
    assert verdict(world) == "failed"


@pytest.mark.parametrize("name", ["API-Key", "authorization", "ocp-apim-subscription-key", "x-own"])
@pytest.mark.parametrize("message", ["frontend.request", "backend.response"])
def test_a_header_with_a_key_is_masked_in_the_log(message: str, name: str) -> None:
    world = gateway("api", "base-url", HERE, "literal", "always")
    own = f"{OTHER}/diagnostics/azuremonitor"
    world.resources[own] = copy.deepcopy(world.resources[DIAGNOSTIC])
    world.set(OTHER, "subscriptionKeyParameterNames", {"header": "X-Own"})
    world.set(own, f"{message}.headers", ["Accept", name])
    world.set(own, f"{message}.dataMasking.headers", [{"mode": "Hide", "value": name.upper()}])
    assert verdict(world) == "seen"
    world.set(own, f"{message}.dataMasking.headers", [])
    assert f"is {name.lower()}, in clear, declared masked" in str(judged(world).differences[0])


CONTENT: dict[str, Any] = {
    "frontend.request.body.bytes": 1,
    "backend.response.body.bytes": 8192,
    "largeLanguageModel.requests": {"messages": "all"},
    "largeLanguageModel.responses": {"messages": "all", "maxSizeInBytes": 1},
}


@pytest.mark.parametrize("scope", [OTHER, GATEWAY], ids=["own", "of all APIs"])
@pytest.mark.parametrize("path", CONTENT)
def test_an_api_that_logs_content_where_none_may_be_logged_fails(scope: str, path: str) -> None:
    world = gateway("api", "base-url", HERE, "literal", "always")
    world.log_no_content()
    own = f"{scope}/diagnostics/azuremonitor"
    world.resources[own] = copy.deepcopy(world.resources[DIAGNOSTIC])
    metadata = target(outputs(otherCallers=[], capture="metadata"))
    assert judged(world, metadata).differences == ()
    world.set(own, path, CONTENT[path])
    (found,) = judged(world, metadata).differences
    assert "which leads to the account" in str(found)


def test_content_in_a_second_diagnostic_counts_where_none_may_be_logged() -> None:
    world = gateway("api", "base-url", HERE, "literal", "always")
    world.log_no_content()
    own, second = (
        f"{OTHER}/diagnostics/{name}" for name in ("azuremonitor", "applicationinsights")
    )
    world.resources |= {own: world.resources[DIAGNOSTIC], second: {"properties": {"backend": {}}}}
    metadata = target(outputs(otherCallers=[], capture="metadata"))
    assert judged(world, metadata).differences == ()
    world.set(second, "backend", {"response": {"body": {"bytes": 1}}})
    assert "of the diagnostic applicationinsights" in str(judged(world, metadata).differences)
    assert verdict(world) == "failed", "the first logs no content, which is declared here"


@pytest.mark.parametrize("opened", ["the API", "its product", "another product"])
def test_an_api_that_asks_for_no_key_fails_as_its_rows_name_no_consumer(opened: str) -> None:
    world = gateway("api", "base-url", HERE, "literal", "always")
    world.resources[f"{OTHER}/diagnostics/azuremonitor"] = world.resources[DIAGNOSTIC]
    world.resources |= {
        f"{GATEWAY}/products/free": {"properties": {"subscriptionRequired": True}},
        f"{GATEWAY}/products/free/apiLinks/1": {"properties": {"apiId": OTHER}},
        f"{GATEWAY}/products/else": {"properties": {"subscriptionRequired": False}},
        f"{GATEWAY}/products/else/apiLinks/1": {"properties": {"apiId": API}},
    }
    assert verdict(world) == "seen"
    if opened == "the API":
        world.set(OTHER, "subscriptionRequired", False)
    elif opened == "its product":
        world.set(f"{GATEWAY}/products/free", "subscriptionRequired", False)
    else:
        world.set(f"{GATEWAY}/products/else/apiLinks/1", "apiId", f"{OTHER};rev=3")
    assert "subscriptionRequired of the " in str(judged(world).differences)


@pytest.mark.parametrize("online", [True, False])
@pytest.mark.parametrize("name", ["copy", "miyagi-api"])
def test_a_revision_counts_while_it_is_online(online: bool, name: str) -> None:
    world = Arm()
    base, revision = f"{GATEWAY}/apis/{name}", f"{GATEWAY}/apis/{name};rev=2"
    url = HERE if name == "copy" else ELSEWHERE
    world.resources |= {
        OTHER: arm.other_api("copy"),
        f"{base}/revisions/2": {"apiRevision": "2", "isOnline": online, "isCurrent": False},
        f"{base}/revisions/1": {"apiRevision": "1", "isOnline": True, "isCurrent": True},
        revision: {"name": f"{name};rev=2", "properties": {"serviceUrl": url}},
    }
    assert verdict(world) == ("failed" if online else "seen")


def test_a_workspaces_api_is_judged_by_its_workspace() -> None:
    world, workspace = Arm(), f"{GATEWAY}/workspaces/w"
    world.resources |= {
        workspace: {"properties": {"displayName": "w"}},
        f"{workspace}/apis/copy": {"properties": {"path": "w"}},
        f"{workspace}/apis/copy/policies/policy": document(STATEMENTS["backend-id"]),
        f"{workspace}/backends/one": {"properties": {"url": ELSEWHERE}},
    }
    assert verdict(world) == "seen"
    world.set(f"{workspace}/backends/one", "url", HERE)
    assert "API copy" in str(judged(world).differences)
    world.resources[f"{workspace}/apis/copy/diagnostics/azuremonitor"] = world.resources[DIAGNOSTIC]
    world.resources[f"{workspace}/loggers/azuremonitor"] = world.resources[arm.LOGGER]
    assert verdict(world) == "unjudged"


def test_a_self_hosted_gateway_logs_nothing_of_the_stacks_api() -> None:
    world = Arm()
    world.resources |= {
        f"{GATEWAY}/gateways/shop": {"properties": {}},
        f"{GATEWAY}/gateways/shop/apis/echo": {"properties": {}},
    }
    assert verdict(world) == "seen"
    world.resources[f"{GATEWAY}/gateways/shop/apis/miyagi-api"] = {"properties": {}}
    assert "self-hosted gateway shop" in str(judged(world).differences)


def test_a_hundred_unrelated_apis_are_seen() -> None:
    world = Arm()
    for number in range(100):
        name = f"{GATEWAY}/apis/other-{number}"
        url = f"https://service-{number}.example"
        world.resources |= {
            name: {
                "name": f"other-{number}",
                "properties": {"path": f"p{number}", "serviceUrl": url},
            },
            f"{name}/policies/policy": document(HARMLESS[number % len(HARMLESS)]),
            f"{name}/operations/get": {"properties": {"method": "GET"}},
        }
    assert judged(world).said.startswith("of 101 APIs")


def test_the_proof_tells_what_was_found_and_where(run: Run) -> None:
    run.azure.arm.resources = gateway("api", "base-url", HERE, "named value", "when").resources
    status, detail, fix = of(run(), "routes")
    assert status == "failed"
    assert "(set-backend-service in the policy of the API copy)" in detail
    assert "copy > Settings > Azure Monitor" in fix


def test_a_place_that_is_allowed_excuses_no_other(run: Run) -> None:
    made = run.azure.arm.resources
    made |= {
        OTHER: arm.other_api("copy", serviceUrl=ELSEWHERE),
        f"{OTHER}/policies/policy": document(UNCLEAR["block"]),
    }
    status, _, fix = of(run(), "routes")
    (option,) = re.findall(r"--allow '(routes/[^']*)'", fix)
    assert (status, option) == (
        "unjudged",
        "routes/API copy: send-request in the policy of the API copy",
    )
    assert run("--allow", option).verdict == "proven"
    made[f"{OTHER}/policies/policy"] = document(UNCLEAR["block"].replace("return x", "return y"))
    assert run("--allow", option).verdict == "proven", "the place is the same"
    for path in ("/namedValues", "/apis/copy/operations"):
        run.azure.arm.denied = (path,)
        assert run("--allow", option).verdict == "unjudged", path
        below = path.lstrip("/")
        assert run("--allow", option, "--allow", f"routes/{below}").verdict == "proven"
    run.azure.arm.denied = ()
    made[f"{API}/operations/chat"] = {"properties": {}}
    for statement in UNCLEAR:
        made[f"{API}/operations/chat/policies/policy"] = document(UNCLEAR[statement])
        assert run("--allow", option).verdict in {"unjudged", "failed"}, statement


@pytest.mark.parametrize("statement", UNCLEAR)
def test_every_unclear_place_has_a_part_of_its_own(statement: str) -> None:
    found = list[tuple[str, ...]]()
    for place in ("api", "operation"):
        world = gateway("api", "base-url", HERE, "literal", "always")
        world.resources.pop(PLACES["api"])
        world.resources[PLACES[place]] = document(UNCLEAR[statement])
        found.append(judged(world).parts)
    assert all(found)
    assert not set(found[0]) & set(found[1])
