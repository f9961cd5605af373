"""What the stack's own state holds, which a program is not told otherwise.

A resource that is no longer declared is deleted. One that the program reads under the same name and
id is let go instead; but one of another id is then deleted, even if it is protected. So a program
reads only what its state holds.
https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/step_generator.go (`relinquish`)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

STATE = "pulumi:pulumi:readStackResourceOutputs"
"""Function of the engine that tells type and outputs of each resource of a stack, by URN.

https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/builtins.go
"""


def _own() -> dict[str, str]:
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    return {"stackName": stack}


def outputs() -> Mapping[str, Mapping[str, Any]]:
    """Return the outputs of each resource of the state, by type and name: `TYPE::NAME`.

    Parents are left out of the type, so each name within a type is expected once.
    """
    answer = pulumi.runtime.invoke(STATE, _own()).value
    return {
        f"{one['type']}::{urn.rpartition('::')[2]}": one.get("outputs") or {}
        for urn, one in answer["outputs"].items()
    }


async def urns() -> set[str]:
    """Return the URNs of the state."""
    answer = await pulumi.runtime.invoke_async(STATE, _own())
    return set(answer["outputs"])
