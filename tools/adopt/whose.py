"""Judge whose a resource is: `pulumi destroy` will delete what the stack adopts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from tools.adopt import arm
from tools.adopt.search import Found
from tools.adopt.stack import State, moment

LIST_VERSION = "2021-04-01"
"""https://learn.microsoft.com/rest/api/resources/resources/list-by-resource-group"""
INTERRUPTED = "interrupted"
INSIDE = "in a resource of the stack"
SINCE = "made since the stack began"
NAMED = "named by --also"
UNKNOWN = "not known to be the stack's"
REFUSED = "refused"


@dataclass(kw_only=True)
class Owner:
    """The judge of whether this stack's own `pulumi up` created a resource."""

    manager: Manager
    state: State
    interrupted: Mapping[str, Found]
    """Resources of interrupted creations, by URN."""
    named: Collection[str]
    """Ids, `folded`, of the resources that the program declares."""
    unnamed: Collection[str]
    """Azure's types of the declared resources whose id is not known yet."""
    also: Collection[str]
    """Resources that a person named: names in the program, or ids."""
    refused: dict[str, str] = field(default_factory=dict)
    """Why a resource must not be adopted at all, by URN."""
    _own: set[str] = field(init=False)
    _groups: dict[str, list[dict[str, Any]] | str] = field(default_factory=dict)
    """Resources of each group, or why these are not known."""

    def __post_init__(self) -> None:
        self._own = self.state.owned

    def sort(self, found: Iterable[Found]) -> dict[str, str]:
        """Say by URN how each resource is known to be the stack's; holders come before the held."""
        result = {}
        for one in found:
            how = self._how(one)
            if why := self.refusal(one):
                self.refused[one.urn] = why
                how = REFUSED
            result[one.urn] = how
            if how not in {UNKNOWN, REFUSED}:
                self.accept(one, how)
        return result

    def inside(self, found: Found) -> bool:
        """Tell whether a resource lies in one of the stack's."""
        return arm.inside(found.id, self._own)

    def accept(self, found: Found, how: str) -> None:
        """Count a resource, and all that lies in it, as the stack's.

        Not so a resource group that a person named: others may have created what lies in it.
        """
        if found.type != arm.RESOURCE_GROUP or how == INTERRUPTED:
            self._own.add(arm.folded(found.id))

    def _how(self, found: Found) -> str:
        begun = self.interrupted.get(found.urn)
        if begun is not None and arm.folded(begun.id) == arm.folded(found.id):
            return INTERRUPTED
        if self.inside(found):
            return INSIDE
        if self._since(found):
            return SINCE
        named = {arm.folded(name) for name in self.also}
        own = {arm.folded(found.urn.rpartition("::")[2]), arm.folded(found.id)}
        return NAMED if named & own else UNKNOWN

    def _since(self, found: Found) -> bool:
        """Tell whether Azure says that a resource was created after the stack's first."""
        group = _group(found.id)
        held = self._held(group) if group else []
        return not isinstance(held, str) and any(
            self._made_since(one)
            for one in held
            if arm.folded(str(one.get("id"))) == arm.folded(found.id)
        )

    def _made_since(self, held: Mapping[str, Any]) -> bool:
        began, made = self.state.began, moment(held.get("createdTime"))
        return began is not None and made is not None and made >= began

    def refusal(self, group: Found) -> str:
        """Say why a resource group cannot be the stack's alone; "" if it can, or is no group."""
        if group.type != arm.RESOURCE_GROUP:
            return ""
        held = self._held(group.id)
        if isinstance(held, str):
            return f"what the group holds is not known: {held}"
        ours = {*self.named, *self.state.owned}
        ours |= {arm.folded(one.id) for one in self.interrupted.values()}
        others = [
            one_id
            for one in held
            if (one_id := str(one.get("id")))
            and arm.folded(one_id) not in ours
            and not arm.inside(one_id, ours - {arm.folded(group.id)})
            and not (arm.folded(str(one.get("type"))) in self.unnamed and self._made_since(one))
        ]
        return f"the group holds what is not this stack's: {', '.join(others)}" if others else ""

    def _held(self, group: str) -> list[dict[str, Any]] | str:
        """Return a group's resources with their times of creation, or why they are not known."""
        key = arm.folded(group)
        if key not in self._groups:
            place = f"/{group.strip('/')}/resources"
            try:
                found = self.manager.list(place, LIST_VERSION, **{"$expand": "createdTime"})
            except UnreadableError as error:
                self._groups[key] = str(error)
            else:
                self._groups[key] = found
        return self._groups[key]


def _group(resource_id: str) -> str:
    """Return the id of the resource group in which a resource lies, or ""."""
    parts = resource_id.strip("/").split("/")
    below = len(parts) > 4 and parts[2].casefold() == "resourcegroups"  # noqa: PLR2004 two pairs name the group
    return "/".join(parts[:4]) if below else ""
