"""Every account and gateway sends all its logs and metrics to a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules.accounts import ACCOUNTS
from rules.finding import Finding
from rules.identities import SERVICES
from rules.parameters import Config
from rules.resource import UNKNOWN, Resource, items
from rules.stack import Stack, refers

SETTINGS = "Microsoft.Insights/diagnosticSettings"
NAMES = ("accountName", "serviceName", "resourceName")
WHOLE = ("alllogs", "allmetrics")
TABLES_FIX = "set logAnalyticsDestinationType to Dedicated in the gateway's diagnostic setting"
"""https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs#collection-mode"""


def everything_to_a_workspace(stack: Stack, _config: Config) -> Iterator[Finding]:
    """What is not sent to a workspace cannot be asked for later.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
    """
    for source in stack.of_type(ACCOUNTS, SERVICES):
        settings, unclear = _settings(source, stack)
        for path, wanted in (
            ("logs", 'an enabled log of categoryGroup "allLogs"'),
            ("metrics", 'an enabled metric of category "AllMetrics"'),
        ):
            states = [_sends(setting, path) for setting in settings]
            if True in states:
                continue
            unknown = unclear or None in states
            yield Finding(
                resource=source,
                path=f"diagnostic setting: {path}",
                found=UNKNOWN if unknown else _found(settings, path),
                wanted=f"{wanted}, with a workspaceId",
                fix="declare an azure-native:monitor:DiagnosticSetting with resourceUri = its id",
            )


def dedicated_tables(stack: Stack, _config: Config) -> Iterator[Finding]:
    """Only resource-specific tables have a column for each property, and LLM logs at all.

    https://learn.microsoft.com/azure/api-management/monitor-api-management
    """
    gateways = list(stack.of_type(SERVICES))
    for setting in stack.of_type(SETTINGS):
        uri = setting.value("resourceUri")
        known = isinstance(uri, str) and f"/providers/{SERVICES}/".lower() in uri.lower()
        states = [_is_of(setting, gateway) for gateway in gateways]
        if not known and True not in states:
            continue
        found = setting.get("logAnalyticsDestinationType")
        if found is UNKNOWN or str(found).lower() != "dedicated":
            yield Finding(
                resource=setting,
                path=setting.path("logAnalyticsDestinationType"),
                found=found,
                wanted='"Dedicated"',
                fix=TABLES_FIX,
            )


def _settings(source: Resource, stack: Stack) -> tuple[list[Resource], bool]:
    """The settings of a resource, and whether there are some whose resource is not known."""
    states = [(setting, _is_of(setting, source)) for setting in stack.of_type(SETTINGS)]
    return [setting for setting, state in states if state], any(s is None for _, s in states)


def _is_of(setting: Resource, source: Resource) -> bool | None:
    return refers(setting, "resourceUri", source, *NAMES)


def _sends(setting: Resource, path: str) -> bool | None:
    """Whether a setting sends all of its logs or metrics to a workspace; None if unknown."""
    workspace = setting.get("workspaceId")
    if workspace is UNKNOWN:
        workspace = setting.linked(setting.path("workspaceId")) or None
        if workspace is None:
            return None
    entries = setting.get(path)
    if entries is UNKNOWN or any(entry is UNKNOWN for entry in entries or ()):
        return None
    return bool(workspace) and any(_is_whole(entry) for entry in items(entries))


def _is_whole(entry: Mapping[str, Any]) -> bool:
    kind = str(entry.get("categoryGroup") or entry.get("category")).lower()
    return entry.get("enabled") is True and kind in WHOLE


def _found(settings: Sequence[Resource], path: str) -> Any:
    if not settings:
        return None
    return [
        {"name": setting.name, path: setting.get(path), "workspaceId": workspace}
        for setting in settings
        for workspace in [setting.get("workspaceId")]
    ]
