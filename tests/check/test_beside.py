"""What somebody adds beside the stack's own resources, by which its calls are made or logged."""

from __future__ import annotations

from typing import Any

import pytest

from queries.check.proofs.base import Verdict
from tests.check.states import declared
from tests.check.test_drift import KINDS, SERVICE, judged

Json = dict[str, Any]
API, PRODUCT = f"{SERVICE}/apis/a", f"{SERVICE}/products/own"
LINK = f"{PRODUCT}/apiLinks/a"
TITLE = "of the Api a is there, declared by nobody"


def of(lists: dict[str, list[Json]], *, own: bool = True) -> Verdict:
    """Judge an API in a product, on the stack's own gateway or another, with these lists."""
    kinds = {
        API: "apimanagement:Api",
        PRODUCT: "apimanagement:Product",
        LINK: "apimanagement:ProductApiLink",
        **(KINDS if own else {}),
    }
    kinds = {at: kind for at, kind in kinds.items() if at.startswith(SERVICE)}
    stack = [declared(at, kind, {}) for at, kind in kinds.items()]
    there: dict[str, Json] = {at: {"id": at, "properties": {}} for at in kinds}
    return judged(*stack, **there, **{path: {"value": one} for path, one in lists.items()})


def item(resource_id: str, **properties: Any) -> Json:
    return {"id": resource_id, "name": resource_id.rpartition("/")[2], "properties": properties}


@pytest.mark.parametrize("own", [True, False])
def test_a_product_of_somebody_else_that_holds_the_api_is_told(own: bool) -> None:
    held = item(PRODUCT)
    assert of({f"{API}/products": [held]}, own=own).status == "seen"
    for name in ("unlimited", "starter"):
        found = of({f"{API}/products": [held, item(f"{SERVICE}/products/{name}")]}, own=own)
        assert (found.status, f"product {name} {TITLE}" in found.detail) == ("unjudged", True)
        assert found.parts == (f"product {name} of the Api a",)


def test_only_the_oldest_subscription_without_a_name_is_azures() -> None:
    path = f"{SERVICE}/subscriptions"
    made = item(f"{path}/5f00", scope=PRODUCT, displayName=None, createdDate="2026-01-01T00:00:00Z")
    assert of({path: [made]}).status == "seen"
    assert of({path: []}).status == "seen"
    for order in (False, True):
        later = item(f"{path}/1a00", scope=PRODUCT, displayName="", createdDate="2026-02-01")
        found = of({path: [made, later] if order else [later, made]})
        assert found.parts == ("subscription 1a00 of the Product own",)
        assert found.status == "unjudged"


def log(name: str, **properties: Any) -> Json:
    return item(f"{SERVICE}/diagnostics/{name}", **properties)


BODIES: Json = {"frontend": {"request": {"body": {"bytes": 8192}}}}


@pytest.mark.parametrize(
    ("listed", "own", "status"),
    [
        (log("azuremonitor", **BODIES), True, "seen"),
        (log("applicationinsights"), True, "unjudged"),
        (log("applicationinsights", **BODIES), True, "unjudged"),
        (log("applicationinsights", **BODIES), False, "unjudged"),
        (log("applicationinsights", frontend={"request": {"body": None}}), False, "seen"),
    ],
)
def test_a_diagnostic_of_all_apis_logs_the_stacks_calls_too(
    listed: Json, own: bool, status: str
) -> None:
    found = of({f"{SERVICE}/diagnostics": [listed]}, own=own)
    assert found.status == status
    said = f"diagnostic of all APIs applicationinsights {TITLE}"
    assert (said in found.detail) == (status != "seen")


def test_an_api_that_is_in_the_product_by_the_older_way_is_told_once() -> None:
    other = f"{SERVICE}/apis/other"
    own, theirs = item(f"{PRODUCT}/apis/a"), item(f"{PRODUCT}/apis/other")
    link = item(f"{PRODUCT}/apiLinks/x", apiId=other)
    assert of({f"{PRODUCT}/apis": [own]}).status == "seen"
    found = of({f"{PRODUCT}/apis": [own, theirs], f"{PRODUCT}/apiLinks": [link]})
    assert found.status == "unjudged"
    assert found.detail.count("API other of the Product") == 1


def test_a_key_to_one_revision_of_the_api_counts() -> None:
    key = item(f"{SERVICE}/subscriptions/x", scope=f"{API};rev=2", displayName="x")
    assert of({f"{SERVICE}/subscriptions": [key]}).status == "unjudged"
