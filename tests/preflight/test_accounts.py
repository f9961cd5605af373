"""Several accounts, and existing ones: each judged by its own region, and by what the others take.

A trouble of one account is told of it, and of no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from components.preflight.accounts import place_of
from components.preflight.plan import ACCOUNT, DEPLOYMENT, GATEWAY, GROUP, ROLE, WORKSPACE, Held
from sandbox.cloud import PLATFORM_SUBSCRIPTION_ID
from tests.preflight.region import DENIED, Region, planned
from tests.preflight.region import DEPLOYMENT as ONE
from tests.preflight.test_models import account, deploy

OTHER = f"/subscriptions/{PLATFORM_SUBSCRIPTION_ID}/resourceGroups/rg-theirs"
THEIRS = f"{OTHER}/providers/Microsoft.CognitiveServices/accounts/oai-theirs"
CHAT = {key: value for key, value in ONE.items() if key != "name"} | {"name": "chat"}
LARGE = CHAT | {"capacity": 600}
DEEP = CHAT | {"name": "deep", "model": "DeepSeek-V3.2", "version": "1", "format": "DeepSeek"}
FOUR: list[dict[str, Any]] = [
    {"name": "east", "deployments": [LARGE]},
    {"name": "also", "deployments": [CHAT | {"capacity": 300}]},
    {"name": "sweden", "location": "swedencentral", "kind": "AIServices",
     "deployments": [CHAT, DEEP]},
    {"name": "theirs", "id": THEIRS, "deployments": [
        CHAT, CHAT | {"name": "there", "capacity": 999, "existing": True}]},
]  # fmt: skip
GROUP_ID = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-activategenai"
URN = "urn:pulumi:dev::azure-openai-accounted::x::"


def stack(*accounts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"accounts": list(accounts or FOUR), "deployments": [], **more}


def theirs(region: Region, kind: str = "OpenAI", **properties: Any) -> None:
    """An account of somebody in another subscription, in a third region, with a deployment."""
    region.put(OTHER, location="westeurope")
    given = {"customSubDomainName": "oai-theirs", **properties}
    about = {"identity": {"type": "SystemAssigned"}, "sku": {"name": "S0"}, "properties": given}
    region.put(THEIRS, location="westeurope", kind=kind, **about)
    model = {"format": "OpenAI", "name": CHAT["model"], "version": CHAT["version"]}
    sku = {"name": "GlobalStandard", "capacity": 900}
    region.put(f"{THEIRS}/deployments/there", sku=sku, properties={"model": model})


def held(*accounts: dict[str, Any]) -> tuple[Held, ...]:
    """The state of a stack with several accounts, as the engine tells it."""
    found = [
        Held(GROUP, {"name": "rg-activategenai"}),
        Held(WORKSPACE, {"name": "log-1", "location": "eastus"}),
        Held(GATEWAY, {"name": "apim-1", "location": "East US"}),
    ]
    for one in accounts:
        label, place = one["name"], one.get("location", "eastus")
        own = f"{GROUP_ID}/providers/Microsoft.CognitiveServices/accounts/oai-{label}"
        role = {"name": "guid", "scope": one.get("id", own)}
        found.append(Held(ROLE, role, f"{URN}openai-api-role-{label}"))
        if "id" not in one:
            there = {"name": f"oai-{label}", "location": place}
            found.append(Held(ACCOUNT, there, f"{URN}openai-account-{label}"))
        for each in one["deployments"]:
            model = {"name": each["model"], "version": each["version"]}
            sku = {"name": "GlobalStandard", "capacity": each["capacity"]}
            about = {"name": each["name"], "properties": {"model": model}, "sku": sku}
            if not each.get("existing"):
                found.append(Held(DEPLOYMENT, about, f"{URN}deployment-{label}-{each['name']}"))
    return tuple(found)


def without_quota(subscription: str, place: str) -> Callable[[Region], None]:
    def have(region: Region) -> None:
        used = [{"name": {"value": f"OpenAI.GlobalStandard.{CHAT['model']}"},
                 "currentValue": 995, "limit": 1000},
                {"name": {"value": "AIServices.GlobalStandard.DeepSeek-V3.2"},
                 "currentValue": 0, "limit": 1000}]  # fmt: skip
        path = f"{subscription}/providers/Microsoft.CognitiveServices/locations/{place}/usages"
        region.answers[path] = httpx.Response(200, json={"value": used})

    return have


def test_four_accounts_in_three_regions_are_fine(region: Region) -> None:
    theirs(region)
    found = region.judged(stack())
    assert {line.status for line in found.values()} == {"fine"}, found
    assert "1000 for 900: east/chat, also/chat" in found["quota:east/chat"].detail
    assert "in swedencentral has 1000 for 10" in found["quota:sweden/deep"].detail
    assert "in westeurope has 100 for 10" in found["quota:theirs/chat"].detail
    assert "in westeurope" in found["accountId:theirs"].detail
    assert {"model:also/chat", "rights:oai-theirs", "region:sweden"} <= set(found)
    assert not {"model:theirs/there", "quota:theirs/there"} & set(found)


HERE = "11111111-2222-3333-4444-555555555555"
TROUBLES: dict[str, tuple[Callable[[Region], None], int, dict[str, Any], str, str, str]] = {
    "east's quota": (without_quota(HERE, "eastus"), 0, {}, "quota:east/chat", "has 5 left",
        "set location of account east to one that has the quota: centralus"),
    "sweden's quota": (without_quota(HERE, "swedencentral"), 2, {}, "quota:sweden/chat",
        "swedencentral has 5 left", "set location of account sweden to one"),
    "their quota": (without_quota(PLATFORM_SUBSCRIPTION_ID, "westeurope"), 3, {},
        "quota:theirs/chat", "westeurope has 5 left", "an existing account cannot move"),
    "also's model": (theirs, 1, {"deployments": [CHAT | {"name": "nine", "model": "gpt-9"}]},
        "model:also/nine", "account also: eastus does not offer", "--location eastus"),
    "sweden's publisher": (theirs, 2, {"deployments": [DEEP | {"format": "Meta"}]},
        "model:sweden/deep", "not offer Meta DeepSeek-V3.2 1: it has that name in format DeepSeek",
        "model list"),
    "their kind has no such model": (theirs, 3, {"deployments": [DEEP]}, "model:theirs/deep",
        "an account of kind OpenAI has no DeepSeek", "AIServices"),
    "their deployment is missing": (theirs, 3, {"deployments": [CHAT | {"existing": True}]},
        "deployment:theirs/chat", "has no deployment chat", "leave existing out"),
    "their deployment is there": (theirs, 3, {"deployments": [CHAT | {"name": "There"}]},
        "deployment:theirs/There", "has a deployment There already", "existing: true"),
    "no such account": (theirs, 3, {"id": f"{THEIRS}-2"}, "accountId:theirs", "does not exist",
        "name one"),
    "no such region": (theirs, 2, {"location": "swedencentrl"}, "region:sweden", "is no region",
        "give the account another location: one of swedencentral"),
    "a name that is kept": (lambda region: region.delete(account(region, "oai-one")), 1,
        {"accountName": "oai-one"}, "account-name:also", "keeps the name", "purge --name oai-one"),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_a_trouble_of_one_account_is_its_own(name: str, region: Region) -> None:
    make, number, change, line, said, fix = TROUBLES[name]
    if make is not theirs:
        theirs(region)
    make(region)
    found = region.judged(
        stack(*(one | change if n == number else one for n, one in enumerate(FOUR)))
    )
    assert [key for key, one in found.items() if one.status == "wrong"] == [line] or (
        name == "no such region" and found[line].status == "wrong"
    ), found
    assert said in found[line].detail
    assert fix in found[line].fix


def test_capacities_of_a_region_are_summed_over_accounts(region: Region) -> None:
    one, two = FOUR[0], FOUR[1] | {"deployments": [LARGE]}
    found = region.judged(stack(one, two))["quota:east/chat"]
    assert found.status == "wrong"
    assert "has 1000 left; east/chat, also/chat: 1200 wanted" in found.detail
    assert "of account east to one" in found.fix
    assert "of account also to one" in found.fix


def test_a_suggested_region_has_room_beside_the_other_accounts_there(region: Region) -> None:
    full = {"name": "more", "location": "centralus", "deployments": [LARGE]}
    small = {"name": "less", "location": "eastus2", "deployments": [CHAT]}
    one, two = FOUR[0], FOUR[1] | {"deployments": [LARGE]}
    fix = region.judged(stack(one, two, full, small))["quota:east/chat"].fix
    assert "quota: eastus2" in fix
    assert "centralus" not in fix.replace(",", " ").replace(";", " ").split()


def test_what_the_stack_has_in_a_region_is_its_own(region: Region) -> None:
    deploy(region, account(region, "oai-east"), 600)
    grown = FOUR[1] | {"deployments": [CHAT | {"capacity": 400}]}
    assert region.judged(stack(FOUR[0], grown), held(FOUR[0]))["quota:east/chat"].status == "fine"
    grown = FOUR[1] | {"deployments": [CHAT | {"capacity": 401}]}
    assert region.judged(stack(FOUR[0], grown), held(FOUR[0]))["quota:east/chat"].status == "wrong"


def test_what_is_no_longer_declared_is_deleted_last_so_its_quota_is_not_free(
    region: Region,
) -> None:
    deploy(region, account(region, "oai-east"), 600)
    renamed = FOUR[0] | {"deployments": [LARGE | {"name": "renamed"}]}
    found = region.judged(stack(renamed), held(FOUR[0]))["quota:east/renamed"]
    assert (found.status, "has 400 left" in found.detail) == ("wrong", True)


def test_a_deployed_stack_of_several_accounts_creates_nothing(region: Region) -> None:
    theirs(region)
    chat = {"id": f"{THEIRS}/deployments/chat", "name": "chat"}
    there = {"id": f"{THEIRS}/deployments/there", "name": "there"}
    path = f"{THEIRS}/deployments"
    region.answers[path] = httpx.Response(200, json={"value": [chat, there]})
    found = region.judged(stack(), held(*FOUR))
    assert set(found) == {"accountId:theirs"}, "what exists is looked at again; all else is there"
    assert found["accountId:theirs"].status == "fine"
    moved = region.judged(stack(*FOUR[:3], FOUR[3] | {"name": "ours"}), held(*FOUR))
    assert "rights:oai-theirs" in moved, "another short name is another role and deployment"


def test_the_first_of_several_may_have_been_the_only_account(region: Region) -> None:
    """Under its name in Azure it is the stack's own: nothing of it is created."""
    only = Held(ACCOUNT, {"name": "oai-east", "location": "eastus"}, f"{URN}openai-account")
    first = FOUR[1] | {"name": "east", "accountName": "oai-east"}
    found = region.judged(stack(first, FOUR[2]), (*held()[:3], only))
    assert "account-name:east" not in found
    assert "account-name:east" in region.judged(stack(first, FOUR[2]), held()[:3])


def test_an_account_that_moves_leaves_the_others_alone(region: Region) -> None:
    moved = FOUR[0] | {"location": "westeurope"}
    found = region.judged(stack(moved, *FOUR[1:3]), held(*FOUR[:3]))
    assert "westeurope has 1000 for 600" in found["quota:east/chat"].detail
    assert not {"model:also/chat", "model:sweden/chat"} & set(found)


@pytest.mark.parametrize("setting", ["OpenAI Diagnostic Setting", ""])
def test_an_existing_account_takes_rights_of_its_own(setting: str, region: Region) -> None:
    theirs(region)
    told = {"value": [{"actions": ["*/read"], "notActions": []}]}
    path = f"{THEIRS}/providers/Microsoft.Authorization/permissions"
    region.answers[path] = httpx.Response(200, json=told)
    last = FOUR[3] | {"diagnosticSettingName": setting}
    found = region.judged(stack(*FOUR[:3], last))
    assert found["rights"].status == "fine"
    line = found["rights:oai-theirs"]
    assert line.status == "wrong"
    assert "accounts/deployments/write, Microsoft.Authorization/roleAssignments/" in line.detail
    assert ("diagnosticSettings/write" in line.detail) is bool(setting)
    assert THEIRS in line.fix


def test_the_only_account_may_exist(region: Region) -> None:
    theirs(region)
    found = region.judged({"accountId": THEIRS, "deployments": [CHAT]})
    assert {line.status for line in found.values()} == {"fine"}, found
    assert {"accountId", "model:chat", "quota:chat", "rights:oai-theirs"} <= set(found)
    posts = [one for one in region.asked if one.startswith("POST")]
    assert posts == [], "no name is asked for"
    assert "service:Microsoft.CognitiveServices" not in found
    theirs_is_odd = {"id": THEIRS, "kind": "CognitiveServices", "location": "x", "properties": {}}
    region.answers["accounts/oai-theirs"] = httpx.Response(200, json=theirs_is_odd)
    found = region.judged({"accountId": THEIRS, "deployments": [CHAT]})
    assert "kind CognitiveServices does not answer" in found["accountId"].detail


@pytest.mark.parametrize("answer", [DENIED, httpx.Response(200, json={"id": "x"})])
def test_an_existing_account_that_is_not_read_spoils_no_other(
    answer: httpx.Response, region: Region
) -> None:
    theirs(region)
    region.answers["accounts/oai-theirs"] = answer
    found = region.judged(stack())
    unread = {name for name, line in found.items() if line.status == "unverified"}
    assert unread == {"accountId:theirs", "models:theirs", "quota:theirs"}
    assert {line.status for line in found.values()} == {"unverified", "fine"}


def test_a_region_that_is_not_read_spoils_no_other(region: Region) -> None:
    theirs(region)
    region.answers["swedencentral/models"] = DENIED
    found = region.judged(stack())
    unread = {name for name, line in found.items() if line.status == "unverified"}
    assert unread == {"models:sweden", "quota:swedencentral"}


def test_an_existing_account_draws_on_its_region_with_the_others(region: Region) -> None:
    own = account(region, "oai-own")
    sub = {"customSubDomainName": "oai-own"}
    told = {"id": own, "kind": "OpenAI", "location": "East US", "properties": sub}
    region.answers["accounts/oai-own"] = httpx.Response(200, json=told)
    found = region.judged(stack(FOUR[0], {"name": "own", "id": own, "deployments": [LARGE]}))
    assert "east/chat, own/chat: 1200 wanted" in found["quota:east/chat"].detail
    assert "of account own" not in found["quota:east/chat"].fix, "it cannot move"


def test_a_subscription_is_the_same_in_capitals(region: Region) -> None:
    written = "abcdefab-2222-3333-4444-555555555555"
    one = f"/subscriptions/{written}/resourceGroups/x/providers/Microsoft.CognitiveServices"
    theirs = {"name": "own", "id": f"{one}/accounts/oai-own", "deployments": [LARGE]}
    azure = replace(region.azure(), subscription=written.upper())
    told = {"id": theirs["id"], "location": "East US"}
    azure.learn({f"account {theirs['id']}": lambda: told})
    parts = planned(stack(FOUR[0], theirs)).accounts
    created, existing = (place_of(azure, part) for part in parts)
    assert created == existing
