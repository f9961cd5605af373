"""The diagnostic settings: every log and metric of account and gateway goes to the workspace."""

from __future__ import annotations

from collections.abc import Iterator

from pack.finding import Finding
from pack.kinds import Kind
from pack.parameters import Config
from pack.resource import Resource, Stack
from pack.shapes import Allowed, Shape, also_free, free, judge

ALSO = also_free(Kind.SETTING)
AUDIT, ALL = ({"categoryGroup": group, "enabled": True} for group in ("audit", "allLogs"))
WORKSPACE = Allowed("a workspace", bool, "name the stack's workspace", later=True)
SHAPE: Shape = {
    **free("name", "resourceUri"),
    "workspaceId": WORKSPACE,
    "logs": ([ALL], [AUDIT, ALL]),
    "metrics": [{"category": "AllMetrics", "enabled": True}],
}
COPY: Shape = {
    **free("name", "resourceUri", "storageAccountId", "eventHubAuthorizationRuleId"),
    **free("eventHubName"),
    "logs": SHAPE["logs"],
}
"""A second copy of the logs, beside the setting that feeds the workspace."""
PLACES = ("storageAccountId", "eventHubAuthorizationRuleId")


def is_copy(resource: Resource) -> bool:
    """Tell whether a resource is a diagnostic setting that feeds other places than a workspace."""
    if resource.kind != Kind.SETTING or resource.get("workspaceId") is not None:
        return False
    return any(resource.get(place) is not None for place in PLACES)


def everything_to_a_workspace(stack: Stack, config: Config) -> Iterator[Finding]:
    """Send all logs, as one group, and all metrics: what was not sent cannot be asked for later.

    Categories listed one by one leave out those that Azure adds. Only resource-specific tables, of
    which the account has none, hold the gateway's LLM log.
    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
    https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs#collection-mode
    A setting without a workspace is a second copy: of the same logs, to another place.
    """
    for setting in stack.of_kind(Kind.SETTING):
        if is_copy(setting):
            yield from judge(setting, COPY, ALSO.read(config))
            continue
        existing = "/microsoft.apimanagement/service/" in str(setting.get("resourceUri")).lower()
        gateways = existing or stack.made_from(setting, "resourceUri", Kind.SERVICE)
        tables = {"logAnalyticsDestinationType": "Dedicated" if gateways else None}
        yield from judge(setting, {**SHAPE, **tables}, ALSO.read(config))
