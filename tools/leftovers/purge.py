"""Remove for good what a look has found to be the stack's; nothing else can be removed here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import AbsentError, Manager
from tools.adopt.arm import KINDS, RESOURCE_GROUP, folded, inside
from tools.adopt.whose import LIST_VERSION
from tools.leftovers.kept import Kept, deleted_path
from tools.leftovers.look import Left
from tools.leftovers.owned import ACCOUNT, GATEWAY, WORKSPACE, Owned

GROUP = KINDS[RESOURCE_GROUP]
PAUSE = 10.0
"""Seconds between two looks at what is being deleted."""
PATIENCE = 3_600.0
"""Seconds after which a deletion is given up: a classic gateway may take most of an hour.

https://learn.microsoft.com/azure/api-management/get-started-create-service-instance
"""
TIER = {"sku": {"name": "PerGB2018"}}
"""Tier with which a deleted workspace is created again; the tier it had has no bearing on that."""
NOT_FOUND, BUSY, FAILED = 404, 409, 400
TAKES_ALL = {RESOURCE_GROUP, GATEWAY, WORKSPACE}
"""Types of which the deletion takes all that lies in them; an account refuses while it has models.

https://github.com/Azure/terraform-provider-azapi/issues/894
https://github.com/Azure/azure-dev/issues/4210
"""
SPARED = "not removed, as its name was not typed"
PRODUCT = "azure-native:apimanagement:Product"
LOGGER = "azure-native:apimanagement:Logger"


class NotOwnError(Exception):
    """A request would change what is not the stack's."""


@dataclass(kw_only=True)
class Purge:
    """The removal of what was found; `run` says by id how each went, "" for removed."""

    manager: Manager
    found: Left
    workspaces: Callable[[str], bool]
    """Whether the logs of a workspace may end, by its id."""
    before: Callable[[Owned], None] = lambda _: None
    """What is done with a workspace that exists, before it ends; an error keeps it."""
    sleep: Callable[[float], None] = time.sleep
    told: Callable[[str], None] = lambda _: None
    _own: set[str] = field(default_factory=set)

    def run(self) -> dict[str, str]:
        """Remove everything, those that hold others last."""
        found, ends = self.found, dict[str, str]()
        self._own = {*found.left, *(one.key for one in found.shadows)}
        self._own |= {folded(one.path) for one in found.kept if one.ours}
        self._own |= {one.key for one, _ in found.left.values()}
        for one in found.shadows:
            self._send("DELETE", one.id, one.version)
        spared = {key for key, (one, _) in found.left.items() if self._is_spared(one)}
        ends |= {found.left[key][0].id: SPARED for key in spared}
        live = [one for key, (one, _) in found.left.items() if key not in spared]
        live = [one for one in live if not inside(one.id, spared)]
        groups = [one for one in live if one.type == RESOURCE_GROUP]
        takers = {one.key for one in live if one.type in TAKES_ALL and one not in groups}
        first = [
            one for one in live if one not in groups and (one.extends or not inside(one.id, takers))
        ]
        ends |= self._remove_all(first)
        ends |= self._remove_kept([one for one in found.kept if one.ours], first)
        ends |= {one.id: self._group(one, ends) for one in groups}
        return ends

    def _is_spared(self, one: Owned) -> bool:
        return one.type == WORKSPACE and not self.workspaces(one.id)

    def _remove_all(self, owned: Iterable[Owned]) -> dict[str, str]:
        """Remove resources, again as long as that helps: one may wait for another's end."""
        left = sorted(owned, key=lambda one: -one.id.count("/"))
        ends, before = dict[str, str](), -1
        while left and len(left) != before:
            before = len(left)
            for one in left:
                ends[one.id] = self._remove(one)
            left = [one for one in left if ends[one.id]]
        return ends

    def _remove(self, one: Owned) -> str:
        """Remove a resource; return why it still exists, or ""."""
        self.told(f"removing {one.id}")
        try:
            if one.type == WORKSPACE:
                self.before(one)
                return self._delete(one.id, one.version, force="true")
            if one.type == LOGGER and (why := self._in_use(one)):
                return why
            query = {"deleteSubscriptions": "true"} if self._is_empty(one) else {}
            return self._delete(one.id, one.version, **query)
        except UnreadableError as error:
            return str(error)

    def _is_empty(self, one: Owned) -> bool:
        """Tell whether a product has at most the nameless subscription that Azure makes with it.

        https://learn.microsoft.com/rest/api/apimanagement/product/delete
        https://github.com/pulumi/pulumi-azure-native/issues/846
        """
        if one.type != PRODUCT:
            return False
        service = one.id.rpartition("/products/")[0]
        held = self.manager.list(f"{service}/subscriptions", one.version)
        scoped = [
            of for of in held if folded(str((of.get("properties") or {}).get("scope"))) == one.key
        ]
        return not any((of.get("properties") or {}).get("displayName") for of in scoped)

    def _in_use(self, one: Owned) -> str:
        """Say which diagnostic names a logger, with which that would end; "" if none does."""
        service = one.id.rpartition("/loggers/")[0]
        apis = self.manager.list(f"{service}/apis", one.version)
        for holder in [service, *(str(api["id"]) for api in apis)]:
            for made in self.manager.list(f"{holder}/diagnostics", one.version):
                if folded(str((made.get("properties") or {}).get("loggerId"))) == one.key:
                    return f"{made['id']} logs by it"
        return ""

    def _remove_kept(self, kept: Iterable[Kept], just: Iterable[Owned]) -> dict[str, str]:
        """Purge what Azure keeps, also of what was removed `just` now."""
        ends = dict[str, str]()
        for path, kind in [
            *(
                (one.path, one.owned.type)
                for one in kept
                if one.owned.type != WORKSPACE and not one.protected
            ),
            *((deleted_path(one), one.type) for one in just if one.type in {ACCOUNT, GATEWAY}),
        ]:
            self.told(f"purging {path}")
            self._own.add(folded(path))
            ends[path] = self._delete(path, KINDS[kind].version)
        for one in kept:
            if one.protected:
                ends[one.path] = f"protected from purge: Azure removes it {one.until}"
            if one.owned.type == WORKSPACE:
                allowed = self.workspaces(one.path)
                ends[one.path] = (
                    self._workspace(one.owned) if allowed else "not removed, as you wish"
                )
        return ends

    def _workspace(self, one: Owned) -> str:
        """End a deleted workspace: it is created again, which recovers it, and deleted by force.

        If that fails it is deleted as it was, and Azure keeps it anew.

        https://learn.microsoft.com/azure/azure-monitor/logs/delete-workspace
        """
        self.told(f"recovering {one.id}, to remove it for good")
        self._own |= {one.key, folded(one.group)}
        try:
            made_group = self.manager.get(one.group, GROUP.version) is None
        except UnreadableError as error:
            return str(error)
        place = {"location": one.location}
        bodies = [(one.group, GROUP.version, place)] if made_group else []
        for path, version, body in [*bodies, (one.id, one.version, {**place, "properties": TIER})]:
            if why := self._send("PUT", path, version, body):
                return why
        why = self._remove(one)
        if why:
            self._delete(one.id, one.version)  # without force, so that Azure keeps it as before
        if made_group:
            why = self._delete(one.group, GROUP.version) or why
        return why

    def _group(self, one: Owned, ends: Mapping[str, str]) -> str:
        """Remove a group that holds nothing any more that is another's or could not be removed."""
        if others := self.found.others.get(one.key):
            return f"it holds what is not the stack's: {', '.join(others)}"
        if stays := [path for path, why in ends.items() if why and inside(path, {one.key})]:
            return f"it holds what could not be removed: {', '.join(stays)}"
        try:
            others = self._strangers(one)
        except UnreadableError as error:
            return f"what it holds cannot be read: {error}"
        if others:
            return f"it holds by now what is not the stack's: {', '.join(others)}"
        return self._delete(one.id, one.version)

    def _strangers(self, group: Owned) -> list[str]:
        """Return the ids of what a group holds and the stack has not made, as Azure has it now.

        The removal of what was in it may have taken an hour, in which others have created more.

        Raises:
            UnreadableError: Azure does not tell.
        """
        try:
            held = self.manager.list(f"{group.id}/resources", LIST_VERSION)
        except AbsentError:
            return []
        own = self._own - {group.key}
        ids = [str(one.get("id")) for one in held]
        return [one for one in ids if folded(one) not in own and not inside(one, own)]

    def _delete(self, path: str, version: str, **query: str) -> str:
        """Delete, and wait for the end; return why the resource still exists, or ""."""
        waited = 0.0
        while True:
            try:
                status, why = self._ask("DELETE", path, version, None, query)
            except UnreadableError as error:
                return str(error)
            if status != BUSY or waited >= PATIENCE or "operation" not in why.lower():
                break
            self.sleep(PAUSE)
            waited += PAUSE
        if why and status != NOT_FOUND:
            return why
        while waited < PATIENCE:
            try:
                if self.manager.fact(path, version) is None:
                    return ""
            except UnreadableError as error:
                return str(error)
            self.sleep(PAUSE)
            waited += PAUSE
        return "Azure is still deleting it"

    def _send(self, method: str, path: str, version: str, body: Any = None) -> str:
        try:
            return self._ask(method, path, version, body, {})[1]
        except UnreadableError as error:
            return str(error)

    def _ask(
        self, method: str, path: str, version: str, body: Any, query: Mapping[str, str]
    ) -> tuple[int, str]:
        """Send a request that changes something; return its status, and why it failed, or "".

        Raises:
            NotOwnError: what it would change is not the stack's.
            UnreadableError: there is no answer.
        """
        if ".." in path or folded(path) not in self._own:
            raise NotOwnError(path)
        url = f"{self.manager.endpoint}{path}"
        answer = self.manager.answer(method, url, {"api-version": version, **query}, body)
        if answer.status_code < FAILED:
            return answer.status_code, ""
        try:
            error = answer.json()["error"]
            said = f"{error.get('code')}: {error.get('message')}"
        except (ValueError, KeyError, TypeError, AttributeError):
            said = ""
        return answer.status_code, f"HTTP {answer.status_code} {said}".strip()
