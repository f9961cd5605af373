"""Where diagnostic settings send logs: workspaces, storage accounts and event hubs.

https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
"""

from collections.abc import Callable
from typing import Any

from sandbox.arm.base import WORKSPACE, Put, missing, parse, refuse, region
from sandbox.cloud import Resource
from sandbox.errors import NotModelledError

STORAGE = "Microsoft.Storage/storageAccounts"
NAMESPACE = "Microsoft.EventHub/namespaces"
HUB = f"{NAMESPACE}/eventhubs"
RULE = f"{NAMESPACE}/authorizationRules"
SINKS = {
    "workspaceId": WORKSPACE,
    "storageAccountId": STORAGE,
    "eventHubAuthorizationRuleId": RULE,
}
"""Property of a setting by the type of resource that it names.

https://learn.microsoft.com/rest/api/monitor/diagnostic-settings/create-or-update
"""
MOST_SETTINGS = 5
"""Most diagnostic settings of a resource.

https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
"""
RIGHTS = {"Manage", "Send", "Listen"}
"""What the rule must grant: https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings"""


def storage_account(put: Put) -> None:
    """An account has a kind and a SKU, and level immutability only from its creation on.

    https://learn.microsoft.com/rest/api/storagerp/storage-accounts/create
    """
    sku = str((put.body.get("sku") or {}).get("name"))
    if put.body.get("kind") not in {"StorageV2", "BlobStorage", "BlockBlobStorage", "Storage"}:
        raise refuse("InvalidParameters", text="kind is missing or unknown.")
    if sku.partition("_")[0] not in {"Standard", "Premium"}:
        raise refuse("InvalidParameters", text="sku.name is missing or unknown.")
    put.properties["primaryEndpoints"] = {"blob": f"https://{put.id.name}.blob.core.windows.net/"}


def namespace(put: Put) -> None:
    """A namespace has a tier.

    https://learn.microsoft.com/rest/api/eventhub/namespaces/create-or-update
    """
    if (put.body.get("sku") or {}).get("name") not in {"Basic", "Standard", "Premium"}:
        raise refuse("InvalidParameters", text="sku.name is missing or unknown.")


def authorization_rule(put: Put) -> None:
    """A rule with Manage has Send and Listen too.

    https://learn.microsoft.com/rest/api/eventhub/namespaces/create-or-update-authorization-rule
    """
    rights = set(put.properties.get("rights") or [])
    if not rights or ("Manage" in rights and rights != RIGHTS):
        raise refuse("InvalidParameters", text="rights: Manage needs Send and Listen.")


def check(put: Put) -> None:
    """A setting sends something to at least one place, each of which exists.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings#destinations
    """
    if put.properties.get("marketplacePartnerId"):
        raise NotModelledError("the sandbox sends logs to no partner")
    given = {name: put.properties[name] for name in SINKS if put.properties.get(name)}
    if not given:
        raise refuse("BadRequest", text="At least one data sink needs to be specified.")
    for name, sink_id in given.items():
        sink = parse(sink_id)
        found = put.cloud.get(sink.text)
        if not found or sink.type != SINKS[name]:
            raise missing(sink)
        if name != "workspaceId":
            _check_region(put, found)
            _check_fit(put, found)
    if not put.properties.get("logs") and not put.properties.get("metrics"):
        raise refuse("BadRequest", text="At least one log or metric category must be specified.")
    if put.properties.get("metrics") and "workspaceId" not in given:
        raise NotModelledError("the sandbox sends metrics to workspaces only")


def _check_region(put: Put, sink: Resource) -> None:
    """Storage and namespaces lie in the region of the resource whose logs they get.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings#destination-limitations
    Sure: inferred, as the page has the rule and not the words of the refusal.
    """
    owner = put.cloud.get(put.id.parent)
    home = sink if sink.type == STORAGE else put.cloud.get(sink.id.rsplit("/", 2)[0])
    places = [region(one.body.get("location")) for one in (owner, home) if one]
    if len(set(places)) > 1:
        facts = {"resource": put.id.parent, "sink": sink.id}
        raise refuse("SinkRegion", **facts, place=places[0], other=places[1])


def _check_fit(put: Put, sink: Resource) -> None:
    """Premium storage is no destination, and a rule must grant all three rights.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings#destination-limitations
    Sure: inferred, as the page has the rules and not the words of the refusal.
    """
    if sink.type == STORAGE and str(sink.body["sku"]["name"]).startswith("Premium"):
        raise refuse("SinkKind", sink=sink.id, why="premium storage accounts take no logs")
    if sink.type == RULE and set(sink.properties["rights"]) != RIGHTS:
        raise refuse("SinkKind", sink=sink.id, why="the rule needs Manage, Send and Listen")
    hub = put.properties.get("eventHubName")
    if sink.type == RULE and hub:
        wanted = parse(f"{sink.id.rsplit('/', 2)[0]}/eventhubs/{hub}")
        if not put.cloud.get(wanted.text):
            raise missing(wanted)


def check_others(put: Put, sent: Callable[[dict[str, Any]], set[str]]) -> None:
    """A resource has at most five settings, and sends a category to one place only once.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
    """
    others = [r for r in put.siblings() if parse(r.id).parent.lower() == put.id.parent.lower()]
    if len(others) >= MOST_SETTINGS:
        raise refuse("BadRequest", text="The limit of 5 diagnostic settings was reached.")
    places, wanted = _places(put.properties), sent(put.properties)
    for other in others:
        both = sent(other.properties) & wanted
        shared = set(_places(other.properties)) & set(places)
        if both and shared:
            sink = places[min(shared)]
            raise refuse("Conflict", sink=sink, setting=other.name, category=min(both))


def _places(properties: dict[str, Any]) -> dict[str, str]:
    """The places that a setting sends to, by how Azure compares them.

    Sure: inferred, as the page does not say whether two hubs of one namespace are one place; here
    each is one of its own.
    """
    given = [str(properties.get(name) or "") for name in ("workspaceId", "storageAccountId")]
    if rule := str(properties.get("eventHubAuthorizationRuleId") or ""):
        space = rule.rsplit("/", 2)[0]
        given.append("/".join(filter(None, (space, properties.get("eventHubName")))))
    return {one.lower(): one for one in given if one}
