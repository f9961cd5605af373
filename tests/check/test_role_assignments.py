"""Who may call the account: scopes, principals and roles, combined and not listed."""

from __future__ import annotations

import itertools
import re
from typing import Any

import httpx
import pytest

from queries.check import role_assignments
from queries.check.configuration.manager import Manager
from queries.check.difference import Findings
from queries.outputs import Target, target
from tests.check import arm
from tests.check.arm import ACCOUNT, PRINCIPAL, Arm
from tests.check.clock import FakeClock
from tests.check.conftest import Run
from tests.check.reading import of
from tests.check.stack import outputs

OTHER = "0b0b0b0b-0000-4000-8000-000000000009"
STACK: Target = target(outputs())
NAMING: Target = target(outputs(otherCallers=[OTHER.upper()]))
AUTHORIZATION = f"{ACCOUNT}/providers/Microsoft.Authorization"
SCOPES = {
    "/": "at the root of the tenant",
    "/providers/Microsoft.Management/managementGroups/mg": "at the management group mg",
    "/subscriptions/s": "at the subscription",
    "/subscriptions/s/resourceGroups/rg": "at the resource group rg",
    ACCOUNT: "on the account",
    f"{ACCOUNT}/projects/p": "at ",
}
KINDS = {"User": "the user", "Group": "the group", "ServicePrincipal": "the service principal"}
CS = "Microsoft.CognitiveServices"
CALLING: dict[str, dict[str, Any]] = {
    "all of the service": {"dataActions": [f"{CS}/*"]},
    "everything": {"dataActions": ["*"]},
    "one action": {"dataActions": [f"{CS}/accounts/OpenAI/deployments/chat/completions/action"]},
    "in another case": {"dataActions": ["microsoft.cognitiveservices/ACCOUNTS/*/Action"]},
    "writes": {"dataActions": [f"{CS}/*/write"]},
    "stars within": {"dataActions": ["Micro*/accounts/*AI/*completions*"]},
    "less what does not matter": {
        "dataActions": [f"{CS}/*"],
        "notDataActions": [f"{CS}/*/read", f"{CS}/accounts/SpeechServices/*"],
    },
    "in a second permission": {"dataActions": [], "also": [{"dataActions": [f"{CS}/*"]}]},
}
SILENT: dict[str, dict[str, Any]] = {
    "none": {"actions": ["*"], "dataActions": []},
    "unsaid": {"actions": ["*"]},
    "reading": {"dataActions": [f"{CS}/*/read"]},
    "of another service": {"dataActions": ["Microsoft.Storage/*"]},
    "of speech": {"dataActions": [f"{CS}/accounts/SpeechServices/*/frontend/action"]},
    "of understanding": {"dataActions": [f"{CS}/accounts/LUIS/*"]},
    "models of others": {"dataActions": [f"{CS}/accounts/MaaS/*"]},
    "taken away": {"dataActions": [f"{CS}/*"], "notDataActions": [f"{CS}/*"]},
    "all taken away": {"dataActions": ["*"], "notDataActions": ["*"]},
    "accounts taken away": {"dataActions": ["*"], "notDataActions": [f"{CS}/accounts/*"]},
    "that action taken away": {
        "dataActions": [f"{CS}/accounts/OpenAI/deployments/chat/completions/action"],
        "notDataActions": [f"{CS}/accounts/OpenAI/deployments/*"],
    },
}


def world(scope: str, kind: str, role: dict[str, Any], **more: str) -> Arm:
    """A whole deployment, with a role of somebody else."""
    made, also = Arm(), role.get("also", [])
    permission = {key: value for key, value in role.items() if key != "also"}
    made.resources |= {
        f"{AUTHORIZATION}/roleDefinitions/own": {
            "properties": {"roleName": "A role", "permissions": [permission, *also]}
        },
        f"{AUTHORIZATION}/roleAssignments/2": {
            "properties": {
                "scope": scope,
                "principalId": OTHER,
                "principalType": kind,
                "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/own",
                **more,
            }
        },
    }
    return made


def judged(made: Arm, stack: Target = STACK) -> Findings:
    manager = Manager(
        endpoint="https://management.azure.com",
        client=lambda: httpx.Client(transport=httpx.MockTransport(made.handle), trust_env=False),
        credential=arm.Credential,
        clock=FakeClock(),
    )
    return role_assignments.judge(
        role_assignments.read(manager, stack), made.resources[ACCOUNT], stack
    )


@pytest.mark.parametrize(("scope", "kind"), list(itertools.product(SCOPES, KINDS)))
def test_whoever_may_call_the_account_is_named_with_the_scope(scope: str, kind: str) -> None:
    for role in CALLING.values():
        (difference,) = judged(world(scope, kind, role)).differences
        said = f"{KINDS[kind]} {OTHER} as A role, assigned {SCOPES[scope]}"
        assert said in str(difference), role
        found = judged(world(scope, kind, role), NAMING)
        assert (found.differences, found.unclear) == ((), ())
        assert OTHER in found.said
    for role in SILENT.values():
        found = judged(world(scope, kind, role))
        assert (found.differences, found.unclear) == ((), ()), role
        assert OTHER not in found.said


@pytest.mark.parametrize("kind", ["AIServices", "CognitiveServices", ""])
def test_an_account_of_another_kind_may_serve_more(kind: str) -> None:
    """By which of it models are called is known of some services, and not of all."""
    for role, found in [
        (CALLING["one action"], "differences"),
        ({"dataActions": [f"{CS}/accounts/MaaS/*"]}, "differences"),
        ({"dataActions": [f"{CS}/accounts/AIServices/agents/write"]}, "differences"),
        (SILENT["of speech"], "unclear"),
        (SILENT["of understanding"], "unclear"),
        (SILENT["reading"], ""),
    ]:
        made = world(ACCOUNT, "User", role)
        made.resources[ACCOUNT]["kind"] = kind
        for stack, wanted in ((STACK, found), (NAMING, "")):
            said = judged(made, stack)
            assert bool(said.differences) == (wanted == "differences"), role
            assert bool(said.unclear) == (wanted == "unclear"), role
            assert all(OTHER in one for one in said.unclear)


def test_a_condition_excuses_nobody_and_is_said() -> None:
    made = world(ACCOUNT, "User", CALLING["everything"], condition="@Resource[x] StringEquals 'y'")
    assert "under a condition, which is not evaluated" in str(judged(made).differences[0])


def test_while_keys_are_on_those_who_may_list_them_are_counted() -> None:
    made = world(ACCOUNT, "User", {"actions": [f"{CS}/*"], "notActions": []})
    assert not judged(made).differences
    made.set(ACCOUNT, "disableLocalAuth", False)
    assert "1 other than the gateway may list the keys" in str(judged(made).differences)


def test_the_gateways_own_role_must_be_among_those_that_are_read() -> None:
    made = Arm()
    del made.resources[arm.ROLE]
    assert judged(made).unclear == ("the role assignments that can be read lack the gateway's own",)


@pytest.mark.parametrize("role", list(SILENT))
def test_the_gateways_own_role_must_let_it_call(role: str) -> None:
    """A role that gives the gateway no model is not the role that the stack assigned."""
    made = world(ACCOUNT, "ServicePrincipal", SILENT[role], principalId=PRINCIPAL)
    assert (judged(made).differences, judged(made).unclear) == ((), ())
    del made.resources[arm.ROLE]
    (difference,) = judged(made).differences
    assert "the gateway's identity" in difference.path


@pytest.mark.parametrize("scope", list(SCOPES))
def test_the_gateways_own_role_must_reach_the_account(scope: str) -> None:
    made = world(scope, "ServicePrincipal", CALLING["everything"], principalId=PRINCIPAL)
    del made.resources[arm.ROLE]
    assert bool(judged(made).differences) == scope.endswith("/projects/p")
    made.denied = ("/roleDefinitions/own",)
    assert (judged(made).differences, bool(judged(made).unclear)) == ((), True)


def test_whatever_one_read_answers_instead_is_never_seen() -> None:
    healthy = world(ACCOUNT, "User", SILENT["none"])
    assert judged(healthy).unclear == ()
    paths = {request.url.path for request in healthy.asked}
    assert len(paths) == 3
    answers = [httpx.Response(status, json={}) for status in (401, 403, 404, 429, 500)]
    answers += [httpx.Response(200, text="<html>"), httpx.Response(200, json={"value": [1]})]
    for path, answer in itertools.product(paths, answers):
        assert judged(_instead(path, answer)).unclear, (path, answer)


def _instead(path: str, answer: httpx.Response) -> Arm:
    """The same, of which one read answers something else."""
    made = world(ACCOUNT, "User", SILENT["none"])
    told = made.handle

    def handle(request: httpx.Request) -> httpx.Response:
        return answer if request.url.path == path else told(request)

    made.handle = handle  # type: ignore[method-assign]
    return made


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("a/*", "a/b", True),
        ("a*c", "*b*", True),
        ("a*", "b*", False),
        ("*", "*", True),
        ("", "*", True),
        ("", "a", False),
        ("a/*/c", "a/b/*", True),
        ("a/*/c", "a/b/*d", False),
    ],
)
def test_two_patterns_meet_where_a_text_fits_both(one: str, other: str, common: bool) -> None:
    assert role_assignments.meet(one, other) == role_assignments.meet(other.upper(), one) == common
    texts = ["".join(part) for size in range(6) for part in itertools.product("abcd/", repeat=size)]
    fits = [re.compile(re.escape(p).replace(r"\*", ".*") + r"\Z") for p in (one, other)]
    assert any(fits[0].match(text) and fits[1].match(text) for text in texts) == common


def test_the_proof_tells_who_and_what_to_do(run: Run) -> None:
    run.azure.arm.resources = world(ACCOUNT, "Group", CALLING["everything"]).resources

    status, detail, fix = of(run(), "access")

    assert status == "failed"
    assert f"the group {OTHER} as A role, assigned on the account" in detail
    assert "otherCallers" in fix
    assert run(otherCallers=[OTHER]).verdict == "proven"
    assert PRINCIPAL not in of(run(otherCallers=[OTHER]), "access")[1]


KEYS_ON = {"properties": {"disableLocalAuth": False}}


def with_keys(**proof: Any) -> Findings:
    made = Arm()
    made.resources[ACCOUNT] = {**made.resources[ACCOUNT], **KEYS_ON}
    return judged(made, target(outputs(**proof)))


def test_keys_of_an_existing_account_are_turned_off_by_its_owner() -> None:
    (found,) = with_keys(accountExisting=True).differences
    assert found.path == "who may call the account by its keys"
    assert f"--url '{ACCOUNT}?api-version=" in found.fix
    assert "or set accountKeys allow" in found.fix
    assert "pulumi up --refresh" not in found.fix


def test_keys_that_are_allowed_are_said_and_no_fault() -> None:
    found = with_keys(accountExisting=True, accountKeys="allow")
    assert not found.differences
    assert "the account takes its keys, as accountKeys allows" in found.said


def test_keys_that_are_allowed_and_off_are_not_said() -> None:
    found = judged(Arm(), target(outputs(accountExisting=True, accountKeys="allow")))
    assert not found.differences
    assert "keys" not in found.said
