"""Copies of one deployed stack, to which something happens without `pulumi up`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.example import ROOT
from harness.machine import CHECK as COMMAND
from harness.machine import Machine
from sandbox.arm.base import ACCOUNT, GROUP, SERVICE, WORKSPACE
from sandbox.cloud import Cloud

QUICK = ("--role-delay", "0", "--ingestion-delay", "0.2")
CHECK = (*COMMAND, "--settle", "0.1", "--timeout")
STATEFUL = {
    "azure-native:resources:ResourceGroup": GROUP,
    "azure-native:operationalinsights:Workspace": WORKSPACE,
    "azure-native:cognitiveservices:Account": ACCOUNT,
    "azure-native:cognitiveservices:Deployment": f"{ACCOUNT}/deployments",
    "azure-native:apimanagement:ApiManagementService": SERVICE,
    "azure-native:apimanagement:Api": f"{SERVICE}/apis",
    "azure-native:apimanagement:Subscription": f"{SERVICE}/subscriptions",
}
"""Pulumi's and Azure's names of what must never be deleted or made anew."""
IDLE = {"same", "refresh", "read"}


class Stack:
    """A copy of a deployed stack, to which something happens."""

    def __init__(self, cloud: Path, folder: Path) -> None:
        self.machine = Machine(folder)
        shutil.copytree(cloud, self.machine.cloud, symlinks=True)

    def selected(self) -> Machine:
        """The copy as a person's folder is in which the stack is selected."""
        self.machine.pulumi("stack", "select", "dev")
        return self.machine

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
        before = self.lives()
        done = self.machine.run("pulumi", verb, "--stack", "dev", *arguments, options=QUICK)
        assert (done.status != 0) is fails, done.text
        steps = [(one["op"], one["type"]) for one in self.machine.journal()]
        assert not touched(steps, {"create", "delete"}), done.text
        assert self.lives() == before, done.text
        return done.text

    def preview(self) -> set[str]:
        """What a preview with refresh would do, to which resource; it replaces nothing stateful."""
        text = self.pulumi("preview", "--refresh", "--json")
        found = json.loads(text[text.index("{") :])["steps"]
        steps = [(one["op"], one["urn"].split("::")[2].split("$")[-1]) for one in found]
        assert not touched(steps, {op for op, _ in steps} - {*IDLE, "update"})
        return {f"{one['op']} {name(one)}" for one in found if one["op"] not in IDLE}

    def up(self, *arguments: str) -> set[str]:
        """What an `up` did to Azure."""
        before = len(self.machine.changes())
        self.pulumi("up", "--yes", "--skip-preview", *arguments)
        return {f"{one['op']} {name(one)}" for one in self.machine.changes()[before:]}

    def check(self, minutes: float = 5) -> tuple[str, str]:
        """Its verdict, and all that it says; give few minutes where rows never come."""
        file = self.machine.project / "verdict.json"
        done = self.machine.run(*CHECK, str(minutes), "--json", str(file), options=QUICK)
        found: dict[str, Any] = json.loads(file.read_text())
        return found["verdict"], " ".join([*done.text.split(), json.dumps(found["differences"])])

    def resources(self) -> dict[str, Any]:
        """What is in Azure, by id, without what time alone changes."""
        return {found.id.lower(): found.body for found in Cloud(self.machine.cloud).all()}

    def lives(self) -> dict[str, str]:
        """Each resource that holds state, and its incarnation: another one is another resource."""
        found = Cloud(self.machine.cloud).all()
        return {one.id: one.incarnation for one in found if one.type in STATEFUL.values()}


def name(entry: dict[str, Any]) -> str:
    """The logical name of what a step or a journal entry is of."""
    return str(entry["urn"]).rsplit("::", 1)[-1]


def touched(steps: Iterable[tuple[str, str]], operations: set[str]) -> list[tuple[str, str]]:
    return [(op, kind) for op, kind in steps if op in operations and kind in STATEFUL]
