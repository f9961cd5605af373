from __future__ import annotations

from collections.abc import Callable

import pytest
from pack.api_policy import account_called
from pack.connected import MADE_FROM
from pack.kinds import Kind
from pack.resource import UNKNOWN, kind_of

from tests.policies.harness import EXAMPLE, PRIVATE, SEVERAL, Shown, added, changed, example, said

ROOT = "/subscriptions/s/resourceGroups/g/providers"
ACCOUNT = f"{ROOT}/Microsoft.CognitiveServices/accounts/oai-shared"
GATEWAY = f"{ROOT}/Microsoft.ApiManagement/service/apim-shared"
WORKSPACE = f"{ROOT}/Microsoft.OperationalInsights/workspaces/log-central"
SOMEBODY = "00000000-0000-0000-0000-000000000001"
NAMED = "aaaaaaaa-0000-0000-0000-000000000002"
NAMING = "name in principals of the pack whose object id it is"


def existing() -> Shown:
    """Put the example on a gateway and a workspace that exist outside of the stack."""
    stack = example()
    del stack["gateway"], stack["workspace"], stack["gateway-logger"]
    for name, one in stack.items():
        if "serviceName" in one["props"]:
            changed(name, "serviceName", "apim-shared", stack)
        if "workspaceId" in one["props"]:
            changed(name, "workspaceId", WORKSPACE, stack)
    changed("gateway-diagnostics", "resourceUri", GATEWAY, stack)
    changed("openai-api-diagnostic", "loggerId", f"{GATEWAY}/loggers/azuremonitor", stack)
    return changed("openai-api-role", "principalId", SOMEBODY, stack)


def with_existing_account(stack: Shown | None = None) -> Shown:
    """Have the example call an account that exists outside of the stack."""
    stack = stack or example()
    del stack["openai-account"]
    changed("openai-account-diagnostics", "resourceUri", ACCOUNT, stack)
    changed("openai-api-role", "scope", ACCOUNT, stack)
    for name, one in stack.items():
        if "accountName" in one["props"]:
            changed(name, "accountName", "oai-shared", stack)
    return stack


@pytest.mark.parametrize(("kind", "key"), MADE_FROM)
def test_each_reference_leads_to_the_stacks_own(kind: str, key: str) -> None:
    others = {Kind.BACKEND: SEVERAL, Kind.ENDPOINT: PRIVATE, Kind.ENDPOINT_NAMES: PRIVATE}
    file = others.get(Kind(kind), EXAMPLE)
    names = [name for name, one in example(file).items() if kind_of(one["type"]) == kind]
    assert names
    for name in names:
        for value in ("/other", UNKNOWN, None):
            told = said(changed(name, key, value, example(file)))
            reports = [one for one in told.refused["connected"] if f"resource: {name} (" in one]
            assert any(f"property: {key}\n" in one for one in reports), value


def test_what_is_made_from_another_resource_is_refused() -> None:
    stack = example()
    stack["openai-api-role"]["links"]["principalId"] = ["openai-account"]
    told = said(stack)
    assert told.refused.keys() == {"connected"}
    assert "found:    a value made from something else" in told.text
    stack = example()
    stack["openai-api-diagnostic"]["links"]["apiId"] = ["openai-api-product"]
    told = said(stack)
    assert "resource: openai-api-diagnostic (" in told.text
    assert "property: its apimanagement:ApiDiagnostic" in told.text


def test_of_an_existing_gateway_only_its_identity_cannot_be_told() -> None:
    told = said(existing())
    assert told.refused == {}
    assert told.unclear.keys() == {"connected"}
    assert "property: principalId" in told.unclear["connected"]
    assert "this role stays untold until principals names it" in told.unclear["connected"]


@pytest.mark.parametrize("value", [SOMEBODY, UNKNOWN, None])
def test_once_principals_are_named_a_role_for_anybody_else_is_refused(value: object) -> None:
    stack = changed("openai-api-role", "principalId", value, existing())
    told = said(stack, {"connected": {"principals": [NAMED]}})
    assert told.refused.keys() == {"connected"}
    assert told.unclear == {}
    assert "property: principalId" in told.text
    assert f"fix:      give it an output of that resource, or {NAMING}" in told.text


@pytest.mark.parametrize("stack", [example, existing])
def test_principals_that_are_named_may_call_the_account(stack: Callable[[], Shown]) -> None:
    config = {"connected": {"principals": [NAMED]}}
    told = said(changed("openai-api-role", "principalId", NAMED.upper(), stack()), config)
    assert (told.refused, told.unclear) == ({}, {})


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("gateway-diagnostics", "resourceUri", WORKSPACE),
        ("gateway-diagnostics", "workspaceId", GATEWAY),
        (
            "openai-account-diagnostics",
            "resourceUri",
            f"{ROOT}/Microsoft.CognitiveServices/accounts/x",
        ),
        ("openai-api-diagnostic", "loggerId", f"{ROOT}/x/loggers/azuremonitor"),
        ("openai-api-role", "scope", f"{ROOT}/Microsoft.CognitiveServices/accounts/x"),
    ],
)
def test_an_id_on_existing_resources_is_of_their_kind(name: str, key: str, value: str) -> None:
    assert "connected" in said(changed(name, key, value, existing())).refused


def test_every_diagnostic_setting_leads_to_one_workspace() -> None:
    name, other = "openai-account-diagnostics", WORKSPACE.replace("log-central", "log-other")
    assert said(changed(name, "workspaceId", WORKSPACE.upper(), existing())).refused == {}
    told = said(changed(name, "workspaceId", other, existing()))
    assert told.refused.keys() == {"connected"}
    assert f'found:    "{other}"\nwanted:   the workspace of gateway-diagnostics' in told.text
    own = example()
    own["second"] = own["workspace"]
    own[name]["links"]["workspaceId"] = ["second"]
    told = said(own)
    assert told.refused.keys() == {"connected"}
    assert f"resource: {name} (" in told.text


def test_the_table_kind_follows_the_resource_of_a_setting() -> None:
    key = "logAnalyticsDestinationType"
    for stack in (example(), existing()):
        told = said(changed("gateway-diagnostics", key, None, stack))
        assert 'wanted:   "Dedicated"' in told.text
    told = said(changed("openai-account-diagnostics", key, "Dedicated"))
    assert told.refused.keys() == {"diagnostic-settings"}


def test_a_second_role_for_somebody_else_is_refused() -> None:
    props = {**example()["openai-api-role"]["props"], "principalId": SOMEBODY}
    told = said(added("second", "azure-native:authorization:RoleAssignment", props))
    assert told.refused.keys() == {"connected"}
    assert "resource: second (" in told.text


def test_of_an_existing_account_neither_address_nor_keys_can_be_told() -> None:
    told = said(with_existing_account())
    assert told.refused == {}
    assert told.unclear.keys() == {"connected"}
    assert "judge the existing account, its keys too" in told.unclear["connected"]


def test_once_accounts_are_named_calls_to_any_other_are_refused() -> None:
    (called,) = {
        account_called(str(one["props"]["value"]))
        for one in example().values()
        if kind_of(one["type"]) == "apimanagement:ApiPolicy"
    }
    told = said(with_existing_account(), {"connected": {"accounts": [called]}})
    assert (told.refused, told.unclear) == ({}, {})
    told = said(with_existing_account(), {"connected": {"accounts": ["another"]}})
    assert told.refused.keys() == {"connected"}
    assert f'found:    "{called}"' in told.text


@pytest.mark.parametrize(
    ("name", "key"), [("openai-account-diagnostics", "resourceUri"), ("openai-api-role", "scope")]
)
def test_an_id_in_place_of_an_existing_account_is_of_an_account(name: str, key: str) -> None:
    told = said(changed(name, key, WORKSPACE, with_existing_account()))
    assert told.refused.keys() >= {"connected"}
