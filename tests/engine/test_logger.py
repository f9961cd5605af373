"""The stack comes up whoever makes the logger to Azure Monitor, and leaves one be that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.machine import CHECK, Machine
from tests.engine.stacks import Stack

LOGGER = "azure-native:apimanagement:Logger"


@pytest.mark.parametrize("when", ["with-service", "with-setting"])
def test_first_up_takes_the_logger_that_azure_has_made(machine: Machine, when: str) -> None:
    world = ("--logger", when)
    machine.up(options=world)
    made = [entry for entry in machine.changes() if entry["type"] == LOGGER]
    assert bool(made) is (when == "with-setting")
    machine.pulumi("preview", "--refresh", "--expect-no-changes", options=world)
    check = machine.run(*CHECK, "--timeout", "5")
    assert check.status == 0, check.text
    machine.pulumi("destroy", "--yes", "--skip-preview", "--run-program", options=world)
    assert machine.leftovers().status == 0


def test_a_write_of_the_service_leaves_the_logger_that_the_stack_has(
    example: Path, tmp_path: Path
) -> None:
    """Azure may make the logger with each write of the service; here it is there already."""
    machine = Stack(example, tmp_path).selected()
    machine.configure(gatewayUnits=2)
    machine.up(options=("--logger", "with-service"))
    changed = {entry["type"] for entry in machine.changes()}
    assert "azure-native:apimanagement:ApiManagementService" in changed
    assert LOGGER not in changed
    machine.pulumi("preview", "--refresh", "--expect-no-changes")
