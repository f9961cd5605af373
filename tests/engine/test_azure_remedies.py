"""What Azure changes and an `up` alone does not mend: each has a remedy, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

from harness.example import example_config
from harness.machine import Machine
from sandbox.arm.base import ACCOUNT, SERVICE
from sandbox.cloud import Cloud
from tests.engine.stacks import QUICK, Stack

ALONE = ("model-replaced", "logger-made", "public-denied")
"""Changes with a remedy of their own; that of the last is in test_private_network.py."""


def test_a_model_that_retired_is_named_until_the_stack_file_follows(
    example: Path, tmp_path: Path
) -> None:
    stack = Stack(example, tmp_path).changed("model-replaced")

    verdict, said = stack.check(0.2)
    assert verdict == "failed", said
    assert "model of the deployment text-turbo is gpt-5.6-sol" in said
    assert "name it in `deployments`" in said
    assert stack.preview() == {"update deployment-text-turbo"}
    refused = stack.pulumi("up", "--yes", "--skip-preview", "--refresh", fails=True)
    assert "ServiceModelDeprecated" in refused
    assert stack.machine.changes() == []

    old = example_config()["deployments"][0]
    stack.machine.configure(deployments=[{**old, "model": "gpt-5.6-sol"}])
    # What a person asks for makes the deployment again.
    for verb in (("up", "--yes"), ("preview", "--refresh", "--expect-no-changes")):
        stack.machine.pulumi(*verb, "--stack", "dev", options=QUICK)


def test_a_deleted_role_comes_back_by_the_named_command(example: Path, tmp_path: Path) -> None:
    stack = Stack(example, tmp_path).changed("role-deleted")
    assert "openai-api-role" in " ".join(stack.up("--replace", "**openai-api-role"))
    assert stack.check()[0] == "proven"


def test_a_logger_that_azure_made_first_is_used(tmp_path: Path) -> None:
    """Azure may make it between the service and the stack's own logger, which imports it then."""
    machine = Machine(tmp_path)
    fault = {"op": "create", "type": "azure-native:apimanagement:Logger", "when": "before"}
    faults = machine.project / "faults.json"
    faults.write_text(json.dumps([{**fault, "status": 403, "code": "AuthorizationFailed"}]))
    machine.up(options=(*QUICK, "--faults", str(faults)), fails=True)
    stack = Stack(machine.cloud, tmp_path / "stack").changed("logger-made")
    lives = stack.lives()

    assert "create gateway-logger" in stack.preview()
    up = ("up", "--stack", "dev", "--yes", "--skip-preview", "--refresh")
    stack.machine.pulumi(*up, options=QUICK)
    steps = {(one["op"], one["type"]) for one in stack.machine.changes()}
    assert {op for op, _ in steps} == {"create"}
    assert ("create", "azure-native:apimanagement:Logger") not in steps
    assert len(Cloud(stack.machine.cloud).of_type(f"{SERVICE}/loggers")) == 1
    assert lives.items() <= stack.lives().items()
    clean = ("preview", "--stack", "dev", "--refresh", "--expect-no-changes")
    stack.machine.pulumi(*clean, options=QUICK)
    verdict, said = stack.check()
    assert verdict == "proven", said


def test_an_up_that_does_not_know_of_the_upgrade_rolls_it_back_and_loses_nothing(
    example: Path, tmp_path: Path
) -> None:
    """A PUT of kind OpenAI is the rollback that Microsoft documents."""
    stack = Stack(example, tmp_path).changed("kind-upgraded")
    stack.machine.configure(tags={"environment": "test"})
    assert "update openai-account" in stack.up()
    (account,) = Cloud(stack.machine.cloud).of_type(ACCOUNT)
    assert account.body["kind"] == "OpenAI"
    stack.pulumi("preview", "--refresh", "--expect-no-changes")


def test_the_narrower_role_is_there_before_the_wider_goes(example: Path, tmp_path: Path) -> None:
    stack = Stack(example, tmp_path)
    stack.machine.configure(gatewayRole="Cognitive Services User")
    stack.up()
    roles = [
        (one["op"], one["id"])
        for one in stack.machine.changes()
        if one["type"] == "azure-native:authorization:RoleAssignment"
    ]
    assert [op for op, _ in roles] == ["create", "delete"]
    assert roles[0][1] != roles[1][1]
