"""The stack comes up whoever makes the logger to Azure Monitor, and leaves one be that it has."""

from __future__ import annotations

import pytest

from tests.engine.machine import Machine

LOGGER = "azure-native:apimanagement:Logger"


@pytest.mark.parametrize("when", ["with-service", "with-setting"])
def test_first_up_takes_the_logger_that_azure_has_made(machine: Machine, when: str) -> None:
    world = ("--logger", when)
    machine.up(options=world)
    made = [entry for entry in machine.changes() if entry["type"] == LOGGER]
    assert bool(made) is (when == "with-setting")
    machine.pulumi("preview", "--refresh", "--expect-no-changes", options=world)
    check = machine.run("python", "-m", "queries.check", "--stack", "dev", "--timeout", "1")
    assert check.status == 0, check.text
    machine.pulumi("destroy", "--yes", "--skip-preview", "--run-program", options=world)
    assert machine.leftovers().status == 0


def test_stack_that_has_the_logger_sees_no_change(machine: Machine) -> None:
    machine.up()
    before = len(machine.changes())
    machine.pulumi("preview", "--expect-no-changes")
    text = machine.up(options=("--logger", "with-service"))
    assert "62 unchanged" in text
    assert len(machine.changes()) == before
