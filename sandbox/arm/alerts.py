"""Rules that all alert rules share, and those of activity log alerts.

https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from sandbox.arm.base import AZURE, Put, missing, parse, refuse
from sandbox.cloud import SUBSCRIPTION_ID
from sandbox.errors import ArmError

RULES = AZURE["alerts"]
"""Limits and allowed values, with their sources in azure.json."""
ACTION_GROUP = "Microsoft.Insights/actionGroups"
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)
_SUBSCRIPTION = re.compile(f"/subscriptions/{SUBSCRIPTION_ID}/?", re.IGNORECASE)


def bad(text: str) -> ArmError:
    """A BadRequest in words of our own, where Azure's are not public.

    Sure: inferred, as Azure's words for it are not public.
    """
    return refuse("BadRequest", text=text)


def required(properties: dict[str, Any], *names: str) -> None:
    """Refuse what lacks one of these fields.

    Sure: inferred, as the REST page names the fields but no refusal.
    """
    for name in names:
        if properties.get(name) is None:
            raise bad(f"{name} is required.")


def minutes(properties: dict[str, Any], field: str, allowed: list[int]) -> int | None:
    """An ISO 8601 duration as minutes, which must be one of `allowed`; None where none is given.

    Sure: inferred, as the pages give the values and not the words of the refusal.
    """
    value = properties.get(field)
    if value is None:
        return None
    try:
        found = int(_DURATION.validate_python(value).total_seconds() // 60)
    except ValueError as error:
        text = f"{field}: {value} is no ISO 8601 duration"
        raise refuse("InvalidRequestContent", text=text) from error
    if found not in allowed:
        listed = ", ".join(map(str, allowed))
        raise refuse("WindowNotSupported", field=field, value=value, allowed=listed)
    return found


def timing(properties: dict[str, Any], allowed: dict[str, list[int]]) -> tuple[int, int]:
    """How often a rule is evaluated and over which window, in minutes.

    The window is at least the frequency, or what happens between two windows is never seen:
    https://github.com/hashicorp/terraform-provider-azurerm/pull/19837
    """
    required(properties, "severity", "evaluationFrequency", "windowSize")
    frequency, window = (
        minutes(properties, name, allowed[name]) or 0
        for name in ("evaluationFrequency", "windowSize")
    )
    if window < frequency:
        raise bad("windowSize must be greater than or equal to evaluationFrequency.")
    return frequency, window


def check_actions(put: Put, ids: Iterable[str | None]) -> None:
    """The action groups of a rule exist, and are at most five.

    https://github.com/Azure/azure-powershell/issues/11102
    """
    wanted = [one or "" for one in ids]
    for one in wanted:
        found = put.cloud.get(one)
        if not found or found.type != ACTION_GROUP:
            raise refuse("ActionGroupInvalid", id=one)
    if len(wanted) > RULES["action_groups"]:
        raise bad(f"An alert rule takes at most {RULES['action_groups']} action groups.")


def activity_log_alert(put: Put) -> None:
    """A condition names one category, and the fields that this category needs.

    https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/create-or-update
    """
    condition = put.properties["condition"]["allOf"]
    _check_leaves(condition)
    named = [one.get("equals") for one in condition if one.get("field") == "category"]
    if len(named) != 1 or named[0] not in RULES["categories"]:
        raise bad(f"The condition needs one category, of {RULES['categories']}.")
    if named[0] == "Administrative" and len(condition) == 1:
        raise refuse("UnsupportedCondition", category=named[0])
    _check_scopes(put, named[0])
    groups = (put.properties.get("actions") or {}).get("actionGroups") or []
    check_actions(put, (group.get("actionGroupId") for group in groups))


def _check_scopes(put: Put, category: str) -> None:
    """Each scope exists; an alert on service health has one scope, a subscription.

    https://github.com/hashicorp/terraform-provider-azurerm/pull/21331
    """
    scopes = put.properties["scopes"]
    if not scopes:
        raise bad("scopes: at least one item is required.")
    if category == "ServiceHealth" and len(scopes) > 1:
        raise refuse("ScopeIsInvalid")
    for scope in scopes:
        if _SUBSCRIPTION.fullmatch(scope):
            continue
        if category == "ServiceHealth":
            raise bad("The scope of a service health alert is a subscription.")
        if not put.cloud.get(scope):
            raise missing(parse(scope))


def _check_leaves(conditions: list[dict[str, Any]]) -> None:
    """A condition is a field with `equals` or `containsAny`, or `anyOf` of such, never both.

    https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/create-or-update
    """
    for one in conditions:
        given = [name for name in ("equals", "containsAny", "anyOf") if one.get(name) is not None]
        if len(given) != 1 or ("field" in one) is ("anyOf" in given):
            raise bad("A condition has a field with equals or containsAny, or else anyOf.")
        _check_leaves(one.get("anyOf") or [])
