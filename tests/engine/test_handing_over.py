"""A gateway or workspace that the stack created is handed over, with all that is in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.example import example_config
from harness.machine import CHECK, Machine
from sandbox.cloud import Cloud
from tests.engine.test_existing_account import found_at, logical

DEPLOYMENT: dict[str, Any] = example_config()["deployments"][0]


def parts(left: dict[str, str], root: str) -> set[str]:
    """The kinds of what is at or below a resource, without Azure's own."""
    return {one.removeprefix(root).strip("/").split("/")[0] for one in left}


def everything(machine: Machine) -> dict[str, tuple[str, Any]]:
    """What the cloud holds, each with its time of creation."""
    return {one.id: (one.incarnation, one.body) for one in Cloud(machine.cloud).all()}


@pytest.mark.parametrize(
    ("keys", "written", "protect", "insights"),
    [
        (("gatewayId",), str.lower, False, False),
        (("workspaceId",), str.lower, False, True),
        (("gatewayId", "workspaceId", "accountId"), str, True, True),
    ],
)
def test_what_the_stack_created_is_handed_over(
    keys: tuple[str, ...], written: Any, protect: bool, insights: bool, tmp_path: Path
) -> None:
    """The stack lets it go as it is, and replaces nothing inside: consumers keep their keys."""
    machine = Machine(tmp_path)
    machine.configure(insights=insights, protect=protect)
    machine.up()
    first = machine.outputs()
    before, done = everything(machine), len(machine.changes())
    machine.configure(**{key: written(first[key]) for key in keys})
    text = " ".join(machine.pulumi("preview", fails=True).split())
    assert re.search(rf"set useExistingResourceGroup true beside ({'|'.join(keys)})", text)
    machine.configure(useExistingResourceGroup=True)
    preview = machine.pulumi("preview")
    assert not re.search(r"\d+ to (delete|replace|create|update)", preview), preview
    machine.up()
    assert not machine.changes()[done:]
    assert everything(machine) == before
    assert machine.outputs() == {**first, "proof": machine.outputs()["proof"]}
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("refresh", "--yes", "--expect-no-changes")
    check = machine.run(*CHECK, "--timeout", "10")
    assert check.status == 0, check.text

    machine.configure(protect=False)
    machine.up()
    assert everything(machine) == before
    machine.pulumi("destroy", "--yes")
    for key in keys:
        left = found_at(machine, first[key])
        assert first[key] in left
        assert not parts(left, first[key]) & {"apis", "backends", "savedSearches"}
    assert not logical(machine, "delete", done) & {"gateway"} or "gatewayId" not in keys
