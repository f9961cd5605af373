"""A Foundry resource with models of two publishers: made, called, accounted for and proven."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.example import example_config
from harness.machine import CHECK, Machine
from sandbox.arm.base import ACCOUNT
from sandbox.cloud import Cloud

DEPLOYMENTS = example_config()["deployments"]
OTHER = {
    "name": "deepseek",
    "model": "DeepSeek-V3.2",
    "format": "DeepSeek",
    "version": "1",
    "capacity": 50,
}
FOUNDRY: dict[str, Any] = {
    "insights": False,
    "accountKind": "AIServices",
    "gatewayRole": "Cognitive Services User",
    "deployments": [*DEPLOYMENTS, OTHER],
}


def account(machine: Machine) -> tuple[str, float, str]:
    """Id, creation and kind of the account, as Azure has it."""
    (found,) = Cloud(machine.cloud).of_type(ACCOUNT)
    return found.id, found.created, str(found.body["kind"])


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """An Azure OpenAI account that a stack file turned into a Foundry resource, in place."""
    made = Machine(tmp_path_factory.mktemp("foundry"))
    made.configure(insights=False)
    made.up()
    before = account(made)
    made.configure(**FOUNDRY)
    made.up()
    assert account(made) == (*before[:2], "AIServices")
    return made


def test_models_of_other_publishers_are_called_and_proven(upgraded: Machine) -> None:
    file = upgraded.project / "verdict.json"

    done = upgraded.run(*CHECK, "--timeout", "2", "--settle", "0.1", "--json", str(file))

    assert done.status == 0, done.text
    proofs = {one["id"]: one for one in json.loads(file.read_text())["proofs"]}
    assert "deepseek" in proofs["call"]["detail"]
    assert "left out deepseek" not in proofs["call"]["detail"]


def test_it_settles_and_stays_a_foundry_resource(upgraded: Machine) -> None:
    upgraded.pulumi("preview", "--expect-no-changes", "--refresh")
    upgraded.configure(accountKind="OpenAI", deployments=DEPLOYMENTS)
    upgraded.up()
    assert account(upgraded)[2] == "AIServices"
