"""A stack whose account and gateway answer from inside of a team's network alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.machine import CHECK, Machine
from tests.engine.networks import PROGRAM
from tests.engine.stacks import QUICK

INSIDE = (*QUICK, "--place", "inside")


@pytest.fixture
def network(tmp_path: Path) -> Machine:
    """A program of another team that made the network."""
    made = Machine(tmp_path / "platform", cloud=tmp_path / "cloud", program=PROGRAM)
    made.up(options=QUICK)
    return made


def private(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "gatewayTier": "StandardV2",
        "network": {
            "gatewaySubnetId": given["gateways"],
            "endpointSubnetId": given["endpoints"],
            "dnsZoneIds": given["zones"],
            **more,
        },
    }


def test_account_and_gateway_answer_from_inside_alone(network: Machine, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "stack", cloud=network.cloud)
    machine.configure(**private(network.outputs(), gatewayPublicNetworkAccess="Disabled"))
    first = machine.up(options=QUICK)
    assert "run `pulumi up` again to close it" in first
    machine.up(options=QUICK)
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("refresh", "--yes", "--expect-no-changes")

    done = machine.run(*CHECK, "--timeout", "5", options=INSIDE)
    assert done.status == 0, done.text
