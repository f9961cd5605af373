"""The workbook: what operators look at, in the portal, under the workspace's workbooks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import applicationinsights

from components.insights.workbook.account_picker import Listed
from components.insights.workbook.document import VERSION, serialized

__all__ = ["TITLE", "WorkbookArgs", "stable_name", "workbook"]

TITLE = "Azure OpenAI, accounted"

NAMES = uuid.UUID("0d5b8f0a-3f0b-4a53-9a6e-6d2f7f0a51c4")
"""Namespace of the workbooks' names: a UUID made once, at random."""


@dataclass(frozen=True, kw_only=True)
class WorkbookArgs:
    """Where the workbook lies, and what it shows."""

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    """Region that stores the workbook."""
    name_seed: pulumi.Input[str]
    """What the name is derived from: Azure wants a UUID, and the stack one that stays the same."""
    workspace_id: pulumi.Input[str]
    """ARM id of the workspace that the log tiles query."""
    accounts: Mapping[str, pulumi.Input[str]]
    """ARM ids of the accounts whose metrics are charted, by their short names; "" for the only."""
    backends: Mapping[str, pulumi.Input[str]]
    """Of several accounts, the base URL of each, by short name."""
    figures: pulumi.Input[Mapping[str, Any]]
    """Values of queries' parameters that the stack knows and the logs do not, by name: api,
    prices, provisioned, budgets, capacities, retirements, account, identity."""
    tags: pulumi.Input[Mapping[str, str]]


def workbook(
    name: str, args: WorkbookArgs, *, parent: pulumi.Resource
) -> applicationinsights.Workbook:
    """Register the workbook."""
    known = pulumi.Output.all(
        workspace=args.workspace_id,
        accounts=pulumi.Output.from_input(args.accounts),
        backends=pulumi.Output.from_input(args.backends),
        figures=args.figures,
    )
    return applicationinsights.Workbook(
        name,
        resource_name_=pulumi.Output.from_input(args.name_seed).apply(stable_name),
        resource_group_name=args.resource_group_name,
        location=args.location,
        kind=applicationinsights.WorkbookSharedTypeKind.SHARED,
        category="workbook",
        # Azure refuses two workbooks of one display name in a resource group.
        # https://github.com/MicrosoftDocs/azure-docs/issues/52844
        display_name=f"{TITLE} ({pulumi.get_stack()})",
        # Azure returns the id in lower case, which would show as a change after each refresh.
        # https://github.com/hashicorp/terraform-provider-azurerm/issues/27755
        # https://github.com/Azure/arm-template-whatif/issues/57
        source_id=pulumi.Output.from_input(args.workspace_id).apply(str.lower),
        serialized_data=known.apply(
            lambda at: serialized(
                at["workspace"], _listed(at["accounts"], at["backends"]), at["figures"]
            )
        ),
        version=VERSION,
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _listed(ids: Mapping[str, str], backends: Mapping[str, str]) -> list[Listed]:
    return [
        Listed(label=label, id=one, backend_url=backends.get(label, ""))
        for label, one in ids.items()
    ]


def stable_name(seed: str) -> str:
    """Return a UUID, always the same for a seed.

    https://learn.microsoft.com/azure/templates/microsoft.insights/workbooks
    """
    return str(uuid.uuid5(NAMES, seed))
