"""Shared by the rules of all resource types: ids, Azure's words, and the PUT that is judged.

Sure: no belief.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sandbox.cloud import SUBSCRIPTIONS, TENANT_ID, Cloud, Resource
from sandbox.errors import ArmError, NotModelledError
from sandbox.options import Options
from sandbox.rbac import MANAGEMENT_GROUP

DATA = Path(__file__).parent / "data"
AZURE = json.loads((DATA / "azure.json").read_text())
"""Resource types and what their fields may be, refusals in Azure's words with their sources."""
GROUP = "Microsoft.Resources/resourceGroups"
WORKSPACE = "Microsoft.OperationalInsights/workspaces"
ACCOUNT = "Microsoft.CognitiveServices/accounts"
SERVICE = "Microsoft.ApiManagement/service"
SETTING = "Microsoft.Insights/diagnosticSettings"
FAILED = "Failed"
"""State of a resource whose last operation Azure accepted and could not finish.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""
_TOP_LEVEL_PARTS = 9
"""`/subscriptions/…/resourceGroups/…/providers/namespace/type/name`, cut at its slashes."""
_SUBSCRIPTION_ID = r"/subscriptions/[0-9a-f-]{36}"
_GROUP_ID = re.compile(rf"({_SUBSCRIPTION_ID}/resourceGroups/([^/]+))(/.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Id:
    """One resource id. `parent` is the resource it lies in or extends, or the resource group."""

    text: str
    type: str
    name: str
    parent: str
    group_id: str
    group: str


def parse(resource_id: str) -> Id:
    """Take an id apart; NotModelledError if the sandbox does not know its type."""
    found = _GROUP_ID.fullmatch(resource_id)
    group = (found[1], found[2]) if found else ("", "")
    if group[0] == resource_id:
        return Id(resource_id, GROUP, group[1], "", *group)
    cut = resource_id.lower().rfind("/providers/")
    scope, (provider, *parts) = resource_id[: max(cut, 0)], resource_id[cut + 11 :].split("/")
    written = "/".join([provider, *parts[::2]]) if cut >= 0 else "resource"
    kind = {name.lower(): name for name in AZURE["types"]}.get(written.lower())
    if kind is None or len(parts) % 2:
        raise NotModelledError(f"the sandbox models no {written}: {resource_id}")
    parent = resource_id.rsplit("/", 2)[0] if parts[2:] else scope
    return Id(resource_id, kind, parts[-1], parent, *group)


def refuse(code: str, **facts: object) -> ArmError:
    """Azure's refusal of that code, in its words."""
    known = AZURE["refusals"][code]
    return ArmError(known["status"], known.get("code", code), known["text"].format(**facts))


def missing(wanted: Id) -> ArmError:
    """A refusal names the missing resource with its type and group.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
    """
    code = "ResourceGroupNotFound" if wanted.type == GROUP else "ResourceNotFound"
    return refuse(code, type=wanted.type, name=wanted.name, group=wanted.group)


def check_api_version(cloud: Cloud, wanted: Id, version: str) -> None:
    """Refuse a version that the namespace lacks; `azure.json` lists those of some namespaces.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider
    """
    namespace, kind, *_ = wanted.type.split("/")
    known = AZURE["api_versions"].get(namespace, [version])
    if version not in known:
        group = cloud.get(wanted.group_id)
        location = group.body["location"] if group else "global"
        facts = {"version": version, "type": kind, "versions": ", ".join(known)}
        raise refuse("NoRegisteredProviderFound", location=location, **facts)


def region(name: object) -> str:
    """A region's name as Azure compares it: `East US` is `eastus`."""
    return str(name or "").replace(" ", "").lower()


@dataclass(frozen=True)
class Put:
    """A request to create or update, with what is known before it; `body` may be changed."""

    cloud: Cloud
    options: Options
    id: Id
    api_version: str
    body: dict[str, Any]
    existing: Resource | None
    incarnation: str
    now: float

    @property
    def properties(self) -> dict[str, Any]:
        """The body's `properties`."""
        return cast("dict[str, Any]", self.body["properties"])

    def siblings(self) -> list[Resource]:
        """Every other live resource of the same type."""
        found = self.cloud.of_type(self.id.type)
        return [one for one in found if one.id.lower() != self.id.text.lower()]

    def kept(self) -> list[Resource]:
        """Soft-deleted resources of the same type that Azure still keeps."""
        last = self.now - AZURE["kept_hours"].get(self.id.type, 0) * 3_600
        return [r for r in self.cloud.deleted() if r.type == self.id.type and r.created > last]

    def identify(self) -> None:
        """A system-assigned identity has a principal of its own.

        https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
        """
        identity = self.body.get("identity") or {}
        if "SystemAssigned" in str(identity.get("type")):
            principal = self.cloud.derive_guid(self.id.text, self.incarnation, "principal")
            self.body["identity"] = identity | {"principalId": principal, "tenantId": TENANT_ID}


def has_no_parent(wanted: Id) -> bool:
    """Whether an id needs no other resource: a group's, or one that extends what lies above."""
    above = f"({_SUBSCRIPTION_ID}|{MANAGEMENT_GROUP})?"
    return re.fullmatch(above, wanted.parent, re.IGNORECASE) is not None


def check_parent(put: Put) -> None:
    """A child needs its parent, and the parent its resource group.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-parent-resource
    """
    wanted, subscription = put.id, put.id.text.split("/")[2]
    above = not wanted.text.lower().startswith("/subscriptions/")
    if subscription.lower() not in SUBSCRIPTIONS and not above:
        raise refuse("SubscriptionNotFound", id=subscription)
    if has_no_parent(wanted):
        return
    if put.cloud.get(wanted.parent):
        _check_state(put)
        return
    if not put.cloud.get(wanted.group_id):
        raise refuse("ResourceGroupNotFound", name=wanted.group)
    parent = parse(wanted.parent)
    if parent.type.startswith(f"{SERVICE}/"):
        raise refuse("EntityNotFound", what=AZURE["entities"][parent.type])
    if wanted.type.startswith(parent.type):
        raise refuse("ParentResourceNotFound", name=parent.name)
    raise missing(parent)


def _check_state(put: Put) -> None:
    """Refuse what is to lie in an account or a gateway whose last change failed.

    Azure is seen to refuse what needs an account that is not ready yet.
    https://github.com/hashicorp/terraform-provider-azurerm/issues/31712

    Sure: inferred, as that issue tells it of the state Accepted, and nothing is told of gateways.
    """
    for kind, code in ((ACCOUNT, "AccountProvisioningStateInvalid"), (SERVICE, "ServiceFailed")):
        owner = put.cloud.get("/".join(put.id.text.split("/")[:_TOP_LEVEL_PARTS]))
        if not (owner and owner.type == kind and put.id.type.startswith(f"{kind}/")):
            continue
        if owner.properties.get("provisioningState") == FAILED:
            raise refuse(code, id=owner.id, name=owner.name, state=FAILED)


def check_place(put: Put) -> None:
    """Names have patterns; a resource lies in a known region, and stays there.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    """
    wanted, kind, place = put.id, AZURE["types"][put.id.type], region(put.body.get("location"))
    before = region(put.existing.body.get("location")) if put.existing else place
    facts = {"location": place, "name": wanted.name, "group": wanted.group, "type": wanted.type}
    if not re.fullmatch(kind["name"], wanted.name):
        raise refuse(kind.get("refusal", "InvalidResourceName"), **facts, rule=kind["rule"])
    if not kind.get("tracked"):
        return
    if not place:
        raise refuse("LocationRequired")
    regions = kind.get("regions", AZURE["regions"])
    if place not in regions:
        raise refuse("LocationNotAvailableForResourceType", **facts, regions=regions)
    if before != place:
        what = "ResourceGroup" if wanted.type == GROUP else "Resource"
        raise refuse(f"Invalid{what}Location", **facts, before=before)
    put.body["location"] = place
    if not kind.get("bare"):
        put.properties["provisioningState"] = "Succeeded"


def check_fields(put: Put) -> None:
    """Fill defaults and judge fields as the type's page of the REST reference says (azure.json).

    Sure: inferred, as the pages give the values and not the words of the refusal.
    """
    kind = AZURE["types"][put.id.type]
    usual = "ValidationError" if put.id.type.startswith(f"{SERVICE}/") else "InvalidParameters"
    code = kind.get("code", usual)
    for name, default in kind.get("defaults", {}).items():
        if put.properties.get(name) is None:
            put.properties[name] = copy.deepcopy(default)
    for name, pattern in kind.get("texts", {}).items():
        if not re.fullmatch(pattern, str(put.properties.get(name) or "")):
            raise refuse(code, text=f"The value provided for {name} is missing or invalid.")
    values, numbers = kind.get("values", {}), kind.get("numbers", {})
    for path, allowed in {**values, **numbers}.items():
        for value in _given(put.properties, path.split(".")):
            fits = value in allowed
            if path in numbers and isinstance(value, int | float):
                fits = allowed[0] <= value <= allowed[1]
            if not fits:
                text = f"{path}: the value '{value}' is invalid; allowed: {allowed}."
                raise refuse(code, text=text)


def _given(node: Any, path: list[str]) -> Iterator[Any]:
    """The values at a path below `node`, each item of a list on its way; none that is null."""
    for one in node if isinstance(node, list) else [node]:
        if path and isinstance(one, dict):
            yield from _given(one.get(path[0]), path[1:])
        elif not path and one is not None:
            yield one
