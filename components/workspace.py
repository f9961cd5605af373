"""The Log Analytics workspace to which all logs and metrics go."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import operationalinsights

from components import resource_group
from components.azure import arm_id, lookup, own_state, provider

WORKSPACES = "Microsoft.OperationalInsights/workspaces"
NO_DAILY_CAP = -1
"""https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap"""


@dataclass(frozen=True, kw_only=True)
class WorkspaceArgs:
    """A workspace to create; or, with `existing_id`, one to use."""

    existing_id: str
    """ARM id of an existing workspace, or ""."""
    name: pulumi.Input[str]
    group: str
    """Name of the stack's resource group."""
    group_is_created: bool
    """Whether the stack creates that group: a workspace of its own cannot be handed over then."""
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    retention_days: pulumi.Input[int]
    daily_cap_gb: int
    """Gigabytes a day, or 0 for no cap."""
    tags: pulumi.Input[dict[str, str]]
    protect: bool


class Workspace(pulumi.ComponentResource):
    """A Log Analytics workspace, created or existing."""

    id: pulumi.Output[str]
    """ARM id."""
    customer_id: pulumi.Output[str]
    """GUID by which queries name the workspace."""
    location: pulumi.Output[str]
    of_others: str
    """ARM id of a workspace that the stack has not created, as the stack file has it; or ""."""

    def __init__(
        self, name: str, args: WorkspaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("aoai:index:Workspace", name, None, opts)
        if args.existing_id:
            self._use(name, args)
        else:
            self._create(name, args)
        self.register_outputs({"id": self.id, "customerId": self.customer_id})

    def _create(self, name: str, args: WorkspaceArgs) -> None:
        workspace = operationalinsights.Workspace(
            name,
            workspace_name=args.name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            sku=operationalinsights.WorkspaceSkuArgs(
                name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018
            ),
            retention_in_days=args.retention_days,
            workspace_capping=operationalinsights.WorkspaceCappingArgs(
                daily_quota_gb=float(args.daily_cap_gb or NO_DAILY_CAP)
            ),
            # Queries authenticate by identity, and see what its rights on the resources allow.
            features=operationalinsights.WorkspaceFeaturesArgs(
                disable_local_auth=True,
                enable_log_access_using_only_resource_permissions=True,
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.id, self.of_others = workspace.id, ""
        self.customer_id = workspace.customer_id
        self.location = pulumi.Output.from_input(args.location)

    def _use(self, name: str, args: WorkspaceArgs) -> None:
        found = arm_id.require(args.existing_id, WORKSPACES)
        own = resource_group.handed_over(
            own_state.Created(
                "operationalinsights:Workspace", "Workspace", name, found, args.group
            ),
            key="workspaceId",
            what="workspace",
            group_is_created=args.group_is_created,
            protect=args.protect,
            parent=self,
        )
        workspace = lookup.given(
            "operationalinsights:getWorkspace",
            {"resourceGroupName": found.resource_group, "workspaceName": found.name},
            key="workspaceId",
            what=f"the Log Analytics workspace {args.existing_id}",
            parent=self,
            # A central workspace often lies in a subscription of its own.
            provider=None
            if own
            else provider.in_subscription(
                f"{name}-subscription", found.subscription_id, parent=self
            ),
        )
        exact, self.of_others = args.existing_id, "" if own else args.existing_id
        if own:
            exact = own.exact(workspace["id"])
            let_go = pulumi.ResourceOptions(parent=self)
            operationalinsights.Workspace.get(name, exact, opts=let_go)
        self.id = pulumi.Output.from_input(exact)
        self.customer_id = pulumi.Output.from_input(workspace["customerId"])
        self.location = pulumi.Output.from_input(workspace["location"])
