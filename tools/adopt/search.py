"""Find which of the resources that the program would create Azure has already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from queries.check.configuration.manager import Manager, UnreadableError
from tools.adopt import arm
from tools.adopt.arm import KINDS, ROLE_ASSIGNMENT, SUBSCRIPTION
from tools.adopt.stack import Planned, State

ENDED = ("succeeded", "failed", "canceled", "stopped", "terminationfailed", "")
"""Provisioning states in which Azure works at a resource no more, in lower case; "" is for types
without one. The fourth and fifth are API Management's.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
https://learn.microsoft.com/rest/api/apimanagement/api-management-service/get
"""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource in Azure."""

    urn: str
    type: str
    id: str
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Its provisioning state, or ""."""
        properties = self.body.get("properties")
        found = properties.get("provisioningState") if isinstance(properties, Mapping) else None
        return str(found or "")

    @property
    def busy(self) -> bool:
        """Azure is still working at it."""
        return self.state.lower() not in ENDED

    @property
    def principal(self) -> str:
        """Object id of its system-assigned identity, or ""."""
        identity = self.body.get("identity")
        return str(identity.get("principalId") or "") if isinstance(identity, Mapping) else ""


@dataclass(kw_only=True)
class Result:
    """What a search found out, each by URN."""

    found: dict[str, Found] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Azure says that there is no such resource."""
    unclear: dict[str, str] = field(default_factory=dict)
    """Why it could not be found out."""


@dataclass(kw_only=True)
class Search:
    """Asks Azure, and changes nothing."""

    manager: Manager
    subscription: Callable[[str], str]
    """The subscription of a provider, by its URN."""
    state: State
    known: dict[str, Found] = field(init=False)
    """What is known to be in Azure."""

    def __post_init__(self) -> None:
        self.known = {
            urn: Found(urn=urn, type=one["type"], id=one["id"], body=one.get("outputs") or {})
            for urn, one in self.state.resources.items()
            if one.get("id") and arm.in_azure(one["type"])
        }

    def run(self, planned: Iterable[Planned]) -> Result:
        """Look for each; what others depend on comes before them."""
        result = Result()
        for one in planned:
            if not arm.in_azure(one.type):
                continue
            before = self.known.pop(one.urn, None)
            if one.type not in KINDS:
                result.unclear[one.urn] = f"tools/adopt/arm.py knows no ids of {one.type}"
                continue
            try:
                found = self._role(one) if one.type == ROLE_ASSIGNMENT else self._named(one)
            except UnreadableError as error:
                result.unclear[one.urn] = f"Azure does not tell: {error}"
                continue
            if found is None:
                result.absent.add(one.urn)
            elif before is not None and before.id == found.id and not self.state.gone(one.urn):
                # It is about to be made anew, and is still there as it was.
                result.absent.add(one.urn)
            else:
                result.found[one.urn] = self.known[one.urn] = found
        return result

    def again(self, found: Found) -> Found | None:
        """The same resource as it is now.

        Raises:
            UnreadableError: refused, or no answer.
        """
        body = self.manager.get(found.id, KINDS[found.type].version)
        return (
            None if body is None else Found(urn=found.urn, type=found.type, id=found.id, body=body)
        )

    def _named(self, planned: Planned) -> Found | None:
        kind = KINDS[planned.type]
        parts = {key: self._part(planned, key) for key in kind.keys}
        if not all(parts.values()):
            # Its name, or what it lies in, is yet to be made: so it is not there.
            return None
        resource_id = kind.id({key: part or "" for key, part in parts.items()})
        body = self.manager.get(resource_id, kind.version)
        if body is None:
            return None
        return Found(urn=planned.urn, type=planned.type, id=resource_id, body=body)

    def _role(self, planned: Planned) -> Found | None:
        """By role and principal: the name is random, and Azure takes no second such assignment.

        https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
        """
        scope = self._part(planned, "scope")
        role, principal = planned.text("roleDefinitionId"), self._principal(planned)
        if not (scope and role and principal):
            return None
        kind = KINDS[ROLE_ASSIGNMENT]
        place = kind.path.rpartition("/")[0].format(scope=scope)
        wanted = _grant({"scope": scope, "principalId": principal, "roleDefinitionId": role})
        for body in self.manager.list(place, kind.version, **{"$filter": "atScope()"}):
            if _grant(body.get("properties") or {}) == wanted:
                resource_id = kind.id({"scope": scope, kind.keys[-1]: str(body["name"])})
                return Found(urn=planned.urn, type=planned.type, id=resource_id, body=body)
        return None

    def _part(self, planned: Planned, key: str) -> str | None:
        """A part of an id: stated, or read off the id of what it is made of; None if unknown."""
        if key == SUBSCRIPTION:
            return self.subscription(planned.provider)
        given = planned.text(key)
        if given is not None:
            return given
        holders = [self.known[urn] for urn in planned.depends.get(key, ()) if urn in self.known]
        if key in arm.WHOLE_IDS:
            ids = {one.id for one in holders}
        else:
            ids = {arm.name(one.id) for one in holders if _own_name(one.type) == key}
        return ids.pop() if len(ids) == 1 else None

    def _principal(self, planned: Planned) -> str:
        given = planned.text("principalId")
        holders = planned.depends.get("principalId", ())
        known = [self.known[urn].principal for urn in holders if urn in self.known]
        return given or (known[0] if len(known) == 1 else "")


def _own_name(kind: str) -> str:
    """The part of an id that names a resource of that type itself."""
    return KINDS[kind].keys[-1] if kind in KINDS else ""


def _grant(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Role, principal and scope, comparable: Azure minds no case."""
    role = str(properties.get("roleDefinitionId")).rpartition("/")[2]
    others = (properties.get("principalId"), properties.get("scope"))
    return tuple(str(part).lower().strip("/") for part in (role, *others))
