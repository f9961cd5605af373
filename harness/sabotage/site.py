"""Copy a deployed stack, break it as a person would, and check it."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.example import example_config
from harness.machine import Done, Machine
from sandbox import arm
from sandbox.arm.base import ACCOUNT, SERVICE, SETTING, WORKSPACE
from sandbox.cloud import Cloud, Resource
from sandbox.options import Options

Json = dict[str, Any]
API_VERSION = "2024-06-01-preview"
"""API version of the portal's requests: it has `largeLanguageModel`, and suits every type here."""
QUICK = ("--ingestion-delay", "0.2", "--role-delay", "0", "--seed", "0")
CHECK = ("python", "-m", "queries.check")
ROLE = "Microsoft.Authorization/roleAssignments"
API, DIAGNOSTIC, POLICY = (
    f"{SERVICE}/{kind}" for kind in ("apis", "apis/diagnostics", "apis/policies")
)
PRODUCT, LINK, CONSUMER = (
    f"{SERVICE}/{kind}" for kind in ("products", "products/apiLinks", "subscriptions")
)
DEPLOYMENT = f"{ACCOUNT}/deployments"


def deploy(folder: Path, *, seed: int = 0, also: Sequence[Json] = ()) -> Machine:
    """Deploy the example stack, with the model deployments `also` beside; `Site` copies it."""
    made = Machine(folder)
    if also:
        made.configure(deployments=[*example_config()["deployments"], *also])
    made.up(options=(*QUICK, "--seed", str(seed)))
    return made


class Site:
    """A copy of a deployed stack: its portal, its stack file and its outputs."""

    def __init__(self, deployed: Machine, folder: Path) -> None:
        self.machine = Machine(folder)
        shutil.copytree(deployed.cloud, self.machine.cloud, symlinks=True)
        self.verdict_file = folder / "verdict.json"
        self._source: tuple[str, ...] = ("--stack", "dev")
        self._environment: tuple[str, ...] = ()
        self._options = Options(folder=self.machine.cloud, role_delay=0)

    @property
    def cloud(self) -> Cloud:
        """Return what exists in Azure now."""
        return Cloud(self.machine.cloud)

    def the(self, kind: str, pattern: str = "") -> Resource:
        """Return the only resource of a type whose id matches the pattern."""
        found = [r for r in self.cloud.of_type(kind) if re.search(pattern, r.id)]
        assert len(found) == 1, f"{len(found)} resources of type {kind} match {pattern!r}"
        return found[0]

    def setting_of(self, kind: str) -> Resource:
        """Return the diagnostic setting of the gateway (`SERVICE`) or the account (`ACCOUNT`)."""
        return self.the(SETTING, f"/{kind}/")

    @property
    def consumer(self) -> Resource:
        """Return the subscription of the consumer that the check calls as."""
        return self.the(CONSUMER, "/aoai-test$")

    def edit(self, resource: Resource, change: Callable[[Json], object]) -> None:
        """Change a resource as the portal does, which sends back the whole body, edited."""
        body = copy.deepcopy(resource.body)
        change(body)
        self.put(resource.id, body)

    def put(self, resource_id: str, body: Json) -> Resource:
        """Create or update a resource, under Azure's rules."""
        return arm.put(self.cloud, self._options, resource_id, API_VERSION, body)

    def delete(self, resource: Resource) -> None:
        """Delete a resource, as in the portal."""
        arm.delete(self.cloud, resource.id)

    def again(self, resource: Resource, new_id: str, **changed: Any) -> Resource:
        """Create another resource like this one, with some properties changed."""
        body = copy.deepcopy(resource.body)
        body["properties"] |= changed
        return self.put(new_id, body)

    def second(self, kind: str, **changed: Any) -> Resource:
        """Create a second workspace or account beside the stack's."""
        first = self.the(kind)
        return self.again(first, f"{first.id}-second", **changed)

    def up(self, **values: Any) -> None:
        """Edit the stack file, and run `pulumi up`."""
        self.machine.configure(**values)
        arguments = ("up", "--stack", "dev", "--yes", "--skip-preview")
        self.machine.pulumi(*arguments, options=QUICK)

    def save_outputs(self, change: Callable[[Json], object]) -> None:
        """Save the outputs to a file, edited, and have the check read that."""
        arguments = ("stack", "output", "--stack", "dev", "--json", "--show-secrets")
        outputs = json.loads(self.machine.pulumi(*arguments, options=QUICK))
        change(outputs)
        file = self.machine.project / "outputs.json"
        file.write_text(json.dumps(outputs))
        self._source = ("--outputs", str(file))

    def export(self, name: str, value: str) -> None:
        """Leave an environment variable set."""
        self._environment = ("env", f"{name}={value}")

    def check(
        self,
        *,
        minutes: float = 0.1,
        depth: str = "quick",
        options: tuple[str, ...] = QUICK,
        before: tuple[str, ...] = (),
    ) -> Done:
        """Run the check as a person does, behind the command `before` if any; keep its verdict."""
        given = ("--timeout", str(minutes), "--depth", depth, "--json", str(self.verdict_file))
        command = (*before, *self._environment, *CHECK, *self._source, *given)
        return self.machine.run(*command, options=options)

    @property
    def workspace_file(self) -> Path:
        """Return the file that holds the rows of the stack's workspace."""
        customer = self.the(WORKSPACE, r"/log-\w+$").properties["customerId"]
        return self.machine.cloud / "workspaces" / f"{customer}.jsonl"
