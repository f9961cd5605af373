"""Reads of the gateway that answer something else: never seen."""

from __future__ import annotations

import httpx
import pytest

from tests.check import arm
from tests.check.arm import DIAGNOSTIC, GATEWAY, OTHER, PRODUCT, Arm
from tests.check.ways import (
    ELSEWHERE,
    HARMLESS,
    HERE,
    PLACES,
    document,
    gateway,
    verdict,
)


def _healthy() -> Arm:
    """A deployment that has everything which is read."""
    world, workspace = (
        gateway("fragment", "pool", ELSEWHERE, "named value", "when"),
        f"{GATEWAY}/workspaces/w",
    )
    world.resources |= {
        PLACES["service"]: document(HARMLESS[0]),
        PLACES["product"]: document(HARMLESS[0]),
        PLACES["operation"]: document(HARMLESS[0]),
        f"{GATEWAY}/diagnostics/azuremonitor": world.resources[DIAGNOSTIC],
        f"{OTHER}/diagnostics/azuremonitor": world.resources[DIAGNOSTIC],
        f"{OTHER}/revisions/2": {"apiRevision": "2", "isOnline": True},
        f"{OTHER};rev=2": {"name": "copy;rev=2", "properties": {"serviceUrl": ELSEWHERE}},
        f"{GATEWAY}/gateways/shop": {"properties": {"description": "x"}},
        workspace: {"properties": {"displayName": "w"}},
        f"{workspace}/apis/in-w": {"properties": {"path": "w"}},
    }
    return world


def test_an_api_is_in_a_product_by_a_link_or_by_the_older_way() -> None:
    for place in ("apiLinks/2", "apis/copy"):
        world = gateway("product", "base-url", HERE, "literal", "always")
        del world.resources[f"{PRODUCT}/apiLinks/2"]
        assert verdict(world) == "seen"
        world.resources[f"{PRODUCT}/{place}"] = {"properties": {"apiId": OTHER}}
        assert verdict(world) == "failed", place


def _paths() -> list[str]:
    world = _healthy()
    assert verdict(world) == "seen"
    return [request.url.path for request in world.asked]


def _answers() -> list[httpx.Response]:
    return [
        *(httpx.Response(status, json={"error": {}}) for status in (401, 403, 429, 500, 503)),
        httpx.Response(200, text="<html>proxy</html>"),
        httpx.Response(200, json=["x"]),
        httpx.Response(200, json={"value": "x", "properties": "x"}),
        httpx.Response(200, json={"value": [7], "properties": [7]}),
    ]


def _instead(path: str, answer: httpx.Response) -> Arm:
    """The deployment that has everything, of which one read answers something else."""
    world = _healthy()
    told = world.handle

    def handle(request: httpx.Request) -> httpx.Response:
        return answer if request.url.path == path else told(request)

    world.handle = handle  # type: ignore[method-assign]
    return world


@pytest.mark.parametrize("number", range(len(_answers())))
def test_whatever_one_read_answers_instead_is_never_seen(number: int) -> None:
    """Every read of a deployment that has everything, one after the other."""
    for path in _paths():
        assert verdict(_instead(path, _answers()[number])) != "seen", path


def test_a_list_that_is_not_there_is_never_seen() -> None:
    for path in [path for path in _paths() if path.rpartition("/")[2] in arm.LISTS]:
        assert verdict(_instead(path, httpx.Response(404))) == "unjudged", path


@pytest.mark.parametrize("kind", ["workspaces", "gateways"])
def test_a_tier_without_workspaces_has_none_to_judge(kind: str) -> None:
    world = Arm()
    told = world.handle
    refusal = {"error": {"code": "MethodNotAllowedInPricingTier", "message": "Method not allowed"}}

    def handle(request: httpx.Request) -> httpx.Response:
        lacks = request.url.path == f"{GATEWAY}/{kind}"
        return httpx.Response(400, json=refusal) if lacks else told(request)

    world.handle = handle  # type: ignore[method-assign]
    assert verdict(world) == "seen"
