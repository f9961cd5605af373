"""The form in which Azure answers what was written: other letter case, other spelling, more fields.

A reader who compares a GET with a PUT has to bear it. What is kept is as it was written.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.arm.base import SERVICE, SETTING, WORKSPACE
from sandbox.cloud import Resource
from sandbox.policy_text import as_xml

Json = dict[str, Any]
_WORDS = re.compile(
    "(north|south|east|west|central)(north|south|east|west|central)?(us|india|europe|asia)([23]?)"
)
_POLICY = re.compile(rf"{SERVICE}/(.+/)?policies", re.IGNORECASE)
_NO_SINK = ("storageAccountId", "serviceBusRuleId", "eventHubAuthorizationRuleId", "eventHubName")


def answered(found: Resource, asked: str = "xml") -> Resource:
    """A GET answers a resource in the form of its type; `asked` is the form of policies.

    https://learn.microsoft.com/rest/api/resources/resources/get-by-id
    """
    body = copy.deepcopy(found.body)
    if form := _FORMS.get(found.type):
        form(body)
    if _POLICY.fullmatch(found.type):
        _policy(body["properties"], asked)
    return replace(found, body=body)


def shown_id(found: Resource) -> str:
    """A workspace's id, and the part of a setting's id that names its resource, are in lower case.

    https://github.com/Azure/azure-rest-api-specs/issues/9633
    https://github.com/Azure/azure-rest-api-specs/issues/22400
    """
    if found.type == WORKSPACE:
        return found.id.lower().replace(found.name.lower(), found.name)
    owner, provider, name = found.id.rpartition(f"/providers/{SETTING}/")
    return owner.lower() + provider + name if found.type == SETTING else found.id


def _workspace(body: Json) -> None:
    """A workspace tells its tier in lower case, and when its quota is counted anew.

    https://github.com/Azure/azure-rest-api-specs/issues/9633
    Sure: inferred, as newer reads show the tier as it was written
    (https://github.com/hashicorp/terraform-provider-azurerm/pull/18758).
    """
    tier = body["properties"].get("sku") or {}
    tier |= {"name": str(tier.get("name")).lower(), "lastSkuUpdate": "2026-11-01T00:00:00Z"}
    body["properties"]["sku"] = tier
    features = body["properties"].get("features") or {}
    body["properties"]["features"] = {"legacy": 0, "searchVersion": 1, **features}
    capping = body["properties"].get("workspaceCapping")
    if capping:
        body["properties"]["workspaceCapping"] = capping | {
            "quotaNextResetTime": "2026-11-28T00:00:00Z",
            "dataIngestionStatus": "RespectQuota",
        }


def _service(body: Json) -> None:
    """A service tells its region by its title, and the truth of custom properties in lower case.

    https://github.com/Azure/azure-rest-api-specs/blob/main/specification/apimanagement/resource-manager/Microsoft.ApiManagement/stable/2024-05-01/examples/ApiManagementServiceGetService.json
    """
    if found := _WORDS.fullmatch(str(body.get("location"))):
        title = " ".join(part.capitalize() for part in found.groups() if part)
        body["location"] = title.replace("Us", "US")
    custom = body["properties"].get("customProperties") or {}
    if custom:
        lower = {name: str(value).lower() for name, value in custom.items()}
        body["properties"]["customProperties"] = lower
    body["properties"] |= {"platformVersion": "stv2", "targetProvisioningState": ""}


def _setting(body: Json) -> None:
    """A diagnostic setting tells null for what it lacks, and a retention that nothing keeps to.

    https://github.com/Azure/azure-rest-api-specs/issues/22400
    """
    body["properties"] |= {name: body["properties"].get(name) for name in _NO_SINK}
    for kind in ("logs", "metrics"):
        for entry in body["properties"].get(kind) or []:
            entry.setdefault("retentionPolicy", {"enabled": False, "days": 0})
            entry |= {name: entry.get(name) for name in ("category", "categoryGroup")}


def _action_group(body: Json) -> None:
    """An action group is in the region Global, and lists each kind of receiver.

    https://github.com/Azure/azure-rest-api-specs/blob/main/specification/monitor/resource-manager/Microsoft.Insights/stable/2023-01-01/examples/getActionGroup.json
    """
    body["location"] = str(body.get("location")).capitalize()
    for entry in body["properties"].get("emailReceivers") or []:
        entry["status"] = "Enabled"
    for kind in ("smsReceivers", "itsmReceivers", "voiceReceivers", "armRoleReceivers"):
        body["properties"].setdefault(kind, [])


def _policy(properties: Json, asked: str) -> None:
    """A policy comes in the form that was asked for, escaped by default, with other line ends.

    https://learn.microsoft.com/rest/api/apimanagement/api-policy/get
    https://github.com/Azure/azure-rest-api-specs/issues/25306
    """
    text, kept = str(properties.get("value") or ""), str(properties.get("format", "xml"))
    text = text if asked == "rawxml" else as_xml(text, kept)
    indented = re.sub(r"\n( *)", lambda found: "\r\n" + found[1] * 2, text.strip())
    properties |= {"value": indented, "format": asked}


_FORMS: dict[str, Callable[[Json], None]] = {
    WORKSPACE: _workspace,
    SERVICE: _service,
    SETTING: _setting,
    "Microsoft.Insights/actionGroups": _action_group,
}
