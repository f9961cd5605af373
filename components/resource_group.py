"""The resource group that holds the stack."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources

from components.azure import lookup, own_state
from components.settings.stack import Settings

LIFT = (
    "`protect` is on, so stateful resources cannot be deleted or replaced. To allow it: revert the "
    "change, run `pulumi config set protect false` and `pulumi up`, then make the change again"
)
"""How to lift the protection, which the engine's refusal does not say.

A resource that the program no longer declares keeps its protection, so it is lifted first.
"""


def resource_group(settings: Settings) -> pulumi.Output[str]:
    """Declare the group, or use the existing group of that name; return its name."""
    if settings.protect:
        pulumi.log.info(LIFT)
    if settings.use_existing_resource_group:
        given = settings.resource_group_name
        found = lookup.read(
            "resources:getResourceGroup",
            {"resourceGroupName": given},
            gone=lookup.missing("resourceGroupName", f"the resource group {given}"),
        )
        held = own_state.outputs().get("azure-native:resources:ResourceGroup::resource-group", {})
        if str(held.get("name")).lower() == given.lower():
            # The stack has created it, and now lets it go with all that is in it.
            resources.ResourceGroup.get("resource-group", found["id"])
        return pulumi.Output.from_input(found["name"])
    group = resources.ResourceGroup(
        "resource-group",
        resource_group_name=settings.resource_group_name,
        location=settings.location,
        tags=dict(settings.tags),
        opts=pulumi.ResourceOptions(protect=settings.protect),
    )
    return group.name
