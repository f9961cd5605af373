"""Second copies of the logs: into storage accounts and event hubs that exist.

Azure's rules: https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import model_validator

from components.azure import arm_id
from components.settings.constraints import Constraint, Frozen, matching

STORAGE = "Microsoft.Storage/storageAccounts"
RULE_SHAPE = (
    "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.EventHub/namespaces/"
    "<namespace>/authorizationRules/<rule>"
)
_RULE = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.EventHub/namespaces/"
    r"[^/]+/authorizationRules/[^/]+",
    re.IGNORECASE,
)
SETTING_NAME = r"1 to 260 characters without < > * % & : \ ? + /, not blanks alone"
SETTING_PATTERN = r"(?=.*\S)[^<>*%&:\\?+/]{1,260}"
EVENT_HUB = (
    "1 to 256 letters, digits, periods, hyphens and underscores, letter or digit at the ends"
)
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""
EVENT_HUB_PATTERN = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,254}[A-Za-z0-9])?"
GATEWAY = "gateway"
"""What `of` calls the gateway."""
ACCOUNT = "account"
"""What `of` calls the only account; of several each has its short name."""
MOST_SETTINGS = 5
"""Diagnostic settings that a resource can have."""
OF = f"{GATEWAY}, {ACCOUNT}, or short names of accounts, none of them twice; empty for all"


def _check_storage(value: str) -> None:
    if value and arm_id.parse(value, STORAGE) is None:
        raise ValueError(f'{arm_id.shape(STORAGE)}, or ""')


def _check_rule(value: str) -> None:
    if value and not _RULE.fullmatch(value):
        raise ValueError(f'{RULE_SHAPE}, or ""')


def _check_of(value: tuple[str, ...]) -> None:
    if len({name.lower() for name in value}) < len(value) or not all(value):
        raise ValueError(OF)


class Copy(Frozen):
    """A diagnostic setting that sends every log to one more place."""

    name: Annotated[str, matching(SETTING_NAME, SETTING_PATTERN)]
    """Name of the diagnostic setting on each resource that is copied."""
    storage_account_id: Annotated[
        str, Constraint(f'{arm_id.shape(STORAGE)}, or ""', _check_storage)
    ] = ""
    """ARM id of a storage account, in the region of what is copied."""
    event_hub_authorization_rule_id: Annotated[
        str, Constraint(f'{RULE_SHAPE}, or ""', _check_rule)
    ] = ""
    """ARM id of a namespace's authorization rule with Manage, Send and Listen, in that region."""
    event_hub_name: Annotated[str, matching(EVENT_HUB, EVENT_HUB_PATTERN, optional=True)] = ""
    """Event hub of that namespace; empty has Azure make one for each category."""
    of: Annotated[tuple[str, ...], Constraint(OF, _check_of)] = ()
    """What is copied: gateway, account, or short names of accounts; empty for all."""

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        """Refuse a copy without a place, and a hub without its namespace."""
        if not self.storage_account_id and not self.event_hub_authorization_rule_id:
            raise ValueError("a storageAccountId, an eventHubAuthorizationRuleId, or both")
        if self.event_hub_name and not self.event_hub_authorization_rule_id:
            raise ValueError("eventHubName only beside eventHubAuthorizationRuleId")
        return self

    def copies(self, resource: str) -> bool:
        """Tell whether the logs of `gateway`, `account` or an account's short name are copied."""
        return not self.of or resource.lower() in {name.lower() for name in self.of}

    @property
    def places(self) -> tuple[str, ...]:
        """Return the destinations, as Azure tells one from another."""
        hub = "/".join(filter(None, (self.event_hub_authorization_rule_id, self.event_hub_name)))
        return tuple(one.lower() for one in (self.storage_account_id, hub) if one)


def check_copies(copies: tuple[Copy, ...], data: Mapping[str, Any]) -> None:
    """Judge the copies by the accounts, and by the names of the other diagnostic settings.

    Raises:
        ValueError: a copy is of what the stack does not have, a resource has more settings than
            Azure takes or two of one name, or sends the same logs to the same place twice.
    """
    resources = dict(_resources(data))
    for one in copies:
        if unknown := [name for name in one.of if name.lower() not in resources]:
            raise ValueError(f"of: {', '.join(resources)}; {one.name} has {', '.join(unknown)}")
    for resource, own in resources.items():
        found = [one for one in copies if one.copies(resource)]
        names = Counter(name.lower() for name in (own, *(one.name for one in found)) if name)
        places = Counter(place for one in found for place in one.places)
        if twice := [name for name, times in names.items() if times > 1]:
            raise ValueError(
                f"names that the diagnostic settings of {resource} do not have yet; given twice: "
                f"{', '.join(twice)}"
            )
        if twice := [place for place, times in places.items() if times > 1]:
            raise ValueError(
                f"each place once for {resource}, as Azure sends a log there by one setting alone; "
                f"given twice: {', '.join(twice)}"
            )
        if len(found) >= MOST_SETTINGS:
            raise ValueError(
                f"at most {MOST_SETTINGS - 1} copies of {resource}, as Azure lets a resource have "
                f"{MOST_SETTINGS} diagnostic settings"
            )


def _resources(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what can be copied, each with the name of the setting that feeds the workspace."""
    yield GATEWAY, str(data.get("gateway_diagnostic_setting_name") or "")
    accounts = data.get("accounts") or ()
    for one in accounts:
        yield one.name.lower(), one.diagnostic_setting_name
    if not accounts:
        yield ACCOUNT, str(data.get("account_diagnostic_setting_name") or "")
