"""Changes of a live stack do what the preview says, and leave it working."""

from __future__ import annotations

from typing import Any

import pytest

from harness.machine import Machine


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("live"))
    made.up()
    return made


@pytest.mark.parametrize(
    "change",
    [
        {"apiName": "chat-api"},
        {"productName": "Models"},
        {"apiPath": "models"},
        {"gatewayLogger": "existing"},
        {"capture": "metadata"},
        {"consumers": [{"name": "team-b", "displayName": "Team B"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_change_is_made_and_settles(live: Machine, change: dict[str, Any]) -> None:
    live.configure(**change)
    live.up()
    live.pulumi("preview", "--expect-no-changes", "--refresh")
    command = "python -m queries.check --stack dev --depth quick --timeout 10 --settle 0.1"
    check = live.run(*command.split())
    assert check.status == 0, check.text


def test_stack_moves_to_another_region(machine: Machine) -> None:
    machine.up()
    before = machine.outputs()
    machine.configure(location="East US 2")
    machine.up()
    after = machine.outputs()
    assert after["gatewayUrl"] != before["gatewayUrl"]
    assert after["accountEndpoint"] != before["accountEndpoint"]
    machine.pulumi("preview", "--expect-no-changes")


def test_another_model_is_another_deployment(machine: Machine) -> None:
    machine.up()
    machine.configure(
        deployments=[
            {"name": "text-turbo", "model": "gpt-5.2", "version": "2025-12-11", "capacity": 10}
        ]
    )
    preview = machine.pulumi("preview", "--diff")
    assert "replace" in preview
    machine.up()
    machine.pulumi("preview", "--expect-no-changes")
