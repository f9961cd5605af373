"""Log Analytics workspaces, and diagnostic settings.

https://learn.microsoft.com/rest/api/monitor/diagnostic-settings/create-or-update
"""

from typing import Any

from sandbox.arm import gateway, sinks
from sandbox.arm.base import AZURE, SERVICE, Put, parse, refuse
from sandbox.errors import NotModelledError

LEAST_QUOTA_GB = 0.023
"""https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap ; -1 is no cap"""


def workspace(put: Put) -> None:
    """A deleted workspace that is created again comes back with its id and its rows.

    https://learn.microsoft.com/azure/azure-monitor/logs/delete-workspace
    """
    quota = (put.properties.get("workspaceCapping") or {}).get("dailyQuotaGb")
    if quota not in (None, -1) and quota < LEAST_QUOTA_GB:
        text = f"dailyQuotaGb: {quota} is neither -1 nor {LEAST_QUOTA_GB} or more."
        raise refuse("InvalidParameters", text=text)
    same = [one for one in put.kept() if one.id.lower() == put.id.text.lower()]
    fresh = put.cloud.derive_guid(put.id.text, put.incarnation)
    known = put.existing or (same[0] if same else None)
    put.properties["customerId"] = known.properties["customerId"] if known else fresh
    put.cloud.purge(put.id.text)


def diagnostic_setting(put: Put) -> None:
    """A setting of a type without tables of its own ignores the wish for them.

    https://github.com/Azure/azure-rest-api-specs/issues/22400
    """
    kind = parse(put.id.parent).type
    if kind not in AZURE["logs"]:
        raise NotModelledError(f"the sandbox models no logs of {kind}")
    sinks.check(put)
    _check_categories(put, kind)
    sinks.check_others(put, lambda properties: _sent(kind, properties))
    if not AZURE["logs"][kind]["tables"]:
        put.properties["logAnalyticsDestinationType"] = None
    if kind == SERVICE and put.options.logger == "with-setting":
        gateway.make_logger(put, put.id.parent)


def _check_categories(put: Put, kind: str) -> None:
    """A setting has known categories or known groups, never both; none in the Consumption tier.

    https://github.com/Azure/azure-rest-api-specs/issues/22719
    https://learn.microsoft.com/azure/api-management/api-management-features
    """
    owner = put.cloud.get(put.id.parent)
    silent = owner is not None and (owner.body.get("sku") or {}).get("name") == "Consumption"
    used = set()
    for what, where, field, names in (
        ("Category group", "logs", "categoryGroup", ["allLogs", "audit"]),
        ("Category", "logs", "category", AZURE["logs"][kind]["categories"]),
        ("Metric category", "metrics", "category", ["AllMetrics"]),
    ):
        for given in [
            entry[field] for entry in put.properties.get(where) or [] if entry.get(field)
        ]:
            if silent or given.lower() not in [name.lower() for name in names]:
                raise refuse("BadRequest", text=f"{what} '{given}' is not supported.")
            used.add(what)
    if {"Category", "Category group"} <= used:
        text = "Diagnostic setting does not support mix of log category and log category group."
        raise refuse("BadRequest", text=text)


def _sent(kind: str, properties: dict[str, Any]) -> set[str]:
    """The log and metric categories that a setting sends, its groups resolved."""
    table = AZURE["logs"][kind]
    groups = {"audit": table["audit"], "alllogs": table["categories"]}
    sent = {m["category"] for m in properties.get("metrics") or [] if m.get("enabled")}
    for log in [one for one in properties.get("logs") or [] if one.get("enabled")]:
        sent |= {*(groups.get(str(log.get("categoryGroup")).lower()) or [log["category"]])}
    return sent
