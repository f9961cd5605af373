"""The diagnostic settings of gateway and account: which rows reach the workspace.

https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from queries.check.configuration.base import (
    Comparison,
    Deployed,
    Json,
    differs,
    last,
    missing,
    properties,
    same_id,
)
from queries.check.difference import REFRESH, Difference
from queries.check.rows import DIAGNOSTICS
from queries.outputs import Target

Compare = Callable[["Resource", Target, Deployed], Iterator[Difference]]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What a resource must send."""

    key: str
    title: str
    categories: tuple[str, ...]
    audit: str
    dedicated: bool

    @property
    def path(self) -> str:
        """Return where the setting is found."""
        return f"the diagnostic setting of {self.title}"

    def fix(self, target: Target) -> str:
        """Return where a person changes it; pulumi up keeps only a setting that the stack made."""
        portal = f"portal: {self.title} > Diagnostic settings"
        own = getattr(target.diagnostic_settings, self.key)
        return f"{portal}; {REFRESH}" if own else portal


GATEWAY = Resource(
    key="gateway",
    title="API Management",
    categories=("GatewayLogs", "GatewayLlmLogs"),
    audit="DeveloperPortalAuditLogs",
    dedicated=True,
)
ACCOUNT = Resource(
    key="account",
    title="Azure OpenAI",
    categories=("RequestResponse",),
    audit="Audit",
    dedicated=False,
)


def present(resource: Resource, target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that a setting exists that sends to the stack's workspace."""
    settings = _all(resource, deployed)
    if not settings:
        name = getattr(target.diagnostic_settings, resource.key) or "any"
        yield missing(resource.path, name, resource.fix(target))
    elif not _sending(resource, target, deployed):
        elsewhere = ", ".join(last(properties(s).get("workspaceId")) or "none" for s in settings)
        yield from differs(
            f"workspace of {resource.path}",
            last(target.workspace_id),
            elsewhere,
            resource.fix(target),
        )


def categories(resource: Resource, target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that each category of calls is on, by itself or by its group."""
    settings = _sending(resource, target, deployed)
    for category in resource.categories:
        if category == "GatewayLlmLogs" and not target.llm_logging:
            continue
        if settings and not any(_sends(setting, category) for setting in settings):
            yield from differs(
                f"category {category} of {resource.path}", "on", "off", resource.fix(target)
            )


def audit(resource: Resource, target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that audit logs are on: their own category, or a group that holds it."""
    settings = _sending(resource, target, deployed)
    on = any(_sends(s, resource.audit) or _sends(s, "audit") for s in settings)
    if settings and not on:
        path = f"audit logs ({resource.audit}) of {resource.path}"
        yield from differs(path, "on", "off", resource.fix(target))


def metrics(resource: Resource, target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that platform metrics are sent."""
    settings = _sending(resource, target, deployed)
    enabled = [m for s in settings for m in properties(s).get("metrics") or [] if m.get("enabled")]
    if settings and not enabled:
        yield from differs(f"AllMetrics of {resource.path}", "on", "off", resource.fix(target))


def destination(resource: Resource, target: Target, deployed: Deployed) -> Iterator[Difference]:
    """Demand that rows go to tables of their own kind, which only some resources have.

    https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs#collection-mode
    """
    settings = _sending(resource, target, deployed)
    kinds = [properties(s).get("logAnalyticsDestinationType") for s in settings]
    if resource.dedicated and settings and "Dedicated" not in kinds:
        found = kinds[0] or DIAGNOSTICS
        path = f"destination table of {resource.path}"
        yield from differs(path, "Resource specific (Dedicated)", found, resource.fix(target))


def _all(resource: Resource, deployed: Deployed) -> list[Json]:
    return list(deployed[f"{resource.key} settings"] or [])


def _sending(resource: Resource, target: Target, deployed: Deployed) -> list[Json]:
    """Return the settings that send to the stack's workspace."""
    wanted = target.workspace_id
    found = _all(resource, deployed)
    return [s for s in found if same_id(properties(s).get("workspaceId"), wanted)]


def _sends(setting: Json, category: str) -> bool:
    on = [entry for entry in properties(setting).get("logs") or [] if entry.get("enabled")]
    names = {str(entry.get("category") or entry.get("categoryGroup")).lower() for entry in on}
    return bool(names & {"alllogs", category.lower()})


def _comparison(resource: Resource, compare: Compare) -> Comparison:
    return Comparison(
        (f"{resource.key} settings",), lambda target, found: compare(resource, target, found)
    )


AUDIT = tuple(
    _comparison(one, compare) for one in (GATEWAY, ACCOUNT) for compare in (present, audit)
)
OF_ACCOUNT = tuple(_comparison(ACCOUNT, compare) for compare in (categories, metrics))
"""What an account sends of its calls, which shows in no call to another."""
COMPARISONS = tuple(
    _comparison(one, compare)
    for one in (GATEWAY, ACCOUNT)
    for compare in (present, categories, audit, metrics, destination)
)
