"""Write the file that `pulumi import --file` takes.

https://www.pulumi.com/docs/iac/adopting-pulumi/import/#bulk-import-operations
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.adopt.stack import Plan, Planned, State

STACK = "pulumi:pulumi:Stack"


def build(plan: Plan, state: State, ids: Mapping[str, str]) -> dict[str, Any]:
    """Build the file: each resource under its parent, read by its own provider.

    `ids` has the ARM ids by URN. The file names everything by URN, which is unique, and includes
    the components that the state lacks.
    """
    planned = {one.urn: one for one in plan.created}
    resources: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}
    for urn, resource_id in ids.items():
        one = planned[urn]
        names[one.provider] = one.provider
        resources[urn] = {**_entry(one), "id": resource_id, "provider": one.provider}
        parent = one.parent
        while parent in planned and parent not in resources:
            component = planned[parent]
            resources[parent] = {**_entry(component), "component": True}
            parent = component.parent
    parents = {one.get("parent", "") for one in resources.values()}
    names |= {urn: urn for urn in parents if urn in state.resources}
    return {"nameTable": names, "resources": list(resources.values())}


def _entry(planned: Planned) -> dict[str, Any]:
    below_stack = planned.parent.split("::")[2:3] == [STACK] or not planned.parent
    parent = {} if below_stack else {"parent": planned.parent}
    return {
        "type": planned.type,
        "name": planned.urn,
        "logicalName": planned.name,
        **parent,
    }
