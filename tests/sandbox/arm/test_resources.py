"""Names, places, parents, deletion and locks: what holds for all resource types."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox import arm
from sandbox.arm.base import parse
from sandbox.cloud import Cloud
from sandbox.errors import NotModelledError

from .conftest import (
    ACCOUNT,
    API,
    DEPLOYMENT,
    DIAGNOSTIC,
    GROUP,
    LINK,
    LOGGER,
    POLICY,
    PRODUCT,
    SERVICE,
    SETTING,
    STACK,
    SUBSCRIPTION,
    WORKSPACE,
    Azure,
    refusal,
)


def test_the_reference_stack_is_accepted_twice_and_kept_on_disk(stack: Azure) -> None:
    before = arm.get(stack.cloud, SERVICE)
    for resource_id, body in STACK.items():
        stack.put(resource_id, body)
    again = Cloud(stack.cloud.folder).get(SERVICE)
    assert again is not None
    assert again.body == before.body
    assert again.properties["gatewayUrl"] == "https://apim-test.azure-api.net"
    assert again.created == before.created


@pytest.mark.parametrize(
    ("missing", "wanted", "code"),
    [
        (GROUP, WORKSPACE, "ResourceGroupNotFound"),
        (ACCOUNT, DEPLOYMENT, "ParentResourceNotFound"),
        (SERVICE, LOGGER, "ParentResourceNotFound"),
        (SERVICE, SETTING, "ResourceNotFound"),
        (WORKSPACE, SETTING, "ResourceNotFound"),
        (API, POLICY, "ResourceNotFound"),
        (API, LINK, "ResourceNotFound"),
        (PRODUCT, SUBSCRIPTION, "ResourceNotFound"),
    ],
)
def test_what_is_referred_to_must_exist(azure: Azure, missing: str, wanted: str, code: str) -> None:
    for resource_id, body in STACK.items():
        if not resource_id.startswith(missing) and resource_id != wanted:
            needs_missing = {GROUP: STACK, API: [LINK], PRODUCT: [LINK, SUBSCRIPTION]}
            needs_missing[WORKSPACE] = [SETTING]
            if resource_id not in needs_missing.get(missing, []):
                azure.put(resource_id, body)
    error = refusal(lambda: azure.put(wanted, STACK[wanted]))
    assert (error.status, error.code) == (404, code)


@pytest.mark.parametrize(
    ("resource_id", "name"),
    [
        (GROUP, "ends-in-period."),
        (WORKSPACE, "log"),
        (ACCOUNT, "-account"),
        (SERVICE, "1apim"),
        (SERVICE, "a" * 51),
        (API, "a*b"),
        (POLICY, "other"),
        (SETTING, "100%"),
    ],
)
def test_names_have_patterns(stack: Azure, resource_id: str, name: str) -> None:
    renamed = f"{resource_id.rpartition('/')[0]}/{name}"
    error = refusal(lambda: stack.put(renamed, STACK[resource_id]))
    assert error.code == "InvalidResourceName"
    assert name in error.message


@pytest.mark.parametrize(
    ("resource_id", "location", "code"),
    [
        (GROUP, "westeurope", "InvalidResourceGroupLocation"),
        (ACCOUNT, "westeurope", "InvalidResourceLocation"),
        (SERVICE, "West Europe", "InvalidResourceLocation"),
        (SERVICE, "atlantis", "LocationNotAvailableForResourceType"),
        (SERVICE, None, "LocationRequired"),
    ],
)
def test_a_resource_stays_in_its_region(
    stack: Azure, resource_id: str, location: str | None, code: str
) -> None:
    change = {"location": location}
    assert refusal(lambda: stack.edit(resource_id, lambda b: b.update(change))).code == code


@pytest.mark.parametrize(
    "tail", ["Microsoft.Web/sites/x", "Microsoft.ApiManagement/service/x/tags/t"]
)
def test_other_types_are_named_as_not_modelled(stack: Azure, tail: str) -> None:
    with pytest.raises(NotModelledError, match=tail.split("/", maxsplit=1)[0]):
        stack.put(f"{GROUP}/providers/{tail}", {})


def test_deleting_the_group_deletes_all_and_keeps_three_soft_deleted(stack: Azure) -> None:
    arm.delete(stack.cloud, SETTING)
    arm.delete(stack.cloud, GROUP)
    live, kept = stack.cloud.all(), stack.cloud.deleted()
    assert live == []
    assert {one.id for one in kept} == {WORKSPACE, ACCOUNT, SERVICE}
    arm.delete(stack.cloud, GROUP)
    assert refusal(lambda: arm.get(stack.cloud, GROUP)).code == "ResourceGroupNotFound"


def test_a_diagnostic_setting_outlives_its_resource(stack: Azure) -> None:
    arm.delete(stack.cloud, SERVICE)
    assert refusal(lambda: arm.get(stack.cloud, SETTING)).status == 404
    assert [one.id for one in stack.cloud.below(SERVICE)] == [SETTING]


@pytest.mark.parametrize(
    ("resource_id", "code"),
    [
        (ACCOUNT, "FlagMustBeSetForRestore"),
        (SERVICE, "ServiceAlreadyExistsInSoftDeletedState"),
    ],
)
def test_soft_deleted_names_are_held_for_48_hours(
    stack: Azure, resource_id: str, code: str
) -> None:
    stack.now = time.time()
    arm.delete(stack.cloud, resource_id)
    assert refusal(lambda: stack.put(resource_id, STACK[resource_id])).code == code
    stack.now += 49 * 3600
    assert stack.put(resource_id, STACK[resource_id])


def test_a_workspace_comes_back_as_the_same_one(stack: Azure) -> None:
    before = arm.get(stack.cloud, WORKSPACE).properties["customerId"]
    arm.delete(stack.cloud, WORKSPACE)
    assert stack.put(WORKSPACE, STACK[WORKSPACE]).properties["customerId"] == before
    assert stack.cloud.deleted() == []
    other = stack.put(f"{WORKSPACE}-2", STACK[WORKSPACE])
    assert other.properties["customerId"] != before


@pytest.mark.parametrize(
    ("first", "second", "status", "code"),
    [
        (API, POLICY, 409, "PessimisticConcurrencyConflict"),
        (POLICY, DIAGNOSTIC, 409, "PessimisticConcurrencyConflict"),
        (SUBSCRIPTION, f"{SUBSCRIPTION}-2", 412, "PreconditionFailed"),
        (DEPLOYMENT, f"{DEPLOYMENT}-2", 409, "RequestConflict"),
        (ACCOUNT, DEPLOYMENT, 409, "RequestConflict"),
    ],
)
def test_writes_that_exclude_each_other(first: str, second: str, status: int, code: str) -> None:
    one, two = arm.exclusive(first, "PUT"), arm.exclusive(second, "DELETE")
    assert one is not None
    assert two is not None
    assert one[0] == two[0]
    assert (two[1].status, two[1].code) == (status, code)
    assert arm.exclusive(first, "GET") is arm.exclusive(first, "POST") is None


@pytest.mark.parametrize(
    ("resource_id", "body"),
    [
        (ACCOUNT, {**STACK[ACCOUNT], "sku": "S0"}),
        (ACCOUNT, {**STACK[ACCOUNT], "properties": ["x"]}),
        (SETTING, {"properties": {"workspaceId": 5}}),
        (SETTING, {"properties": {"workspaceId": WORKSPACE, "logs": [{"enabled": True}]}}),
    ],
)
def test_a_body_of_another_form_is_refused(stack: Azure, resource_id: str, body: Any) -> None:
    assert refusal(lambda: stack.put(resource_id, body)).code == "InvalidRequestContent"


def test_only_the_callers_subscription_exists(azure: Azure) -> None:
    elsewhere = GROUP.replace("/subscriptions/1", "/subscriptions/2")
    assert refusal(lambda: azure.put(elsewhere, STACK[GROUP])).code == "SubscriptionNotFound"


@pytest.mark.parametrize("resource_id", [GROUP, WORKSPACE, SERVICE, SETTING, LOGGER, PRODUCT])
def test_writes_that_exclude_nothing(resource_id: str) -> None:
    assert arm.exclusive(resource_id, "PUT") is None


def test_types_are_spelt_as_azure_does() -> None:
    assert parse(DIAGNOSTIC.upper()).type == "Microsoft.ApiManagement/service/apis/diagnostics"
