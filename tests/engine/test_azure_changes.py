"""What Azure, a colleague or a policy changes: nothing that holds state is ever lost by it.

Changes that do not meet happen together. Each is seen by the check, a preview with refresh, an `up`
with refresh, and a refresh before an `up`: it is left as it is, mended, or named with its remedy.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from sandbox.arm.base import ACCOUNT, SERVICE
from sandbox.changes import CHANGES
from sandbox.cloud import Cloud
from tests.engine.machine import Machine
from tests.example import ROOT, example_config

QUICK = ("--role-delay", "0", "--ingestion-delay", "0.2")
CHECK = ("python", "-m", "queries.check", "--stack", "dev", "--settle", "0.1", "--timeout")
STATEFUL = {
    f"azure-native:{name}"
    for name in (
        "resources:ResourceGroup",
        "operationalinsights:Workspace",
        "cognitiveservices:Account",
        "cognitiveservices:Deployment",
        "apimanagement:ApiManagementService",
        "apimanagement:Api",
        "apimanagement:Subscription",
    )
}
LEFT = (
    "kind-upgraded",
    "version-moved",
    "default-subscription-made",
    "tag-added",
    "second-setting",
)
"""The check is content with them; what of them a stack file states comes back with a refresh."""
MENDED = {
    "upgrade-scheduled": "",
    "default-subscription-removed": "",
    "sku-moved": "SKU of the deployment text-turbo is DataZoneStandard",
    "network-rules": "networkAcls.defaultAction of the account is Deny",
    "network-closed": "publicNetworkAccess of the account is Disabled",
}
"""The check names them, by these words if any, and `up` with refresh undoes them."""
ALONE = ("role-deleted", "keys-regenerated", "model-replaced", "logger-made")
"""Each has a remedy of its own."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("deployed"))
    made.up(options=QUICK)
    return made


class Stack:
    """A copy of a deployed stack, to which something happens."""

    def __init__(self, deployed: Machine | Stack, folder: Path) -> None:
        self.machine = Machine(folder)
        source = deployed if isinstance(deployed, Machine) else deployed.machine
        shutil.copytree(source.cloud, self.machine.cloud, symlinks=True)

    def changed(self, *names: str) -> Stack:
        """Let these things happen."""
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", "changes", *names, "--dir", str(self.machine.cloud)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return self

    def pulumi(self, verb: str, *arguments: str, fails: bool = False) -> str:
        """Run a verb, by which nothing that holds state may be made, deleted or replaced."""
        done = self.machine.run("pulumi", verb, "--stack", "dev", *arguments, options=QUICK)
        assert (done.status != 0) is fails, done.text
        steps = [(one["op"], one["type"]) for one in self.machine.journal()]
        assert not touched(steps, {"create", "delete"}), done.text
        return done.text

    def preview(self) -> list[str]:
        """What a preview with refresh would do, to which type; never replace what holds state."""
        text = self.pulumi("preview", "--refresh", "--json")
        found = json.loads(text[text.index("{") :])["steps"]
        steps = [(one["op"], one["urn"].split("::")[2].split("$")[-1]) for one in found]
        assert not touched(steps, {op for op, _ in steps} - {"same", "update", "refresh", "read"})
        return [f"{op} {kind}" for op, kind in steps if op not in {"same", "refresh", "read"}]

    def up(self) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", "--refresh")

    def check(self, minutes: float = 1) -> tuple[str, str]:
        """Its verdict, and all that it says."""
        file = self.machine.project / "verdict.json"
        done = self.machine.run(*CHECK, str(minutes), "--json", str(file), options=QUICK)
        found: dict[str, Any] = json.loads(file.read_text())
        return found["verdict"], " ".join([*done.text.split(), json.dumps(found["differences"])])

    def resources(self) -> dict[str, Any]:
        """What is in Azure, by id, without what time alone changes."""
        return {found.id.lower(): found.body for found in Cloud(self.machine.cloud).all()}


def touched(steps: Iterable[tuple[str, str]], operations: set[str]) -> list[tuple[str, str]]:
    return [(op, kind) for op, kind in steps if op in operations and kind in STATEFUL]


def both_ways(stack: Stack, folder: Path) -> None:
    """`refresh` before `up` ends where `up --refresh` does, after which nothing is left to do."""
    other = Stack(stack, folder / "other")
    stack.up()
    other.pulumi("refresh", "--yes", "--skip-preview")
    other.pulumi("up", "--yes", "--skip-preview")
    assert other.resources() == stack.resources()
    stack.pulumi("preview", "--refresh", "--expect-no-changes")


def test_no_change_is_left_out() -> None:
    assert {*LEFT, *MENDED, *ALONE} == set(CHANGES)


def test_what_harms_nothing_is_left(deployed: Machine, tmp_path: Path) -> None:
    stack = Stack(deployed, tmp_path).changed(*LEFT)

    verdict, said = stack.check()
    assert verdict == "proven", said
    assert "kind AIServices, to which Azure upgraded it" in said
    assert "update azure-native:cognitiveservices:Deployment" in stack.preview()
    both_ways(stack, tmp_path)

    (account,) = Cloud(stack.machine.cloud).of_type(ACCOUNT)
    assert account.body["kind"] == "AIServices"
    assert account.properties["allowProjectManagement"] is True
    assert account.body["tags"]["cost-center"]


def test_what_the_stack_file_states_is_named_and_mended(deployed: Machine, tmp_path: Path) -> None:
    stack = Stack(deployed, tmp_path).changed(*MENDED)

    verdict, said = stack.check()
    assert verdict == "failed", said
    assert "let the gateway through the account's network rules" in said
    for words in MENDED.values():
        assert words in said
    stack.preview()
    both_ways(stack, tmp_path)

    verdict, said = stack.check()
    assert verdict == "proven", said
    assert "Azure plans to make a Foundry resource (AIServices) of it on 2027-01-15" in said


def test_a_model_that_retired_is_named_until_the_stack_file_follows(
    deployed: Machine, tmp_path: Path
) -> None:
    stack = Stack(deployed, tmp_path).changed("model-replaced")

    verdict, said = stack.check()
    assert verdict == "failed", said
    assert "model of the deployment text-turbo is gpt-5.6-sol" in said
    assert "name it in `deployments`" in said
    stack.preview()
    refused = stack.pulumi("up", "--yes", "--skip-preview", "--refresh", fails=True)
    assert "ServiceModelDeprecated" in refused

    old = example_config()["deployments"][0]
    stack.machine.configure(deployments=[{**old, "model": "gpt-5.6-sol"}])
    # What a person asks for makes the deployment again.
    for verb in (("up", "--yes"), ("preview", "--refresh", "--expect-no-changes")):
        stack.machine.pulumi(*verb, "--stack", "dev", options=QUICK)


def test_a_consumers_new_keys_come_with_the_next_up(deployed: Machine, tmp_path: Path) -> None:
    stack = Stack(deployed, tmp_path).changed("keys-regenerated")

    verdict, said = stack.check()
    assert verdict == "failed", said
    assert "pulumi up reads the keys again" in said
    stack.preview()
    stack.pulumi("up", "--yes", "--skip-preview")
    assert stack.check()[0] == "proven"


def test_a_deleted_role_is_named_and_comes_back(deployed: Machine, tmp_path: Path) -> None:
    stack = Stack(deployed, tmp_path).changed("role-deleted")

    _, said = stack.check(0.2)
    assert "role of the gateway's identity on the account is missing" in said
    stack.pulumi("up", "--yes", "--skip-preview", "--replace", "**openai-api-role")
    assert stack.check()[0] == "proven"


def test_a_logger_that_azure_made_first_is_used(tmp_path: Path) -> None:
    """Azure may make it between the service and the stack's own logger."""
    machine = Machine(tmp_path)
    fault = {"op": "create", "type": "azure-native:apimanagement:Logger", "when": "before"}
    faults = machine.project / "faults.json"
    faults.write_text(json.dumps([{**fault, "status": 403, "code": "AuthorizationFailed"}]))
    machine.up(options=(*QUICK, "--faults", str(faults)), fails=True)
    stack = Stack(machine, tmp_path / "stack").changed("logger-made")

    done = stack.machine.run("pulumi", "up", "--stack", "dev", "--yes", options=QUICK)
    assert "cannot create already existing resource" in done.text
    assert "/loggers/azuremonitor" in done.text
    stack.machine.configure(gatewayLogger="existing")
    done = stack.machine.run("pulumi", "up", "--stack", "dev", "--yes", options=QUICK)
    assert done.status == 0, done.text
    assert len(Cloud(stack.machine.cloud).of_type(f"{SERVICE}/loggers")) == 1


def test_an_up_that_does_not_know_of_the_upgrade_rolls_it_back_and_loses_nothing(
    deployed: Machine, tmp_path: Path
) -> None:
    """A PUT of kind OpenAI is the rollback that Microsoft documents."""
    stack = Stack(deployed, tmp_path).changed("kind-upgraded")
    stack.machine.configure(tags={"environment": "test"})
    stack.pulumi("up", "--yes", "--skip-preview")
    (account,) = Cloud(stack.machine.cloud).of_type(ACCOUNT)
    assert account.body["kind"] == "OpenAI"
    stack.pulumi("preview", "--refresh", "--expect-no-changes")


def test_the_narrower_role_is_there_before_the_wider_goes(
    deployed: Machine, tmp_path: Path
) -> None:
    stack = Stack(deployed, tmp_path)
    stack.machine.configure(gatewayRole="Cognitive Services User")
    stack.pulumi("up", "--yes", "--skip-preview")
    roles = [
        (one["op"], one["id"])
        for one in stack.machine.changes()
        if one["type"] == "azure-native:authorization:RoleAssignment"
    ]
    assert [op for op, _ in roles] == ["create", "delete"]
    assert roles[0][1] != roles[1][1]
