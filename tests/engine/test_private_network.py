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
    assert "this machine stands inside of the stack's network" in done.text

    refused = machine.run(*CHECK, "--timeout", "5", options=QUICK)
    assert refused.status == 2
    assert "the gateway is closed to this machine" in refused.text
    outside = machine.run(*CHECK, "--no-traffic", options=QUICK)
    assert "this machine stands outside of the stack's network" in outside.text
    assert outside.status == 0, outside.text
    for words in ("Public access is disabled", "public network access on this"):
        assert words in " ".join(outside.text.split())

    machine.pulumi("destroy", "--yes", "--run-program")
    network.pulumi("preview", "--expect-no-changes")
