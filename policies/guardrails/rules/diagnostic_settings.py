"""Every account and gateway sends all its logs and metrics to a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules.accounts import ACCOUNTS
from rules.finding import Finding
from rules.identities import GROUPS, SERVICES
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

    Categories listed one by one leave out those that Azure adds, so only the group will do.

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

    What sends no logs to a workspace fills no table.
    https://learn.microsoft.com/azure/api-management/monitor-api-management
    """
    for setting in stack.of_type(SETTINGS):
        found = setting.get("logAnalyticsDestinationType")
        if str(found).lower() == "dedicated" or not _fills_tables(setting):
            continue
        state = _is_a_gateways(setting, stack)
        if state is not False:
            yield Finding(
                resource=setting,
                path=setting.path("logAnalyticsDestinationType"),
                found=UNKNOWN if state is None else found,
                wanted='"Dedicated"' if state else '"Dedicated", if resourceUri is a gateway',
                fix=TABLES_FIX,
            )


def _fills_tables(setting: Resource) -> bool:
    logs = setting.get("logs")
    if logs is UNKNOWN or UNKNOWN in (logs or ()):
        enabled = True
    else:
        enabled = any(entry.get("enabled") is not False for entry in items(logs))
    return enabled and bool(setting.get("workspaceId"))


def _is_a_gateways(setting: Resource, stack: Stack) -> bool | None:
    """Whether it is the setting of a gateway, in the stack or existing."""
    uri = setting.value("resourceUri")
    if isinstance(uri, str):
        return f"/providers/{SERVICES}/".lower() in uri.lower() or any(
            _is_of(setting, gateway, stack) for gateway in stack.of_type(SERVICES)
        )
    if uri is None or _is_anothers(setting, stack, SERVICES):
        return False
    linked = setting.linked("resourceUri")
    return True if any(one.urn in linked for one in stack.of_type(SERVICES)) else None


def _settings(source: Resource, stack: Stack) -> tuple[list[Resource], bool]:
    """The settings of a resource, and whether there are some whose resource is not known."""
    states = [(setting, _is_of(setting, source, stack)) for setting in stack.of_type(SETTINGS)]
    return [setting for setting, state in states if state], any(s is None for _, s in states)


def _is_of(setting: Resource, source: Resource, stack: Stack) -> bool | None:
    state = refers(setting, "resourceUri", source, *NAMES)
    if state is None and _is_anothers(setting, stack, source.arm_type):
        return False
    return state


def _is_anothers(setting: Resource, stack: Stack, arm_type: str) -> bool:
    """Whether its target is made from resources of Azure, but of none of that type.

    An id that is made from a group's may be the id of anything in it.
    """
    linked = setting.linked("resourceUri")
    made_of = [one for one in stack.resources if one.urn in linked and one.token]
    return bool(made_of) and not any(one.is_a(arm_type) or one.is_a(GROUPS) for one in made_of)


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
