"""Adopt resources: search, show, ask, import; again until a search finds no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import httpx
from rich.console import Console
from rich.table import Table

from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.errors import CannotRunError
from tools.adopt import account, arm, import_file
from tools.adopt.engine import Engine
from tools.adopt.search import Found, Result, Search
from tools.adopt.stack import Plan, State
from tools.adopt.whose import REFUSED, UNKNOWN, Owner

POLL_SECONDS = 15.0
DONE, UNCLEAR = 0, 1
REFUSED_FIX = (
    "give the stack another group (resourceGroupName), or let it use this one without owning it "
    "(useExistingResourceGroup)"
)
"""Ways out for a group that is not adopted, as `pulumi destroy` would delete all that it holds."""


@dataclass(kw_only=True)
class Adoption:
    """One adoption, and all that it works with, so that a test can give its own."""

    engine: Engine
    console: Console
    agreed: Callable[[str], bool]
    """Asks the person a question; True means yes."""
    sure: Callable[[str], bool]
    """Asks the person about a resource that is not known to be the stack's."""
    wait_seconds: float
    """Longest wait for operations that Azure has under way."""
    also: Collection[str] = ()
    """Resources to adopt though not known to be the stack's: names in the program, or ids."""
    manager: Callable[[str], Manager] = lambda endpoint: Manager(
        endpoint=endpoint, client=httpx.Client
    )
    sleep: Callable[[float], None] = time.sleep
    _adopted: dict[str, Found] = field(default_factory=dict)
    _left: dict[str, str] = field(default_factory=dict)
    """Why a resource that was found is not adopted, by URN."""

    def run(self) -> int:
        """Adopt resources, and return the exit status.

        Raises:
            CannotRunError: Pulumi or Azure refuses.
        """
        while True:
            state, plan = self.engine.export(), self.engine.preview()
            search = self._search(state, plan)
            result, ended = search.run(plan.created), search.run(state.interrupted)
            owner = self._owner(search, ended)
            found = self._importable(state, plan, result)
            if not found:
                break
            if again := found.keys() & self._adopted.keys():
                raise CannotRunError(f"imported, but still not in the stack: {', '.join(again)}")
            chosen = self._chosen(owner, found)
            if chosen is None:
                self.console.print("nothing was changed")
                return UNCLEAR
            self._wait(search, chosen)
            self._import(state, plan, chosen)
        left = self._settle(state, ended, owner)
        result.unclear |= ended.unclear
        return self._conclude(plan, result, left)

    def _importable(self, state: State, plan: Plan, result: Result) -> dict[str, Found]:
        """Return what was found and can be imported, for which the state must have the provider."""
        providers = {one.urn: one.provider for one in plan.created}
        for urn, one in result.found.items():
            if providers[urn] not in state.resources:
                self._left[urn] = (
                    f"Azure has {one.id}, but the stack has no provider yet to read it: run "
                    "`pulumi up`, which creates the provider first, then run this again"
                )
        return {urn: one for urn, one in result.found.items() if urn not in self._left}

    def _owner(self, search: Search, ended: Result) -> Owner:
        return Owner(
            manager=search.manager,
            state=search.state,
            interrupted=ended.found,
            named=search.named,
            unnamed=search.unnamed,
            also=self.also,
        )

    def _chosen(self, owner: Owner, found: dict[str, Found]) -> dict[str, Found] | None:
        """Return the resources to adopt; None if the person declines."""
        how = owner.sort(found.values())
        self._show(found.values(), how)
        ours: dict[str, Found] = {}
        left: set[str] = set()
        for urn, one in found.items():
            if why := self._why_not(owner, one, how[urn], left):
                self._left[urn] = why
                left.add(arm.folded(one.id))
                continue
            owner.accept(one, how[urn])
            ours[urn] = one
        agreed = not ours or self.agreed(f"Adopt {_counted(len(ours))}?")
        return ours if agreed else None

    def _why_not(self, owner: Owner, found: Found, how: str, left: set[str]) -> str:
        """Say why a resource is not adopted; "" if it is.

        A resource in one that is not adopted would be replaced, as the program creates that anew.
        """
        if how == REFUSED:
            return f"refused: {found.id}: {owner.refused[found.urn]}; {REFUSED_FIX}"
        if arm.inside(found.id, left):
            return f"{found.id} lies in a resource that is not adopted"
        if how != UNKNOWN or owner.inside(found):
            return ""
        if self.sure(f"{found.id} is {UNKNOWN}. Adopt it, so that `pulumi destroy` deletes it?"):
            return ""
        return (
            f"Azure has {found.id}, which is {UNKNOWN}; if the stack shall own it, and one day "
            f"delete it, give --also {found.urn.rpartition('::')[2]}; else choose another name"
        )

    def _import(self, state: State, plan: Plan, found: dict[str, Found]) -> None:
        ids = {urn: one.id for urn, one in found.items()}
        if not ids:
            return
        gone = state.gone_from(ids.values())
        if before := {*(ids.keys() & state.resources.keys()), *gone}:
            self.engine.replace_state(state.made_room(before))
        self.engine.take_in(import_file.build(plan, state, ids))
        self._adopted |= found

    def _search(self, state: State, plan: Plan) -> Search:
        endpoint = account.endpoint(plan.config)
        subscription = partial(account.subscription, state=state, plan=plan)
        return Search(manager=self.manager(endpoint), subscription=subscription, state=state)

    def _show(self, found: Iterable[Found], how: Mapping[str, str]) -> None:
        table = Table("resource", "type", "how", "in Azure")
        for one in found:
            where = f"{arm.name(one.id)}" + (f" ({one.state})" if one.busy else "")
            kind = one.type.partition(":")[2]
            table.add_row(one.urn.rpartition("::")[2], kind, how[one.urn], where)
        self.console.print(table)

    def _wait(self, search: Search, found: dict[str, Found]) -> None:
        """Wait for Azure's operations on the resources, and drop those that are gone after them.

        Raises:
            CannotRunError: an operation takes too long, or a resource cannot be read.
        """
        waited, told = 0.0, ""
        while busy := [one for one in found.values() if one.busy]:
            text = ", ".join(f"{arm.name(one.id)} is {one.state}" for one in busy)
            if waited >= self.wait_seconds:
                raise CannotRunError(f"Azure is still at work: {text}", "run this again later")
            if text != told:
                self.console.print(f"waiting for Azure: {text}")
                told = text
            self.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
            for one in busy:
                try:
                    now = search.again(one)
                except UnreadableError as error:
                    raise CannotRunError(f"{one.id} cannot be read: {error}") from None
                if now is None:
                    del found[one.urn]
                else:
                    found[one.urn] = now

    def _settle(self, state: State, ended: Result, owner: Owner) -> list[Found]:
        """Close the interrupted creations, as far as it is known how they ended.

        A creation stays open if Azure has its resource and the stack does not. Return those of
        these resources that the program no longer declares, without resource groups that are not
        the stack's alone.
        """
        left = [one for one in ended.found.values() if one.urn not in self._left]
        left = [one for one in left if not owner.refusal(one)]
        left_open = {one.urn for one in left} | (ended.found.keys() & self._left.keys())
        settled = {one.urn for one in state.interrupted} - left_open - ended.unclear.keys()
        if settled:
            self.engine.replace_state(state.without_interrupted(settled))
        return left

    def _conclude(self, plan: Plan, result: Result, left: list[Found]) -> int:
        show = partial(self.console.print, soft_wrap=True)
        lost = [urn.rpartition("::")[2] for urn in plan.lost(self._adopted)]
        if lost:
            show(f"careful: `pulumi up` would replace {', '.join(lost)}; see its preview")
        for urn, why in result.unclear.items():
            show(f"not judged: {urn.rpartition('::')[2]}: {why}")
        for urn, why in self._left.items():
            show(f"not adopted: {urn.rpartition('::')[2]}: {why}")
        for one in left:
            why = "in Azure, but no longer declared by the program"
            show(f"{why}; if nobody else uses it, delete it in Azure: {one.id}")
        unclear = bool(lost or result.unclear or self._left or left)
        if self._adopted:
            goes_on = "" if unclear else "; run `pulumi up` to go on"
            show(f"adopted {_counted(len(self._adopted))}{goes_on}")
        elif not unclear:
            show("nothing to adopt; run `pulumi up` to go on")
        return UNCLEAR if unclear else DONE


def _counted(number: int) -> str:
    return f"{number} resource{'' if number == 1 else 's'}"
