"""What the stack's own state holds, which a program is not told otherwise.

A resource that is no longer declared is deleted. One that the program reads under the same name and
id is let go instead; but one of another id is then deleted, even if it is protected. So a program
reads only what its state holds.
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/step_generator.go (`relinquish`)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import settings

from components.azure import lookup
from components.azure.arm_id import ArmId

STATE = "pulumi:pulumi:readStackResourceOutputs"
"""Function of the engine that tells type and outputs of each resource of a stack, by URN.

https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/builtins.go
"""

Told: TypeAlias = Mapping[str, Mapping[str, Any]]

_asked: WeakKeyDictionary[object, asyncio.Future[Told]] = WeakKeyDictionary()
"""What each run of the program has asked, by its connection to the engine."""


async def told() -> Told:
    """Return type and outputs of each resource of the state, by URN, as the engine tells them.

    A run asks the engine once, so all is judged by one state: that of before the run's changes.

    Raises:
        pulumi.RunError: the engine does not tell.
    """
    engine = settings.get_monitor()
    if engine not in _asked:
        _asked[engine] = asyncio.ensure_future(_ask())
    return await _asked[engine]


async def _ask() -> Told:
    organization = pulumi.get_organization()
    place = [organization, pulumi.get_project()] if organization else []
    name = "/".join([*place, pulumi.get_stack()])
    try:
        answer = await pulumi.runtime.invoke_async(STATE, {"stackName": name})
    except Exception as error:  # noqa: BLE001 the engine's errors have no type of their own
        said = " ".join(str(error).split())
        raise pulumi.RunError(
            f"Pulumi does not tell what the stack's state holds: {said}"
        ) from None
    return (answer or {}).get("outputs") or {}


def by_name(held: Told) -> Mapping[str, Mapping[str, Any]]:
    """Return the outputs of each resource that the engine told, by type and name: `TYPE::NAME`.

    Parents are left out of the type, so each name within a type is expected once.
    """
    return {
        f"{one['type']}::{urn.rpartition('::')[2]}": one.get("outputs") or {}
        for urn, one in held.items()
    }


def outputs() -> Mapping[str, Mapping[str, Any]]:
    """Wait for what the state holds, and return it `by_name`."""
    return by_name(lookup.wait(told()))


class Created:
    """What the state holds of a resource that the stack created, and that it may now let go."""

    def __init__(self, kind: str, component: str, name: str, found: ArmId, group: str) -> None:
        """Look in the state for a resource of the name in `found`, in the stack's own `group`.

        `kind` is its type in Azure's provider, and `component` the type of the project's component
        about it: the program gives both the `name`. `found` must lie in the stack's subscription.
        """
        self.held, self.found, self.group = outputs(), found, group
        self._component = f"aoai:index:{component}::{name}"
        self.name = str(self.held.get(f"azure-native:{kind}::{name}", {}).get("name", ""))
        same = self.name.lower() == found.name.lower()
        self.is_own = same and found.resource_group.lower() == group.lower()

    def exact(self, azures: str) -> str:
        """Return the resource's id as the state has it: another letter case is another resource.

        The component's output has the id as Azure gave it when the resource was created.
        """
        told = str(self.held.get(self._component, {}).get("id"))
        return told if told.lower() == azures.lower() else azures
