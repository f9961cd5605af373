"""Diagnostic settings: what a resource sends to the workspace."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import monitor


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
        logs=groups(category_groups),
        metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)],
        log_analytics_destination_type="Dedicated" if dedicated_tables else None,
        opts=opts,
    )


def groups(category_groups: tuple[str, ...]) -> list[monitor.DiagnosticsLogSettingsArgs]:
    """Turn groups of log categories on."""
    return [
        monitor.DiagnosticsLogSettingsArgs(category_group=group, enabled=True)
        for group in category_groups
    ]
