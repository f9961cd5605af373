"""Find out which columns of which tables have values, and which metrics arrived."""

from __future__ import annotations

from queries import outputs
from queries.workspace import LogAnalytics, NotYetError, Row
from tools.acceptance.events import Facts

LOGS = ("ApiManagementGatewayLogs", "ApiManagementGatewayLlmLog", "AzureDiagnostics")
OUR_OWN = ("_BilledSize", "_IsBillable")
"""Columns of every table that tell nothing about a call."""
_EMPTY = (None, "", "{}", "[]", "null")


def arrived(stack: str) -> Facts:
    """Return the columns that have values, by table, and the metrics that arrived.

    Raises:
        CannotRunError: the workspace cannot be read.
    """
    target = outputs.target(outputs.from_stack(stack))
    workspace = LogAnalytics(target.logs_endpoint, target.workspace_customer_id)
    found = {}
    for table in LOGS:
        rows = _asked(workspace, f"{table} | take 200")
        filled = {name for row in rows for name, value in row.items() if value not in _EMPTY}
        found[f"columns of {table}"] = ", ".join(sorted(filled - {*OUR_OWN}))
    metrics = "AzureMetrics | summarize by MetricName, Provider = ResourceProvider"
    for row in _asked(workspace, metrics):
        found[f"metric {row['Provider']} {row['MetricName']}"] = "arrived"
    return found


def _asked(workspace: LogAnalytics, kql: str) -> list[Row]:
    try:
        return workspace.query(kql)
    except NotYetError:
        return []
