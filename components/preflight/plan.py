"""What the next `pulumi up` would create: the settings, less what the stack has already."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from components.settings.accounts import Account
from components.settings.items import Deployment
from components.settings.stack import Settings

Json = Mapping[str, Any]
GROUP = "azure-native:resources:ResourceGroup"
WORKSPACE = "azure-native:operationalinsights:Workspace"
ACCOUNT = "azure-native:cognitiveservices:Account"
DEPLOYMENT = "azure-native:cognitiveservices:Deployment"
GATEWAY = "azure-native:apimanagement:ApiManagementService"
ROLE = "azure-native:authorization:RoleAssignment"
LABELS = {
    ACCOUNT: r"openai-account(?:-([a-z0-9]+))?",
    DEPLOYMENT: r"deployment-(?:([a-z0-9]+)-)?{name}",
    ROLE: r"openai-api-role(?:-([a-z0-9]+))?",
}
"""How the program calls what belongs to an account: the group is the account's short name."""


@dataclass(frozen=True)
class Held:
    """A resource that is in the stack's state."""

    type: str
    outputs: Json
    urn: str = ""

    @property
    def label(self) -> str:
        """Return the short name of the account that it belongs to; "" for the only one."""
        form = LABELS[self.type].format(name=re.escape(self.name))
        found = re.fullmatch(form, self.urn.rpartition("::")[2], re.IGNORECASE)
        return (found and found[1]) or ""

    @property
    def name(self) -> str:
        """Return its name in Azure."""
        return str(self.outputs.get("name") or "")

    @property
    def location(self) -> str:
        """Return its region, as the settings write it."""
        return region(self.outputs.get("location"))


def from_engine(told: Mapping[str, Mapping[str, Any]]) -> list[Held]:
    """Take what the engine tells of a stack's resources, by URN."""
    return [Held(str(one.get("type")), one.get("outputs") or {}, urn) for urn, one in told.items()]


def from_export(text: str) -> list[Held]:
    """Take what `pulumi stack export` prints; a stack without a deployment holds nothing."""
    listed = (json.loads(text).get("deployment") or {}).get("resources") or []
    live = [one for one in listed if not one.get("delete") and not one.get("external")]
    return [
        Held(str(one.get("type")), one.get("outputs") or {}, str(one.get("urn"))) for one in live
    ]


def region(name: object) -> str:
    """Write a region as Azure's own names are: `East US` is `eastus`."""
    return "".join(str(name or "").split()).lower()


@dataclass(frozen=True, kw_only=True, eq=False)
class AccountPlan:
    """One account of the settings, and what the next `pulumi up` creates of it."""

    account: Account
    location: str
    """Region of an account to create; that of an existing one is Azure's to tell."""
    held: tuple[Held, ...]
    """What the stack has of it."""

    def line(self, what: str, name: str = "") -> str:
        """Return the id of a line on the account, or on a deployment in it."""
        place = "/".join(filter(None, (self.account.name, name)))
        return f"{what}:{place}" if place else what

    @property
    def said(self) -> str:
        """Begin a sentence on one of several accounts."""
        return f"account {self.account.name}: " if self.account.name else ""

    @property
    def new(self) -> bool:
        """Tell whether the account is to be created, also anew in another region."""
        name, place = self.account.account_name, self.location
        return not self.account.id and not _has(self.held, ACCOUNT, name, place)

    @property
    def scope(self) -> str:
        """Return the id of the account on which the stack has assigned the role; "" if none."""
        scopes = (str(one.outputs.get("scope") or "") for one in _of(self.held, ROLE))
        return next(scopes, "")

    @property
    def joins(self) -> bool:
        """Tell whether an existing account is to get its role and diagnostic setting."""
        return self.scope.lower() != self.account.id.lower() if self.account.id else False

    @property
    def stays(self) -> bool:
        """Tell whether the account is the one in which the stack has its deployments."""
        return not self.new and not (self.joins and self.scope)

    @property
    def declared(self) -> tuple[Deployment, ...]:
        """Return the deployments that are the stack's own: all but `existing` ones."""
        return tuple(one for one in self.account.deployments if not one.existing)

    @property
    def there(self) -> dict[str, Held]:
        """Return the deployments that the stack has, by name in lower case."""
        return {one.name.lower(): one for one in _of(self.held, DEPLOYMENT)}

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """Return the deployments that are to be created, moved to another model, or enlarged."""
        if not self.stays:
            return self.declared
        there = {name: of_deployment(one) for name, one in self.there.items()}
        return tuple(one for one in self.declared if _differs(one, there.get(one.name.lower())))

    @property
    def creates(self) -> bool:
        """Tell whether anything is to be created for the account."""
        return bool(self.new or self.joins or self.deployments)

    @property
    def replaces(self) -> bool:
        """Tell whether the account, or a deployment, is to make way for another."""
        if self.new and _of(self.held, ACCOUNT):
            return True
        return any(one.name.lower() in self.there for one in self.deployments)

    def own(self, drawn: Iterable[Deployment]) -> int:
        """Return how much of a quota the stack has in this account, and goes on to declare.

        What is no longer declared is deleted after all else is created.
        """
        kept = {one.name.lower() for one in self.declared} if self.stays else set()
        wanted = {(one.model, one.sku) for one in drawn}
        found = (of_deployment(one) for name, one in self.there.items() if name in kept)
        return sum(capacity for model, _, sku, capacity in found if (model, sku) in wanted)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of a stack, and what of them is there."""

    settings: Settings
    held: tuple[Held, ...] = ()

    @property
    def group(self) -> bool:
        """Tell whether the resource group is to be created."""
        given = self.settings
        return not given.use_existing_resource_group and not _has(
            self.held, GROUP, given.resource_group_name
        )

    @property
    def workspace(self) -> bool:
        """Tell whether the workspace is to be created."""
        given = self.settings
        return not given.workspace_id and not _has(
            self.held, WORKSPACE, given.workspace_name, given.location
        )

    @cached_property
    def accounts(self) -> tuple[AccountPlan, ...]:
        """Return every account that the settings name."""
        return tuple(
            AccountPlan(
                account=one,
                location=one.location or self.settings.location,
                held=self._held_of(one.name, first=number == 0),
            )
            for number, one in enumerate(self.settings.every_account)
        )

    def _held_of(self, name: str, *, first: bool) -> tuple[Held, ...]:
        """Return what the stack has of an account; the first of several may have been the only."""
        of_accounts = [one for one in self.held if one.type in LABELS]
        own = tuple(one for one in of_accounts if one.label == name)
        was = tuple(one for one in of_accounts if not one.label)
        return own or (was if first else ())

    @property
    def new_accounts(self) -> tuple[AccountPlan, ...]:
        """Return the accounts that are to be created."""
        return tuple(one for one in self.accounts if one.new)

    @property
    def gateway(self) -> bool:
        """Tell whether the gateway is to be created, also anew in another region."""
        given = self.settings
        return not given.gateway_id and not _has(
            self.held, GATEWAY, given.gateway_name, given.location
        )

    @property
    def deploys(self) -> bool:
        """Tell whether a deployment is to be created, moved to another model, or enlarged."""
        return any(one.deployments for one in self.accounts)

    @property
    def creates(self) -> bool:
        """Tell whether anything is to be created that Azure may refuse for reasons of its own."""
        of_accounts = any(one.creates for one in self.accounts)
        return bool(self.group or self.workspace or self.gateway or of_accounts)

    @property
    def replaces(self) -> bool:
        """Tell whether something that is there is to make way for what is to be created."""
        created = ((GROUP, self.group), (WORKSPACE, self.workspace), (GATEWAY, self.gateway))
        moved = any(new and _of(self.held, kind) for kind, new in created)
        return moved or any(one.replaces for one in self.accounts)

    def had(self, wanted: Deployment) -> bool:
        """Tell whether the stack has a deployment of a model, whatever its version became."""
        return any(of_deployment(one)[0] == wanted.model for one in _of(self.held, DEPLOYMENT))


def _of(held: Iterable[Held], kind: str) -> list[Held]:
    return [one for one in held if one.type == kind]


def _has(held: Iterable[Held], kind: str, name: str, location: str = "") -> bool:
    """Tell whether there is one of a type, of that name and in that region if given."""
    return any(
        (not name or one.name.lower() == name.lower())
        and (not location or one.location in ("", location))
        for one in _of(held, kind)
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
