"""Find which of the resources that the program would create Azure has already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import AbsentError, Manager
from tools.adopt import arm
from tools.adopt.arm import KINDS, ROLE_ASSIGNMENT, SUBSCRIPTION
from tools.adopt.stack import Planned, State

ENDED = ("succeeded", "failed", "canceled", "stopped", "terminationfailed", "")
"""Provisioning states of a resource that no operation is changing, in lower case; "" is for types
without a state. The fourth and fifth are API Management's.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
https://learn.microsoft.com/rest/api/apimanagement/api-management-service/get
"""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource that was found in Azure."""

    urn: str
    type: str
    id: str
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Return the provisioning state, or ""."""
        properties = self.body.get("properties")
        found = properties.get("provisioningState") if isinstance(properties, Mapping) else None
        return str(found or "")

    @property
    def busy(self) -> bool:
        """Tell whether Azure is still working on the resource."""
        return self.state.lower() not in ENDED

    @property
    def principal(self) -> str:
        """Return the object id of the system-assigned identity, or ""."""
        identity = self.body.get("identity")
        return str(identity.get("principalId") or "") if isinstance(identity, Mapping) else ""


class UnnamedError(Exception):
    """The id of a planned resource cannot be known; `str()` says why."""


@dataclass(kw_only=True)
class Result:
    """The result of a search, by URN of the planned resources."""

    found: dict[str, Found] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Resources that Azure does not have, or that the stack has already."""
    unclear: dict[str, str] = field(default_factory=dict)
    """Why it could not be found out whether Azure has a resource."""


@dataclass(kw_only=True)
class Search:
    """A search in Azure, which changes nothing."""

    manager: Manager
    subscription: Callable[[str], str]
    """Returns a provider's subscription, by URN; "" if not known yet."""
    state: State
    known: dict[str, Found] = field(init=False)
    """Resources known to exist in Azure, by URN."""
    missing: set[str] = field(default_factory=set)
    """URNs of resources that do not exist yet."""
    named: set[str] = field(default_factory=set)
    """Ids of the resources that were looked for, `folded`."""
    unnamed: set[str] = field(default_factory=set)
    """Azure's types of the resources whose id is not known yet, `folded`."""

    def __post_init__(self) -> None:
        self.known = {
            urn: Found(urn=urn, type=one["type"], id=one["id"], body=one.get("outputs") or {})
            for urn, one in self.state.resources.items()
            if one.get("id") and arm.in_azure(one["type"])
        }

    def run(self, planned: Iterable[Planned]) -> Result:
        """Look for each planned resource; a resource comes after those that it depends on."""
        result, owned = Result(), self.state.owned
        for one in planned:
            if not arm.in_azure(one.type):
                self.missing.add(one.urn)
                continue
            self.known.pop(one.urn, None)
            if one.type not in KINDS:
                result.unclear[one.urn] = f"tools/adopt/arm.py knows no ids of {one.type}"
                continue
            try:
                found = self._role(one) if one.type == ROLE_ASSIGNMENT else self._named(one)
            except UnreadableError as error:
                result.unclear[one.urn] = f"it cannot be read: {error}"
                continue
            except UnnamedError as error:
                self.unnamed.add(KINDS[one.type].azure_type)
                result.unclear[one.urn] = f"its id is not known: {error}"
                continue
            if found is None or arm.folded(found.id) in owned:
                # The stack has this resource, maybe under an earlier URN, and will create another.
                result.absent.add(one.urn)
                self.missing.add(one.urn)
            else:
                self.missing.discard(one.urn)
                result.found[one.urn] = self.known[one.urn] = found
        return result

    def again(self, found: Found) -> Found | None:
        """Read a resource that was found once more; return None if it no longer exists.

        Raises:
            UnreadableError: Azure refuses, or does not answer.
        """
        body = self.manager.get(found.id, KINDS[found.type].version)
        return (
            None if body is None else Found(urn=found.urn, type=found.type, id=found.id, body=body)
        )

    def _named(self, planned: Planned) -> Found | None:
        """Find a resource by its id; return None if it does not exist.

        Raises:
            UnnamedError: a part of the id is not known.
            UnreadableError: Azure refuses, or does not answer.
        """
        kind, parts = KINDS[planned.type], {}
        for key in kind.keys:
            part = self._part(planned, key)
            if part is None:
                return None
            parts[key] = part
        resource_id = kind.id(parts)
        self.named.add(arm.folded(resource_id))
        body = self.manager.get(resource_id, kind.version)
        if body is None:
            return None
        return Found(urn=planned.urn, type=planned.type, id=resource_id, body=body)

    def _role(self, planned: Planned) -> Found | None:
        """Find a role assignment by role and principal, which are unique, as the name is random.

        https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
        """
        scope = self._part(planned, "scope")
        role = self._part(planned, "roleDefinitionId")
        principal = self._part(planned, "principalId")
        if scope is None or role is None or principal is None:
            return None
        kind = KINDS[ROLE_ASSIGNMENT]
        place = kind.path.rpartition("/")[0].format(scope=scope)
        wanted = _grant({"scope": scope, "principalId": principal, "roleDefinitionId": role})
        try:
            assignments = self.manager.list(place, kind.version, **{"$filter": "atScope()"})
        except AbsentError:
            return None
        for body in assignments:
            if _grant(body.get("properties") or {}) == wanted:
                resource_id = kind.id({"scope": scope, kind.keys[-1]: str(body["name"])})
                self.named.add(arm.folded(resource_id))
                return Found(urn=planned.urn, type=planned.type, id=resource_id, body=body)
        return None

    def _part(self, planned: Planned, key: str) -> str | None:
        """Return a part of an id: as given, or from the resource that it refers to.

        Return None if that resource does not exist yet, as nothing that refers to it exists then.

        Raises:
            UnnamedError: the part is not known.
        """
        given = self.subscription(planned.provider) if key == SUBSCRIPTION else planned.text(key)
        if given:
            return given
        sources = planned.depends.get(key, ())
        if self.missing.intersection(sources):
            return None
        holders = [self.known[urn] for urn in sources if urn in self.known]
        if key in arm.WHOLE_IDS:
            found = {one.id for one in holders}
        elif key == "principalId":
            found = {one.principal for one in holders} - {""}
        else:
            found = {arm.name(one.id) for one in holders if _own_name(one.type) == key}
        if len(found) != 1:
            raise UnnamedError(f"{key} is neither given nor that of a known resource")
        return found.pop()


def _own_name(kind: str) -> str:
    """Return the part of an id that names the resource itself, for a type."""
    return KINDS[kind].keys[-1] if kind in KINDS else ""


def _grant(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Return role, principal and scope for comparison, in lower case, as Azure ignores case."""
    role = str(properties.get("roleDefinitionId")).rpartition("/")[2]
    others = (properties.get("principalId"), properties.get("scope"))
    return tuple(str(part).lower().strip("/") for part in (role, *others))
