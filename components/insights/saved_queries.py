"""The query library in the portal's query editor: one saved search for each file."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import operationalinsights

from components import arm_id, provider
from components.workspace import WORKSPACES
from queries import library

CATEGORY = "Azure OpenAI, accounted"
KQL_VERSION = 2
"""The query language's version; 1 was the language before KQL.

https://learn.microsoft.com/rest/api/loganalytics/saved-searches/create-or-update
"""


def saved_queries(
    *,
    parent: pulumi.Resource,
    existing_workspace_id: str,
    workspace_id: pulumi.Input[str],
    resource_group_name: pulumi.Input[str],
    suffix: pulumi.Input[str],
) -> list[operationalinsights.SavedSearch]:
    """Register a saved search for every query of the library.

    Args:
        parent: the component they belong to.
        existing_workspace_id: ARM id of a workspace that is not this stack's own, or "".
        workspace_id: ARM id of the workspace, either way.
        resource_group_name: the group of the stack's own workspace.
        suffix: end of the searches' ids: several stacks may share a workspace.
    """
    subscription = None
    if existing_workspace_id:
        found = arm_id.require(existing_workspace_id, WORKSPACES)
        resource_group_name = found.resource_group
        subscription = provider.in_subscription(
            "saved-queries-subscription", found.subscription_id, parent=parent
        )
    workspace_name = pulumi.Output.from_input(workspace_id).apply(_last_part)
    options = pulumi.ResourceOptions(
        parent=parent,
        provider=subscription,
        # Azure answers a changed search with 409, "Newer data exists", unless the request carries
        # the old one's etag, which the provider cannot send: it is deleted, then made anew.
        # https://github.com/MicrosoftDocs/azure-docs/issues/49275
        replace_on_changes=["*"],
        delete_before_replace=True,
    )
    return [
        operationalinsights.SavedSearch(
            f"query-{name}",
            saved_search_id=pulumi.Output.concat(name, "-", suffix),
            resource_group_name=resource_group_name,
            workspace_name=workspace_name,
            category=CATEGORY,
            display_name=library.title(name),
            query=library.load(name),
            version=KQL_VERSION,
            opts=options,
        )
        for name in library.names()
    ]


def _last_part(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]
