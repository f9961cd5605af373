"""What the next `pulumi up` would create: the settings, less what the stack has already."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.settings.items import Deployment
from components.settings.stack import Settings

Json = Mapping[str, Any]
GROUP = "azure-native:resources:ResourceGroup"
WORKSPACE = "azure-native:operationalinsights:Workspace"
ACCOUNT = "azure-native:cognitiveservices:Account"
DEPLOYMENT = "azure-native:cognitiveservices:Deployment"
GATEWAY = "azure-native:apimanagement:ApiManagementService"


@dataclass(frozen=True)
class Held:
    """A resource that is in the stack's state."""

    type: str
    outputs: Json

    @property
    def name(self) -> str:
        """Return its name in Azure."""
        return str(self.outputs.get("name") or "")

    @property
    def location(self) -> str:
        """Return its region, as the settings write it."""
        return region(self.outputs.get("location"))


def from_engine(answer: Json) -> list[Held]:
    """Take what the engine answers of a stack's resources, by URN."""
    found = (answer.get("outputs") or {}).values()
    return [Held(str(one.get("type")), one.get("outputs") or {}) for one in found]


def from_export(text: str) -> list[Held]:
    """Take what `pulumi stack export` prints; a stack without a deployment holds nothing."""
    listed = (json.loads(text).get("deployment") or {}).get("resources") or []
    live = [one for one in listed if not one.get("delete") and not one.get("external")]
    return [Held(str(one.get("type")), one.get("outputs") or {}) for one in live]


def region(name: object) -> str:
    """Write a region as Azure's own names are: `East US` is `eastus`."""
    return "".join(str(name or "").split()).lower()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of a stack, and what of them is there."""

    settings: Settings
    held: tuple[Held, ...] = ()

    @property
    def group(self) -> bool:
        """Tell whether the resource group is to be created."""
        given = self.settings
        return not given.use_existing_resource_group and not self._has(
            GROUP, given.resource_group_name
        )

    @property
    def workspace(self) -> bool:
        """Tell whether the workspace is to be created."""
        given = self.settings
        return not given.workspace_id and not self._has(
            WORKSPACE, given.workspace_name, given.location
        )

    @property
    def account(self) -> bool:
        """Tell whether the account is to be created, also anew in another region."""
        return not self._has(ACCOUNT, self.settings.account_name, self.settings.location)

    @property
    def gateway(self) -> bool:
        """Tell whether the gateway is to be created, also anew in another region."""
        given = self.settings
        return not given.gateway_id and not self._has(GATEWAY, given.gateway_name, given.location)

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """Return the deployments that are to be created, moved to another model, or enlarged."""
        declared = self.settings.deployments
        if self.account:
            return declared
        there = {one.name.lower(): of_deployment(one) for one in self._of(DEPLOYMENT)}
        return tuple(one for one in declared if _differs(one, there.get(one.name.lower())))

    @property
    def creates(self) -> bool:
        """Tell whether anything is to be created that Azure may refuse for reasons of its own."""
        return bool(
            self.group or self.workspace or self.account or self.gateway or self.deployments
        )

    @property
    def replaces(self) -> bool:
        """Tell whether something that is there is to make way for what is to be created."""
        created = ((GROUP, self.group), (WORKSPACE, self.workspace), (ACCOUNT, self.account))
        there = {one.type for one in self.held}
        moved = any(new and kind in there for kind, new in (*created, (GATEWAY, self.gateway)))
        names = {one.name.lower() for one in self._of(DEPLOYMENT)}
        return moved or any(one.name.lower() in names for one in self.deployments)

    def had(self, wanted: Deployment) -> bool:
        """Tell whether the stack has a deployment of a model, whatever its version became."""
        return any(of_deployment(one)[0] == wanted.model for one in self._of(DEPLOYMENT))

    def own(self) -> Iterator[tuple[str, str, int]]:
        """Yield model, SKU and capacity of what the stack has deployed in the settings' region."""
        if self._has(ACCOUNT, "", self.settings.location):
            for one in self._of(DEPLOYMENT):
                model, _, sku, capacity = of_deployment(one)
                yield model, sku, capacity

    def _of(self, kind: str) -> list[Held]:
        return [one for one in self.held if one.type == kind]

    def _has(self, kind: str, name: str, location: str = "") -> bool:
        """Tell whether the stack has one of a type, of that name and in that region if given."""
        return any(
            (not name or one.name.lower() == name.lower())
            and (not location or one.location in ("", location))
            for one in self._of(kind)
        )


def of_deployment(one: Held) -> tuple[str, str, str, int]:
    """Return model, version, SKU and capacity of a deployment that is there."""
    model = (one.outputs.get("properties") or {}).get("model") or {}
    sku = one.outputs.get("sku") or {}
    named = (str(part or "") for part in (model.get("name"), model.get("version"), sku.get("name")))
    name, version, kind = named
    return name, version, kind, int(sku.get("capacity") or 0)


def _differs(declared: Deployment, there: tuple[str, str, str, int] | None) -> bool:
    if there is None:
        return True
    wanted = (declared.model, declared.version, declared.sku)
    return wanted != there[:3] or declared.capacity > there[3]
