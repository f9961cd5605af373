from __future__ import annotations

from typing import Any

import pytest
from rules import accounts, identities
from rules.resource import UNKNOWN, Resource

from tests.policies.harness import linked, passes, resource, stack, unknown, wrong

ACCOUNT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
ROLE = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
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


@pytest.mark.parametrize("scope", ["/subscriptions/s", "/subscriptions/s/resourceGroups/g", "/"])
def test_gateways_role_does_not_reach_beyond_the_account(scope: str) -> None:
    gateway = resource("apimanagement:ApiManagementService", name="gateway")
    given = assignment(ROLE + identities.USER, scope, principalId=gateway)
    assert "property: scope" in wrong(identities.narrow_roles, stack(gateway, given))
    own = resource("managedidentity:UserAssignedIdentity", name="own")
    given = assignment(ROLE + identities.USER, scope, principalId=own)
    assert passes(identities.narrow_roles, stack(gateway, own, given)), "an identity of others"
    user = resource("apimanagement:ApiManagementService", name="user", links=linked(identity=own))
    assert "property: scope" in wrong(identities.narrow_roles, stack(user, own, given))


def test_an_id_made_from_a_groups_may_be_an_accounts() -> None:
    gateway = resource("apimanagement:ApiManagementService", name="gateway")
    group = resource("resources:ResourceGroup", name="group")
    for role in (identities.USER, OWNER):
        given = assignment(ROLE + role, UNKNOWN, principalId=gateway, scope=group)
        assert unknown(identities.narrow_roles, stack(gateway, group, given))
    broad = assignment(ROLE + OWNER, UNKNOWN, scope=group)
    assert unknown(identities.narrow_roles, stack(group, broad)), "whoever it is given to"
    others = assignment(ROLE + identities.USER, UNKNOWN, scope=group)
    assert passes(identities.narrow_roles, stack(gateway, group, others))


def test_a_broad_role_on_the_accounts_group() -> None:
    rule, group = identities.narrow_roles, "/subscriptions/s/resourceGroups/g"
    mine = resource("cognitiveservices:Account", {"resourceGroupName": "G"}, "account")
    for scope in (group, "/subscriptions/s"):
        report = wrong(rule, stack(mine, assignment(ROLE + OWNER, scope)))
        assert "property: roleDefinitionId" in report
        assert OWNER in report
    other = resource("cognitiveservices:Account", {"resourceGroupName": "h"}, "account")
    assert passes(rule, stack(other, assignment(ROLE + OWNER, group)))
    reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assert passes(rule, stack(mine, assignment(ROLE + reader, group)))
    assert passes(rule, stack(mine, assignment(ROLE + OWNER, group)), roles=[OWNER])
    assert unknown(rule, stack(mine, assignment(UNKNOWN, group)))


BROAD = (
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "a001fd3d-188f-4b5d-821b-7da978bf7442",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "c883944f-8b7b-4483-af10-35834be79c4a",
    "e47c6f54-e4a2-4754-9501-8e0985b135e1",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
)


@pytest.mark.parametrize("role", BROAD)
def test_every_broad_role_is_refused_where_an_account_is(role: str) -> None:
    mine = resource("cognitiveservices:Account", {"resourceGroupName": "g"}, "account")
    given = assignment(ROLE + role.upper(), "/subscriptions/s/resourceGroups/g")
    assert "property: roleDefinitionId" in wrong(identities.narrow_roles, stack(mine, given))


def test_other_roles_are_no_concern() -> None:
    vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
    assert passes(identities.narrow_roles, stack(assignment(ROLE + CONTRIBUTOR, vault)))
    group = "/subscriptions/s/resourceGroups/g"
    assert passes(identities.narrow_roles, stack(assignment(ROLE + CONTRIBUTOR, group)))
