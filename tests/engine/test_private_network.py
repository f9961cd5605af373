"""A stack whose account and gateway answer from inside of a team's network alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.machine import CHECK, Machine
from sandbox.changes import apply
from sandbox.cloud import Cloud
from tests.engine.networks import PROGRAM
from tests.engine.stacks import QUICK, touched

INSIDE = (*QUICK, "--place", "inside")
CHECKED = (*CHECK, "--timeout", "5", "--settle", "0.1")


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


def words(text: str) -> str:
    return " ".join(text.split())


def test_account_and_gateway_answer_from_inside_alone(network: Machine, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "stack", cloud=network.cloud)
    machine.configure(**private(network.outputs(), gatewayPublicNetworkAccess="Disabled"))
    first = machine.up(options=QUICK)
    assert "run `pulumi up` again to close it" in words(first)
    early = machine.run(*CHECKED, options=INSIDE)
    assert early.status == 1
    assert "run pulumi up again: Azure closes a gateway only once" in words(early.text)

    machine.up(options=QUICK)
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("refresh", "--yes", "--expect-no-changes")

    done = machine.run(*CHECKED, options=INSIDE)
    assert done.status == 0, done.text
    assert "this machine stands inside of the stack's network" in done.text

    refused = machine.run(*CHECKED, options=QUICK)
    assert refused.status == 2
    assert "the gateway is closed to this machine" in refused.text
    outside = machine.run(*CHECK, "--no-traffic", options=QUICK)
    assert "this machine stands outside of the stack's network" in outside.text
    assert outside.status == 0, outside.text
    for said in ("Public access is disabled", "public network access on this"):
        assert said in words(outside.text)

    machine.pulumi("destroy", "--yes", "--run-program")
    network.pulumi("preview", "--expect-no-changes")


def test_under_a_policy_that_denies_public_accounts_a_private_stack_goes_up(
    network: Machine, tmp_path: Path
) -> None:
    machine = Machine(tmp_path / "stack", cloud=network.cloud)
    apply(Cloud(network.cloud), "public-denied")
    machine.configure(gatewayTier="StandardV2")
    assert "was disallowed by policy" in words(machine.up(options=QUICK, fails=True))
    machine.configure(**private(network.outputs()))
    machine.up(options=QUICK)
    done = machine.run(*CHECKED, options=QUICK)
    assert done.status == 0, "the gateway is open, and reaches what is closed"
    assert "does not let this machine in (HTTP 403" in words(done.text)


def test_a_live_stack_becomes_private_and_public_again_in_place(
    network: Machine, tmp_path: Path
) -> None:
    machine, given = Machine(tmp_path / "stack", cloud=network.cloud), network.outputs()
    machine.configure(gatewayTier="StandardV2")
    machine.up(options=QUICK)
    whole = private(given, gatewayPublicNetworkAccess="Disabled")["network"]
    joined, begun = {"gatewaySubnetId": given["gateways"]}, len(machine.changes())
    for step in (joined, whole, whole, whole | {"gatewayPublicNetworkAccess": "Enabled"}, None):
        machine.configure(network=step or {})
        machine.up(options=QUICK)
    steps = [(one["op"], one["type"]) for one in machine.changes()[begun:]]
    assert not touched(steps, {"create", "delete"}), "state is never given up"
    assert {"network:PrivateEndpoint", "network:PrivateDnsZoneGroup"} >= {
        kind.removeprefix("azure-native:") for op, kind in steps if op != "update"
    }
    machine.pulumi("refresh", "--yes", "--expect-no-changes")
    done = machine.run(*CHECKED, options=QUICK)
    assert done.status == 0, done.text
    assert "account-closed" not in done.text


def test_a_gateway_inside_the_network_has_no_address_outside(
    network: Machine, tmp_path: Path
) -> None:
    machine, given = Machine(tmp_path / "stack", cloud=network.cloud), network.outputs()
    settings = private(given, gatewaySubnetId=given["injected"], virtualNetworkType="Internal")
    machine.configure(**settings | {"gatewayTier": "Premium"})
    machine.up(options=QUICK)
    done = machine.run(*CHECKED, options=INSIDE)
    assert done.status == 0, done.text
    assert machine.run(*CHECKED, options=QUICK).status == 2


def test_an_accounts_firewall_lets_in_the_gateway_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.configure(gatewayTier="Basic", network={"accountFirewall": True})
    machine.up(options=QUICK)
    done = machine.run(*CHECKED, options=QUICK)
    assert done.status == 0, done.text
    assert "Virtual Network/Firewall rules" in words(done.text)
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("refresh", "--yes", "--expect-no-changes")
    (account,) = Cloud(machine.cloud).of_type("Microsoft.CognitiveServices/accounts")
    (gateway,) = Cloud(machine.cloud).of_type("Microsoft.ApiManagement/service")
    rules = [one["value"] for one in account.properties["networkAcls"]["ipRules"]]
    assert rules == gateway.properties["publicIPAddresses"]


def test_a_network_of_the_stacks_own_comes_and_goes_with_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.configure(gatewayTier="StandardV2", network={"addressSpace": "10.20.0.0/24"})
    guarded = machine.pulumi("preview", "--policy-pack", "policies/guardrails")
    assert "[mandatory]" not in guarded
    machine.up(options=QUICK)
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("refresh", "--yes")  # Azure has noted in the subnet who uses it.
    machine.pulumi("refresh", "--yes", "--expect-no-changes")
    machine.pulumi("preview", "--expect-no-changes")
    done = machine.run(*CHECKED, options=QUICK)
    assert done.status == 0, done.text
    assert "does not let this machine in (HTTP 403" in words(done.text)
    machine.pulumi("destroy", "--yes", "--run-program")
    assert "Microsoft.Network" not in machine.leftovers().text
