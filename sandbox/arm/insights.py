"""Action groups, workbooks and saved queries.

https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups
"""

import json
import re
from typing import Any

from sandbox.arm.alerts import RULES, bad
from sandbox.arm.base import Put, parse, refuse
from sandbox.errors import NotModelledError

GALLERY = "Notebook/1.0"
"""The version of a workbook's document.

https://github.com/microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json
"""


def action_group(put: Put) -> None:
    """An action group has a short name, and e-mail and webhook receivers of different names.

    https://learn.microsoft.com/rest/api/monitor/action-groups/create-or-update
    """
    if len(put.properties["groupShortName"]) > RULES["short_name"]:
        raise refuse("GroupShortNameIsTooLong", name=put.properties["groupShortName"])
    for kind in RULES["receiver_kinds"]:
        if put.properties.get(kind):
            raise NotModelledError(f"the sandbox models no {kind} of an action group")
    names = [one["name"] for kind in RULES["receivers"] for one in put.properties.get(kind) or []]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise bad(f"Receiver names must be unique within the action group: '{min(twice)}'.")
    for kind, most in RULES["receivers"].items():
        if len(put.properties.get(kind) or []) > most:
            raise bad(f"An action group takes at most {most} {kind}.")
    _check_addresses(put.properties)


def _check_addresses(group: dict[str, Any]) -> None:
    """An address is an e-mail address or an absolute URI.

    The refusal does not repeat a URI, which may be secret.

    https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups#webhook
    """
    for one in group.get("emailReceivers") or []:
        if not re.fullmatch(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+", str(one["emailAddress"])):
            raise bad(f"The email address of receiver '{one['name']}' is invalid.")
    for one in group.get("webhookReceivers") or []:
        if not re.fullmatch(r"https?://[^\s/]+\S*", str(one["serviceUri"])):
            raise bad(f"The service URI of receiver '{one['name']}' is invalid.")


def workbook(put: Put) -> None:
    """A workbook is shared, and its document is JSON; its source is kept in lower case.

    The same display name twice in a resource group is a conflict, whatever the GUIDs:
    https://github.com/MicrosoftDocs/azure-docs/issues/52844
    https://learn.microsoft.com/rest/api/application-insights/workbooks/create-or-update
    https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/application_insights_workbook
    """
    kind = put.body.setdefault("kind", "shared")
    if kind != "shared":
        raise bad(f"kind: the value '{kind}' is invalid; allowed: ['shared'].")
    try:
        document = json.loads(put.properties["serializedData"])
    except ValueError as error:
        raise bad(f"serializedData is not valid JSON: {error}.") from error
    version = document.get("version")
    if version != GALLERY or put.properties.get("version", version) != version:
        raise bad(f"version: a workbook is '{GALLERY}', in serializedData too.")
    put.properties["sourceId"] = str(put.properties["sourceId"]).lower()
    named = put.properties["displayName"].lower()
    for other in put.siblings():
        same = parse(other.id).group_id.lower() == put.id.group_id.lower()
        if same and str(other.properties["displayName"]).lower() == named:
            raise refuse("WorkbookConflict")


def saved_search(put: Put) -> None:
    """An existing search is overwritten only by a request with its etag or `*`.

    https://learn.microsoft.com/rest/api/loganalytics/saved-searches/create-or-update
    https://github.com/MicrosoftDocs/azure-docs/issues/49275
    https://learn.microsoft.com/kusto/query/schema-entities/entity-names (functionAlias)
    """
    given = put.body.get("etag")
    if put.existing and given not in ("*", put.existing.body["etag"]):
        raise refuse("NewerDataExists")
    alias = put.properties.get("functionAlias")
    if alias and not re.fullmatch(r"[A-Za-z_]\w*", alias, re.ASCII):
        raise bad(f"functionAlias: '{alias}' is not a name of letters, digits and underscores.")
    if put.properties.get("functionParameters") and not alias:
        raise bad("functionParameters: a query without functionAlias has no parameters.")
    put.body["etag"] = f'W/"{put.cloud.derive(put.id.text, str(put.now), length=16)}"'
