"""Look in Azure, read-only, for what a stack has left.

What the engine has deleted is another's if Azure has it again: the stack did not create that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import AbsentError, Manager
from tools.adopt.arm import KINDS, RESOURCE_GROUP, folded, inside
from tools.adopt.search import Found
from tools.adopt.stack import moment
from tools.adopt.whose import LIST_VERSION
from tools.leftovers import kept
from tools.leftovers.kept import Kept
from tools.leftovers.owned import ROLE, Known, Owned

FORGOTTEN = "forgotten with a resource whose deletion failed"
RETAINED = "left by `pulumi destroy`, as others may hang on it"
INTERRUPTED = "its creation was cut off"
LOST = "in no state that `pulumi` has"
DEAD = "a role of an identity that the stack created"
AGAIN = "in Azure, though the stack has deleted it or let it out of its state: maybe another's"
DECLARED = "the program declares it, and no state has it: maybe another's; see `tools.adopt`"
LATER = "created after the stack's last operation: another's"
INSIDE = "in what may be another's"


@dataclass(kw_only=True)
class Left:
    """What a look has found."""

    left: dict[str, tuple[Owned, str]] = field(default_factory=dict)
    """Resources of the stack's that exist and are in no state, each with why, by key."""
    unsure: dict[str, tuple[Owned, str]] = field(default_factory=dict)
    """Resources that exist, and that another may have created since, each with why, by key."""
    kept: list[Kept] = field(default_factory=list)
    """Resources that Azure keeps though they are deleted."""
    others: dict[str, list[str]] = field(default_factory=dict)
    """By key of a resource group that is left: ids of what is not the stack's in it."""
    shadows: list[Owned] = field(default_factory=list)
    """Settings of resources that are gone: Azure shows none, and may have them again later.

    https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
    """
    unread: dict[str, str] = field(default_factory=dict)
    """Why it is not known whether a resource exists, by id."""
    deployed: int = 0
    """Number of resources that the stack has."""

    @property
    def something(self) -> bool:
        """Tell whether anything of the stack's, or that may be, is there or is kept."""
        kept = any(one.ours for one in self.kept)
        return bool(self.left or self.unsure or kept or self.deployed)

    @property
    def nothing(self) -> bool:
        """Tell whether nothing of the stack's was found, and everything could be read."""
        return not (self.something or self.unread)


@dataclass(kw_only=True)
class Look:
    """A look for what is left of one stack."""

    manager: Manager
    known: Known
    lost: bool = False
    """Whether the states were given by a person, as `pulumi` has none that has these resources."""
    interrupted: Iterable[Found] = ()
    """Resources of creations that were cut off."""
    declared: Iterable[Found] = ()
    """Resources that the program declares, and that Azure has."""
    also: frozenset[str] = frozenset()
    """Keys of resources that a person says are the stack's."""
    found: Left = field(default_factory=Left)
    _groups: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def run(self) -> Left:
        """Look, and return what was found."""
        found, known = self.found, self.known
        found.deployed = len(known.deployed)
        live = self._live(known.gone.values())
        for one in sorted(live, key=lambda one: len(one.id)):
            self._sort(one)
        for begun in self.interrupted:
            one = _owned(begun)
            if one.key not in known.deployed:
                found.left[one.key] = (one, INTERRUPTED)
        for one in map(_owned, self.declared):
            if one.key not in {*known.deployed, *known.gone, *found.left}:
                mine = one.key in self.also
                (found.left if mine else found.unsure)[one.key] = (one, DECLARED)
        self._roles()
        for one in known.gone.values():
            if one.key not in found.left and one.key not in found.unsure:
                self._kept(one)
        for key, (one, _) in found.left.items():
            if one.type == RESOURCE_GROUP:
                found.others[key] = self._strangers(one)
        return found

    def _live(self, owned: Iterable[Owned]) -> list[Owned]:
        """Return those that Azure has; what lies in a resource that is gone is gone too."""
        live, gone = list[Owned](), set[str]()
        levels = defaultdict[int, list[Owned]](list)
        for one in owned:
            levels[one.id.strip("/").count("/")].append(one)
        for _, level in sorted(levels.items()):
            asked = [one for one in level if not inside(one.id, gone)]
            self.found.shadows += [one for one in level if one not in asked and one.extends]
            for one, told in self._told(asked):
                if told is None:
                    gone.add(one.key)
                elif isinstance(told, UnreadableError):
                    self.found.unread[one.id] = str(told)
                else:
                    live.append(one)
        return live

    def _told(self, asked: list[Owned]) -> Iterable[tuple[Owned, Any]]:
        for version in sorted({one.version for one in asked}):
            of_version = [one for one in asked if one.version == version]
            if not version:
                why = UnreadableError("the state does not say by which API version it is read")
                yield from ((one, why) for one in of_version)
                continue
            told = self.manager.many([one.id for one in of_version], version)
            yield from ((one, told[one.id]) for one in of_version)

    def _sort(self, one: Owned) -> None:
        """Say why a resource is left, or why it may be another's; holders come before the held."""
        left, unsure = self.found.left, self.found.unsure
        if self.lost or one.key in self.also:
            why = "named by --also" if one.key in self.also else LOST
        elif one.retained:
            why = RETAINED
        elif one.deleted_with:
            why = FORGOTTEN
        else:
            unsure[one.key] = (one, AGAIN)
            return
        if self._is_later(one):
            unsure[one.key] = (one, LATER)
        elif inside(one.id, unsure.keys()):
            unsure[one.key] = (one, INSIDE)
        else:
            left[one.key] = (one, why)

    def _is_later(self, one: Owned) -> bool:
        """Tell whether Azure created a resource after the stack last did anything."""
        made = {
            folded(str(held.get("id"))): moment(held.get("createdTime"))
            for held in self._held(one.group)
        }.get(one.key)
        last: datetime | None = self.known.last
        return made is not None and last is not None and made > last

    def _held(self, group: str) -> list[dict[str, Any]]:
        """Return what a group lists; nothing if it cannot be read, which `unread` then tells.

        https://learn.microsoft.com/rest/api/resources/resources/list-by-resource-group
        """
        if group not in self._groups:
            self._groups[group] = []
            place = f"{group}/resources"
            try:
                told = self.manager.list(place, LIST_VERSION, **{"$expand": "createdTime"})
            except AbsentError:
                told = []
            except UnreadableError as error:
                self.found.unread[place], told = str(error), []
            self._groups[group] = told
        return self._groups[group]

    def _strangers(self, group: Owned) -> list[str]:
        """Return the ids of what is not the stack's in a group that the stack created."""
        ours = {*self.found.left, *self.known.deployed} - {group.key}
        ids = [str(held.get("id")) for held in self._held(group.id)]
        return [one for one in ids if folded(one) not in ours and not inside(one, ours)]

    def _roles(self) -> None:
        """Find roles of identities that the stack created, also those that no state has.

        https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
        https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
        """
        principals, kind = self.known.principals, KINDS[ROLE]
        ours = {*self.known.deployed, *self.known.gone, *self.found.left}
        for scope in sorted(self.known.scopes) if principals else ():
            place = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
            try:
                told = self.manager.list(place, kind.version, **{"$filter": "atScope()"})
            except AbsentError:
                continue
            except UnreadableError as error:
                self.found.unread[place] = str(error)
                continue
            for body in told:
                given = body.get("properties") or {}
                who = principals.get(str(given.get("principalId")).lower())
                key = folded(str(body["id"]))
                if who is None or key in ours or who.key in self.found.unsure:
                    continue
                one = Owned(urn="", type=ROLE, id=str(body["id"]), version=kind.version)
                self.found.left[key] = (one, DEAD)

    def _kept(self, one: Owned) -> None:
        try:
            told = kept.find(self.manager, one)
        except UnreadableError as error:
            self.found.unread[one.id] = f"whether Azure keeps it: {error}"
            return
        if told:
            last = None if self.lost or one.key in self.also else self.known.last
            self.found.kept.append(told.judged(last))


def _owned(found: Found) -> Owned:
    version = KINDS[found.type].version
    return Owned(urn=found.urn, type=found.type, id=found.id, version=version, outputs=found.body)
