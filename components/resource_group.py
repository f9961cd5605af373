"""The resource group that holds the stack."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources

from components.azure import lookup, own_state, provider
from components.azure.arm_id import ArmId
from components.settings.stack import Settings

LIFT = (
    "`protect` is on, so stateful resources cannot be deleted or replaced. To allow it: revert the "
    "change, run `pulumi config set protect false` and `pulumi up`, then make the change again"
)
"""How to lift the protection, which the engine's refusal does not say.

A resource that the program no longer declares keeps its protection, so it is lifted first.
"""


def refuse_inside(key: str, what: str, found: ArmId, created_group: str) -> None:
    """Refuse what lies in the group that the stack creates: the group is deleted with all in it.

    It is what the stack created, and what `key` of the stack file now hands over.
    """
    if found.resource_group.lower() == created_group.lower():
        raise pulumi.RunError(
            f"{key}: the {what} {found.name} lies in the resource group {created_group}, "
            "which this stack created, so `pulumi destroy` would delete both: set "
            f"useExistingResourceGroup true beside {key}, and the stack lets both go; then they "
            "stay, and whatever else is in the group that the stack did not create"
        )


def handed_over(
    own: own_state.Created,
    *,
    key: str,
    what: str,
    group_is_created: bool,
    protect: bool,
    parent: pulumi.Resource,
) -> own_state.Created | None:
    """Return `own` if the stack created what `key` of the stack file names; else None.

    With `protect`, refuse another one in its place. The engine refuses no more than the deletion,
    when an update has replaced what lies inside already, consumers' keys too.
    """
    if own.is_own and provider.is_own(own.found.subscription_id, parent=parent):
        if group_is_created:
            refuse_inside(key, what, own.found, own.group)
        return own
    if own.name and protect:
        raise pulumi.RunError(
            f"{key}: {own.found.name} would take the place of the stack's own {what} {own.name}, "
            f"which cannot be deleted because it is protected. {LIFT}"
        )
    return None


def resource_group(settings: Settings) -> pulumi.Output[str]:
    """Declare the group, or use the existing group of that name; return its name."""
    if settings.protect:
        pulumi.log.info(LIFT)
    if settings.use_existing_resource_group:
        name = settings.resource_group_name
        found = lookup.given(
            "resources:getResourceGroup",
            {"resourceGroupName": name},
            key="resourceGroupName",
            what=f"the resource group {name}",
        )
        held = own_state.outputs().get("azure-native:resources:ResourceGroup::resource-group", {})
        if str(held.get("name")).lower() == name.lower():
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
