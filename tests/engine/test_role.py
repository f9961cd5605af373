"""The gateway's role, deleted by hand, comes back as README and the check say."""

from __future__ import annotations

import re

from sandbox.cloud import Cloud
from sandbox.options import Options
from sandbox.session import session
from tests.engine.machine import Machine

ROLE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
CHECK = ("python", "-m", "queries.check", "--stack", "dev", "--timeout", "0.3", "--settle", "0.1")


def unassign(machine: Machine) -> None:
    """Delete the gateway's role as somebody with the portal would."""
    with session(Options(folder=machine.cloud)):
        cloud = Cloud(machine.cloud)
        (role,) = cloud.of_type(ROLE_ASSIGNMENTS)
        with cloud.change():
            cloud.remove(role.id)


def remedy(machine: Machine) -> list[str]:
    """The command that the check names for the role."""
    done = machine.run(*CHECK, "--no-traffic")
    assert done.status != 0, done.text
    text = " ".join(done.text.split())
    found = re.search(r"role of the gateway's identity .*?: (pulumi .+?) assigns the role", text)
    assert found, done.text
    return found[1].split()


def test_role_deleted_by_hand_is_assigned_again_by_the_advertised_command(
    machine: Machine,
) -> None:
    machine.up()
    unassign(machine)
    machine.pulumi("preview", "--expect-no-changes")
    machine.pulumi("preview", "--refresh", "--expect-no-changes", fails=True)

    done = machine.run(*remedy(machine), "--yes")

    assert done.status == 0, done.text
    machine.pulumi("preview", "--refresh", "--expect-no-changes")
    check = machine.run(*CHECK)
    assert check.status == 0, check.text


def test_a_refresh_takes_a_missing_role_for_gone(machine: Machine) -> None:
    """The nightly look for drift goes on, and the next `up` assigns it."""
    machine.up()
    unassign(machine)
    before = len(machine.changes())
    assert "openai-api-role" in machine.pulumi("refresh", "--yes", "--diff")
    machine.up()
    assert [str(e["urn"]).rsplit("::", 1)[-1] for e in machine.changes()[before:]] == [
        "openai-api-role"
    ]
