"""The resource group that holds the stack."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources

from components.azure import lookup
from components.settings.stack import Settings

LIFT = (
    "protect is on: nothing that holds state is deleted or replaced; to lift that, undo such a "
    "change, `pulumi config set protect false`, then `pulumi up`, then change again"
)
"""What the engine's refusal leaves out: which command lifts it.

What the program no longer declares keeps the protection that it had, so the lifting comes first.
"""


def resource_group(settings: Settings) -> pulumi.Output[str]:
    """Create the group, or use the existing one of that name; its name either way."""
    if settings.protect:
        pulumi.log.info(LIFT)
    if settings.use_existing_resource_group:
        given = settings.resource_group_name
        found = lookup.read(
            "resources:getResourceGroup",
            {"resourceGroupName": given},
            gone=lookup.missing("resourceGroupName", f"the resource group {given}"),
        )
        return pulumi.Output.from_input(found["name"])
    group = resources.ResourceGroup(
        "resource-group",
        resource_group_name=settings.resource_group_name,
        location=settings.location,
        tags=dict(settings.tags),
        opts=pulumi.ResourceOptions(protect=settings.protect),
    )
    return group.name
