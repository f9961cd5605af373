"""Where a provisioned deployment sends what is too much for it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.errors import ArmError
from tests.sandbox.arm.conftest import ACCOUNT, DEPLOYMENT, STACK, Azure
from tests.sandbox.seen import held

PROVISIONED = f"{ACCOUNT}/deployments/reserved"
SKU = {"name": "GlobalProvisionedManaged", "capacity": 15}


def body(spillover: str, sku: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(STACK[DEPLOYMENT])
    made["properties"]["spilloverDeploymentName"] = spillover
    return made | {"sku": sku}


def test_provisioned_spills_over_to_a_standard_one_of_its_account(stack: Azure) -> None:
    stack.put(PROVISIONED, body("chat", SKU))
    assert held(stack.cloud, PROVISIONED).properties["spilloverDeploymentName"] == "chat"


@pytest.mark.parametrize(
    ("spillover", "sku"),
    [("nowhere", SKU), ("chat", {"name": "GlobalStandard", "capacity": 1})],
)
def test_other_spillovers_are_refused(stack: Azure, spillover: str, sku: dict[str, Any]) -> None:
    with pytest.raises(ArmError, match="cannot take what spills over"):
        stack.put(PROVISIONED, body(spillover, sku))
