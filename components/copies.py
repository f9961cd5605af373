"""Second copies of the logs: a diagnostic setting for each, beside that of the workspace."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
from pulumi_azure_native import monitor

from components.azure.diagnostics import groups
from components.settings.copies import Copy


def copy_everything(
    logical_name: str,
    copies: Iterable[Copy],
    *,
    resource_id: pulumi.Input[str],
    category_groups: tuple[str, ...],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Send the same logs of a resource to further places, by a setting of its own for each copy.

    So the setting that feeds the workspace stays as it is, whatever becomes of a copy; and one
    setting takes no more than one place of each kind. Keys of the places are nowhere: Azure itself
    writes there, as a trusted service.
    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
    """
    return [
        monitor.DiagnosticSetting(
            f"{logical_name}-{one.name}",
            name=one.name,
            resource_uri=resource_id,
            storage_account_id=one.storage_account_id or None,
            event_hub_authorization_rule_id=one.event_hub_authorization_rule_id or None,
            event_hub_name=one.event_hub_name or None,
            logs=groups(category_groups),
            opts=opts,
        )
        for one in copies
    ]
