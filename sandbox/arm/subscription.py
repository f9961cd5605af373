"""Facts of a subscription: its state, its regions, and its soft-deleted resources.

https://learn.microsoft.com/rest/api/resources/subscriptions/get
https://learn.microsoft.com/azure/ai-services/recover-purge-resources
https://learn.microsoft.com/azure/api-management/soft-delete
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.arm.base import ACCOUNT, AZURE, GROUP, SERVICE, WORKSPACE, refuse, region
from sandbox.arm.cognitive import MODELS, OPENAI
from sandbox.arm.key_vault import VAULT
from sandbox.cloud import SUBSCRIPTION_ID, SUBSCRIPTIONS, TENANT_ID, Cloud, Resource
from sandbox.errors import ArmError, NotModelledError
from sandbox.http import Headers, Response

_HERE = f"/subscriptions/{SUBSCRIPTION_ID}"
_REGION = (
    rf"{_HERE}/providers/Microsoft\.(?:CognitiveServices|ApiManagement|KeyVault)/locations/([^/]+)"
)
_OFFERS = (
    rf"/subscriptions/({'|'.join(SUBSCRIPTIONS)})"
    r"/providers/Microsoft\.CognitiveServices/locations/([^/]+)"
)
_ACCOUNT = rf"{_REGION}/resourceGroups/([^/]+)/deletedAccounts/([^/]+)"
_SERVICE = rf"{_REGION}/deletedservices/()([^/]+)"
_VAULT = rf"{_REGION}/deletedVaults/()([^/]+)"
_RESOURCES = rf"({_HERE}/resourceGroups/[^/]+)/resources"
_EXPANDED = ("", "createdtime")
"""Values of `$expand` that are modelled."""
_WORKSPACES = rf"{_HERE}/providers/Microsoft\.OperationalInsights/deletedWorkspaces"


def answer(cloud: Cloud, method: str, path: str, expand: str = "") -> Response | None:
    """Answer a request whose path is no resource's id; return None for all others.

    Sure: no belief.
    """
    if found := re.fullmatch(_RESOURCES, path, re.IGNORECASE):
        return _resources(cloud, method, found[1], expand)
    for pattern, endpoint in _ENDPOINTS.items():
        if found := re.fullmatch(pattern, path, re.IGNORECASE):
            return endpoint(cloud, method, *found.groups())
    return None


def _subscription(_: Cloud, method: str) -> Response:
    """A GET shows the subscription's id, tenant, name and state.

    https://learn.microsoft.com/rest/api/resources/subscriptions/get
    """
    _only_get(method)
    named = {"id": _HERE, "subscriptionId": SUBSCRIPTION_ID, "tenantId": TENANT_ID}
    return Response.json(200, named | {"displayName": "sandbox", "state": "Enabled"})


def _resources(cloud: Cloud, method: str, group: str, expand: str) -> Response:
    """A resource group lists its top-level resources that have a location.

    https://learn.microsoft.com/rest/api/resources/resources/list-by-resource-group
    """
    _only_get(method)
    if expand.lower() not in _EXPANDED:
        raise NotModelledError(f"the sandbox does not expand {expand} of resources")
    if missing := missing_group(cloud, group, GROUP):
        raise missing
    top = f"{group}/providers/".count("/") + 2
    value = []
    for one in cloud.below(group):
        if one.id.count("/") != top or "location" not in one.body:
            continue
        made = datetime.fromtimestamp(one.created, UTC).isoformat()
        named = {"id": one.id, "name": one.name, "type": one.type}
        place = {"location": one.body["location"]}
        value.append(named | place | ({"createdTime": made} if expand else {}))
    return Response.json(200, {"value": value})


def _models(_: Cloud, method: str, __: str, place: str) -> Response:
    """A region lists the models that can be deployed there, with their life cycles.

    https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/models/list
    Sure: inferred, as no page has an answer with another publisher's model: that it names its
    format, is listed for kind AIServices, and draws on a quota of that name.
    """
    _only_get(method)
    _check_region(place)
    offered = [
        {"kind": kind, "skuName": "S0", "model": _model(name, version, details)}
        for name, versions in MODELS["models"].items()
        for version, details in versions.items()
        if "retired" not in details
        for kind in ([OPENAI] if _format(details) == OPENAI else []) + ["AIServices"]
    ]
    return Response.json(200, {"value": offered})


def _model(name: str, version: str, details: dict[str, Any]) -> dict[str, Any]:
    """Describe a version of a model, with its SKUs and the names of their quotas."""
    chat = "embedding" not in name
    skus = [sku for where in details["skus"] for sku in MODELS["skus"][where]]
    offers = [{"name": sku, "usageName": _quota(name, sku, details)} for sku in skus]
    state = {"lifecycleStatus": "Deprecating" if "closed" in details else "GenerallyAvailable"}
    can = {"capabilities": {"chatCompletion": "true"} if chat else {"embeddings": "true"}}
    named = {"format": _format(details), "name": name, "version": version}
    return named | {"skus": offers, **state, **can}


def _format(details: dict[str, Any]) -> str:
    return str(details.get("format", OPENAI))


def _quota(name: str, sku: str, details: dict[str, Any]) -> str:
    """Return the name of the quota on which a deployment draws."""
    return f"{OPENAI if _format(details) == OPENAI else 'AIServices'}.{sku}.{name}"


def _usages(cloud: Cloud, method: str, subscription: str, place: str) -> Response:
    """A region lists quota, and the use of it, by SKU and model.

    https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/usages/list
    """
    _only_get(method)
    _check_region(place)
    found: dict[str, list[int]] = {}
    for name, versions in MODELS["models"].items():
        for details in [one for one in versions.values() if "retired" not in one]:
            for sku in [sku for where in details["skus"] for sku in MODELS["skus"][where]]:
                found[_quota(name, sku, details)] = [0, details["limit"]]
    for one in cloud.of_type(f"{ACCOUNT}/deployments"):
        owner, sku = cloud.get(one.id.rsplit("/", 2)[0]), one.body["sku"]
        theirs = one.id.split("/")[2].lower() == subscription.lower()
        if owner and theirs and region(owner.body["location"]) == region(place):
            model = one.properties["model"]
            used = found[_quota(model["name"], sku["name"], model)]
            used[0] += int(sku["capacity"])
    value = [
        {"name": {"value": name}, "currentValue": used, "limit": limit, "unit": "Count"}
        for name, (used, limit) in found.items()
    ]
    return Response.json(200, {"value": value})


def _deleted(kind: str) -> Callable[..., Response]:
    """A GET shows a soft-deleted account or service with its end, a DELETE purges it.

    https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/deleted-accounts/get
    https://learn.microsoft.com/rest/api/apimanagement/deleted-services/get-by-name
    https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/deleted-accounts/purge
    https://learn.microsoft.com/rest/api/apimanagement/deleted-services/purge
    Nothing purges a vault that is protected from it:
    https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/get-deleted
    """

    def endpoint(cloud: Cloud, method: str, place: str, group: str, name: str) -> Response:
        for one in _kept(cloud, kind):
            of_group = not group or f"/resourcegroups/{group}/".lower() in one.id.lower()
            here = region(one.body["location"]) == region(place)
            if here and of_group and one.name.lower() == name.lower():
                if method != "DELETE" or kind == VAULT:
                    _only_get(method)
                    return Response.json(200, {"name": one.name, "properties": _ends(one)})
                with cloud.change():
                    cloud.purge(one.id)
                return Response(202, Headers())
        raise refuse("ResourceNotFound", type=kind, name=name, group=group)

    return endpoint


def _ends(one: Resource) -> dict[str, Any]:
    """Tell when a resource was deleted, and when Azure removes it; of a service also its id."""
    gone = datetime.fromtimestamp(one.created, UTC)
    end = gone + timedelta(hours=AZURE["kept_hours"][one.type])
    was: dict[str, Any] = {"serviceId": one.id} if one.type == SERVICE else {}
    if one.type == VAULT:
        protected = one.properties.get("enablePurgeProtection") is True
        was = {"vaultId": one.id, "purgeProtectionEnabled": protected}
    return {"deletionDate": gone.isoformat(), "scheduledPurgeDate": end.isoformat()} | was


def _list_deleted(kind: str, name: str) -> Callable[..., Response]:
    """A subscription lists its soft-deleted accounts, and its services, each with what it was.

    https://learn.microsoft.com/rest/api/aifoundry/accountmanagement/deleted-accounts/list
    https://learn.microsoft.com/rest/api/apimanagement/deleted-services/list-by-subscription
    """
    namespace = kind.partition("/")[0]

    def endpoint(cloud: Cloud, method: str) -> Response:
        _only_get(method)
        value = []
        for one in _kept(cloud, kind):
            place, group = region(one.body["location"]), one.id.split("/")[4]
            inside = f"/resourceGroups/{group}" if kind == ACCOUNT else ""
            at = f"{_HERE}/providers/{namespace}/locations/{place}{inside}/{name}/{one.name}"
            shown = {"id": at, "name": one.name, "type": f"{namespace}/{name}"}
            value.append(shown | {"location": one.body["location"], "properties": _ends(one)})
        return Response.json(200, {"value": value})

    return endpoint


def _deleted_workspaces(cloud: Cloud, method: str) -> Response:
    """A subscription lists its soft-deleted workspaces, each with the customer id it had.

    https://learn.microsoft.com/rest/api/loganalytics/deleted-workspaces/list
    """
    _only_get(method)
    shown = [
        {"id": one.id, "name": one.name, "properties": {"customerId": one.properties["customerId"]}}
        for one in _kept(cloud, WORKSPACE)
    ]
    return Response.json(200, {"value": shown})


def _kept(cloud: Cloud, kind: str) -> list[Resource]:
    return [one for one in cloud.deleted() if one.type == kind and not cloud.get(one.id)]


def _check_region(place: str) -> None:
    """A region that does not exist is refused.

    Sure: inferred, as its words are those of a resource in a wrong region.
    """
    if region(place) not in AZURE["regions"]:
        facts = {"location": place, "type": "locations", "regions": AZURE["regions"]}
        raise refuse("LocationNotAvailableForResourceType", **facts)


def _only_get(method: str) -> None:
    """Only GET is taken, as nothing here can be changed.

    Sure: inferred, as what another method answers is not documented.
    """
    if method != "GET":
        raise refuse("MethodNotAllowed", method=method)


def missing_group(cloud: Cloud, resource_id: str, kind: str) -> ArmError | None:
    """The refusal of a DELETE of a resource group that is not there; others are 204.

    https://learn.microsoft.com/rest/api/resources/resource-groups/delete
    """
    gone = kind == GROUP and not cloud.get(resource_id)
    return refuse("ResourceGroupNotFound", name=resource_id.rpartition("/")[2]) if gone else None


_ENDPOINTS: dict[str, Callable[..., Response]] = {
    _HERE: _subscription,
    rf"{_OFFERS}/models": _models,
    rf"{_OFFERS}/usages": _usages,
    _ACCOUNT: _deleted(ACCOUNT),
    _SERVICE: _deleted(SERVICE),
    _VAULT: _deleted(VAULT),
    rf"{_HERE}/providers/Microsoft\.CognitiveServices/deletedAccounts": _list_deleted(
        ACCOUNT, "deletedAccounts"
    ),
    rf"{_HERE}/providers/Microsoft\.ApiManagement/deletedservices": _list_deleted(
        SERVICE, "deletedservices"
    ),
    _WORKSPACES: _deleted_workspaces,
}
