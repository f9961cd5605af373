from __future__ import annotations

from typing import Any

import pytest
from rules import accounts, identities
from rules.resource import UNKNOWN, Resource

from tests.policies.harness import linked, passes, resource, stack, unknown, wrong

ACCOUNT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
ROLE = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/"
CONTRIBUTOR = "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68"


def account(**properties: Any) -> Resource:
    return resource("cognitiveservices:Account", {"properties": properties})


def test_keys_are_refused_also_when_nothing_is_said() -> None:
    assert passes(accounts.without_keys, account(disableLocalAuth=True))
    report = wrong(accounts.without_keys, account(disableLocalAuth=False))
    assert "property: properties.disableLocalAuth\nfound:    false\nwanted:   true" in report
    assert "found:    not set" in wrong(accounts.without_keys, account())
    assert unknown(accounts.without_keys, account(disableLocalAuth=UNKNOWN))
    assert unknown(
        accounts.without_keys, resource("cognitiveservices:Account", {"properties": UNKNOWN})
    )


def test_a_generic_account_is_an_account() -> None:
    made = resource(
        "resources:Resource",
        {
            "resourceProviderNamespace": "Microsoft.CognitiveServices",
            "resourceType": "accounts",
            "properties": {"disableLocalAuth": False},
        },
    )
    assert made.is_a(accounts.ACCOUNTS)
    assert "properties.disableLocalAuth" in wrong(accounts.without_keys, made)


def test_custom_subdomain() -> None:
    assert passes(accounts.custom_subdomain, account(customSubDomainName="contoso"))
    assert "properties.customSubDomainName" in wrong(accounts.custom_subdomain, account())
    assert unknown(accounts.custom_subdomain, account(customSubDomainName=UNKNOWN))


def test_public_network() -> None:
    rule = accounts.no_public_network
    assert passes(rule, account(publicNetworkAccess="Disabled"))
    assert passes(rule, account(networkAcls={"defaultAction": "Deny"}))
    assert "private endpoint" in wrong(rule, account(publicNetworkAccess="Enabled"))
    assert "not set" in wrong(rule, account())
    assert unknown(rule, account(publicNetworkAccess=UNKNOWN))
    assert unknown(rule, account(networkAcls={"defaultAction": UNKNOWN}))


@pytest.mark.parametrize("kind", ["SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"])
def test_gateway_with_identity(kind: str) -> None:
    gateway = resource("apimanagement:ApiManagementService", {"identity": {"type": kind}})
    assert passes(identities.gateway_has_identity, gateway)


def test_gateway_without_identity() -> None:
    rule, token = identities.gateway_has_identity, "apimanagement:ApiManagementService"
    assert "identity.type" in wrong(rule, resource(token))
    assert "None" in wrong(rule, resource(token, {"identity": {"type": "None"}}))
    assert unknown(rule, resource(token, {"identity": UNKNOWN}))


def assignment(role: Any, scope: Any, /, **targets: Resource) -> Resource:
    props = {"roleDefinitionId": role, "scope": scope}
    return resource("authorization:RoleAssignment", props, links=linked(**targets))


def test_roles_at_an_account() -> None:
    rule = identities.narrow_roles
    assert passes(rule, stack(assignment(ROLE + identities.USER, ACCOUNT_ID)))
    report = wrong(rule, stack(assignment(ROLE + CONTRIBUTOR, ACCOUNT_ID)))
    assert CONTRIBUTOR in report
    assert identities.USER in report
    assert passes(rule, stack(assignment(ROLE + CONTRIBUTOR, ACCOUNT_ID)), roles=[CONTRIBUTOR])
    assert unknown(rule, stack(assignment(UNKNOWN, ACCOUNT_ID)))


def test_scope_that_is_not_known_is_followed_to_its_resource() -> None:
    made = account(disableLocalAuth=True)
    broad = assignment(ROLE + CONTRIBUTOR, UNKNOWN, scope=made)
    assert CONTRIBUTOR in wrong(identities.narrow_roles, stack(made, broad))
    assert unknown(identities.narrow_roles, stack(made, assignment(ROLE + CONTRIBUTOR, UNKNOWN)))
    other = resource("storage:StorageAccount", name="store")
    elsewhere = assignment(ROLE + CONTRIBUTOR, UNKNOWN, scope=other)
    assert passes(identities.narrow_roles, stack(made, other, elsewhere))


@pytest.mark.parametrize(
    "scope", ["/subscriptions/s", "/subscriptions/s/resourceGroups/g", "/", UNKNOWN]
)
def test_gateways_role_does_not_reach_beyond_the_account(scope: Any) -> None:
    gateway = resource("apimanagement:ApiManagementService", name="gateway")
    group = resource("resources:ResourceGroup", name="group")
    links = {"principalId": gateway, **({"scope": group} if scope is UNKNOWN else {})}
    given = assignment(ROLE + identities.USER, scope, **links)
    report = wrong(identities.narrow_roles, stack(gateway, group, given))
    assert "property: scope" in report


def test_other_roles_are_no_concern() -> None:
    vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
    assert passes(identities.narrow_roles, stack(assignment(ROLE + CONTRIBUTOR, vault)))
    group = "/subscriptions/s/resourceGroups/g"
    assert passes(identities.narrow_roles, stack(assignment(ROLE + CONTRIBUTOR, group)))
