"""Models and quota: what the region does not give is wrong, what it does not tell is unverified."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from components.preflight.plan import ACCOUNT, DEPLOYMENT, GATEWAY, GROUP, WORKSPACE, Held
from tests.preflight.region import DENIED, Region
from tests.preflight.region import DEPLOYMENT as ONE

NAME = "text-turbo"


def account(region: Region, name: str = "oai-other", place: str = "eastus") -> str:
    """Somebody's account, with a deployment of all quota but 5."""
    group = f"/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-{name}"
    region.put(group, location=place)
    made = f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}"
    region.put(made, location=place, kind="OpenAI", sku={"name": "S0"}, properties={})
    return made


def deploy(region: Region, owner: str, capacity: int, **model: str) -> None:
    named = {"format": "OpenAI", "name": ONE["model"], "version": ONE["version"], **model}
    sku = {"name": "GlobalStandard", "capacity": capacity}
    region.put(f"{owner}/deployments/theirs", sku=sku, properties={"model": named})


def held(capacity: int = 10, model: str = ONE["model"], version: str = ONE["version"]) -> Any:
    """The state of the example stack."""
    place = {"location": "eastus"}
    named = {"name": model, "version": version}
    sku = {"name": "GlobalStandard", "capacity": capacity}
    deployed = {"name": NAME, "properties": {"model": named}, "sku": sku}
    return (
        Held(GROUP, {"name": "rg-activategenai", **place}),
        Held(WORKSPACE, {"name": "log-1", **place}),
        Held(ACCOUNT, {"name": "oai-1", **place}),
        Held(GATEWAY, {"name": "apim-1", "location": "East US"}),
        Held(DEPLOYMENT, deployed),
    )


def test_what_the_region_gives_is_fine(region: Region) -> None:
    found = region.judged({})
    assert {line.status for line in found.values()} == {"fine"}
    assert "1000 for 10" in found[f"quota:{NAME}"].detail


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ({"model": "gpt-9"}, "model", "eastus does not offer gpt-9 2026-07-09: it has none"),
        ({"version": "2020-01-01"}, "model", "it has version 2026-07-09"),
        ({"sku": "Standard"}, "model", "not as Standard; SKUs: DataZone"),
        ({"model": "gpt-5.1", "version": "2025-11-13"}, "model", "closed to subscriptions that"),
        ({"model": "o3", "version": "2025-04-16"}, "model", "does not offer o3"),
        ({"capacity": 1001}, "quota", "has 1000 left; text-turbo: 1001 wanted"),
    ],
)
def test_what_it_does_not_give_is_wrong(
    region: Region, change: dict[str, Any], line: str, said: str
) -> None:
    found = region.judged({"deployments": [ONE | change]})[f"{line}:{NAME}"]
    assert (found.status, said in found.detail) == ("wrong", True), found
    assert found.fix


def test_a_closed_version_is_fine_where_the_subscription_has_it(region: Region) -> None:
    closed = {"name": "gpt-4.1", "version": "2025-04-14"}
    wanted = {"deployments": [ONE | {"model": "gpt-4.1", "version": "2025-04-14"}]}
    assert region.judged(wanted)[f"model:{NAME}"].status == "wrong"
    models = region.answers
    owner = account(region)
    path = f"{owner}/deployments"
    one = {"id": f"{path}/theirs", "properties": {"model": closed}}
    models[path] = httpx.Response(200, json={"value": [one]})
    assert region.judged(wanted)[f"model:{NAME}"].status == "fine"
    models[path] = DENIED
    assert region.judged(wanted)[f"model:{NAME}"].status == "unverified"


def test_a_version_past_its_day_is_wrong_and_one_before_is_told(region: Region) -> None:
    for day, status in (("2026-03-01T00:00:00Z", "wrong"), ("2026-03-02T00:00:00Z", "fine")):
        model = {
            "format": "OpenAI",
            "name": ONE["model"],
            "version": ONE["version"],
            "deprecation": {"inference": day},
            "skus": [{"name": "GlobalStandard", "usageName": "q"}],
        }
        region.answers["eastus/models"] = httpx.Response(200, json={"value": [{"model": model}]})
        found = region.judged({})[f"model:{NAME}"]
        assert found.status == status
        assert "retires on 2026-03-0" in found.detail


def test_quota_that_others_use_is_gone_and_regions_that_have_it_are_named(region: Region) -> None:
    deploy(region, account(region), 995)
    found = region.judged({})[f"quota:{NAME}"]
    assert found.status == "wrong"
    assert "has 5 left" in found.detail
    assert "set location to one that has the quota: centralus, eastus2" in found.fix


def test_a_suggested_region_has_room_for_all_of_a_quota(region: Region) -> None:
    deploy(region, account(region), 995)
    deploy(region, account(region, "oai-more", "centralus"), 985)
    two = {"deployments": [ONE, ONE | {"name": "second"}]}
    fix = region.judged(two)[f"quota:{NAME}"].fix
    assert "quota: eastus2" in fix
    assert "centralus" not in fix.partition("quota: ")[2].split(", ")


def test_what_the_stack_has_itself_counts_as_its_own(region: Region) -> None:
    deploy(region, account(region, "oai-1"), 10)
    deploy(region, account(region), 985)
    raised = {"deployments": [ONE | {"capacity": 15}]}
    assert region.judged(raised, held())[f"quota:{NAME}"].status == "fine"
    more = {"deployments": [ONE | {"capacity": 16}]}
    assert region.judged(more, held())[f"quota:{NAME}"].status == "wrong"


def test_a_deployed_stack_asks_for_nothing(region: Region) -> None:
    assert region.judged({}, held()) == {}
    assert region.asked == []


@pytest.mark.parametrize("end", ["eastus/models", "eastus/usages"])
@pytest.mark.parametrize(
    "answer",
    [
        DENIED,
        httpx.Response(200, json={"value": [{"odd": 1}]}),
        httpx.Response(200, json={"value": ["odd"]}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(500),
        httpx.ConnectError("no way"),
    ],
)
def test_what_cannot_be_read_is_unverified(region: Region, end: str, answer: Any) -> None:
    region.answers[end] = answer
    found = region.judged({})
    about = ["models", "quota"] if end.endswith("models") else ["quota"]
    assert {name for name, line in found.items() if line.status == "unverified"} == set(about)
    assert "wrong" not in {line.status for line in found.values()}


def test_a_closed_version_that_azure_moved_on_from_is_unverified(region: Region) -> None:
    """The stack had it, and Azure takes it back from whoever had it: nothing tells."""
    wanted = {"deployments": [ONE | {"model": "gpt-4o", "version": "2024-08-06"}]}
    there = held(model="gpt-4o", version="2024-11-20")
    assert region.judged(wanted, there)[f"model:{NAME}"].status == "unverified"
    assert region.judged(wanted, held())[f"model:{NAME}"].status == "wrong"
