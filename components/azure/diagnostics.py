"""Diagnostic settings: what a resource sends to the workspace."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
from pulumi_azure_native import monitor

from components.settings.copies import Copy


def send_everything(
    logical_name: str,
    *,
    setting_name: str,
    resource_id: pulumi.Input[str],
    workspace_id: pulumi.Input[str],
    category_groups: tuple[str, ...],
    dedicated_tables: bool,
    opts: pulumi.ResourceOptions,
) -> monitor.DiagnosticSetting:
    """Send the groups of log categories and all metrics of a resource to a workspace.

    `dedicated_tables` picks resource-specific tables over `AzureDiagnostics`; only resource types
    that have such tables take it.
    https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs#collection-mode
    """
    return monitor.DiagnosticSetting(
        logical_name,
        name=setting_name,
        resource_uri=resource_id,
        workspace_id=workspace_id,
        logs=_logs(category_groups),
        metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)],
        log_analytics_destination_type="Dedicated" if dedicated_tables else None,
        opts=opts,
    )


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
            logs=_logs(category_groups),
            opts=opts,
        )
        for one in copies
    ]


def _logs(category_groups: tuple[str, ...]) -> list[monitor.DiagnosticsLogSettingsArgs]:
    return [
        monitor.DiagnosticsLogSettingsArgs(category_group=group, enabled=True)
        for group in category_groups
    ]
