"""Azure answers some values otherwise than they were written; what is kept stays."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.arm.answers import answered, shown_id
from sandbox.arm.base import SERVICE, SETTING, WORKSPACE
from sandbox.cloud import Resource

GROUP = "/subscriptions/1/resourceGroups/RG"


@pytest.mark.parametrize(
    ("kind", "body", "path", "told"),
    [
        (WORKSPACE, {"properties": {"sku": {"name": "PerGB2018"}}}, "sku.name", "pergb2018"),
        (
            SERVICE,
            {"properties": {"customProperties": {"a": "False"}}},
            "customProperties.a",
            "false",
        ),
        (SETTING, {"properties": {"logs": [{"category": "a"}]}}, "storageAccountId", None),
    ],
)
def test_a_value_has_another_form_in_the_answer(
    kind: str, body: dict[str, Any], path: str, told: object
) -> None:
    kept = Resource(f"{GROUP}/providers/{kind}/x", kind, "x", body)
    value: Any = answered(kept).properties
    for part in path.split("."):
        value = value[part]
    assert value == told
    assert kept.body is body


def test_a_service_tells_its_region_by_its_title() -> None:
    service = Resource(f"{GROUP}/x", SERVICE, "x", {"location": "eastus2", "properties": {}})
    assert answered(service).body["location"] == "East US 2"
    assert service.body["location"] == "eastus2"


def test_ids_of_workspaces_and_of_what_a_setting_is_of_are_in_lower_case() -> None:
    workspace = Resource(f"{GROUP}/providers/{WORKSPACE}/log-A", WORKSPACE, "log-A", {})
    setting = Resource(f"{GROUP}/x/providers/{SETTING}/To There", SETTING, "To There", {})
    assert shown_id(workspace).startswith("/subscriptions/1/resourcegroups/rg/")
    assert shown_id(setting) == (
        f"/subscriptions/1/resourcegroups/rg/x/providers/{SETTING}/To There"
    )


def test_a_policy_comes_in_the_form_that_was_asked_for() -> None:
    kind = f"{SERVICE}/apis/policies"
    text = (
        '<policies>\n  <inbound><set-variable name="a" value="@(1 < 2)" /></inbound>\n</policies>'
    )
    policy = Resource("x", kind, "policy", {"properties": {"value": text, "format": "rawxml"}})
    escaped, raw = answered(policy).properties, answered(policy, "rawxml").properties
    assert (escaped["format"], "1 &lt; 2" in escaped["value"]) == ("xml", True)
    assert (raw["format"], "1 < 2" in raw["value"]) == ("rawxml", True)
    assert "\r\n" in raw["value"]
