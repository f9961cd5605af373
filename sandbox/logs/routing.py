"""Send telemetry as diagnostic settings say: to which workspace and table each kind goes.

https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings

Sure: documented.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import clock
from sandbox.cloud import Cloud
from sandbox.logs.copies import Copies
from sandbox.logs.facts import FACTS
from sandbox.logs.store import COLUMNS, Workspaces, column_type

Row = Mapping[str, Any]


class Telemetry:
    """What resources report, sent on as the deployed diagnostic settings say, or nowhere."""

    def __init__(self, cloud: Cloud, workspaces: Workspaces, copies: Copies | None = None) -> None:
        self._cloud = cloud
        self._workspaces = workspaces
        self._copies = copies

    def emit(self, resource_id: str, category: str, row: Row) -> None:
        """Send a log row in the columns of the category's table: its own, or AzureDiagnostics.

        ValueError for a column that the table lacks.
        """
        table = FACTS["dedicated"].get(category, "AzureDiagnostics")
        common = _as_diagnostics(table, row)
        for setting in self._settings(resource_id, "logs", category):
            self._copy(setting, resource_id, category, row)
            if not setting.get("workspaceId"):
                continue
            dedicated = setting.get("logAnalyticsDestinationType") == "Dedicated"
            target, columns = (table, row) if dedicated else ("AzureDiagnostics", common)
            self._send(resource_id, setting["workspaceId"], category, target, columns)

    def metric(self, resource_id: str, name: str, value: float, dimensions: Row = {}) -> None:  # noqa: ARG002, B006
        """Send one measurement of a platform metric, if exported; the export drops dimensions."""
        unit = "Milliseconds" if "Time" in name or "Duration" in name else "Count"
        row = {"MetricName": name, "UnitName": unit, "TimeGrain": "PT1M", "Count": 1.0}
        row |= dict.fromkeys(("Total", "Minimum", "Maximum", "Average"), float(value))
        exported = name not in FACTS["not exported"]
        for setting in self._settings(resource_id, "metrics", "AllMetrics") if exported else ():
            # `sinks.check` takes no metrics without a workspace.
            self._send(resource_id, setting["workspaceId"], "", "AzureMetrics", row)

    def _copy(self, setting: Row, resource_id: str, category: str, row: Row) -> None:
        """Send a row to a setting's storage account and event hub, as far as they are there."""
        owner, copies = self._cloud.get(resource_id), self._copies
        if owner is None or copies is None:
            return
        if account := self._cloud.get(str(setting.get("storageAccountId"))):
            copies.store(account, owner, category, row)
        space = str(setting.get("eventHubAuthorizationRuleId")).rsplit("/", 2)[0]
        if found := self._cloud.get(space):
            copies.stream(found, str(setting.get("eventHubName") or ""), owner, category, row)

    def _settings(self, resource_id: str, kind: str, category: str) -> Iterator[dict[str, Any]]:
        """The settings of a resource whose `logs` or `metrics` turn a category on."""
        for found in self._cloud.below(f"{resource_id}/providers/Microsoft.Insights"):
            entries = found.properties.get(kind) or []
            if self._cloud.get(resource_id) and any(_carries(e, category) for e in entries):
                yield found.properties

    def _send(self, source: str, workspace_id: str, category: str, table: str, row: Row) -> None:
        """Add the standard columns that the table has; nothing if the workspace is gone.

        https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns
        """
        _, _, subscription, _, group, _, provider, kind, name = source.split("/")
        workspace = self._cloud.get(workspace_id)
        if workspace is None:
            return
        standard = {
            "TimeGenerated": clock.utc(), "TenantId": workspace.properties["customerId"],
            "Type": table, "Category": category, "OperationName": f"{provider}/{category}",
            "SourceSystem": "Azure", "_BilledSize": float(len(json.dumps(row, default=str))),
            "ResourceId": source.upper(), "_ResourceId": source.lower(), "_IsBillable": "True",
            "SubscriptionId": subscription, "_SubscriptionId": subscription,
            "ResourceGroup": group.upper(), "ResourceProvider": provider.upper(),
            "ResourceType": kind.upper(), "Resource": name.upper(),
        }  # fmt: skip
        known = {key: value for key, value in standard.items() if key in COLUMNS[table]}
        self._workspaces.ingest(known["TenantId"], table, {**known, **row})


def _carries(entry: Row, category: str) -> bool:
    """Whether an entry of a setting turns a category on, itself or by its group.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings#category-groups
    """
    group = str(entry.get("categoryGroup") or "").lower()
    grouped = group == "alllogs" or (group == "audit" and category in FACTS["audit"])
    named = str(entry.get("category")).lower() == category.lower()
    return bool(entry.get("enabled")) and (grouped or named)


def _as_diagnostics(table: str, row: Row) -> dict[str, Any]:
    """A row in AzureDiagnostics: other tables' columns in camel case with their type's suffix."""
    if table == "AzureDiagnostics":
        return {name: value for name, value in row.items() if column_type(table, name)}
    renamed = {}
    for name, value in row.items():
        plain = name[0].lower() + name[1:] + FACTS["suffixes"][column_type(table, name)]
        text = json.dumps(value) if isinstance(value, list | dict) else value
        renamed[FACTS["common columns"].get(name, plain)] = text
    return renamed
