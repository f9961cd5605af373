"""The gateway's role, deleted by hand, comes back as README and the check say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.machine import Machine
from sandbox.arm.base import SERVICE
from sandbox.cloud import TENANT_ID, Cloud
from sandbox.options import Options
from sandbox.session import session
from tests.engine.stacks import CHECK, QUICK, Stack

ROLE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


def unassign(machine: Machine) -> None:
    """Delete the gateway's role as somebody with the portal would."""
    with session(Options(folder=machine.cloud)):
        cloud = Cloud(machine.cloud)
        (role,) = cloud.of_type(ROLE_ASSIGNMENTS)
        with cloud.change():
            cloud.remove(role.id)


def renew_identity(machine: Machine, *, by_hand: bool) -> None:
    """Switch the gateway's identity off, and on again if a person does; each has its own object."""
    with session(Options(folder=machine.cloud)):
        cloud = Cloud(machine.cloud)
        (service,) = cloud.of_type(SERVICE)
        renewed = replace(service, incarnation=cloud.derive(service.incarnation))
        principal = cloud.derive_guid(renewed.id, renewed.incarnation, "principal")
        on = {"type": "SystemAssigned", "principalId": principal, "tenantId": TENANT_ID}
        renewed.body["identity"] = on if by_hand else None
        with cloud.change():
            cloud.put(renewed)


def remedy(machine: Machine) -> list[str]:
    """The command that the check names for the role."""
    done = machine.run(*CHECK, "0.3", "--no-traffic")
    assert done.status != 0, done.text
    text = " ".join(done.text.split())
    found = re.search(r"role of the gateway's identity .*?: (pulumi .+?) assigns the role", text)
    assert found, done.text
    return found[1].split()


def test_role_deleted_by_hand_is_assigned_again_by_the_advertised_command(
    example: Path, tmp_path: Path
) -> None:
    machine = Stack(example, tmp_path).selected()
    unassign(machine)
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("preview", "--refresh", "--expect-no-changes", fails=True)

    done = machine.run(*remedy(machine), "--yes")

    assert done.status == 0, done.text
    machine.pulumi("preview", "--refresh", "--expect-no-changes")
    check = machine.run(*CHECK, "5", options=QUICK)
    assert check.status == 0, check.text


def test_a_refresh_takes_a_missing_role_for_gone(example: Path, tmp_path: Path) -> None:
    """The nightly look for drift goes on, and the next `up` assigns it."""
    machine = Stack(example, tmp_path).selected()
    unassign(machine)
    before = len(machine.changes())
    assert "openai-api-role" in machine.pulumi("refresh", "--yes", "--diff")
    machine.up()
    assert [str(e["urn"]).rsplit("::", 1)[-1] for e in machine.changes()[before:]] == [
        "openai-api-role"
    ]


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_role_follows_the_gateways_new_identity(machine: Machine, *, by_hand: bool) -> None:
    """https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview ."""
    machine.up()
    renew_identity(machine, by_hand=by_hand)
    text = machine.pulumi("preview", "--refresh", "--expect-no-changes", fails=True)
    shown = bool(re.search(r"openai-api-role\s+replace", text))
    assert shown is by_hand, "where the new identity is there already"

    machine.pulumi("up", "--yes", "--skip-preview", "--refresh")

    cloud = Cloud(machine.cloud)
    (service,), (role,) = cloud.of_type(SERVICE), cloud.of_type(ROLE_ASSIGNMENTS)
    assert role.properties["principalId"] == service.body["identity"]["principalId"]
    machine.pulumi("preview", "--refresh", "--expect-no-changes")
    check = machine.run(*CHECK, "5", options=QUICK)
    assert check.status == 0, check.text


def test_a_change_of_the_gateway_shows_no_change_of_its_role(machine: Machine) -> None:
    machine.up()
    machine.configure(organizationName="Another")
    text = machine.pulumi("preview", "--diff")
    assert "ApiManagementService" in text
    assert "RoleAssignment" not in text
